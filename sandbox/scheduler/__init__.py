"""Fires the schedules of the emulated EventBridge Scheduler, which moto stores and never runs."""
