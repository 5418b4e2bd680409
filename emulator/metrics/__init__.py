"""Metrics of the emulated CloudWatch: kept, read back exactly, extracted from logs and requests."""
