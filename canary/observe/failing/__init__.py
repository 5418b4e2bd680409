"""Readers of what belongs to the failing services alone."""
