"""Learn from AWS alone what a canary needs to know of a platform: services, ways in, stores."""
