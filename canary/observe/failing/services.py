"""Read what belongs to the failing services alone; the readings run in parallel."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, NamedTuple

from canary.control_plane.rollouts import Scaling, ServiceDeployment
from canary.control_plane.state import EcsService, LogLine, SecretState, TaskDefinition
from canary.control_plane.stores import Store
from canary.model import Environment
from canary.observe import definitions, logs, rollouts, scaling, secrets
from canary.observe.calls import Permission, Reader
from canary.observe.failing import last_lines, log_groups
from canary.observe.reading.base import Base
from canary.observe.reading.deadline import Deadline
from canary.observe.stores import read as stores
from canary.observe.threads import Begun, begin_optional

PARTS: dict[str, tuple[Permission, ...]] = {
    "secrets": secrets.ACTIONS,
    "last_lines": last_lines.ACTIONS,
    "stores": stores.ACTIONS,
    "rollouts": rollouts.ACTIONS,
    "task_log_groups": log_groups.ACTIONS,
    "scaling": scaling.ACTIONS,
    "logs": logs.ACTIONS[:1],
}
"""The fields of the state that are read of failing services alone, with their actions."""


class Own(NamedTuple):
    """What is read of the failing services alone, under way."""

    secrets: Begun[tuple[SecretState, ...]]
    last_lines: Begun[dict[str, tuple[LogLine, ...]]]
    stores: Begun[tuple[Store, ...]]
    rollouts: Begun[tuple[ServiceDeployment, ...]]
    task_log_groups: Begun[dict[str, bool]]
    scaling: Begun[tuple[Scaling, ...]]
    logs: dict[str, Begun[tuple[LogLine, ...]]]

    def fields(self, deadline: Deadline, reader: Reader) -> dict[str, Any]:
        """Return the fields of the state that were read by the end of the time."""
        single: tuple[Begun[Any], ...] = self[:-1]
        return {
            **{begun.part: begun.by(deadline, reader) for begun in single},
            "logs": {name: begun.by(deadline, reader) for name, begun in self.logs.items()},
        }


def begin_own(
    reader: Reader,
    base: Base,
    wanted: frozenset[str],
    now: dt.datetime,
    redact: Callable[[str], str],
    deadline: Deadline,
) -> Own:
    """Begin to read what belongs to these services alone; each waits for what it needs."""
    used, parts = _Used(reader.environment, base, wanted), deadline.of_parts()
    own, revisions = used.services, used.revisions
    return Own(
        begin_optional(
            "secrets", secrets.ACTIONS, (), lambda r: secrets.read(r, revisions()), reader
        ),
        begin_optional(
            "last_lines", last_lines.ACTIONS, {},
            lambda r: last_lines.read(r, own(), revisions(), now, redact), reader,
        ),
        begin_optional(
            "stores", stores.ACTIONS, (),
            lambda r: stores.read(r, wanted, own(), revisions(), now, redact, parts), reader,
        ),
        begin_optional(
            "rollouts", rollouts.ACTIONS, (), lambda r: rollouts.read(r, own(), now, redact), reader
        ),
        begin_optional(
            "task_log_groups", log_groups.ACTIONS, {},
            lambda r: log_groups.read(r, own(), revisions(), now), reader,
        ),
        begin_optional(
            "scaling", scaling.ACTIONS, (), lambda r: scaling.read(r, own(), redact), reader
        ),
        _lines(reader, wanted, now, redact),
    )  # fmt: skip


def _lines(
    reader: Reader, wanted: frozenset[str], now: dt.datetime, redact: Callable[[str], str]
) -> dict[str, Begun[tuple[LogLine, ...]]]:
    """Begin to read the error lines of these services, by the service's name."""
    return {
        name: begin_optional(
            "logs", logs.ACTIONS[:1], (), logs.read, reader, service.log_group, now, redact
        )
        for name, service in reader.environment.services.items()
        if name in wanted and service.log_group
    }


class _Used:
    """What of the base belongs to the wanted services; each method waits for what it returns."""

    def __init__(self, environment: Environment, base: Base, wanted: frozenset[str]) -> None:
        self._names = {s.ecs_service for n, s in environment.services.items() if n in wanted}
        self._base = base

    def services(self) -> tuple[EcsService, ...]:
        """Return the ECS services of the wanted ones."""
        return tuple(s for s in self._base.services() if s.name in self._names)

    def revisions(self) -> tuple[TaskDefinition, ...]:
        """Return the revisions of their families."""
        families = {definitions.family(s.task_definition) for s in self.services()}
        return tuple(d for d in self._base.revisions.result() if d.family in families)
