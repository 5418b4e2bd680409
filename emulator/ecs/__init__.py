"""The ECS agent: makes the emulator's services and tasks true by running processes."""
