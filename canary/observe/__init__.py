"""Read AWS's control plane: `observe` once a run, `refresh_failing` after failures.

Clients are arguments, every call is paginated, and a failed call becomes an `Unavailable`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from types import ModuleType

import msgspec

from canary.control_plane.dependencies import closure
from canary.control_plane.state import (
    EcsService,
    PlatformState,
    TargetGroup,
    not_read,
)
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
from canary.observe.calls import Clients, Permission, Reader, in_order
from canary.observe.edge import after_failures, dns_records, hosts, metrics, web_acls
from canary.observe.edge.failed import NOTHING, Failed
from canary.observe.failing import last_lines, services
from canary.observe.stores import read as stores
from canary.observe.threads import begin, begin_optional

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

NEWER_S = 1.0
"""Seconds to wait for the target groups before the services are taken as they were read."""
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


def _has_newer(behind: Future[tuple[TargetGroup, ...]], services: tuple[EcsService, ...]) -> bool:
    """Return whether a group of a service holds a target of which its tasks know nothing.

    ECS registers a task that it started after its service was read: then it is read again.
    """
    try:
        groups = behind.result(NEWER_S)
    except TimeoutError:
        return False
    tasks = {task.address for service in services for task in service.tasks}
    attached = {arn for service in services for arn in service.target_groups}
    own = (t for g in groups if g.arn in attached for t in g.targets)
    return any(t.id not in tasks and t.state != "draining" for t in own)


def _current(
    reader: Reader, found: ecs.Found, behind: Future[tuple[TargetGroup, ...]]
) -> ecs.Found:
    return ecs.read(reader) if _has_newer(behind, found[0]) else found


def observe(clients: Clients, environment: Environment) -> PlatformState:
    """Read the control plane once; independent readers run in parallel.

    Where the environment names no cluster, nothing is read, and the state says so.
    """
    if not environment.cluster:
        return WITHOUT_CLUSTER
    reader = Reader(clients, environment)
    read_at = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    front = begin(balancers.read, reader)
    tasks = begin(ecs.read, reader)
    names, unlogged = begin(discovery.read, reader), begin(logs.missing, reader)
    found = front.result()
    behind = begin(targets.read, reader, found)
    tls, public = begin(certificates.read, reader, found), begin(hosts.read, environment, found)
    services, missing, gone = _current(reader, tasks.result(), behind)
    revisions = begin(definitions.read, reader, services)
    guards = begin(groups.read, reader, found, services)
    nets = begin(groups.subnets, reader, found, services)
    cloud_map, namespaces = names.result()
    return PlatformState(
        read_at=read_at,
        load_balancers=found,
        target_groups=behind.result(),
        ecs_services=services,
        missing_services=missing,
        cluster_missing=gone,
        task_definitions=revisions.result(),
        security_groups=guards.result(),
        subnets=nets.result(),
        discovery=cloud_map,
        namespaces=namespaces,
        certificates=tls.result(),
        roles=roles.read(reader, services, revisions.result()),
        hosts=public.result(),
        missing_log_groups=unlogged.result(),
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
) -> PlatformState:
    """Read the control plane again, and add what only failures need.

    The returned state is younger than the failures. Logs, secrets, stores, rollouts and scaling
    are those of the failing services and of the services that they depend on; `failed` is what
    was seen of them.
    """
    if not environment.cluster:
        return state
    wanted = closure(environment, *failing_services)
    fresh = observe(clients, environment)
    reader = Reader(clients, environment)
    now = dt.datetime.now(dt.UTC)
    edge = begin(after_failures.read, reader, fresh, failed, now)
    way = begin_optional("network", vpc.ACTIONS, None, vpc.read, reader, fresh)
    lines = begin(services.lines, reader, wanted, now, redact)
    own = services.read(reader, fresh, wanted, now, redact)
    return msgspec.structs.replace(
        fresh,
        refreshed_services=tuple(sorted(wanted)),
        **own,
        **edge.result(),
        network=way.result(),
        logs={**state.logs, **lines.result()},
        unavailable=in_order({*fresh.unavailable, *reader.unavailable()}),
        bounds=(*fresh.bounds, *reader.bounds()),
        unread=tuple(sorted({*fresh.unread, *reader.unread()})),
    )
