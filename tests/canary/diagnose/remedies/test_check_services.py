"""The checks of edits of ECS services: what a service had it may have, and what it names lives."""

from __future__ import annotations

from typing import Any

import pytest

from canary.control_plane.state import PlatformState
from canary.diagnose.remedies.check_services import AS_IT_WAS, new_service, service
from canary.diagnose.remedies.edit import Edit, Parameters
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p
from tests.canary.support.routed import HEALTHY, NAMES, case

NAME = NAMES.of("auth")
FOREIGN = "arn:aws:elasticloadbalancing:us-east-1:999999999999:targetgroup/x/1"
SAID = f"{FOREIGN} belongs to another account or region"
ENTRY = {"loadBalancers": [{"targetGroupArn": FOREIGN, "containerName": "c", "containerPort": 1}]}


def said(
    given: Parameters, state: PlatformState = HEALTHY, was: PlatformState | None = HEALTHY
) -> list[str]:
    edit = Edit(
        service="ecs", operation="update-service", parameters={"service": NAME, **given},
        resource="r",
    )  # fmt: skip
    return list(service(case(state, was), edit))


def configured(**config: Any) -> PlatformState:
    return faults.service(HEALTHY, "auth", config=config)


def test_the_settings_that_a_service_keeps_are_these() -> None:
    assert {*AS_IT_WAS} >= {
        "deploymentConfiguration", "healthCheckGracePeriodSeconds", "platformVersion",
        "capacityProviderStrategy", "placementConstraints", "placementStrategy",
        "availabilityZoneRebalancing", "enableExecuteCommand", "enableECSManagedTags",
        "propagateTags",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("setting", "other"),
    [("platformVersion", "1.4.0"), ("availabilityZoneRebalancing", "ENABLED"),
     ("propagateTags", "SERVICE"), ("placementStrategy", [{"type": "random"}])],
)  # fmt: skip
def test_a_setting_is_the_one_that_the_service_had_or_has(setting: str, other: Any) -> None:
    why = [f"the {setting} would not be the one that the service had"]
    wanted, none = {setting: other}, configured(platformVersion="LATEST")
    with_it = configured(**wanted)
    assert said(wanted, with_it, none) == said(wanted, none, with_it) == []
    assert said(wanted, none, none) == said(wanted, none, None) == why
    assert said(wanted, with_it, None) == []


def test_what_a_service_names_is_of_this_account() -> None:
    assert SAID in said(ENTRY)
    edit = Edit(
        service="ecs", operation="create-service", resource="r",
        parameters={"serviceName": NAME, **ENTRY},
    )  # fmt: skip
    found = list(new_service(case(HEALTHY, None), edit))
    assert found == [SAID, f"nothing tells how {NAME} was"]


SHELL = "people could run commands in its containers"
NOT_AS_IT_WAS = "the {} would not be the one that the service had"


def test_a_shell_in_the_containers_is_opened_by_nobody() -> None:
    wanted = {"enableExecuteCommand": True}
    no, yes = configured(enableExecuteCommand=False), configured(**wanted)
    assert said(wanted, no, no) == [NOT_AS_IT_WAS.format("enableExecuteCommand"), SHELL]
    assert said(wanted, no, yes) == [SHELL]  # it was so: that does not let people in again
    there = faults.service(yes, "auth", execute_command=True)
    assert said(wanted, there, there) == []
    assert said({"enableExecuteCommand": False}, there, no) == []


HOOK, OTHER_HOOK = {"hookTargetArn": "arn:f"}, {"hookTargetArn": "arn:g"}
HOOKED = "a hook would run during its deployments that does not now"


@pytest.mark.parametrize(
    ("hooks", "now", "why"),
    [
        ([HOOK], {"lifecycleHooks": [HOOK]}, []),
        ([HOOK], {"lifecycleHooks": [OTHER_HOOK]}, [HOOKED]),
        ([HOOK, OTHER_HOOK], {"lifecycleHooks": [HOOK]}, [HOOKED]),
        ([HOOK], {"lifecycleHooks": None}, [HOOKED]),
        ([HOOK], {}, [HOOKED]),
        ([HOOK], None, [HOOKED]),
        ([], {"lifecycleHooks": [HOOK]}, []),
        (None, {"lifecycleHooks": [HOOK]}, []),
    ],
)
def test_a_hook_runs_only_where_it_runs_now(hooks: Any, now: Any, why: list[str]) -> None:
    wanted = {"deploymentConfiguration": {"lifecycleHooks": hooks}}
    was = configured(**wanted)
    assert said(wanted, configured(deploymentConfiguration=now), was) == why
    assert said({"deploymentConfiguration": None}, was, configured(
        deploymentConfiguration=None)) == []  # fmt: skip


REVISION = NAMES.revision("auth")
FAMILY = NAMES.of("auth")


@pytest.mark.parametrize(
    ("arn", "why"),
    [
        ("", []),
        (REVISION, []),
        ("arn:gone", ["revision arn:gone was not read: nobody knows whether it is active"]),
        (NAMES.revision("mlflow"), [f"revision {NAMES.of('mlflow')}:7 belongs to another family"]),
    ],
)
def test_a_revision_is_an_active_one_of_the_family(arn: str, why: list[str]) -> None:
    assert said({"taskDefinition": arn}) == why
    old = p.change(HEALTHY, "task_definitions", REVISION, status="INACTIVE")
    starts = [f"revision {FAMILY}:7 is INACTIVE: ECS does not start it"]
    assert said({"taskDefinition": arn}, old) == (starts if arn == REVISION else why)


