"""Which listener is looked at: the one named, the service's own, or its neighbour's."""

from __future__ import annotations

import pytest

from canary.control_plane.state import Listener, LoadBalancer, PlatformState
from canary.model import Service
from tests.canary.support.servers.toolbox import Bench, environment

BALANCER = LoadBalancer(
    arn="lb", name="lb", dns_name="lb",
    listeners=tuple(
        Listener(arn=f"l{port}", port=port, protocol="HTTPS") for port in (443, 8443, 9443)
    ),
)  # fmt: skip
STRANGER = Service(url="https://stranger.example.com:9443", load_balancer="other")
BESIDE = Service(url="https://beside.example.com:8443", load_balancer="lb")


@pytest.mark.parametrize(
    ("url", "others", "port", "listener"),
    [
        ("", {"a": STRANGER, "b": BESIDE}, 0, "listener 8443"),
        ("", {"a": STRANGER}, 0, "listener 443"),
        ("", {"a": STRANGER, "b": BESIDE}, 9443, "listener 9443"),
        ("https://own.example.com", {"b": BESIDE}, 0, "listener 443"),
        ("https://own.example.com:9443", {"b": BESIDE}, 8443, "listener 8443"),
    ],
)
def test_the_listener_is_that_of_the_place_where_the_service_is_asked(
    url: str, others: dict[str, Service], port: int, listener: str
) -> None:
    services = {**others, "target": Service(url=url, load_balancer="lb")}
    one = Bench(environment(services=services))
    one.state = PlatformState(read_at="now", load_balancers=(BALANCER,))
    one.run("listener_rule", port=port, redirect_port=0)
    assert [(s.name, s.status.value) for s in one.steps] == [(listener, "PASS")]
