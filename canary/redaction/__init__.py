"""Mask credentials in everything that is published."""
