"""Put what ECS's services do on the default event bus, as AWS documents it.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_deployment_events.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_events.html
"""

from __future__ import annotations

import functools
import json
import logging
import time
from collections.abc import Sequence
from typing import Any

from emulator.ecs import moto_ecs
from emulator.ecs.deployments import COMPLETED, FAILED, IN_PROGRESS, Deployment
from emulator.settings import ACCOUNT, REGION

DEPLOYMENT, ACTION = "ECS Deployment State Change", "ECS Service Action"
ROLLOUTS = {
    IN_PROGRESS: ("INFO", "SERVICE_DEPLOYMENT_IN_PROGRESS"),
    COMPLETED: ("INFO", "SERVICE_DEPLOYMENT_COMPLETED"),
    FAILED: ("ERROR", "SERVICE_DEPLOYMENT_FAILED"),
}
ACTIONS = (  # the middle of a service's message, and the event that is sent with it
    ("has reached a steady state", "INFO", "SERVICE_STEADY_STATE"),
    ("is unable to consistently start tasks", "WARN", "SERVICE_TASK_START_IMPAIRED"),
    ("was unable to place a task", "ERROR", "SERVICE_TASK_PLACEMENT_FAILURE"),
)
_log = logging.getLogger(__name__)


def announce(service: Any, deployments: Sequence[Deployment]) -> None:
    """Tell each state that a deployment has come to, once; the first is the newest."""
    told: set[tuple[str, str]] = service.__dict__.setdefault("announced_rollouts", set())
    for one in reversed(deployments):
        # ECS tells a failed deployment of services with a circuit breaker alone
        if (one.id, one.rollout) not in told:
            told.add((one.id, one.rollout))
            kind, name = ROLLOUTS[one.rollout]
            detail = {"deploymentId": one.id, "updatedAt": _now(), "reason": one.reason}
            _put(DEPLOYMENT, service, {"eventType": kind, "eventName": name, **detail})


def act(service: Any, message: str) -> None:
    """Tell the service action that a message of the service's event list is about, if any."""
    for text, kind, name in ACTIONS:
        if text in message:
            detail = {"clusterArn": service.cluster_arn, "createdAt": _now()}
            _put(ACTION, service, {"eventType": kind, "eventName": name, **detail})


def _now() -> str:
    return moto_ecs.now().strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _put(kind: str, service: Any, detail: dict[str, str]) -> None:
    put("aws.ecs", kind, detail, [str(service.arn)])


@functools.cache
def install() -> None:
    """Let moto deliver an event's account, which it leaves out; call once."""
    from moto.events.utils import EventTemplateParser

    parser: Any = EventTemplateParser
    template = parser.DEFAULT_EVENT_INPUT_TEMPLATE
    parser.DEFAULT_EVENT_INPUT_TEMPLATE = template.replace("{", '{"account": "<account>", ', 1)
    parser.DEFAULT_EVENT_INPUT_PATHS_MAP["account"] = "$.account"


def put(source: str, kind: str, detail: dict[str, Any], resources: list[str]) -> None:
    """Put an event of an AWS service on the default bus; what no rule can take is lost, as in AWS.

    PutEvents of the API refuses sources that begin with "aws.": these are AWS's own.
    """
    from moto.events.models import events_backends

    install()
    entry = {
        "Source": source, "DetailType": kind, "Detail": json.dumps(detail),
        "Resources": resources, "Time": int(time.time()),
    }  # fmt: skip
    try:
        events_backends[ACCOUNT][REGION].put_events([entry])
    except Exception:
        _log.exception("an event of %s", source)
