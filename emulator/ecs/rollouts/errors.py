"""Errors of the ECS API."""

from __future__ import annotations


def invalid(text: str) -> Exception:
    """Return an InvalidParameterException."""
    from moto.ecs.exceptions import ECSException

    return ECSException("InvalidParameterException", text)
