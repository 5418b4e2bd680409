"""The containers of a task: their programs, health checks, memory and order."""
