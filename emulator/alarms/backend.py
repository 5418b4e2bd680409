"""Access to moto's CloudWatch of one region."""

from __future__ import annotations

from typing import Any

from emulator.settings import ACCOUNT


def backend_of(region: str) -> Any:
    """moto's CloudWatch of a region."""
    from moto.cloudwatch.models import cloudwatch_backends

    return cloudwatch_backends[ACCOUNT][region]
