"""Extensions of moto for EC2, Cloud Map and Secrets Manager, and clients for the emulator."""
