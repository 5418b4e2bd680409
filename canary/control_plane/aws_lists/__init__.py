"""AWS's own lists of messages, each as one table.

A row has the message as AWS writes it, and its cause. The rules of the diagnosis use these tables,
and docs/diagnosis.md is made from them.
"""

from __future__ import annotations

from canary.control_plane.aws_lists import (
    image_pulls,
    no_room,
    scaling,
    service_events,
    stops,
    target_health,
    task_starts,
)
from canary.control_plane.aws_lists.form import AwsList

LISTS: tuple[AwsList, ...] = (
    service_events.LIST,
    no_room.LIST,
    image_pulls.LIST,
    task_starts.LIST,
    stops.LIST,
    target_health.LIST,
    scaling.LIST,
)
