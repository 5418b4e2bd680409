"""Hold each name of an environment file against AWS, by its key; nothing is changed."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from canary.control_plane.configured import can_be_named, is_readable, line_for
from canary.control_plane.state import PlatformState
from canary.model import Environment, Frozen, Role, Service
from canary.observe import groups, observe, secrets
from canary.observe.calls import Clients, Permission, Reader
from canary.observe.edge.hosts import resolve
from canary.survey import clusters, front, stores
from canary.survey.failures import near, sentence
from canary.survey.values import SurveyError

ACTIONS: tuple[Permission, ...] = (
    *(p for p in clusters.ACTIONS if p.action.startswith("ecs:List")),
    *secrets.ACTIONS[:1],
)
"""What is called beside the readings of a run."""


class Wrong(Frozen, frozen=True, kw_only=True):
    """A line about a key of the file: AWS has no such thing, or it could not be asked."""

    key: str
    text: str
    unknown: bool = False  # it was not checked: the name may be right
    advice: bool = False  # nothing is wrong, and more could be known


class _Known:
    """The names that AWS has, each list read when it is first needed."""

    def __init__(self, reader: Reader) -> None:
        self._reader, self._kept = reader, dict[str, list[str]]()

    def names(self, kind: str, read: Callable[[Reader], Iterable[str]]) -> list[str]:
        """Return the names of a kind, none where the list cannot be read."""
        if kind not in self._kept:
            try:
                self._kept[kind] = sorted(read(self._reader))
            except SurveyError:
                self._kept[kind] = []
        return self._kept[kind]


def held(clients: Clients, environment: Environment) -> tuple[Wrong, ...]:
    """Return a line for each key of the file that AWS does not know, and for what was not read."""
    reader = Reader(clients, environment)
    found: list[Wrong] = []
    unread: list[Wrong] = []
    if environment.cluster:
        state = observe(clients, environment)
        found += _of_state(reader, environment, state)
        region = environment.region
        unread = [
            Wrong(key=u.action, text=sentence(u, region), unknown=True) for u in state.unavailable
        ]
        found += _instances(reader, environment)
        found += _network(reader, environment)
    found += _secrets(reader, environment)
    found += _hosts(environment)
    unread += [
        Wrong(key=u.action, text=sentence(u, environment.region), unknown=True)
        for u in reader.unavailable()
    ]
    return tuple(dict.fromkeys((*found, *unread)))


def _of_state(reader: Reader, environment: Environment, state: PlatformState) -> Iterator[Wrong]:
    known = _Known(reader)
    cluster = environment.cluster
    if state.cluster_missing:
        every = known.names("clusters", _clusters)
        text = f"there is no ECS cluster {cluster}; {near(cluster, every)}"
        yield Wrong(key="cluster", text=text)
        return
    for name, service in environment.services.items():
        for key, text in _of_service(known, environment, state, service):
            yield Wrong(key=f"services.{name}.{key}", text=text)
        yield from _unread_logs(environment, state, name)


def _clusters(reader: Reader) -> Iterable[str]:
    return (clusters.last(str(a)) for a in reader.pages("ecs:ListClusters", "clusterArns") or ())


def _of_service(
    known: _Known, environment: Environment, state: PlatformState, service: Service
) -> Iterator[tuple[str, str]]:
    """Yield key and what is wrong, of the names of one service; what was not read is not told."""
    if service.ecs_service in state.missing_services:
        every = known.names("services", lambda r: clusters.names_in(r, environment.cluster))
        yield "ecs_service", f"no service {service.ecs_service}; {near(service.ecs_service, every)}"
    balancers = {b.name for b in state.load_balancers}
    if service.load_balancer not in {*balancers, ""} and "load_balancers" not in state.unread:
        every = known.names(
            "balancers", lambda r: _listed(front.listed(r).balancers, "LoadBalancer")
        )
        yield "load_balancer", f"no {service.load_balancer}; {near(service.load_balancer, every)}"
    have = {g.name for g in state.target_groups}
    for group in () if "target_groups" in state.unread else service.target_groups:
        if group not in have:
            every = known.names("groups", lambda r: _listed(front.listed(r).groups, "TargetGroup"))
            yield "target_groups", f"no target group {group}; {near(group, every)}"
    if service.log_group in state.missing_log_groups:
        yield "log_group", f"there is no log group {service.log_group}"
    yield from _inside(state, service)


def _unread_logs(environment: Environment, state: PlatformState, name: str) -> Iterator[Wrong]:
    """Yield each log group of a service's containers that the canary may not read."""
    service = environment.services[name]
    used = {s.task_definition for s in state.ecs_services if s.name == service.ecs_service}
    containers = [c for d in state.task_definitions if d.arn in used for c in d.containers]
    for container in containers:
        if can_be_named(container) and not is_readable(environment, container):
            line = line_for(environment, name, container.log_group)
            text = (
                f"{container.name} writes to {container.log_group}, which the canary may not"
                f" read: its last lines are evidence of a crash with {line}"
            )
            yield Wrong(key=f"services.{name}", text=text, advice=True)


