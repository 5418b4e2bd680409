"""The keys of `platform` in a report: an interface, whatever the fields are called here."""

from __future__ import annotations

import msgspec

from canary.control_plane.state import PlatformState
from tests.canary.support import platforms as p


def test_a_report_keeps_the_keys_of_its_schema() -> None:
    state = msgspec.structs.replace(p.healthy(), refreshed_services=("auth",))
    plain = msgspec.to_builtins(state)
    assert {s["name"] for s in plain["services"]} == {s.name for s in state.ecs_services} != set()
    assert list(plain["deepened"]) == ["auth"]
    assert not {"ecs_services", "refreshed_services"} & set(plain)
    assert msgspec.convert(plain, PlatformState) == state
