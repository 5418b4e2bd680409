"""What a reading holds, and what is unknown because a part was not read, or not to its end."""

from __future__ import annotations

from typing import Any

import pytest

from canary.control_plane.configured import unknown_names
from canary.control_plane.state import EVERYTHING, EcsService, Event, PlatformState, Unavailable
from canary.control_plane.unread import Known, has, knows, lacks, of
from tests.canary.support import platforms as p


def service(**fields: Any) -> EcsService:
    return EcsService(
        name="api", arn="s", status="ACTIVE", desired=1, running=1, pending=0,
        task_definition="td:1", **fields,
    )  # fmt: skip


ONE = (Event(at="t", message="steady"),)


@pytest.mark.parametrize(
    ("found", "wanted", "answer"),
    [
        (service(events=ONE), "steady", Known.YES),
        (service(events=ONE), "other", Known.NO),
        (service(), "steady", Known.NO),
        (service(events=ONE, unread=("events",)), "steady", Known.YES),
        (service(events=ONE, unread=("events",)), "other", Known.UNKNOWN),
        (service(events=ONE, bounded=("events",)), "other", Known.UNKNOWN),
        (service(events=ONE, unread=("tasks",), bounded=("tasks",)), "other", Known.NO),
    ],
)
def test_what_is_there_is_there_and_else_all_must_have_been_read(
    found: EcsService, wanted: str, answer: Known
) -> None:
    assert has(found, "events", lambda e: e.message == wanted) is answer
    assert lacks(found, "events", lambda e: e.message == wanted) is (answer is Known.NO)


def test_any_item_is_asked_for_where_no_kind_is_given() -> None:
    assert has(service(events=ONE), "events") is Known.YES
    assert not lacks(service(events=ONE), "events")
    assert has(service(), "events") is Known.NO and lacks(service(), "events")
    assert has(service(unread=("events",)), "events") is Known.UNKNOWN


def test_a_field_is_known_where_it_was_read_to_its_end() -> None:
    assert knows(service(), "events")
    assert not knows(service(unread=("events",)), "events")
    assert not knows(service(bounded=("events",)), "events")
    assert knows(PlatformState(), "load_balancers")  # its readings have no bound of their own
    assert (of(True), of(False)) == (Known.YES, Known.NO)
    assert [k.value for k in Known] == ["yes", "no", "unknown"]


def test_a_name_that_no_whole_reading_found_is_told() -> None:
    environment = p.environment(p.Names())
    lost = {
        "load_balancers": ["hokusai-auth-lb", "hokusai-registry-lb"],
        "target_groups": [
            "hokusai-auth-development-tg", "hokusai-mlflow-development-tg",
            "hokusai-registry-development-tg",
        ],
        "security_groups": ["cache-guard", "database-guard"],
        "discovery": ["auth.hokusai.local", "mlflow.hokusai.local", "registry.hokusai.local"],
    }  # fmt: skip
    assert unknown_names(environment, p.healthy()) == ()
    for part, names in lost.items():
        state = p.replace(p.healthy(), **{part: ()})
        assert unknown_names(environment, state) == tuple(names)
        assert unknown_names(environment, p.replace(state, unread=(part,))) == ()
    missing = p.replace(p.healthy(), missing_services=("z",), missing_log_groups=("a",))
    assert unknown_names(environment, missing) == ("a", "z")
    gap = Unavailable(action=EVERYTHING, resource="*", code="Timeout", reason="late")
    assert unknown_names(environment, p.replace(missing, unavailable=(gap,))) == ()
    other = p.replace(gap, action="ecs:DescribeServices")
    assert unknown_names(environment, p.replace(missing, unavailable=(other,))) == ("a", "z")
