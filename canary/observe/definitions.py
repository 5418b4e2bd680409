"""Read task definitions: names of variables and secrets, and values that are addresses."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from canary.control_plane.state import Container, EcsService, TaskDefinition
from canary.observe.calls import Permission, Reader, strings, when

# Neither action takes a resource (Service Authorization Reference, Amazon ECS).
ACTIONS = (
    Permission(action="ecs:DescribeTaskDefinition"),
    Permission(action="ecs:ListTaskDefinitions"),
)
# Addresses and names only. Everything else is known by its name alone.
_PLAIN = re.compile(r"^(PORT|.*_(URL|URI|HOST|HOSTS|PORT|SERVICE_ID|NAME|USER|ENDPOINT))$")
_SECRETIVE = re.compile(
    r"(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|AUTH_NAME"
    r"|WEBHOOK|SIGNED|SAS_U)"  # such an address is a credential itself
)
_ARN = re.compile(r"^(?P<base>.*:task-definition/)(?P<family>[^:]+):(?P<revision>\d+)$")
_MAX_VALUE = 200


def read(reader: Reader, services: tuple[EcsService, ...]) -> tuple[TaskDefinition, ...]:
    """Return each revision in use, the one before it, and the newest of the family."""
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
    found = [_definition(reader, arn) for arn in arns]
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
    return [a for a in map(str, arns) if family(a) == name][:2]


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


def _definition(reader: Reader, arn: str) -> TaskDefinition | None:
    # "Unable to describe task definition": there is no such revision
    missing = {"ClientException": None}
    return reader.answer(
        "ecs:DescribeTaskDefinition", arn, _described, None, missing, taskDefinition=arn
    )


def _described(answer: dict[str, Any]) -> TaskDefinition | None:
    """Return a task definition without any value that could be a secret."""
    raw = answer["taskDefinition"]
    platform = raw.get("runtimePlatform") or {}
    return TaskDefinition(
        arn=str(raw["taskDefinitionArn"]),
        family=str(raw.get("family", "")),
        revision=int(raw.get("revision") or 0),
        status=str(raw.get("status", "")),
        registered_at=when(raw.get("registeredAt")),
        execution_role=str(raw.get("executionRoleArn", "")),
        task_role=str(raw.get("taskRoleArn", "")),
        cpu=str(raw.get("cpu", "")),
        memory=str(raw.get("memory", "")),
        architecture=str(platform.get("cpuArchitecture", "X86_64")),
        containers=tuple(_container(c) for c in raw.get("containerDefinitions") or []),
    )


def _container(raw: dict[str, Any]) -> Container:
    variables = {
        str(e.get("name", "")): str(e.get("value", "")) for e in raw.get("environment", [])
    }
    options = (raw.get("logConfiguration") or {}).get("options") or {}
    return Container(
        name=str(raw.get("name", "")),
        image=str(raw.get("image", "")),
        ports=tuple(int(p.get("containerPort") or 0) for p in raw.get("portMappings") or []),
        variables=tuple(sorted(variables)),
        plain={k: address(v) for k, v in sorted(variables.items()) if is_address(k)},
        secrets={str(s["name"]): str(s.get("valueFrom", "")) for s in raw.get("secrets") or []},
        log_group=str(options.get("awslogs-group", "")),
        memory=int(raw.get("memory") or 0),
        command=strings(raw.get("command")),
        health_command=" ".join(strings((raw.get("healthCheck") or {}).get("command"))),
        essential=bool(raw.get("essential", True)),
    )


def is_address(name: str) -> bool:
    """Return whether a variable's name says that its value is an address and no secret."""
    return bool(_PLAIN.match(name)) and not _SECRETIVE.search(name)


def address(value: str) -> str:
    """Return a value without user information, query and fragment."""
    if "://" not in value:
        return "" if "@" in value else value[:_MAX_VALUE]
    try:
        parts = urlsplit(value)
    except ValueError:
        return ""
    user, _, netloc = parts.netloc.rpartition("@")
    _, colon, port = netloc.partition(":")
    plain = parts.scheme in ("http", "https") and port.isdigit()
    if colon and not user and not plain and "@" in value:
        return ""  # a password with / ? or # in it: its end cannot be found
    return urlunsplit((parts.scheme, netloc, parts.path, "", ""))[:_MAX_VALUE]
