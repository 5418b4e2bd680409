"""Put recorded calls on the default event bus, where a trail records them.

AWS: "To record events with a detail-type value of AWS API Call via CloudTrail, a CloudTrail trail
with logging enabled is required."
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event.html
"""

from __future__ import annotations

from typing import Any

from emulator.settings import ACCOUNT, REGION

KIND = "AWS API Call via CloudTrail"
DOMAIN = ".amazonaws.com"
OF_THE_BUS = frozenset({"events.amazonaws.com", "cloudtrail.amazonaws.com", "sqs.amazonaws.com"})
"""Services whose own calls are left out: no rule of a platform is on them, and they are many."""


def announce(region: str, event: dict[str, Any]) -> None:
    """Put an event of CloudTrail on the bus of its region, if a trail records it."""
    if region != REGION or event["eventSource"] in OF_THE_BUS or not _is_recorded(region):
        return
    from emulator.ecs.rollouts.bus import put

    put(f"aws.{event['eventSource'].removesuffix(DOMAIN)}", KIND, event, [])


def _is_recorded(region: str) -> bool:
    from moto.cloudtrail.models import cloudtrail_backends

    trails = cloudtrail_backends[ACCOUNT][region].trails.values()
    return any(trail.status.is_logging for trail in trails)
