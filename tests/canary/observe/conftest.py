"""The small platform of moto, once for all modules that read it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from moto.server import ThreadedMotoServer

from canary.control_plane.state import PlatformState
from canary.observe import observe, refresh_failing
from tests.canary.support.moto_platform import Recorder, environment, seed


@pytest.fixture(scope="package")
def aws() -> Iterator[str]:
    """A moto server with a small platform: one balancer, one service, many target groups."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    seed(Recorder(url))
    yield url
    server.stop()


@pytest.fixture(scope="package")
def state(aws: str) -> PlatformState:
    """The platform, read and refreshed."""
    clients = Recorder(aws)
    return refresh_failing(clients, environment(), observe(clients, environment()), ["api"])
