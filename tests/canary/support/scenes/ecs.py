"""Tasks that do not start, revisions that came back, and what a service lost with its revision."""

from __future__ import annotations

from typing import Any

from canary.control_plane.state import PlatformState, SecretState
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p
from tests.canary.support.told_scenes import (
    APP_SECRET,
    HEALTHY,
    NAMES,
    PARAMETER,
    Told,
    down,
    stopped,
)

DENIED = (
    "ResourceInitializationError: unable to pull secrets or registry auth: AccessDeniedException:"
    " User: arn:aws:sts::123456789012:assumed-role/exec is not authorized to perform: "
)
KMS = "ResourceInitializationError: AccessDeniedException: Access to KMS is not allowed"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/auth:7"
KEY = "arn:aws:kms:us-east-1:123456789012:key/1a-2b"


def on_revision(name: str, number: int, state: PlatformState = HEALTHY) -> PlatformState:
    """Return the platform with a service that runs well on a revision."""
    arn = NAMES.revision(name, number)
    (service,) = [s for s in HEALTHY.ecs_services if s.name == NAMES.of(name)]
    return faults.service(
        state, name, task_definition=arn,
        deployments=(p.replace(service.deployments[0], task_definition=arn),),
        tasks=(p.running_task(NAMES, name, number),),
    )  # fmt: skip


def definition(state: PlatformState, name: str, number: int, **fields: Any) -> PlatformState:
    """Return the platform with another content of a revision; `container` changes its first."""
    arn = NAMES.revision(name, number)
    (found,) = [d for d in state.task_definitions if d.arn == arn]
    if more := fields.pop("container", None):
        fields["containers"] = (p.replace(found.containers[0], **more), *found.containers[1:])
    return p.change(state, "task_definitions", arn, **fields)


def refused_start(
    words: str, secrets: tuple[SecretState, ...] = (), before: PlatformState = HEALTHY, **more: Any
) -> Told:
    """Return a start of auth that is refused; `more` changes the revision, now and then."""
    state, results = stopped("auth", words, "TaskFailedToStart")
    state = p.replace(definition(state, "auth", 7, **dict(more)), secrets=secrets)
    return Told(state, results, definition(before, "auth", 7, **dict(more)))


def since_revision_7(
    name: str, results: list[Any], older: PlatformState = HEALTHY, **changed: Any
) -> Told:
    """Return a service that came from revision 6, as `older` has it, to 7, which differs."""
    state = definition(older, name, 7, **changed)
    return Told(state, results, on_revision(name, 6, state))


SCENES = {
    "role-denied-its-key": refused_start(
        KMS, (p.replace(APP_SECRET, kms_key=KEY), p.replace(PARAMETER, kms_key="1a-2b-3c"))),
    "role-denied-a-key-by-alias": refused_start(
        f"{DENIED}secretsmanager:GetSecretValue on resource: x",
        (p.replace(APP_SECRET, kms_key="alias/own"), p.replace(PARAMETER, kms_key=KEY))),
    "role-denied-awss-own-key": refused_start(
        f"{DENIED}ssm:GetParameters", (p.replace(PARAMETER, kms_key="alias/aws/ssm"),)),
    "role-denied-explicitly": refused_start(
        f"{DENIED}ssm:GetParameters with an explicit deny in an identity-based policy"),
    "role-not-named": refused_start(f"{DENIED}ssm:GetParameters", execution_role=""),
    "role-denied-the-image": refused_start(
        f"{DENIED}ecr:GetAuthorizationToken", container={"image": IMAGE}),
    "role-denied-the-log": refused_start(f"{DENIED}logs:CreateLogStream"),
    "role-denied-something-else": refused_start(f"{DENIED}s3:GetObject"),
    "role-denied-nothing-named": refused_start(
        "AccessDenied", container={"secrets": {}, "log_group": ""}),
    "role-swapped": Told(
        definition(stopped("auth", f"{DENIED}ssm:GetParameters", "TaskFailedToStart")[0],
                   "auth", 7, execution_role="arn:aws:iam::123456789012:role/other"),
        down(), on_revision("auth", 6)),
    "role-denied-by-parameters-arn": refused_start(
        f"{DENIED}ssm:GetParameters",
        container={"secrets": {"A": "arn:aws:ssm:us-east-1:123456789012:parameter/a/b",
                               "B": "arn:aws:ssm:us-east-1:123456789012:parameter/a/*"}}),
}  # fmt: skip
