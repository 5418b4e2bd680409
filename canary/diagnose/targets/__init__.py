"""Causes in target groups and their health checks."""
