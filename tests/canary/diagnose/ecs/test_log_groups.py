"""A task that does not come to its log group: the group is gone, or the way to it is closed.

AWS writes one sentence for both; what was read of the log groups tells which it is.
"""

from __future__ import annotations

from typing import Any

import pytest

from canary.control_plane.state import PlatformState, Task
from canary.control_plane.unread import Known
from canary.control_plane.vpc import Network, Subnet
from canary.diagnose import diagnose
from canary.diagnose.ecs import log_groups
from canary.model import Confidence, Diagnosis
from tests.canary.support import networks as n
from tests.canary.support import platforms as p
from tests.canary.support.routed import HEALTHY, case
from tests.canary.support.scenes.ecs import definition
from tests.canary.support.told_scenes import NAMES, down, stopped

INIT = "ResourceInitializationError: "
BOTH = (
    f"{INIT}failed to validate logger args: The task cannot find the Amazon CloudWatch log group"
    " defined in the task definition. There is a connection issue between the task and Amazon"
    " CloudWatch. Check your network configuration. : signal: killed"
)
DRIVER = f"{INIT}failed to initialize logging driver: context canceled"
ANSWERED = (
    f"{INIT}failed to validate logger args: create stream has been retried 1 times: failed to"
    " create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not"
    " exist. : exit status 1"
)
GROUP = f"/ecs/{NAMES.of('auth')}"
OTHER = "/tasks/identity"
SHUT = n.with_routes(n.healthy(), "rtb-private", n.LOCAL)


def scene(words: str, *, group: str = GROUP, **fields: Any) -> PlatformState:
    """Return the platform whose auth tasks end with these words, and write to this group."""
    state = stopped("auth", words, "TaskFailedToStart")[0]
    state = definition(state, "auth", 7, container={"log_group": group})
    return p.replace(state, **fields)


def told(state: PlatformState) -> Diagnosis:
    found = diagnose(down(), state, p.environment(NAMES), p.healthy(), p.NOW)
    assert found.unexplained == ()
    return found.diagnoses[0]


def routed(network: Network) -> dict[str, Any]:
    subnets = tuple(Subnet(id=i, cidr=c, vpc_id=n.VPC) for i, c in n.CIDRS.items())
    return {"network": network, "subnets": subnets}


@pytest.mark.parametrize("words", [BOTH, DRIVER, ANSWERED])
def test_a_group_that_is_known_to_be_gone_is_certain_and_made_again(words: str) -> None:
    found = told(scene(words, missing_log_groups=(GROUP,)))
    assert (found.cause, found.confidence) == ("log-group-missing", Confidence.CERTAIN)
    assert [c.split()[2] for c in found.remedy.fix] == ["create-log-group", "update-service"]


@pytest.mark.parametrize("words", [BOTH, DRIVER])
def test_a_group_that_is_there_is_not_reached(words: str) -> None:
    found = told(scene(words))
    assert (found.cause, found.confidence) == ("security-group-blocked", Confidence.POSSIBLE)
    assert found.remedy.fix == () and "NAT gateway" in found.remedy.decision


@pytest.mark.parametrize("words", [BOTH, DRIVER])
@pytest.mark.parametrize("group", [GROUP, OTHER])
def test_the_hop_is_named_where_it_was_read(words: str, group: str) -> None:
    found = told(scene(words, group=group, **routed(SHUT)))
    assert (found.cause, found.resource) == ("vpc-route-missing", "rtb-private")


@pytest.mark.parametrize(
    "fields", [{"group": OTHER}, {"unread": ("missing_log_groups",)}], ids=["other", "denied"]
)
@pytest.mark.parametrize("words", [BOTH, DRIVER])
def test_a_group_that_nobody_read_is_only_possible(words: str, fields: dict[str, Any]) -> None:
    found = told(scene(words, **fields))
    assert (found.cause, found.confidence) == ("log-group-missing", Confidence.POSSIBLE)
    assert found.remedy.fix == ()
    assert "log group" in found.remedy.decision and "NAT gateway" in found.remedy.decision


def test_a_group_that_is_there_again_is_not_made_a_second_time() -> None:
    found = told(scene(ANSWERED))
    assert (found.cause, found.confidence) == ("log-group-missing", Confidence.LIKELY)
    assert [c.split()[2] for c in found.remedy.fix] == ["update-service"]


def test_cloudwatchs_own_answer_is_certain_of_a_group_that_nobody_read() -> None:
    found = told(scene(ANSWERED, group=OTHER))
    assert (found.cause, found.confidence) == ("log-group-missing", Confidence.CERTAIN)
    assert found.remedy.fix[0].endswith(f"--log-group-name {OTHER}")


@pytest.mark.parametrize("words", [BOTH, DRIVER, ANSWERED])
def test_the_group_of_a_task_definition_is_read_after_the_failure(words: str) -> None:
    found = told(scene(words, group=OTHER, task_log_groups={OTHER: False}))
    assert (found.cause, found.confidence) == ("log-group-missing", Confidence.CERTAIN)
    assert found.remedy.fix[0].endswith(f"--log-group-name {OTHER}")
    assert not any("logs tail" in c for c in found.remedy.inspect if OTHER in c)
    there = told(scene(words, group=OTHER, task_log_groups={OTHER: True}))
    if words == ANSWERED:
        assert (there.cause, there.confidence) == ("log-group-missing", Confidence.LIKELY)
    else:
        assert (there.cause, there.confidence) == ("security-group-blocked", Confidence.POSSIBLE)


