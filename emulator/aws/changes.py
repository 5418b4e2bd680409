"""Record when the control plane was last changed, so that failed tasks are tried again."""

from __future__ import annotations

import functools
import time
from typing import Any

# services whose changes can make a failing task well; others (metrics, alarms) never do
WATCHED = {
    "ec2",
    "elasticloadbalancingv2",
    "elbv2",
    "ecs",
    "iam",
    "logs",
    "secretsmanager",
    "servicediscovery",
    "ssm",
}
READS = (
    "Describe",
    "List",
    "Get",
    "Batch",
    "Filter",
    "Discover",
    "PutLogEvents",
    "CreateLogStream",
)


class Changes:
    """Time of the last change, in seconds of time.monotonic, and how many there were."""

    def __init__(self) -> None:
        self.last = 0.0
        self.number = 0

    def note(self) -> None:
        """Record a change at this moment."""
        self.last = time.monotonic()
        self.number += 1


CHANGES = Changes()


def is_change(service: str, action: str) -> bool:
    """Return whether an API call may have changed what tasks depend on."""
    return service in WATCHED and not action.startswith(READS)


@functools.cache
def install() -> None:
    """Record every change that is made through moto; call once."""
    from moto.core.responses import BaseResponse

    original = BaseResponse.call_action

    def call_action(self: Any) -> Any:
        answer = original(self)
        if is_change(str(self.service_name), str(self._get_action() or "")):
            CHANGES.note()
        return answer

    BaseResponse.call_action = call_action
