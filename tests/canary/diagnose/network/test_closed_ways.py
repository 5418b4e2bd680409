"""How sure a hop that stops a connection makes, and which ends a connection may have."""

from __future__ import annotations

import dataclasses

import pytest

from canary.control_plane.firewall import Side
from canary.control_plane.state import PlatformState
from canary.control_plane.unread import Known
from canary.control_plane.way import Hop, Stop
from canary.diagnose.network.connections import Connection
from canary.diagnose.network.ways import Closed, _is_public
from canary.model import Confidence
from tests.canary.support import platforms as p
from tests.canary.support.routed import HEALTHY, case

CERTAIN, LIKELY, POSSIBLE = Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE
WAY = Connection(
    name="api to database", source=Side(groups=()), target=Side(groups=()), port=5432,
    service="database", owner="api", explained_failures=frozenset(),
)  # fmt: skip


def sure(
    *, shown: bool, was_open: bool, everywhere: bool, guessed: bool = False, outside: bool = False
) -> Confidence:
    return Closed(
        connection=dataclasses.replace(WAY, outside=outside),
        stop=Stop(hop=Hop.ACL, resource="acl-1", says="x", shown=shown),
        everywhere=everywhere, was_open=was_open, guessed=guessed,
    ).confidence  # fmt: skip


@pytest.mark.parametrize(
    ("shown", "was_open", "everywhere", "plain", "outside", "guessed"),
    [
        (True, False, True, CERTAIN, CERTAIN, LIKELY),
        (False, True, True, CERTAIN, CERTAIN, LIKELY),
        (True, True, True, CERTAIN, CERTAIN, LIKELY),
        (False, False, True, LIKELY, POSSIBLE, POSSIBLE),
        (True, False, False, LIKELY, LIKELY, POSSIBLE),
        (False, True, False, LIKELY, LIKELY, POSSIBLE),
        (False, False, False, POSSIBLE, POSSIBLE, POSSIBLE),
    ],
)
def test_how_sure_a_closed_way_is(
    shown: bool, was_open: bool, everywhere: bool,
    plain: Confidence, outside: Confidence, guessed: Confidence,
) -> None:  # fmt: skip
    known = {"shown": shown, "was_open": was_open, "everywhere": everywhere}
    assert sure(**known) is plain
    assert sure(**known, outside=True) is outside
    assert sure(**known, guessed=True) is sure(**known, guessed=True, outside=True) is guessed


def addressed(*services: str, scheme: str = "") -> PlatformState:
    """Return the platform with services of these public addresses in a subnet of their own."""
    first = HEALTHY.ecs_services[0]
    made = tuple(
        p.replace(first, name=f"s{k}", subnets=("subnet-x",), public_address=address)
        for k, address in enumerate(services)
    )
    balancer = p.replace(HEALTHY.load_balancers[0], subnets=("subnet-x",), scheme=scheme)
    balancers = (balancer,) if scheme else ()
    other = p.replace(first, name="other", subnets=("subnet-y",), public_address="ENABLED")
    return p.replace(HEALTHY, ecs_services=(*made, other), load_balancers=balancers)


@pytest.mark.parametrize(
    ("state", "public"),
    [
        (addressed("ENABLED"), Known.YES),
        (addressed("DISABLED"), Known.NO),
        (addressed("DISABLED", "ENABLED"), Known.UNKNOWN),
        (addressed(""), Known.UNKNOWN),
        (addressed(), Known.UNKNOWN),
        (addressed(scheme="internet-facing"), Known.YES),
        (addressed("DISABLED", scheme="internet-facing"), Known.YES),
        (addressed("DISABLED", scheme="internal"), Known.UNKNOWN),
        (addressed("ENABLED", scheme="internal"), Known.YES),
    ],
)
def test_whether_what_is_in_a_subnet_has_public_addresses(
    state: PlatformState, public: Known
) -> None:
    assert _is_public(case(state), "subnet-x") is public
