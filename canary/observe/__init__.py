"""The only readers of AWS's state: `observe` once a run, `deepen` after failures.

Clients are arguments, every call is paginated, and what cannot be read is an `Unavailable`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType

import msgspec

from canary.control_plane.dependencies import closure
from canary.control_plane.state import LogLine, PlatformState
from canary.model import Environment
from canary.observe import (
    balancers,
    certificates,
    definitions,
    discovery,
    ecs,
    groups,
    hosts,
    logs,
    metrics,
    secrets,
    targets,
)
from canary.observe.calls import Book, Clients, Permission

READERS: dict[str, ModuleType] = {
    "balancers": balancers,
    "targets": targets,
    "ecs": ecs,
    "definitions": definitions,
    "groups": groups,
    "discovery": discovery,
    "certificates": certificates,
    "secrets": secrets,
    "logs": logs,
    "metrics": metrics,
    "hosts": hosts,
}
PERMISSIONS: tuple[Permission, ...] = tuple(
    permission for reader in READERS.values() for permission in reader.ACTIONS
)

__all__ = [
    "PERMISSIONS",
    "READERS",
    "Clients",
    "Permission",
    "PlatformState",
    "deepen",
    "observe",
    "statements",
]


def statements(environment: Environment) -> tuple[Permission, ...]:
    """Return the permissions with this environment's names filled in."""
    values = {
        "region": environment.region,
        "account": environment.account,
        "cluster": environment.cluster,
    }
    log_groups = sorted({s.log_group for s in environment.services.values() if s.log_group})
    found: list[Permission] = []
    for p in PERMISSIONS:
        for group in log_groups if "{log_group}" in p.resource else [""]:
            resource = p.resource.format(**values, log_group=group)
            condition = {
                operator: {key: value.format(**values) for key, value in tests.items()}
                for operator, tests in p.condition.items()
            }
            found.append(Permission(action=p.action, resource=resource, condition=condition))
    return tuple(found)


def observe(clients: Clients, environment: Environment) -> PlatformState:
    """Read the control plane once; independent readers run beside each other."""
    book = Book(clients, environment)
    read_at = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    with ThreadPoolExecutor(max_workers=8, thread_name_prefix="observe") as pool:
        front = pool.submit(balancers.read, book)
        tasks = pool.submit(ecs.read, book)
        names = pool.submit(discovery.read, book)
        found = front.result()
        behind = pool.submit(targets.read, book, found)
        tls = pool.submit(certificates.read, book, found)
        public = pool.submit(hosts.read, environment, found)
        services, missing, gone = tasks.result()
        revisions = pool.submit(definitions.read, book, services)
        guards = pool.submit(groups.read, book, found, services)
        nets = pool.submit(groups.subnets, book, found, services)
        cloud_map, namespaces = names.result()
        return PlatformState(
            read_at=read_at,
            load_balancers=found,
            target_groups=behind.result(),
            services=services,
            missing_services=missing,
            cluster_missing=gone,
            task_definitions=revisions.result(),
            security_groups=guards.result(),
            subnets=nets.result(),
            discovery=cloud_map,
            namespaces=namespaces,
            certificates=tls.result(),
            hosts=public.result(),
            unavailable=book.unavailable(),
        )


def deepen(
    clients: Clients,
    environment: Environment,
    state: PlatformState,
    failing_services: Iterable[str],
    redact: Callable[[str], str] = str,
) -> PlatformState:
    """Read everything again that can have moved, and what only a failure asks for.

    The state after this call is younger than the failures. Logs and secrets are read for the
    failing services and for what they depend on.
    """
    wanted = closure(environment, *failing_services)
    fresh = observe(clients, environment)
    book = Book(clients, environment)
    now = dt.datetime.now(dt.UTC)
    used = {s.ecs_service for n, s in environment.services.items() if n in wanted}
    families = {definitions.family(s.task_definition) for s in fresh.services if s.name in used}
    revisions = tuple(d for d in fresh.task_definitions if d.family in families)
    with ThreadPoolExecutor(max_workers=8, thread_name_prefix="deepen") as pool:
        kept = pool.submit(secrets.read, book, revisions)
        counts = pool.submit(metrics.read, book, fresh.load_balancers, now)
        lines = {
            name: pool.submit(logs.read, book, service.log_group, now, redact)
            for name, service in environment.services.items()
            if name in wanted and service.log_group
        }
        found: dict[str, tuple[LogLine, ...]] = {n: f.result() for n, f in lines.items()}
        return msgspec.structs.replace(
            fresh,
            deepened=tuple(sorted(wanted)),
            secrets=kept.result(),
            errors=counts.result(),
            logs={**state.logs, **found},
            unavailable=tuple(sorted({*fresh.unavailable, *book.unavailable()}, key=_by_action)),
        )


def _by_action(unavailable: object) -> tuple[str, str]:
    return (str(getattr(unavailable, "action", "")), str(getattr(unavailable, "resource", "")))
