"""Answer the calls that list, describe and stop service deployments.

Source: the ECS API's ListServiceDeployments, DescribeServiceDeployments, DescribeServiceRevisions
and StopServiceDeployment; moto has none of them.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from emulator.ecs import moto_ecs
from emulator.ecs.deployments import IN_PROGRESS
from emulator.ecs.rollouts import history

Json = dict[str, Any]
MOST = 100
BRIEF = (
    "serviceDeploymentArn",
    "serviceArn",
    "clusterArn",
    "startedAt",
    "createdAt",
    "finishedAt",
    "status",
    "statusReason",
)
WHOLE = (*BRIEF, "stoppedAt", "updatedAt", "lifecycleStage", "deploymentConfiguration", "rollback")
NOT_FOUND = "The service deployment was not found."
NOT_MOVING = "Only a service deployment that is in progress can be stopped."
SHIFTED = ("PRODUCTION_TRAFFIC_SHIFT", "BAKE_TIME", "CLEAN_UP")


def install(responses: Any) -> None:
    """Add the calls to moto's; call once."""
    responses.list_service_deployments = _list
    responses.describe_service_deployments = _describe
    responses.describe_service_revisions = _describe_revisions
    responses.stop_service_deployment = _stop


def _list(self: Any) -> Any:
    cluster = self._get_param("cluster") or "default"
    service = self.ecs_backend._get_service(cluster, self._get_param("service").split("/")[-1])
    statuses, made = self._get_param("status") or [], self._get_param("createdAt") or {}
    found = [
        one
        for one in history.records(service)
        if (not statuses or one["status"] in statuses)
        and (not made.get("after") or one["createdAt"] > _moment(made["after"]))
        and (not made.get("before") or one["createdAt"] < _moment(made["before"]))
    ]
    start = int(self._get_param("nextToken") or 0)
    end = start + min(MOST, int(self._get_param("maxResults") or MOST))
    briefs = [
        {
            **_only(one, BRIEF),
            "targetServiceRevisionArn": one["revision"]["serviceRevisionArn"],
        }
        for one in found[start:end]
    ]
    more = {"nextToken": str(end)} if end < len(found) else {}
    return _result({"serviceDeployments": briefs, **more})


def _describe(self: Any) -> Any:
    known = {
        one["serviceDeploymentArn"]: (service, one)
        for service in _services()
        for one in history.records(service)
    }
    arns = self._get_param("serviceDeploymentArns") or []
    found = [_deployment(*known[arn]) for arn in arns if arn in known]
    return _result({"serviceDeployments": found, "failures": _failures(arns, known)})


def _stop(self: Any) -> Any:
    """Ask for a deployment's rollback, which the agent begins with its next step."""
    from moto.ecs.exceptions import ECSException

    arn = self._get_param("serviceDeploymentArn")
    for service in _services():
        for one in history.records(service):
            if one["serviceDeploymentArn"] != arn:
                continue
            if one["status"] != IN_PROGRESS:
                raise ECSException("ConflictException", NOT_MOVING)
            service.stop_asked = one["id"]
            return _result({"serviceDeploymentArn": arn})
    raise ECSException("ServiceDeploymentNotFoundException", NOT_FOUND)


def _describe_revisions(self: Any) -> Any:
    known = {
        one["revision"]["serviceRevisionArn"]: one["revision"]
        for service in _services()
        for one in history.records(service)
    }
    arns = self._get_param("serviceRevisionArns") or []
    found = [known[arn] for arn in arns if arn in known]
    return _result({"serviceRevisions": found, "failures": _failures(arns, known)})


def _deployment(service: Any, record: Json) -> Json:
    source = record["source"]
    return {
        **_only(record, WHOLE),
        "sourceServiceRevisions": [
            _summary(service, record, one, target=False) for one in [source] if one
        ],
        "targetServiceRevision": _summary(service, record, record["revision"], target=True),
    }


def _summary(service: Any, record: Json, revision: Json, *, target: bool) -> Json:
    """Describe a revision with the tasks that it has now, and its share of the traffic."""
    shown = [d for d in service.deployments if d["taskDefinition"] == revision["taskDefinition"]]
    own = [d for d in shown if (d["id"] == record["id"]) is target]
    counts = {
        f"{name}TaskCount": sum(int(d[key]) for d in own)
        for name, key in (
            ("requested", "desiredCount"),
            ("running", "runningCount"),
            ("pending", "pendingCount"),
        )
    }
    stage = record.get("lifecycleStage")
    share = {} if stage is None else {"requestedProductionTrafficWeight": _share(record, target)}
    return {"arn": revision["serviceRevisionArn"], **counts, **share}


def _share(record: Json, target: bool) -> float:
    shifted = record["lifecycleStage"] in SHIFTED and not record["rolled_back_by"]
    return 100.0 if shifted is target else 0.0


def _services() -> list[Any]:
    return list(moto_ecs.backend().services.values())


def _only(record: Json, names: tuple[str, ...]) -> Json:
    return {name: record[name] for name in names if record.get(name) is not None}


def _failures(arns: list[str], known: Json) -> list[Json]:
    return [{"arn": arn, "reason": "MISSING"} for arn in arns if arn not in known]


def _moment(given: Any) -> dt.datetime:
    """Return a moment of a request as moto keeps it: UTC without a zone."""
    if isinstance(given, dt.datetime):
        return given.astimezone(dt.UTC).replace(tzinfo=None) if given.tzinfo else given
    return dt.datetime.fromtimestamp(float(given), dt.UTC).replace(tzinfo=None)


def _result(found: Json) -> Any:
    from moto.core.responses import ActionResult

    return ActionResult(found)
