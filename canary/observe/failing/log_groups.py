"""Read whether the log groups exist that tasks of failing services write to.

The run reads the groups of the environment file. A task definition may name others: without its
group a task does not start, and AWS's sentence for it fits a closed way as well.
"""

from __future__ import annotations

import datetime as dt

from canary.control_plane.ecs import is_failure
from canary.control_plane.state import EcsService, TaskDefinition
from canary.model import parse_time
from canary.observe import logs
from canary.observe.calls import Reader

ACTIONS = (logs.GROUPS,)
MAX_GROUPS = 5
_RECENT_S = 3600.0


def read(
    reader: Reader,
    services: tuple[EcsService, ...],
    definitions: tuple[TaskDefinition, ...],
    now: dt.datetime,
) -> dict[str, bool]:
    """Return whether each group exists that a task which failed lately writes to, by its name.

    Groups of the environment file are read in each run. A group of another region is not asked
    for, and one that could not be read is left out: both stay unknown.
    """
    wanted = sorted(_named(services, definitions, now) - _of_the_file(reader))
    if len(wanted) > MAX_GROUPS:
        reader.bounded("logs:DescribeLogGroups", wanted[MAX_GROUPS], MAX_GROUPS, "log groups")
    found = {group: logs.exists(reader, group) for group in wanted[:MAX_GROUPS]}
    return {group: there for group, there in found.items() if there is not None}


def _of_the_file(reader: Reader) -> set[str]:
    return {s.log_group for s in reader.environment.services.values()}


def _named(
    services: tuple[EcsService, ...], definitions: tuple[TaskDefinition, ...], now: dt.datetime
) -> set[str]:
    """Return the groups that the task definitions of failed tasks name, in their own region."""
    failed = {
        t.task_definition
        for s in services
        for t in s.tasks
        if is_failure(t)
        and (ended := parse_time(t.stopped_at)) is not None
        and (now - ended).total_seconds() < _RECENT_S
    }
    own = [c for d in definitions if d.arn in failed for c in d.containers if not c.log_region]
    return {c.log_group for c in own} - {""}
