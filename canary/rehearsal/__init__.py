"""Replay recorded runs against the alarms."""