AWAY = {"log_group": GROUP, "log_region": "eu-west-1"}


@pytest.mark.parametrize("known", [(), (GROUP,)], ids=["there", "gone"])
def test_a_group_of_another_region_is_not_the_one_of_this_name_here(known: tuple[str, ...]) -> None:
    state = definition(scene(BOTH, missing_log_groups=known), "auth", 7, container=AWAY)
    found = told(state)
    assert (found.cause, found.confidence) == ("log-group-missing", Confidence.POSSIBLE)
    assert found.remedy.fix == ()


def test_a_group_that_is_gone_in_another_region_is_made_there_by_a_person() -> None:
    found = told(definition(scene(ANSWERED), "auth", 7, container=AWAY))
    assert (found.cause, found.confidence) == ("log-group-missing", Confidence.CERTAIN)
    assert found.remedy.fix == ()
    assert found.remedy.decision.startswith(
        "Create the log group that the task definition names, in the region of its awslogs-region."
    )


def test_of_two_groups_the_one_that_is_gone_is_made_again() -> None:
    state = scene(BOTH, missing_log_groups=(GROUP,))
    made = p.definition(NAMES, "auth").containers[0]
    two = tuple(p.replace(made, name=g, log_group=g) for g in (OTHER, GROUP))
    found = told(definition(state, "auth", 7, containers=two))
    assert (found.cause, found.confidence) == ("log-group-missing", Confidence.CERTAIN)
    assert found.remedy.fix[0].endswith(f"--log-group-name {GROUP}")


@pytest.mark.parametrize(
    "words",
    [
        f"{INIT}failed to initialize logging driver: failed to create Cloudwatch log stream:"
        ' RequestError: send request failed caused by: Post "https://logs.eu-west-1.amazonaws.com/"'
        ": dial tcp 198.51.100.7:443: i/o timeout",
        f"{INIT}failed to initialize logging driver: RequestCanceled: request context canceled"
        " caused by: context deadline exceeded",
    ],
)
def test_a_time_out_of_the_logging_driver_is_a_way(words: str) -> None:
    assert told(scene(words)).cause == "security-group-blocked"
    assert told(scene(words, **routed(SHUT))).cause == "vpc-route-missing"


def of_containers(*found: tuple[str, str], **fields: Any) -> PlatformState:
    """Return the platform whose auth tasks have containers with these log groups and regions."""
    made = p.definition(NAMES, "auth").containers[0]
    containers = tuple(
        p.replace(made, name=f"c{i}", log_group=group, log_region=region)
        for i, (group, region) in enumerate(found)
    )
    return p.replace(definition(HEALTHY, "auth", 7, containers=containers), **fields)


TASK = p.running_task(NAMES, "auth")
FOREIGN = p.replace(TASK, task_definition=NAMES.revision("auth", 99))  # was not read


@pytest.mark.parametrize("task", [TASK, None, FOREIGN], ids=["task", "service", "unread"])
def test_a_task_writes_where_its_revision_says_else_where_its_service_does(
    task: Task | None,
) -> None:
    known = case(of_containers(("/b", ""), ("", ""), ("/a", "eu-west-1")))
    assert log_groups.of_task(known, "auth", task) == ("/a", "/b")
    assert log_groups.elsewhere(known, "auth", task) == {"/a"}


def test_a_task_of_an_older_revision_writes_where_that_one_says() -> None:
    known = case(of_containers(("/new", "")))
    assert log_groups.of_task(known, "auth", p.running_task(NAMES, "auth", 6)) == (GROUP,)
    assert log_groups.of_task(known, "auth", TASK) == ("/new",)


@pytest.mark.parametrize(
    ("state", "gone"),
    [
        (of_containers((GROUP, "")), Known.NO),
        (of_containers((GROUP, ""), ("", "")), Known.NO),  # a container without a log
        (of_containers((GROUP, ""), missing_log_groups=(GROUP,)), Known.YES),
        (of_containers((GROUP, ""), unread=("missing_log_groups",)), Known.UNKNOWN),
        (of_containers((GROUP, ""), unread=("missing_log_groups",), task_log_groups={GROUP: True}),
         Known.NO),
        (of_containers((OTHER, "")), Known.UNKNOWN),
        (of_containers((OTHER, ""), task_log_groups={OTHER: True}), Known.NO),
        (of_containers((OTHER, ""), task_log_groups={OTHER: False}), Known.YES),
        (of_containers((OTHER, ""), task_log_groups={"/x": False}), Known.UNKNOWN),
        (of_containers((GROUP, ""), (OTHER, "")), Known.UNKNOWN),
        (of_containers((GROUP, ""), (OTHER, ""), task_log_groups={OTHER: False}), Known.YES),
        (of_containers((GROUP, "eu-west-1")), Known.UNKNOWN),
        (of_containers((GROUP, "eu-west-1"), missing_log_groups=(GROUP,)), Known.UNKNOWN),
        (of_containers(("", "")), Known.UNKNOWN),  # nobody knows where it writes
    ],
)  # fmt: skip
def test_a_group_is_gone_where_it_was_asked_for_and_not_found(
    state: PlatformState, gone: Known
) -> None:
    assert log_groups.is_gone(case(state), "auth", TASK) is gone


def test_groups_are_missing_in_the_file_or_in_a_task_definition() -> None:
    state = PlatformState(missing_log_groups=("/a",), task_log_groups={"/b": False, "/c": True})
    assert log_groups.missing(state) == {"/a", "/b"}
