"""Read what ECS rolled out of the failing services in the last day, and why it went back.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServiceDeployments.html
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any

from canary.control_plane.rollouts import ServiceDeployment
from canary.control_plane.state import EcsService
from canary.observe.calls import Permission, Reader, strings, when
from canary.observe.logs import scrub
from canary.observe.threads import begin

_ECS = "arn:aws:ecs:{region}:{account}"
ACTIONS = (
    Permission(action="ecs:ListServiceDeployments", resource=f"{_ECS}:service/{{cluster}}/*"),
    Permission(
        action="ecs:DescribeServiceDeployments",
        resource=f"{_ECS}:service-deployment/{{cluster}}/*",
    ),
    Permission(
        action="ecs:DescribeServiceRevisions", resource=f"{_ECS}:service-revision/{{cluster}}/*"
    ),
)
HOURS = 24
MOST_LISTED = 100  # of a service: AWS's largest page
MOST_KEPT = 4  # of a service, the newest
BATCH = 20  # that one call describes
_SENTENCE = 300
Json = dict[str, Any]
Redact = Callable[[str], str]


def read(
    reader: Reader, services: tuple[EcsService, ...], now: dt.datetime, redact: Redact
) -> tuple[ServiceDeployment, ...]:
    """Return the newest deployments of services that ECS itself deploys, newest first."""
    own = [s for s in services if s.controller in ("", "ECS")]
    listed = {s.name: begin(_listed, reader, s.name, now) for s in own}
    names = {arn: name for name, found in listed.items() for arn in found.result()}
    raw = _described(reader, "ecs:DescribeServiceDeployments", names, "serviceDeployment")
    revisions = _revisions(reader, raw)
    found = (_deployment(names, revisions, one, redact) for one in raw)
    return tuple(sorted(found, key=lambda d: d.created_at, reverse=True))


def _listed(reader: Reader, service: str, now: dt.datetime) -> list[str]:
    """Return the ARNs of a service's newest deployments."""
    gone: dict[str, Json | None] = {"ServiceNotFoundException": {}, "ClusterNotFoundException": {}}
    answer = reader.answer(
        "ecs:ListServiceDeployments", service, _whole, None, gone,
        cluster=reader.environment.cluster, service=service, maxResults=MOST_LISTED,
        createdAt={"after": now - dt.timedelta(hours=HOURS)},
    )  # fmt: skip
    if answer is None:
        reader.miss("rollouts")
        return []
    found = sorted(
        answer.get("serviceDeployments", []), key=lambda d: when(d.get("createdAt")), reverse=True
    )
    if answer.get("nextToken") or len(found) > MOST_KEPT:
        reader.bounded("ecs:ListServiceDeployments", service, MOST_KEPT, "deployments")
    return [str(d["serviceDeploymentArn"]) for d in found[:MOST_KEPT]]


def _whole(answer: Json) -> Json | None:
    return answer


def _revisions(reader: Reader, deployments: list[Json]) -> dict[str, str]:
    """Return the task definition of each revision of these deployments, by the revision's ARN."""
    wanted = dict.fromkeys(arn for d in deployments for arn in _of(d) if arn)
    raw = _described(reader, "ecs:DescribeServiceRevisions", wanted, "serviceRevision")
    return {str(r.get("serviceRevisionArn")): str(r.get("taskDefinition") or "") for r in raw}


def _of(raw: Json) -> tuple[str, ...]:
    """Return the revisions of a deployment: its own, the one it went back to, those before it."""
    own = str((raw.get("targetServiceRevision") or {}).get("arn") or "")
    back = str((raw.get("rollback") or {}).get("serviceRevisionArn") or "")
    return own, back, *strings(s.get("arn") for s in raw.get("sourceServiceRevisions") or [])


def _described(reader: Reader, action: str, arns: Iterable[str], what: str) -> list[Json]:
    found: list[Json] = []
    wanted = list(arns)
    for start in range(0, len(wanted), BATCH):
        given: Json = {f"{what}Arns": wanted[start : start + BATCH]}
        answer = reader.answer(action, reader.environment.cluster, _whole, None, **given)
        if answer is None:
            reader.miss("rollouts")
            continue
        found += answer.get(f"{what}s", [])
    return found


def _deployment(
    names: dict[str, str], revisions: dict[str, str], raw: Json, redact: Redact
) -> ServiceDeployment:
    back = raw.get("rollback") or {}
    own, back_to, *before = _of(raw)
    reason = str(back.get("reason") or raw.get("statusReason") or "")
    arn = str(raw.get("serviceDeploymentArn", ""))
    return ServiceDeployment(
        service=names.get(arn, ""),
        arn=arn,
        status=str(raw.get("status", "")),
        reason=scrub(redact(reason))[:_SENTENCE],
        created_at=when(raw.get("createdAt")),
        ended_at=when(raw.get("finishedAt") or raw.get("stoppedAt")),
        task_definition=revisions.get(own, ""),
        before=tuple(d for arn in before if (d := revisions.get(arn, ""))),
        back_to=revisions.get(back_to, ""),
        back_at=when(back.get("startedAt")),
        alarms=strings((raw.get("alarms") or {}).get("triggeredAlarmNames")),
    )
