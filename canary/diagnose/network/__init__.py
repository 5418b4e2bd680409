"""Causes in security groups."""
