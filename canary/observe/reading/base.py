"""Begin to read what every run reads, independent parts in parallel."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, NamedTuple

from canary.control_plane.state import EcsService, PlatformState, TargetGroup
from canary.observe import (
    balancers,
    certificates,
    definitions,
    discovery,
    ecs,
    groups,
    logs,
    roles,
    targets,
)
from canary.observe.calls import Permission, Reader
from canary.observe.edge import hosts
from canary.observe.threads import begin

NEWER_S = 1.0
"""Seconds to wait for the target groups before the services are taken as they were read."""
RESOLVING = (Permission(action="getaddrinfo"),)
"""What stands for the look-up of names, which needs no permission."""
NOTHING = PlatformState()
Fields = dict[str, Any]


class Reading(NamedTuple):
    """One reading under way, and the actions with which it is made."""

    future: Future[Any]
    actions: tuple[Permission, ...]


class Part(NamedTuple):
    """Fields of the state that are taken from one reading, all of them or none."""

    names: tuple[str, ...]
    readings: tuple[Reading, ...]
    fields: Callable[[], Fields]
    """Gives the fields once all readings have ended."""


class Base:
    """What every run reads, under way. `known` is what an earlier reading of this run found.

    What cannot have changed since, or is no cause, is taken from there: revisions of task
    definitions, and tags and attributes of listeners.
    """

    def __init__(self, reader: Reader, known: PlatformState = NOTHING) -> None:
        self.front = begin(balancers.read, reader, known.load_balancers)
        self._tasks = begin(ecs.read, reader)
        self._names, self._unlogged = begin(discovery.read, reader), begin(logs.missing, reader)
        self.behind = begin(lambda: targets.read(reader, self.front.result()))
        self._ecs = begin(lambda: _current(reader, self._tasks.result(), self.behind))
        old = known.task_definitions
        self.revisions = begin(lambda: definitions.read(reader, self.services(), old))
        front = self.front.result
        self.guards = begin(lambda: groups.read(reader, front(), self.services()))
        self.nets = begin(lambda: groups.subnets(reader, front(), self.services()))
        self._tls = begin(lambda: certificates.read(reader, front()))
        self.public = begin(lambda: hosts.read(reader.environment, front()))
        self._roles = begin(lambda: roles.read(reader, self.services(), self.revisions.result()))

    def services(self) -> tuple[EcsService, ...]:
        """Wait for the ECS services, and return them."""
        return self._ecs.result()[0]

    def parts(self) -> tuple[Part, ...]:
        """Return the parts; balancers, targets and tasks are compared, so they are one."""
        core = (
            Reading(self.front, balancers.ACTIONS), Reading(self.behind, targets.ACTIONS),
            Reading(self._ecs, ecs.ACTIONS), Reading(self.revisions, definitions.ACTIONS),
        )  # fmt: skip
        return (
            Part(_CORE, core, self._core),
            Part(("discovery", "namespaces"), (Reading(self._names, discovery.ACTIONS),),
                 lambda: dict(zip(("discovery", "namespaces"), self._names.result(), strict=True))),
            _part("security_groups", self.guards, groups.ACTIONS[:1]),
            _part("subnets", self.nets, groups.ACTIONS[1:]),
            _part("certificates", self._tls, certificates.ACTIONS),
            _part("roles", self._roles, roles.ACTIONS),
            _part("hosts", self.public, RESOLVING),
            _part("missing_log_groups", self._unlogged, (logs.GROUPS,)),
        )  # fmt: skip

    def _core(self) -> Fields:
        services, missing, gone = self._ecs.result()
        return {
            "load_balancers": self.front.result(),
            "target_groups": self.behind.result(),
            "ecs_services": services,
            "missing_services": missing,
            "cluster_missing": gone,
            "task_definitions": self.revisions.result(),
        }


_CORE = (
    *("load_balancers", "target_groups", "ecs_services", "missing_services"),
    *("cluster_missing", "task_definitions"),
)


def _part(name: str, future: Future[Any], actions: tuple[Permission, ...]) -> Part:
    return Part((name,), (Reading(future, actions),), lambda: {name: future.result()})


def has_newer(behind: Future[tuple[TargetGroup, ...]], services: tuple[EcsService, ...]) -> bool:
    """Return whether a group of a service holds a target of which its tasks know nothing.

    ECS registers a task that it started after its service was read: then it is read again.
    """
    try:
        found = behind.result(NEWER_S)
    except TimeoutError:
        return False
    tasks = {task.address for service in services for task in service.tasks}
    attached = {arn for service in services for arn in service.target_groups}
    own = (t for g in found if g.arn in attached for t in g.targets)
    return any(t.id not in tasks and t.state != "draining" for t in own)


def _current(
    reader: Reader, found: ecs.Found, behind: Future[tuple[TargetGroup, ...]]
) -> ecs.Found:
    return ecs.read(reader) if has_newer(behind, found[0]) else found
