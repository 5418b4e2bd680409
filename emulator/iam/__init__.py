"""IAM for requests to the emulator."""
