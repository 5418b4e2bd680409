"""Replay of outcomes through the planned alarms, before they are deployed."""
