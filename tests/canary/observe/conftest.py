"""The small platform of moto, for all modules that read it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from canary.control_plane.state import PlatformState
from canary.observe import observe, refresh_failing
from tests.canary.support.moto_platform import Recorder, environment, served


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    """A moto server with a small platform: one balancer, one service, many target groups.

    All servers of a process show one account, and other modules have emulators of their own: each
    module begins with an empty one.
    """
    with served() as url:
        yield url


@pytest.fixture(scope="module")
def state(aws: str) -> PlatformState:
    """The platform, read and refreshed."""
    clients = Recorder(aws)
    return refresh_failing(clients, environment(), observe(clients, environment()), ["api"])
