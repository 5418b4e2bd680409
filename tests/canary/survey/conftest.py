"""The small platform of moto, for all modules of the survey."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.canary.support.moto_platform import served


@pytest.fixture(scope="package")
def aws() -> Iterator[str]:
    """A moto server with a service that has no balancer, and whose desired count is 0."""
    with served() as url:
        yield url
