"""The connections that the platform needs, with the security groups at both ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from canary.control_plane.ecs import live
from canary.control_plane.firewall import ANYWHERE, Side
from canary.control_plane.state import EcsService, LoadBalancer, SecurityGroup
from canary.control_plane.way.leaving import addresses_out
from canary.diagnose.core.case import Case, Failures
from canary.diagnose.core.symptoms import EDGE, Symptom
from canary.diagnose.ecs.variables import public_port
from canary.diagnose.targets.commands import listening_port, port_of
from canary.model.urls import place


@dataclass(frozen=True, kw_only=True)
class Connection:
    """A connection that the platform needs, and the failures that its loss explains."""

    name: str  # "hokusai-registry-development to registry"
    source: Side
    target: Side
    port: int
    service: str  # the service that is down without the connection
    owner: str  # the service that the source belongs to
    explained_failures: Failures
    outside: bool = False  # the target is outside the VPC
    source_subnets: tuple[str, ...] = ()  # () where they are not known, or outside the VPC
    target_subnets: tuple[str, ...] = ()


def connections(case: Case) -> Iterator[Connection]:
    """Yield every connection of the environment that security groups can block."""
    for name in case.services:
        yield from _to_balancer(case, name)
        yield from _to_tasks(case, name)
        for other in case.services[name].depends_on:
            yield from _to_dependency(case, name, other)


def side_of(case: Case, name: str) -> Side | None:
    """Return a service's tasks, or a dependency with a named group, as one end, else None."""
    service = case.ecs(name)
    if service:
        found = tuple(g for i in service.security_groups if (g := case.security_group(i)))
        complete = len(found) == len(service.security_groups)
        return _at(case, found, service.subnets) if complete else None
    group_name = case.services[name].security_group if name in case.services else ""
    alike = [g for g in case.state.security_groups if group_name and g.name == group_name]
    vpcs = {b.vpc_id for b in case.state.load_balancers if b.vpc_id}
    near = [g for g in alike if g.vpc_id in vpcs] if len(alike) > 1 else alike
    # a name is unique within a VPC; of two groups elsewhere, or in two VPCs, none is chosen
    return Side(groups=(near[0],)) if len(near) == 1 else None


def _balancer_side(case: Case, balancer: LoadBalancer) -> Side | None:
    found = tuple(g for i in balancer.security_groups if (g := case.security_group(i)))
    if not found or len(found) != len(balancer.security_groups):
        return None
    return _at(case, found, balancer.subnets)


def _at(case: Case, groups: tuple[SecurityGroup, ...], subnets: tuple[str, ...]) -> Side:
    """Return an end within subnets; where none of them has a block of IPv6, it speaks IPv4."""
    known = {s.id: s for s in case.state.subnets}
    alone = bool(subnets) and all(s in known and not known[s].ipv6_cidrs for s in subnets)
    return Side(groups=groups, networks=_cidrs(case, subnets), family=4 if alone else 0)


def _both(source: Side, target: Side) -> tuple[Side, Side]:
    """Return two ends with the family of either: a connection has one."""
    family = source.family or target.family
    return replace(source, family=family), replace(target, family=family)


def _cidrs(case: Case, subnets: tuple[str, ...]) -> tuple[str, ...]:
    known = {s.id: s.cidr for s in case.state.subnets}
    found = tuple(known[s] for s in subnets if known.get(s))
    return found if len(found) == len(subnets) else ()


def _to_balancer(case: Case, name: str) -> Iterator[Connection]:
    """Yield the connections of a balancer's clients; they explain only missing answers.

    The clients of an internal balancer are somewhere in the network, in groups of their own.
    """
    balancer = case.balancer(name)
    side = _balancer_side(case, balancer) if balancer else None
    host = case.host(name)
    if not balancer or not side or not host:
        return
    public = balancer.scheme == "internet-facing"
    own = place(case.services[name].url).port
    asked = {f.port for f in case.failures if f.host == host and f.port}
    for port in sorted({own, *asked}, reverse=True):
        failures = {
            f
            for f in case.failures
            if f.host == host and f.port == port and f.symptom in EDGE - {Symptom.NO_NAME}
        }
        if port == own and failures:
            failures |= {f for f in case.having(Symptom.AUTH_UNAVAILABLE) if name in f.implicated}
            failures |= {f for f in case.having(Symptom.CONTROL_CERTIFICATE) if f.service == name}
        yield Connection(
            name=f"{'the internet' if public else 'the clients'} to {balancer.name}",
            source=Side(groups=(), networks=(ANYWHERE,), groups_known=public),
            target=side,
            port=port,
            service=name,
            owner=name,
            explained_failures=frozenset(failures),
            target_subnets=balancer.subnets,
        )


def _ports(case: Case, service: EcsService, name: str) -> set[int]:
    """Return the ports that the balancer must reach: the container's, not the targets' ones."""
    if case.definition(service.task_definition):
        groups = case.groups(name)
        return {listening_port(case, name, g) for g in groups} or {port_of(case, name)}
    ports = {t.port for g in case.groups(name) for t in g.targets if t.port}
    return ports or {p for p in service.container_ports if p} or {case.services[name].port}


def _to_tasks(case: Case, name: str) -> Iterator[Connection]:
    balancer, service = case.balancer(name), case.ecs(name)
    source = _balancer_side(case, balancer) if balancer else None
    target = side_of(case, name)
    if not balancer or not service or not source or not target:
        return
    source, target = _both(source, target)
    for port in sorted(_ports(case, service, name)):
        yield Connection(
            name=f"{balancer.name} to {name}",
            source=source,
            target=target,
            port=port,
            service=name,
            owner=name,
            explained_failures=case.failures_of_outage(name),
            source_subnets=balancer.subnets,
            target_subnets=_subnets(service),
        )


def _subnets(service: EcsService | None) -> tuple[str, ...]:
    """Return the subnets in which tasks of a service run, else those in which they may."""
    used = {t.subnet for t in live(service) if t.subnet}
    return tuple(sorted(used)) or (service.subnets if service else ())


def _seen_outside(case: Case, name: str) -> tuple[str, ...]:
    """Return the networks from which a public name sees a service's tasks.

    These are NAT gateways' addresses; where they are not known, a rule may admit them.
    """
    service = case.ecs(name)
    private = service is not None and service.public_address == "DISABLED"
    found = addresses_out(case.state.network, _subnets(service)) if private else ()
    return tuple(f"{a}/32" for a in found) or (ANYWHERE,)


def _to_dependency(case: Case, name: str, other: str) -> Iterator[Connection]:
    source, service = side_of(case, name), case.services.get(other)
    if not source or not service or not case.ecs(name):
        return
    target, port, public = side_of(case, other), service.port, False
    if (outer := public_port(case, name, other)) is None:
        return
    if outer:  # used by its public name
        balancer = case.balancer(other)
        known = _balancer_side(case, balancer) if balancer else None
        target = Side(groups=known.groups if known else (), networks=(ANYWHERE,))
        port, public = outer, True
        if balancer is None or balancer.scheme == "internet-facing":
            source = replace(source, networks=_seen_outside(case, name))
    if target and port:
        source, target = _both(source, target)
        yield Connection(
            name=f"{name} to the public name of {other}" if public else f"{name} to {other}",
            source=source,
            target=target,
            port=port,
            service=other,
            owner=name,
            explained_failures=case.failures_of_outage(other, via=name),
            outside=public,
            source_subnets=_subnets(case.ecs(name)),
            target_subnets=() if public else _subnets(case.ecs(other)),
        )
