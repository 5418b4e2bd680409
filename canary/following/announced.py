"""Read what an event of AWS announces; of its words only known names and forms are kept.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_deployment_events.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_events.html
https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-cloudtrail.html
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from canary.following.guards import Guards
from canary.model import Environment, Followed, Role, names, parse_time

DEPLOYMENT, ACTION = "ECS Deployment State Change", "ECS Service Action"
CALL = "AWS API Call via CloudTrail"
OF_ECS = (
    "SERVICE_DEPLOYMENT_IN_PROGRESS", "SERVICE_DEPLOYMENT_COMPLETED", "SERVICE_DEPLOYMENT_FAILED",
    "SERVICE_STEADY_STATE", "SERVICE_TASK_START_IMPAIRED", "SERVICE_TASK_PLACEMENT_FAILURE",
    "SERVICE_TASK_CONFIGURATION_FAILURE", "SERVICE_DISCOVERY_INSTANCE_UNHEALTHY",
)  # fmt: skip
OF_CALLS = {
    "aws.ec2": (
        "AuthorizeSecurityGroupEgress", "AuthorizeSecurityGroupIngress", "DeleteSecurityGroup",
        "ModifySecurityGroupRules", "RevokeSecurityGroupEgress", "RevokeSecurityGroupIngress",
    ),
    "aws.elasticloadbalancing": (
        "CreateListener", "CreateRule", "DeleteListener", "DeleteLoadBalancer", "DeleteRule",
        "DeleteTargetGroup", "DeregisterTargets", "ModifyListener", "ModifyLoadBalancerAttributes",
        "ModifyRule", "ModifyTargetGroup", "ModifyTargetGroupAttributes", "SetSecurityGroups",
        "SetSubnets",
    ),
    "aws.secretsmanager": (
        "DeleteSecret", "PutSecretValue", "RestoreSecret", "RotateSecret", "UpdateSecret",
        "UpdateSecretVersionStage",
    ),
}  # fmt: skip
"""Write calls that are followed, by the source of their event."""
LONGEST_BODY = 262_144
"""Bytes of an event that are looked at: EventBridge delivers no larger one."""
_DEPLOYMENT_ID = re.compile(r"ecs-svc/[0-9]{1,40}")
_EVENT_ID = re.compile(r"[0-9a-fA-F-]{1,64}")
_BALANCER = re.compile(r":(?:loadbalancer|listener|listener-rule)/(?:app|net)/([^/]+)/")
_GROUP = re.compile(r":targetgroup/([^/]+)/")
_SECRET = re.compile(r"arn:aws[a-z-]*:secretsmanager:[^:]*:[^:]*:secret:(.+)-[A-Za-z0-9]{6}")
_SECURITY_GROUP = re.compile(r"sg-[0-9a-f]{1,40}")
_DEEPEST = 8
"""Levels of a call's parameters that are looked through; those of EC2 have the most."""


def followed(
    records: object, environment: Environment, guards: Callable[[], Guards] = dict
) -> Iterator[Followed]:
    """Yield what the messages of a queue announce of this environment; other messages nothing.

    `guards` tells which services a security group guards; it is asked only where a change names
    one, and once.
    """
    asked = functools.cache(guards)
    for record in records if isinstance(records, list) else ():
        body = record.get("body") if isinstance(record, Mapping) else None
        event = _event(body)
        if event is not None:
            yield from _of(event, environment, asked, again=_is_again(record))


def _is_again(record: Mapping[str, Any]) -> bool:
    """Return whether a message waited in the queue of the second looks."""
    return str(record.get("eventSourceARN", "")).endswith(f"-{names.CHANGES_AGAIN}")


def _event(body: object) -> Mapping[str, Any] | None:
    if not isinstance(body, str) or len(body) > LONGEST_BODY:
        return None
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and isinstance(found.get("detail"), dict) else None


def _of(
    event: Mapping[str, Any], environment: Environment, guards: Callable[[], Guards], *, again: bool
) -> Iterator[Followed]:
    at, kind = str(event.get("time", "")), event.get("detail-type")
    here = (event.get("account"), event.get("region")) == (environment.account, environment.region)
    if not here or len(at) > 40 or parse_time(at) is None:
        return
    name = event["detail"].get("eventName")
    found: tuple[tuple[str, ...], str] = ((), "")
    if event.get("source") == "aws.ecs" and kind in (DEPLOYMENT, ACTION) and name in OF_ECS:
        found = _rolled_out(event, environment)
    elif kind == CALL and name in OF_CALLS.get(str(event.get("source")), ()):
        found = _called(event["detail"], environment, guards)
    services, ident = found
    for service in services:
        yield Followed(service=service, event=str(name), id=ident, at=at, again=again)


def _rolled_out(event: Mapping[str, Any], environment: Environment) -> tuple[tuple[str, ...], str]:
    """Return the services of the environment that an event of ECS names, and the deployment."""
    resources = event.get("resources")
    named = set(map(str, resources)) if isinstance(resources, list) else set()
    place = environment.arn("ecs", f"service/{environment.cluster}")
    known = environment.services.items()
    services = (n for n, s in known if s.ecs_service and f"{place}/{s.ecs_service}" in named)
    return tuple(services), _whole(_DEPLOYMENT_ID, event["detail"].get("deploymentId"))


def _called(
    detail: Mapping[str, Any], environment: Environment, guards: Callable[[], Guards]
) -> tuple[tuple[str, ...], str]:
    """Return the services whose balancer, target group, secret or security group a call names."""
    if detail.get("errorCode"):
        return (), ""  # refused: nothing changed
    texts = tuple(_texts(detail.get("requestParameters"), _DEEPEST))
    balancers = {m[1] for text in texts for m in _BALANCER.finditer(text)}
    groups = {m[1] for text in texts for m in _GROUP.finditer(text)}
    services = [
        name
        for name, service in environment.services.items()
        if service.load_balancer in balancers or groups.intersection(service.target_groups)
    ]
    if _secrets(texts).intersection(environment.own_secrets):
        services += environment.of_role(Role.IDENTITY)
    if guarding := {text for text in texts if _SECURITY_GROUP.fullmatch(text)}:
        services += [name for group, some in guards().items() if group in guarding for name in some]
    return tuple(dict.fromkeys(services)), _whole(_EVENT_ID, detail.get("eventID"))


def _secrets(texts: Iterable[str]) -> set[str]:
    """Return names and ARNs as a file may write a secret; an ARN ends in six random characters."""
    every = set(texts)
    return every | {m[1] for text in every if (m := _SECRET.fullmatch(text))}


def _texts(value: object, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield value[:2_048]
    elif depth and isinstance(value, dict | list):
        for one in list(value.values() if isinstance(value, dict) else value)[:100]:
            yield from _texts(one, depth - 1)


def _whole(form: re.Pattern[str], text: object) -> str:
    return text if isinstance(text, str) and form.fullmatch(text) else ""
