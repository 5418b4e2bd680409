"""Messages to people and events for programs, made from the changes of a run.

    incidents.py  decide which incidents were opened, diagnosed and closed
    grouping.py   group the checks that newly fail by their cause
    lasting.py    how open incidents go on: over, explained, waking, reminded
    state.py      the state kept between runs: open incidents, unsent messages
    texts.py      subject and plain text of a message; remedies.py what to do, forms.py its form
    channels/     Slack, Teams, PagerDuty, Opsgenie, the topics: one file and one row each
    leases.py     leases in the store: of overlapping runs one sends each message
    delivery.py   send messages and events once, and keep what could not be sent
    events.py     EventBridge entries: RunCompleted, CheckBroke, CheckFixed, Diagnosed

See docs/messages.md for the messages and docs/events.md for the schema of the events.
"""
