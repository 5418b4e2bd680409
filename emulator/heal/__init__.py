"""Restore moto's objects from a copy."""
