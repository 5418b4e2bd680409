"""Scale an ECS service as Application Auto Scaling does, and keep the activity.

Source: the API's ScalingActivity; its texts are those of the examples of DescribeScalingActivities.
No policy acts by itself: ECS has no metrics here. `scale` is for whoever plays the part of one.
"""

from __future__ import annotations

import uuid
from typing import Any

from emulator.ecs import moto_ecs
from emulator.settings import ACCOUNT, REGION

Json = dict[str, Any]

NAMESPACE, DIMENSION = "ecs", "ecs:service:DesiredCount"
KEPT = 500
DONE = "Successfully set desired count to {count}. Change successfully fulfilled by ecs."
WAITING = "Successfully set desired count to {count}. Waiting for change to be fulfilled by ecs."


def backend() -> Any:
    """Return moto's Application Auto Scaling of the account and region."""
    from moto.applicationautoscaling.models import applicationautoscaling_backends

    return applicationautoscaling_backends[ACCOUNT][REGION]


def kept() -> list[Json]:
    """Return the activities, newest first, and whether each has ended by now."""
    found: list[Json] = backend().__dict__.setdefault("activities", [])
    for one in found:
        if one["StatusCode"] == "InProgress":
            _look(one)
    return found


def scale(resource_id: str, count: int, cause: str) -> Json | None:
    """Set the count of a service such as service/CLUSTER/NAME, within the limits of its target.

    Return the activity, or None where that changes nothing. Raises KeyError where no such service
    is a scalable target.
    """
    target = backend().targets[DIMENSION][resource_id]
    count = max(int(target.min_capacity), min(int(target.max_capacity), count))
    service = _service(resource_id)
    if service.desired_count == count:
        return None
    service.desired_count = count
    made = {
        "ActivityId": str(uuid.uuid4()),
        "ServiceNamespace": NAMESPACE,
        "ResourceId": resource_id,
        "ScalableDimension": DIMENSION,
        "Description": f"Setting desired count to {count}.",
        "Cause": cause,
        "StartTime": moto_ecs.now().timestamp(),
        "StatusCode": "InProgress",
        "StatusMessage": WAITING.format(count=count),
        "count": count,
    }
    activities = kept()
    for older in activities:
        if older["ResourceId"] == resource_id and older["StatusCode"] == "InProgress":
            older["StatusCode"], older["EndTime"] = "Overridden", made["StartTime"]
    activities.insert(0, made)
    del activities[KEPT:]
    return made


def keep_within(target: Any) -> None:
    """Scale a service that has fewer or more tasks than its target's limits, unless suspended."""
    if target.service_namespace != NAMESPACE or target.scalable_dimension != DIMENSION:
        return
    desired, suspended = _service(target.resource_id).desired_count, target.suspended_state or {}
    least, most = int(target.min_capacity), int(target.max_capacity)
    if desired < least and not suspended.get("DynamicScalingOutSuspended"):
        scale(target.resource_id, least, f"minimum capacity was set to {least}")
    elif desired > most and not suspended.get("DynamicScalingInSuspended"):
        scale(target.resource_id, most, f"maximum capacity was set to {most}")


def _look(activity: Json) -> None:
    """End an activity whose service has the tasks that it was to have."""
    key = ":".join(activity["ResourceId"].split("/")[1:])
    service = moto_ecs.backend().services.get(key)
    if service is None or service.running_count == activity["count"]:
        activity["StatusCode"] = "Successful"
        activity["StatusMessage"] = DONE.format(count=activity["count"])
        activity["EndTime"] = moto_ecs.now().timestamp()


def _service(resource_id: str) -> Any:
    _, cluster, name = resource_id.split("/")
    return moto_ecs.backend()._get_service(cluster, name)
