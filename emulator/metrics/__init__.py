"""Metrics of the emulated CloudWatch, stored, read and extracted."""
