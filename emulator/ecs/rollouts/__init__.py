"""How a service comes from one revision to the next, beside ECS's rolling update."""
