"""Permissions, capacity and cost of an environment in AWS."""
