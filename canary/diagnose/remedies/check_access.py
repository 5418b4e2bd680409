"""Checks of edits of roles, secrets, parameters and log groups."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from canary.control_plane.state import PlatformState, TaskDefinition
from canary.diagnose.core.case import Case
from canary.diagnose.remedies import well
from canary.diagnose.remedies.access import lacking, like, listed
from canary.diagnose.remedies.edit import Edit, Parameters
from canary.model.names import LOG_GROUP

_READING = frozenset(
    {
        *("secretsmanager:GetSecretValue", "ssm:GetParameters", "kms:Decrypt"),
        *("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"),
        *("logs:CreateLogStream", "logs:PutLogEvents"),
    }
)
"""What a task's start needs of its execution role."""
_ALSO_READING = frozenset(
    {
        *("secretsmanager:DescribeSecret", "ssm:GetParameter", "logs:CreateLogGroup"),
        "ecr:GetAuthorizationToken",
    }
)
"""What roles for starting tasks often have beside it, and a fix never adds by itself."""
AWS_OWN = re.compile(r"arn:aws[\w-]*:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy")
_LOGIN = "ecr:GetAuthorizationToken"  # takes no narrower resource than all


def role_policy(case: Case, edit: Edit) -> Iterator[str]:
    """Check a policy: it allows only what the role's own task definitions refer to."""
    role, document = edit.parameters["RoleName"], edit.parameters["PolicyDocument"]
    before = (edit.before or {}).get(edit.parameters["PolicyName"])
    own = [d for d in case.state.task_definitions if d.execution_role.rpartition("/")[2] == role]
    named = _named(case, own)
    strange = [s for s in lacking(document, None) if not isinstance(s, dict)]
    if strange or not all(isinstance(s, dict) for s in _statements(case.state, role)):
        yield "a statement of its policies is none: it is text, or a list"
        return
    if lacking(before, document):
        yield "it would drop a statement that the policy has now and did not have then"
    if _had(well.well(case), role).get(edit.parameters["PolicyName"]) == document:
        now = _statements(case.state, role)
        yield from _given_back(lacking(document, before), now, named)
        return
    if not own:
        yield f"no task definition that was read has the execution role {role}"
    for statement in lacking(document, before):
        if statement["Action"] == [_LOGIN]:
            continue
        for action in statement["Action"]:
            if action not in _READING:
                yield f"it would allow {action}, which no start of a task needs"
        for resource in statement["Resource"]:
            tail = resource.split(":", 5)[-1].removesuffix(":*")
            if not re.fullmatch(r"[\w./:@#+=!-]+", tail) or tail not in named:
                yield f"it would allow {resource}, to which no task definition refers"


def attached(case: Case, edit: Edit) -> Iterator[str]:
    """Check a managed policy: the role had it, and AWS itself says what it allows."""
    role, arn = edit.parameters["RoleName"], edit.parameters["PolicyArn"]
    state = well.well(case)
    if not any(r.name == role and arn in r.attached for r in (state.roles if state else ())):
        yield f"nothing tells that {role} had {arn}"
    if not AWS_OWN.fullmatch(arn):
        yield f"what {arn} allows was not read"


def _had(state: PlatformState | None, role: str) -> Parameters:
    """Return the policies that a role has in a state, by name."""
    roles = state.roles if state else ()
    return next((r.policies for r in roles if r.name == role), {})


def _statements(state: PlatformState, role: str) -> list[Any]:
    """Return the statements of all policies that a role has in a state."""
    return [s for policy in _had(state, role).values() for s in lacking(policy, None)]


def _given_back(lost: list[Any], now: list[Any], named: frozenset[str]) -> Iterator[str]:
    """Check the statements that a role gets back: each is what a start of a task needs.

    A denied start shows that such a right is missing; another one may be gone on purpose.
    `now`: the statements of all policies that the role has.
    """
    for statement in lost:
        if statement.get("Effect") == "Deny":
            continue
        if "Action" not in statement or "Resource" not in statement:
            yield "it would allow all but what it names"
        for action in listed(statement.get("Action")):
            if action not in _READING and action not in _ALSO_READING:
                yield f"it would allow {action} again, which no start of a task needs"
        for resource in listed(statement.get("Resource")):
            if not _refers(resource, named):
                yield f"it would allow {resource} again, to which no task definition refers"
            elif any(_narrower(s, statement, resource) for s in now):
                yield f"it would allow {resource} again, of which the role has a part now"


def _refers(resource: str, named: frozenset[str]) -> bool:
    """Return whether a resource of a policy fits something that a revision refers to."""
    tail = resource.split(":", 5)[-1]
    tails = (tail, tail.removesuffix(":*"), tail.removesuffix(":log-stream:*"))
    return any(like(tails, n) or like(tails, f"{n}-AAAAAA") for n in named)


def _narrower(now: dict[str, Any], lost: dict[str, Any], resource: str) -> bool:
    """Return whether a statement allows the same action on a part of a lost wildcard."""
    if now.get("Effect") != "Allow" or not re.search(r"[*?]", resource):
        return False
    actions = [str(a) for a in listed(now.get("Action"))]
    same = any(like(actions, str(a)) for a in listed(lost.get("Action")))
    return same and any(like([resource], str(r)) for r in listed(now.get("Resource")))


def _named(case: Case, definitions: list[TaskDefinition]) -> frozenset[str]:
    """Return the ends of the ARNs of all that revisions refer to."""
    found: set[str] = set()
    for container in (c for d in definitions for c in d.containers):
        found.add(f"log-group:{container.log_group}")
        image = re.split(r"[:@]", container.image.partition("/")[2])[0]
        found.add(f"repository/{image}")
        for reference in container.secrets.values():
            tail = reference.split(":", 5)[-1]
            found.add(":".join(tail.split(":")[:2]) if tail.startswith("secret:") else tail)
            found.add(f"parameter/{reference.lstrip('/')}")
            keys = [s.kms_key for s in case.state.secrets if s.reference == reference]
            found |= {k.split(":", 5)[-1] for k in keys} | {f"key/{k}" for k in keys}
    return frozenset(found)


def log_group(case: Case, edit: Edit) -> Iterator[str]:
    """Check a log group: a task definition names it."""
    name = edit.parameters["logGroupName"]
    named = {c.log_group for d in case.state.task_definitions for c in d.containers}
    if name not in named or not re.fullmatch(LOG_GROUP, name):
        yield f"no task definition names the log group {name!r}"


def secret(case: Case, edit: Edit) -> Iterator[str]:
    """Check a secret: a task or a principal refers to it."""
    named = {s.name for s in case.state.secrets} | {s.reference for s in case.state.secrets}
    if edit.parameters["SecretId"] not in named:
        yield f"nothing refers to the secret {edit.parameters['SecretId']!r}"


def parameter(case: Case, edit: Edit) -> Iterator[str]:
    """Check a parameter: a task refers to it."""
    if edit.parameters["Name"] not in {s.name for s in case.state.secrets}:
        yield f"nothing refers to the parameter {edit.parameters['Name']!r}"