@pytest.mark.parametrize(
    ("controller", "given", "why"),
    [
        ("CODE_DEPLOY", {"desiredCount": 1}, []),
        ("CODE_DEPLOY", {"cluster": "c", "desiredCount": 1}, []),
        ("CODE_DEPLOY", {"desiredCount": 1, "taskDefinition": REVISION},
         ["CodeDeploy deploys this service: AWS refuses the call, deploy it there"]),
        ("EXTERNAL", {"taskDefinition": REVISION},
         ["an external controller deploys this service: AWS refuses the call"]),
        ("ECS", {"taskDefinition": REVISION}, []),
    ],
)  # fmt: skip
def test_a_service_that_others_deploy_changes_its_count_alone(
    controller: str, given: Parameters, why: list[str]
) -> None:
    assert said(given, faults.service(HEALTHY, "auth", controller=controller)) == why


@pytest.mark.parametrize(
    ("status", "why"),
    [("ACTIVE", []), ("", []), ("DRAINING", [f"ECS service {NAME} is not active"]),
     ("INACTIVE", [f"ECS service {NAME} is not active"])],
)  # fmt: skip
def test_a_service_is_there_and_active(status: str, why: list[str]) -> None:
    assert said({"desiredCount": 1}, faults.service(HEALTHY, "auth", status=status)) == why
    none = p.replace(HEALTHY, ecs_services=tuple(
        s for s in HEALTHY.ecs_services if s.name != NAME))  # fmt: skip
    assert said({"desiredCount": 1}, none) == [f"ECS service {NAME} is not active"]


SERVICE = next(s for s in HEALTHY.ecs_services if s.name == NAME)
GROUPS, SUBNETS = list(SERVICE.security_groups), list(SERVICE.subnets)


def network(**wanted: Any) -> Parameters:
    return {"networkConfiguration": {"awsvpcConfiguration": {"securityGroups": GROUPS, **wanted}}}


OTHER_GROUPS = "the groups would not be those that the service had"
OTHER_SUBNETS = "the subnets would not be those that the service had"
PUBLIC = "the public address of the tasks would change"


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ({}, []),
        ({"subnets": SUBNETS}, []),
        ({"subnets": [*SUBNETS, "subnet-other"]}, [OTHER_SUBNETS]),
        ({"subnets": []}, []),
        ({"securityGroups": None}, [OTHER_GROUPS]),
        ({"securityGroups": []}, [OTHER_GROUPS]),
        ({"assignPublicIp": "ENABLED"}, [PUBLIC]),
        ({"assignPublicIp": "DISABLED"}, []),
        ({"assignPublicIp": ""}, []),
    ],
)
def test_a_network_is_the_one_that_the_service_had(wanted: Any, why: list[str]) -> None:
    closed = faults.service(HEALTHY, "auth", public_address="DISABLED")
    assert said(network(**wanted), closed) == why
    unread = faults.service(HEALTHY, "auth", public_address="")
    assert said(network(**wanted), unread) == why


def test_where_the_past_is_not_known_no_network_is_set() -> None:
    assert said(network(), was=None) == [OTHER_GROUPS]
    moved = faults.service(HEALTHY, "auth", subnets=("subnet-moved",))
    assert said(network(subnets=SUBNETS), moved) == []  # those that it had
    assert said(network(subnets=["subnet-moved"]), moved) == []  # those that it has
    assert said(network(subnets=SUBNETS), moved, None) == [OTHER_GROUPS, OTHER_SUBNETS]


def role(arn: str) -> dict[str, Any]:
    entry = {"targetGroupArn": NAMES.group("auth"), "containerName": "c", "containerPort": 1}
    return {
        "loadBalancers": [{**entry, "advancedConfiguration": {"roleArn": arn} if arn else None}]
    }


def test_entries_of_a_balancer_keep_their_role() -> None:
    other = "its load balancer entries would use another role"
    assert other in said(role("arn:a"), configured(**role("arn:b")))
    assert other in said(role("arn:a"), configured(**role("")))
    assert other not in said(role("arn:a"), configured(**role("arn:a")))
    assert other not in said(role(""), configured(**role("arn:a")))


def created(was: PlatformState | None, **given: Any) -> list[str]:
    edit = Edit(
        service="ecs", operation="create-service", resource="r",
        parameters={"serviceName": NAME, "taskDefinition": REVISION, **given},
    )  # fmt: skip
    return list(new_service(case(HEALTHY, was), edit))


def test_a_service_is_created_as_it_was_with_a_revision_that_lives() -> None:
    was = configured(platformVersion="LATEST")
    assert created(was) == []
    assert created(was, **network()) == []
    assert created(was, taskDefinition="arn:gone") == [
        "revision arn:gone is not known to be active"
    ]
    assert created(was, taskDefinition="") == ["revision  is not known to be active"]
    assert created(configured()) == [f"nothing tells how {NAME} was"]
