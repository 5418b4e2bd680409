"""Read task definitions: names of variables and secrets, and values that are addresses."""

from __future__ import annotations

import re
from typing import Any, Literal

from canary.control_plane.state import EcsService, TaskDefinition
from canary.observe.calls import Permission, Reader
from canary.observe.revisions import described

# Neither action takes a resource (Service Authorization Reference, Amazon ECS).
ACTIONS = (
    Permission(action="ecs:DescribeTaskDefinition"),
    Permission(action="ecs:ListTaskDefinitions"),
)
_ARN = re.compile(r"^(?P<base>.*:task-definition/)(?P<family>[^:]+):(?P<revision>\d+)$")


def read(
    reader: Reader, services: tuple[EcsService, ...], known: tuple[TaskDefinition, ...] = ()
) -> tuple[TaskDefinition, ...]:
    """Return each revision in use, the one before it, and the newest of the family.

    One that is known is not asked for: AWS, "Updating an Amazon ECS task definition": a revision
    is never changed, only deregistered.
    """
    had = {d.arn: d for d in known}
    arns: dict[str, None] = {}
    for service in services:
        used = [service.task_definition]
        used += [d.task_definition for d in service.deployments]
        used += [t.task_definition for t in service.tasks[:5]]
        for arn in dict.fromkeys(a for a in used if a):
            arns[arn] = None
            arns.update(dict.fromkeys(before(arn)))
    for service in services:
        arns.update(dict.fromkeys(newest(reader, family(service.task_definition))))
    found = [had.get(arn) or _definition(reader, arn) for arn in arns]
    if None in found:
        reader.miss("task_definitions")
    return tuple(d for d in found if d)


def newest(reader: Reader, name: str) -> list[str]:
    """Return the ARNs of the two newest active revisions of a family."""
    if not name:
        return []
    arns = reader.pages(
        "ecs:ListTaskDefinitions",
        "taskDefinitionArns",
        name,
        familyPrefix=name,
        sort="DESC",
        PaginationConfig={"MaxItems": 10},
    )
    if arns is None:
        reader.miss("task_definitions")
    return [a for a in map(str, arns or ()) if family(a) == name][:2]


def family(arn: str) -> str:
    """Return the family of a task definition's ARN."""
    match = _ARN.match(arn)
    return match["family"] if match else ""


def before(arn: str) -> list[str]:
    """Return the ARN of the revision before; a deregistered one stays describable."""
    match = _ARN.match(arn)
    if not match or int(match["revision"]) < 2:
        return []
    return [f"{match['base']}{match['family']}:{int(match['revision']) - 1}"]


def _definition(reader: Reader, arn: str) -> TaskDefinition | Literal[False] | None:
    """Return a revision, False if there is none, None if it could not be read."""
    # "Unable to describe task definition": there is no such revision
    missing: dict[str, TaskDefinition | Literal[False] | None] = {"ClientException": False}
    parts = {s.identity_variable for s in reader.environment.services.values()}

    def read_one(answer: dict[str, Any]) -> TaskDefinition | Literal[False] | None:
        return described(answer["taskDefinition"], frozenset(parts))

    return reader.answer(
        "ecs:DescribeTaskDefinition", arn, read_one, None, missing, taskDefinition=arn
    )
