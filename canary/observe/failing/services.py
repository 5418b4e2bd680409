"""Read what belongs to the failing services alone; the readings run in parallel."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from canary.control_plane.state import EcsService, LogLine, PlatformState, TaskDefinition
from canary.model import Environment
from canary.observe import definitions, logs, rollouts, scaling, secrets
from canary.observe.calls import Reader
from canary.observe.failing import last_lines, log_groups
from canary.observe.stores import read as stores
from canary.observe.threads import begin_optional


def read(
    reader: Reader,
    fresh: PlatformState,
    wanted: frozenset[str],
    now: dt.datetime,
    redact: Callable[[str], str],
) -> dict[str, Any]:
    """Return what is read of these services alone, by the state's fields."""
    own, revisions = _used(reader.environment, fresh, wanted)
    kept = begin_optional("secrets", secrets.ACTIONS, (), secrets.read, reader, revisions)
    last = begin_optional(
        "last_lines", last_lines.ACTIONS, {}, last_lines.read, reader, own, revisions, now, redact
    )
    kept_by_aws = begin_optional(
        "stores", stores.ACTIONS, (), stores.read, reader, wanted, own, revisions, now, redact
    )
    rolled = begin_optional(
        "rollouts", rollouts.ACTIONS, (), rollouts.read, reader, own, now, redact
    )
    groups = begin_optional(
        "task_log_groups", log_groups.ACTIONS, {}, log_groups.read, reader, own, revisions, now
    )
    scaled = begin_optional("scaling", scaling.ACTIONS, (), scaling.read, reader, own, redact)
    return {
        "secrets": kept.result(),
        "rollouts": rolled.result(),
        "scaling": scaled.result(),
        "stores": kept_by_aws.result(),
        "last_lines": last.result(),
        "task_log_groups": groups.result(),
    }


def lines(
    reader: Reader, wanted: frozenset[str], now: dt.datetime, redact: Callable[[str], str]
) -> dict[str, tuple[LogLine, ...]]:
    """Return the error lines of these services, by the service's name."""
    begun = {
        name: begin_optional(
            "logs", logs.ACTIONS, (), logs.read, reader, service.log_group, now, redact
        )
        for name, service in reader.environment.services.items()
        if name in wanted and service.log_group
    }
    return {name: found.result() for name, found in begun.items()}


def _used(
    environment: Environment, state: PlatformState, wanted: frozenset[str]
) -> tuple[tuple[EcsService, ...], tuple[TaskDefinition, ...]]:
    """Return the ECS services of these services, and the revisions of their families."""
    used = {s.ecs_service for n, s in environment.services.items() if n in wanted}
    own = tuple(s for s in state.ecs_services if s.name in used)
    families = {definitions.family(s.task_definition) for s in own}
    return own, tuple(d for d in state.task_definitions if d.family in families)
