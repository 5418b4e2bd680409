"""Extend moto's Application Auto Scaling with activities, limits and what AWS shows.

Sources: the API's RegisterScalableTarget and DescribeScalingActivities.
"""

from __future__ import annotations

import functools
import json
from typing import Any

from emulator.autoscaling import activities
from emulator.settings import ACCOUNT

Json = dict[str, Any]

MOST_ACTIVITIES = 50
ROLE = (
    f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/"
    "AWSServiceRoleForApplicationAutoScaling_ECSService"
)
LIMITS = "MinCapacity and MaxCapacity are required when a scalable target is registered."
ORDER = "Maximum capacity cannot be less than minimum capacity"


@functools.cache
def install() -> None:
    """Replace moto's calls; call once."""
    from moto.applicationautoscaling.models import ApplicationAutoscalingBackend
    from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse

    _patch_targets(ApplicationAutoscalingBackend)
    _patch_activities(ApplicationAutoScalingResponse)


def _patch_targets(backend: Any) -> None:
    from moto.applicationautoscaling.exceptions import AWSValidationException

    register = backend.register_scalable_target

    def register_scalable_target(
        self: Any, namespace: str, r_id: str, dimension: str, **more: Any
    ) -> Any:
        before = self.targets.get(dimension, {}).get(r_id)
        least, most = more.get("min_capacity"), more.get("max_capacity")
        least = before.min_capacity if least is None and before else least
        most = before.max_capacity if most is None and before else most
        if least is None or most is None:
            raise AWSValidationException(LIMITS)
        if int(least) > int(most):
            raise AWSValidationException(ORDER)
        more["role_arn"] = more.get("role_arn") or (ROLE if namespace == "ecs" else None)
        target = register(self, namespace, r_id, dimension, **more)
        target.suspended_state = target.suspended_state or {
            "DynamicScalingInSuspended": False,
            "DynamicScalingOutSuspended": False,
            "ScheduledScalingSuspended": False,
        }
        activities.keep_within(target)
        return target

    backend.register_scalable_target = register_scalable_target


def _patch_activities(responses: Any) -> None:
    responses.describe_scaling_activities = _describe_scaling_activities


def _describe_scaling_activities(self: Any) -> str:
    given = json.loads(self.body)
    wanted = {
        name: given[name]
        for name in ("ServiceNamespace", "ResourceId", "ScalableDimension")
        if given.get(name)
    }
    found = [
        {key: value for key, value in one.items() if key[0].isupper()}
        for one in activities.kept()
        if all(one[name] == value for name, value in wanted.items())
    ]
    start = int(given.get("NextToken") or 0)
    end = start + min(MOST_ACTIVITIES, int(given.get("MaxResults") or MOST_ACTIVITIES))
    more = {"NextToken": str(end)} if end < len(found) else {}
    return json.dumps({"ScalingActivities": found[start:end], **more})
