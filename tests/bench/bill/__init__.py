"""The bill of a day, from what runs of the canary on a twin send, receive, store and print."""
