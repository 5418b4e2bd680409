"""Only the running tasks of the group's own service are registered in a target group."""

from __future__ import annotations

import json
import shlex

from canary.control_plane.state import BalancerEntry, PlatformState, TargetGroup
from canary.diagnose import diagnose
from canary.diagnose.core.case import Case
from canary.diagnose.remedies.never_worse import objections
from canary.diagnose.remedies.targets import register
from canary.model import Diagnosis
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

NAMES = faults.NAMES
OWN, OTHER = p.ADDRESSES["auth"], p.ADDRESSES["registry"]
UNNAMED = f"no load balancer entry of a service names target group {NAMES.group('auth')}"


def group_of(state: PlatformState, name: str = "auth") -> TargetGroup:
    return next(g for g in state.target_groups if g.arn == NAMES.group(name))


def against(
    address: str, state: PlatformState | None = None, before: PlatformState | None = None
) -> list[str]:
    now = state or p.healthy()
    case = Case(results=(), state=now, environment=p.environment(NAMES), previous=before, now=p.NOW)
    return objections(case, (register(group_of(now), [address], 8000),))


def entry(group: str = "", port: int = 8000, alternate: str = "") -> BalancerEntry:
    advanced = {"alternateTargetGroupArn": alternate} if alternate else {}
    return BalancerEntry(target_group=group, container="c", port=port, advanced=advanced)


def test_a_task_of_the_group_s_service_is_registered_and_no_other_one() -> None:
    assert against(OWN) == []
    name = NAMES.of("auth")
    assert against(OTHER) == [f"{OTHER} is the address of no running task of {name}"]
    assert against("10.9.9.9") == [f"10.9.9.9 is the address of no running task of {name}"]


def test_a_group_that_no_entry_names_gets_no_task_unless_one_did() -> None:
    lost = faults.service(p.healthy(), "auth", target_groups=())
    assert against(OWN, lost) == [UNNAMED]
    assert against(OWN, lost, lost) == [UNNAMED]
    assert against(OWN, lost, p.healthy()) == []
    assert against(OTHER, lost, p.healthy()) != []


def test_the_second_group_of_a_blue_green_service_is_its_own() -> None:
    state = faults.service(
        p.healthy(), "auth", target_groups=(),
        balancer_entries=(entry("arn:blue", alternate=NAMES.group("auth")),),
    )  # fmt: skip
    assert against(OWN, state) == []


def test_a_task_of_another_vpc_is_not_registered() -> None:
    state = p.change(p.healthy(), "target_groups", NAMES.group("auth"), vpc_id="vpc-1")
    task = p.replace(p.running_task(NAMES, "auth"), subnet="subnet-private")
    state = faults.service(state, "auth", tasks=(task,))
    assert against(OWN, state) == []
    far = p.change(state, "subnets", "subnet-private", vpc_id="vpc-2")
    assert against(OWN, far) == [f"{OWN} belongs to another VPC than {group_of(far).name}"]
    near = p.change(state, "subnets", "subnet-private", vpc_id="vpc-1")
    assert against(OWN, near) == []


def empty(state: PlatformState, before: PlatformState | None) -> Diagnosis:
    state = p.change(state, "target_groups", NAMES.group("auth"), targets=())
    check = p.control("target_group", "auth")
    return diagnose([check], state, p.environment(NAMES), before, p.NOW).diagnoses[0]


def test_the_port_is_that_of_the_group_s_own_entry() -> None:
    entries = (entry(NAMES.group("mlflow"), 5000), entry(NAMES.group("auth"), 8443))
    state = faults.service(p.healthy(), "auth", balancer_entries=entries)
    (command,) = empty(state, p.healthy()).remedy.fix
    words = shlex.split(command)
    assert json.loads(words[words.index("--targets") + 1]) == [{"Id": OWN, "Port": 8443}]


def test_a_group_that_is_attached_anew_gets_its_tasks_from_ecs() -> None:
    lost = faults.service(p.healthy(), "auth", target_groups=())
    commands = [c.split()[1:3] for c in empty(lost, None).remedy.fix]
    assert commands == [["ecs", "update-service"]]
    commands = [c.split()[1:3] for c in empty(lost, p.healthy()).remedy.fix]
    assert commands == [["elbv2", "register-targets"], ["ecs", "update-service"]]
