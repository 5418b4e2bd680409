"""Evaluates the alarms of the emulated CloudWatch, which moto stores and never looks at."""

from __future__ import annotations

from emulator.alarms.moto_alarms import install

__all__ = ["install"]
