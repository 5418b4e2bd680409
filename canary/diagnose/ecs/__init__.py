"""Causes in ECS services, tasks and task definitions."""
