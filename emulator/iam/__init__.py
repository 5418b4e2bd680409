"""IAM policies for requests to the emulator."""
