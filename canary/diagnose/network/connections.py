"""The connections that the platform needs, and who stands at either end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from canary.control_plane.firewall import ANYWHERE, Side
from canary.control_plane.state import EcsService, LoadBalancer
from canary.diagnose.core.case import AUTH, Case, Failures
from canary.diagnose.core.symptoms import EDGE, Symptom
from canary.diagnose.targets.targets import port_of


@dataclass(frozen=True, kw_only=True)
class Edge:
    """A connection that the platform needs."""

    what: str  # "hokusai-registry-development to registry"
    source: Side
    target: Side
    port: int
    service: str  # whose outage its loss is
    owner: str  # the service that the source belongs to
    explained_failures: Failures
    outside: bool = False  # the target is outside the VPC


def edges(case: Case) -> Iterator[Edge]:
    """Return every connection of the environment that security groups can stop."""
    for name in case.services:
        yield from _front_door(case, name)
        yield from _to_tasks(case, name)
        for other in case.services[name].depends_on:
            yield from _to_dependency(case, name, other)


def side_of(case: Case, name: str) -> Side | None:
    """Return the side of a service's tasks, or of a part that a named group guards."""
    service = case.ecs(name)
    if service:
        found = tuple(g for i in service.security_groups if (g := case.security_group(i)))
        complete = len(found) == len(service.security_groups)
        return Side(groups=found, networks=_cidrs(case, service.subnets)) if complete else None
    guard = case.services[name].security_group if name in case.services else ""
    group = next((g for g in case.state.security_groups if guard and g.name == guard), None)
    return Side(groups=(group,)) if group else None


def _balancer_side(case: Case, balancer: LoadBalancer) -> Side | None:
    found = tuple(g for i in balancer.security_groups if (g := case.security_group(i)))
    if not found or len(found) != len(balancer.security_groups):
        return None
    return Side(groups=found, networks=_cidrs(case, balancer.subnets))


def _cidrs(case: Case, subnets: tuple[str, ...]) -> tuple[str, ...]:
    known = {s.id: s.cidr for s in case.state.subnets}
    found = tuple(known[s] for s in subnets if known.get(s))
    return found if len(found) == len(subnets) else ()


def _front_door(case: Case, name: str) -> Iterator[Edge]:
    """Everyone to the balancer; only a connection that fails without any answer asks for it."""
    balancer = case.balancer(name)
    side = _balancer_side(case, balancer) if balancer else None
    host = case.host(name)
    if not balancer or not side or not host or balancer.scheme != "internet-facing":
        return
    for port in (443, 80):
        failures = {
            f
            for f in case.failures
            if f.host == host and f.port == port and f.symptom in EDGE - {Symptom.NO_NAME}
        }
        if port == 443 and failures:
            failures |= {f for f in case.having(Symptom.AUTH_UNAVAILABLE) if name in f.implicated}
            failures |= {f for f in case.having(Symptom.CONTROL_CERTIFICATE) if f.service == name}
        yield Edge(
            what=f"the internet to {balancer.name}",
            source=Side(groups=(), networks=(ANYWHERE,)),
            target=side,
            port=port,
            service=name,
            owner=name,
            explained_failures=frozenset(failures),
        )


def _ports(case: Case, service: EcsService, name: str) -> set[int]:
    """Return where the balancer must get in: the container's port, not where a target stands."""
    if case.definition(service.task_definition):
        return {port_of(case, name)}
    ports = {t.port for g in case.groups(name) for t in g.targets if t.port}
    return ports or {p for p in service.container_ports if p} or {case.services[name].port}


def _to_tasks(case: Case, name: str) -> Iterator[Edge]:
    balancer, service = case.balancer(name), case.ecs(name)
    source = _balancer_side(case, balancer) if balancer else None
    target = side_of(case, name)
    if not balancer or not service or not source or not target:
        return
    for port in sorted(_ports(case, service, name)):
        yield Edge(
            what=f"{balancer.name} to {name}",
            source=source,
            target=target,
            port=port,
            service=name,
            owner=name,
            explained_failures=case.failures_of_outage(name),
        )


def _to_dependency(case: Case, name: str, other: str) -> Iterator[Edge]:
    source, service = side_of(case, name), case.services.get(other)
    if not source or not service or not case.ecs(name):
        return
    if service.url and other == AUTH:  # asked through its public name
        balancer = case.balancer(other)
        target = _balancer_side(case, balancer) if balancer else None
        outside = Side(groups=target.groups if target else (), networks=(ANYWHERE,))
        yield Edge(
            what=f"{name} to the public name of {other}",
            source=source,
            target=Side(groups=(), networks=(ANYWHERE,)) if not target else outside,
            port=443,
            service=other,
            owner=name,
            explained_failures=case.failures_of_outage(other, via=name),
            outside=True,
        )
        return
    target = side_of(case, other)
    if target and service.port:
        yield Edge(
            what=f"{name} to {other}",
            source=source,
            target=target,
            port=service.port,
            service=other,
            owner=name,
            explained_failures=case.failures_of_outage(other, via=name),
        )
