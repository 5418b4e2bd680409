"""Causes in listeners and their rules."""
