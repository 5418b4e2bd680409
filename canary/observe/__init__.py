"""Read AWS's control plane: `observe` once a run, `refresh_failing` after failures.

Clients are arguments, every call is paginated, and a failed call becomes an `Unavailable`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

from canary.control_plane.configured import log_groups
from canary.control_plane.dependencies import closure
from canary.control_plane.state import PlatformState, not_read
from canary.model import Environment
from canary.observe import (
    balancers,
    certificates,
    definitions,
    discovery,
    ecs,
    groups,
    logs,
    roles,
    rollouts,
    scaling,
    secrets,
    targets,
    vpc,
    write_calls,
)
from canary.observe.calls import Clients, Permission, Reader
from canary.observe.edge import dns_records, hosts, metrics, web_acls
from canary.observe.edge.failed import NOTHING, Failed
from canary.observe.failing import again, last_lines
from canary.observe.reading.base import Base
from canary.observe.stores import read as stores

READERS: tuple[ModuleType, ...] = (
    balancers,
    targets,
    ecs,
    definitions,
    groups,
    discovery,
    certificates,
    secrets,
    roles,
    logs,
    last_lines,
    metrics,
    rollouts,
    scaling,
    stores,
    web_acls,
    dns_records,
    hosts,
    vpc,
    write_calls,
)
PERMISSIONS: tuple[Permission, ...] = tuple(p for reader in READERS for p in reader.ACTIONS)

PATIENT_S = 20.0
"""Most seconds for reading again where a person waits; time-outs of the clients end before."""
WITHOUT_CLUSTER = not_read("NoCluster", "the environment names no cluster")


def statements(environment: Environment) -> tuple[Permission, ...]:
    """Return the IAM permissions that the readers need in this environment."""
    if not environment.cluster:
        return ()
    values = {
        "region": environment.region,
        "account": environment.account,
        "cluster": environment.cluster,
    }
    own = sorted({s.log_group for s in environment.services.values() if s.log_group})
    groups: dict[str, Iterable[str]] = {
        "{log_group}": own,
        "{task_log_group}": log_groups(environment),
    }
    found: list[Permission] = []
    for p in PERMISSIONS:
        named = next((g for key, g in groups.items() if key in p.resource), ("",))
        for group in named:
            resource = p.resource.format(**values, log_group=group, task_log_group=group)
            condition = {
                operator: {key: value.format(**values) for key, value in tests.items()}
                for operator, tests in p.condition.items()
            }
            found.append(Permission(action=p.action, resource=resource, condition=condition))
    return tuple(found)


def observe(clients: Clients, environment: Environment) -> PlatformState:
    """Read the control plane once; independent readers run in parallel.

    Where the environment names no cluster, nothing is read, and the state says so.
    """
    if not environment.cluster:
        return WITHOUT_CLUSTER
    reader = Reader(clients, environment)
    read_at = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    fields: dict[str, Any] = {}
    for part in Base(reader).parts():
        fields |= part.fields()
    return PlatformState(
        **fields,
        read_at=read_at,
        unavailable=reader.unavailable(),
        bounds=reader.bounds(),
        unread=reader.unread(),
    )


def refresh_failing(
    clients: Clients,
    environment: Environment,
    state: PlatformState,
    failing_services: Iterable[str],
    redact: Callable[[str], str] = str,
    failed: Failed = NOTHING,
    seconds: float = PATIENT_S,
) -> PlatformState:
    """Read the control plane again, and add what only failures need, in so many seconds.

    The returned state is younger than the failures, except for what was late: `failing.again` tells
    how that is known. Logs, secrets, stores, rollouts and scaling are those of the failing services
    and of the services that they depend on; `failed` is what was seen of them.
    """
    if not environment.cluster:
        return state
    wanted = closure(environment, *failing_services)
    return again.read(Reader(clients, environment), state, wanted, failed, redact, seconds)