def _listed(raw: list[dict[str, Any]] | None, kind: str) -> Iterable[str]:
    return (str(one[f"{kind}Name"]) for one in raw or ())


def _inside(state: PlatformState, service: Service) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the names inside of a service: group, Cloud Map, container, port."""
    named = {g.name for g in state.security_groups}
    if service.security_group not in {*named, ""} and "security_groups" not in state.unread:
        yield "security_group", f"there is no security group {service.security_group}"
    if service.discovery and "discovery" not in state.unread:
        space = service.discovery.partition(".")[2]
        if space not in state.namespaces:
            yield "discovery", f"Cloud Map has no namespace {space}"
        elif service.discovery not in {d.name for d in state.discovery}:
            yield "discovery", f"Cloud Map has no service {service.discovery}"
    running = next((s for s in state.ecs_services if s.name == service.ecs_service), None)
    own = [d for d in state.task_definitions if running and d.arn == running.task_definition]
    for definition in own:
        containers = {c.name: c for c in definition.containers}
        container = containers.get(service.container)
        if service.container and container is None:
            yield "container", f"no {service.container}; {near(service.container, containers)}"
        elif container and container.ports and service.port not in {*container.ports, 0}:
            ports = ", ".join(map(str, container.ports))
            yield "port", f"{container.name} has {ports}, and not {service.port}"


def _instances(reader: Reader, environment: Environment) -> Iterator[Wrong]:
    """Yield each `instance` that neither RDS nor ElastiCache lists."""
    wanted = {n: s.instance for n, s in environment.services.items() if s.instance}
    if not wanted:
        return
    kept = stores.read(reader)
    denied = {u.action for u in reader.unavailable()}
    for name, instance in wanted.items():
        role = environment.role_of(name)
        service = "rds:" if role is Role.DATABASE else "elasticache:"
        every = [k.store.id for k in kept if k.role is role]
        if instance.lower() not in every and not any(a.startswith(service) for a in denied):
            text = f"there is no {role} {instance}; {near(instance, every)}"
            yield Wrong(key=f"services.{name}.instance", text=text)


def _network(reader: Reader, environment: Environment) -> Iterator[Wrong]:
    """Yield the subnets that do not exist, or lie elsewhere than the file says."""
    network = environment.network
    for identifier in network.subnets:
        found = groups.subnets_by(reader, "subnet-id", {identifier})
        if found is None:
            continue
        key = "network.subnets"
        if not found:
            yield Wrong(key=key, text=f"there is no subnet {identifier}")
        elif found[0].vpc_id != network.vpc_id:
            yield Wrong(key=key, text=f"{identifier} is in {found[0].vpc_id}, not {network.vpc_id}")
        elif network.availability_zones and found[0].zone not in network.availability_zones:
            text = f"{identifier} is in {found[0].zone}, which is not among them"
            yield Wrong(key="network.availability_zones", text=text)


def _secrets(reader: Reader, environment: Environment) -> Iterator[Wrong]:
    """Yield each secret that does not exist or has no current value; no value is read."""
    wanted = dict.fromkeys(environment.own_secrets, "principals_secret")
    for name, principal in environment.principals.items():
        if principal.secret:
            wanted[principal.secret] = f"principals.{name}.secret"
    for channel in environment.notify.channels:
        wanted.setdefault(channel.secret, "notify.channels.secret")
    for secret, key in wanted.items():
        found = secrets.described(reader, secret)
        if found is not None and (not found.exists or found.deleted or found.detail):
            yield Wrong(key=key, text=f"the secret {secret}: {found.detail or 'not found'}")


def _hosts(environment: Environment) -> Iterator[Wrong]:
    """Yield each host that has no address here; a private one may be known in the VPC alone."""
    urls = {f"services.{n}.url": s.url for n, s in environment.services.items() if not s.connect_to}
    urls |= {f"notify.{k}": getattr(environment.notify, k) for k in ("report_url", "runbook_url")}
    for key, url in urls.items():
        host = urlsplit(url).hostname or ""
        if not host or _is_address(host):
            continue
        addresses, error, _ = resolve(host)
        if not addresses:
            yield Wrong(key=key, text=f"{host} has no address here: {error}", unknown=True)


def _is_address(host: str) -> bool:
    try:
        return bool(ipaddress.ip_address(host))
    except ValueError:
        return False
