"""How many examples a property takes: few in every run of the tests, thousands in the sweep."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.canary.support.aws_model.drawn import Strategy

_UNHURRIED = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)
MANY = 3000
LONG = (pytest.mark.sweep, pytest.mark.timeout(3600))
PROFILES = [pytest.param(False, id="few"), pytest.param(True, id="many", marks=LONG)]
"""The values of a test's argument `many`."""


def holds(check: Callable[..., None], *drawn: Strategy, many: bool, examples: int = 30) -> None:
    """Check a property: always the same few examples, or many new ones."""
    chosen = settings(
        max_examples=MANY if many else examples, derandomize=not many, database=None,
        deadline=None, suppress_health_check=_UNHURRIED, phases=(Phase.generate, Phase.shrink),
    )  # fmt: skip
    chosen(given(*drawn)(check))()
