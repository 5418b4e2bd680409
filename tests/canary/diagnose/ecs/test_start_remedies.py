"""What is done where tasks do not start, cause by cause, and how a service comes back."""

from __future__ import annotations

from typing import Any

import pytest

from canary.control_plane.state import DiscoveryService, PlatformState
from canary.diagnose.ecs.remedies import create_service, start_remedy
from canary.diagnose.ecs.task_stops import Stop
from canary.model import Environment, Remedy
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p
from tests.canary.support.commands import parameters
from tests.canary.support.routed import ENVIRONMENT, HEALTHY, NAMES, case
from tests.canary.support.scenes.ecs import definition, on_revision

NAME = NAMES.of("auth")
PLACE = {"subnets": ["subnet-private"], "securityGroups": ["sg-auth"], "assignPublicIp": "DISABLED"}
CONFIG: dict[str, Any] = {
    "serviceName": NAME, "taskDefinition": NAMES.revision("auth"), "desiredCount": 1,
    "launchType": "FARGATE", "networkConfiguration": {"awsvpcConfiguration": PLACE},
}  # fmt: skip
WHOLE = faults.service(HEALTHY, "auth", config=CONFIG)


def remedy(
    cause: str, state: PlatformState = HEALTHY, before: PlatformState | None = None
) -> Remedy:
    return start_remedy(case(state, before), "auth", Stop(cause=cause, task=None, words="x"))


def calls(found: Remedy) -> list[str]:
    return [command.split()[2] for command in found.fix]


@pytest.mark.parametrize(
    ("cause", "decision"),
    [
        ("image-pull-failed",
         "Build and push the image that the revision names, or deploy another."),
        ("image-wrong-architecture",
         "Build the image for the architecture of the task definition."),
        ("task-out-of-memory", "Give the task definition more memory."),
        ("task-crash-loop", "Read the log: the image or its settings must be mended."),
        ("database-schema-missing", "Run the migrations of the service against its database."),
        ("database-unreachable", "See whether the database runs and accepts connections."),
        ("environment-variable-missing", "Register a revision that is complete."),
        ("secret-not-injected", "Register a revision that is complete."),
    ],
)  # fmt: skip
def test_without_a_way_back_it_is_a_decision(cause: str, decision: str) -> None:
    found = remedy(cause)
    assert (found.fix, found.summary, found.decision) == ((), decision, decision)
    assert [c.split()[2] for c in found.verify] == ["wait", "describe-services"]
    assert [c.split()[2] for c in found.inspect] == [
        "describe-services", "list-tasks", "tail",
    ]  # fmt: skip


def test_with_an_older_revision_it_goes_back() -> None:
    newer = definition(HEALTHY, "auth", 7, cpu="9")
    found = remedy("task-out-of-memory", newer, on_revision("auth", 6))
    assert found.summary == f"Go back to {NAME}:6."
    assert calls(found) == ["update-service"]
    assert parameters(found.fix[0])["taskDefinition"].endswith(f"{NAME}:6")
    assert [c.split()[2] for c in found.inspect][-1] == "describe-task-definition"


def logged(*groups: str) -> PlatformState:
    made = p.definition(NAMES, "auth").containers[0]
    return definition(HEALTHY, "auth", 7,
                      containers=tuple(p.replace(made, log_group=g) for g in groups))  # fmt: skip


def test_the_one_log_group_that_is_named_is_made_again() -> None:
    for groups in (("/a",), ("/a", ""), ("/a", "/a")):
        found = remedy("log-group-missing", logged(*groups))
        assert found.summary == "Create the log group /a again, then start tasks."
        assert calls(found) == ["create-log-group", "update-service"]
        assert found.inspect[0] == found.verify[0]
        assert "describe-log-groups" in found.inspect[0] and "/a" in found.inspect[0]
        assert [c.split()[2] for c in found.inspect[1:]] == ["describe-services", "list-tasks"]
        assert [c.split()[2] for c in found.verify[1:]] == ["wait", "describe-services"]
    said = "Create the log group that the task definition names."
    for groups in (("/b", "/a"), ("",), ()):
        found = remedy("log-group-missing", logged(*groups))
        assert (found.fix, found.summary, found.decision) == ((), said, said)
    assert "/a" in remedy("log-group-missing", logged("/b", "/a")).inspect[0]


def test_a_service_is_created_as_it_was() -> None:
    (gone,) = [s for s in HEALTHY.ecs_services if s.name == NAME]
    state = p.replace(HEALTHY, ecs_services=HEALTHY.ecs_services[1:], missing_services=(NAME,))
    found = create_service(case(state, WHOLE), "auth")
    assert found.summary == f"Create the ECS service {NAME} as it was."
    assert calls(found) == ["create-service"]
    assert parameters(found.fix[0])["taskDefinition"] == gone.task_definition
    assert [c.split()[2] for c in found.inspect] == ["describe-services", "list-task-definitions"]
    assert [c.split()[2] for c in found.verify] == ["wait", "describe-services"]
    unknown = create_service(case(state), "auth")
    assert (unknown.fix, unknown.decision) == (
        (), f"Create {NAME} again from where it is kept, such as Terraform.",
    )  # fmt: skip


# --- the name in Cloud Map, where the one that it had is gone

OLD, NEW, OTHER, GONE = (
    f"arn:aws:servicediscovery:us-east-1:123456789012:service/srv-{n}"
    for n in ("old", "new", "other", "gone")
)
MINE = f"auth.{NAMES.prefix}.local"


def registries(
    *had: str, lives: tuple[DiscoveryService, ...] = (), environment: Environment = ENVIRONMENT
) -> list[str]:
    """Return the names with which the service is created, of those that it had."""
    entries = [{"registryArn": arn, "port": 1} for arn in had]
    before = faults.service(
        WHOLE, "auth", config={**CONFIG, "serviceRegistries": entries}, registries=had
    )
    others = (DiscoveryService(id="srv-other", arn=OTHER, name="other.local"),)
    state = p.replace(HEALTHY, ecs_services=HEALTHY.ecs_services[1:], discovery=(*others, *lives))
    found = create_service(case(state, before, environment=environment), "auth")
    text = found.fix[0] if found.fix else ""
    return [arn for arn in (OLD, NEW, OTHER, GONE) if f'"{arn}"' in text]


def living(*arns: str) -> tuple[DiscoveryService, ...]:
    return tuple(DiscoveryService(id=a[-3:], arn=a, name=MINE) for a in arns)


def test_the_name_that_lives_takes_the_place_of_the_one_that_is_gone() -> None:
    assert registries(OLD, lives=living(NEW)) == [NEW]
    assert registries(OLD, lives=living(OLD)) == [OLD]
    # of two names alike, of several that are gone, or without one in the file, nobody knows
    for given in (
        {"lives": living(NEW, f"{NEW}2")}, {"lives": ()},
        {"lives": living(NEW), "environment": p.replace(ENVIRONMENT, services={
            **ENVIRONMENT.services,
            "auth": p.replace(ENVIRONMENT.services["auth"], discovery="")})},
    ):  # fmt: skip
        assert NEW not in registries(OLD, **given)
