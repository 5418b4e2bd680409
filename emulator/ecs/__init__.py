"""The ECS agent, which runs a process for each task."""
