"""A target that is newer than the reading of its service: the service is read once more."""

from __future__ import annotations

from concurrent.futures import Future

import pytest

from canary.control_plane.state import TargetGroup, TargetHealth
from canary.observe.reading.base import has_newer
from tests.canary.support import platforms as p

SERVICES = p.healthy().ecs_services
GROUPS = p.healthy().target_groups


def future(groups: tuple[TargetGroup, ...] | Exception) -> Future[tuple[TargetGroup, ...]]:
    found: Future[tuple[TargetGroup, ...]] = Future()
    if isinstance(groups, Exception):
        found.set_exception(groups)
    else:
        found.set_result(groups)
    return found


def with_target(state: str, number: int = 0) -> tuple[TargetGroup, ...]:
    new = TargetHealth(id="10.0.1.99", port=1, state=state)
    group = p.replace(GROUPS[number], targets=(*GROUPS[number].targets, new))
    return (*GROUPS[:number], group, *GROUPS[number + 1 :])


@pytest.mark.parametrize(
    ("groups", "newer"),
    [
        (GROUPS, False),
        (with_target("unhealthy"), True),
        (with_target("initial", 2), True),
        (with_target("draining"), False),  # of a task that has ended
        ((p.replace(with_target("unhealthy")[0], arn="arn:of-others"),), False),
        (TimeoutError(), False),  # the services stay as they were read
    ],
)
def test_a_target_without_a_task_asks_for_another_reading(
    groups: tuple[TargetGroup, ...] | Exception, newer: bool
) -> None:
    assert has_newer(future(groups), SERVICES) is newer
