"""Evaluates the alarms of the emulated CloudWatch, which moto stores and never looks at."""
