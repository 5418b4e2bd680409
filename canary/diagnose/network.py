"""Network: security groups along the path internet, balancer, task, dependency."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from canary.diagnose.case import AUTH, Atoms, Case
from canary.diagnose.claims import NETWORK, Claim, shown
from canary.diagnose.commands import compact
from canary.diagnose.firewall import ANYWHERE, Side, lets_in, lets_out
from canary.diagnose.starts import afresh
from canary.diagnose.symptoms import EDGE, Symptom
from canary.model import Confidence, Evidence, Remedy
from canary.observe.state import EcsService, GroupRule, LoadBalancer, SecurityGroup


@dataclass(frozen=True, kw_only=True)
class Edge:
    """A connection that the platform needs."""

    what: str  # "hokusai-registry-development to registry"
    source: Side
    target: Side
    port: int
    service: str  # whose outage its loss is
    owner: str  # the service that the source belongs to
    atoms: Atoms
    outside: bool = False  # the target is outside the VPC


def blocked(case: Case) -> Iterator[Claim]:
    """Claim each security group that stops a connection which failing checks need."""
    missing: dict[tuple[str, str], list[Edge]] = {}
    guards: dict[str, SecurityGroup] = {}
    for edge in edges(case):
        if not edge.atoms:
            continue
        if edge.target.groups and not lets_in(edge.target, edge.source, edge.port):
            guard = edge.target.groups[0]
            missing.setdefault((guard.id, "ingress"), []).append(edge)
            guards[guard.id] = guard
        if edge.source.groups and not lets_out(edge.source, edge.target, edge.port):
            guard = edge.source.groups[0]
            missing.setdefault((guard.id, "egress"), []).append(edge)
            guards[guard.id] = guard
    for (identifier, direction), lost in missing.items():
        yield _claim(case, guards[identifier], direction, lost)


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
        atoms = {
            f
            for f in case.failures
            if f.host == host and f.port == port and f.symptom in EDGE - {Symptom.NO_NAME}
        }
        if port == 443 and atoms:
            atoms |= {f for f in case.having(Symptom.AUTH_UNAVAILABLE) if name in f.implicated}
            atoms |= {f for f in case.having(Symptom.CONTROL_CERTIFICATE) if f.service == name}
        yield Edge(
            what=f"the internet to {balancer.name}",
            source=Side(groups=(), networks=(ANYWHERE,)),
            target=side,
            port=port,
            service=name,
            owner=name,
            atoms=frozenset(atoms),
        )


def _ports(case: Case, service: EcsService, name: str) -> set[int]:
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
            atoms=case.outage(name),
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
            atoms=case.outage(other, via=name),
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
            atoms=case.outage(other, via=name),
        )


def _claim(case: Case, guard: SecurityGroup, direction: str, lost: list[Edge]) -> Claim:
    atoms: Atoms = frozenset().union(*(e.atoms for e in lost))
    first = lost[0]
    ports = ", ".join(sorted({str(e.port) for e in lost}))
    verb = "admits no traffic of" if direction == "ingress" else "lets no traffic out for"
    names = "; ".join(dict.fromkeys(e.what for e in lost))
    return Claim(
        cause="security-group-blocked",
        service=first.service if direction == "ingress" else first.owner,
        resource=guard.id,
        confidence=Confidence.CERTAIN,
        summary=f"Security group {guard.name} {verb} {names} on port {ports}.",
        evidence=(
            Evidence(
                resource=f"{guard.id} ({guard.name}) {direction}",
                seen=_described(guard.ingress if direction == "ingress" else guard.egress),
                expected=f"tcp {ports} for {names}",
                at=case.state.read_at,
            ),
            *_before(case, guard, direction),
            *shown(atoms),
        ),
        remedy=_remedy(case, guard, direction, lost),
        atoms=atoms,
        rank=NETWORK,
    )


def _described(rules: tuple[GroupRule, ...]) -> str:
    lines = [
        f"{r.protocol} {r.from_port}-{r.to_port} {' '.join((*r.groups, *r.cidrs))}".strip()
        for r in rules
    ]
    return "; ".join(lines) or "no rule at all"


def _before(case: Case, guard: SecurityGroup, direction: str) -> tuple[Evidence, ...]:
    groups = case.previous.security_groups if case.previous else ()
    old = next((g for g in groups if g.id == guard.id), None)
    if old is None or getattr(old, direction) == getattr(guard, direction) or not case.previous:
        return ()
    return (
        Evidence(
            resource=guard.id,
            seen="edited since the previous run",
            expected=f"before: {_described(getattr(old, direction))}",
            at=case.previous.read_at,
        ),
    )


def _permission(edge: Edge, direction: str) -> dict[str, object]:
    base: dict[str, object] = {
        "IpProtocol": "tcp",
        "FromPort": edge.port,
        "ToPort": edge.port,
    }
    peer = edge.source if direction == "ingress" else edge.target
    if peer.groups and not (edge.outside and direction == "egress"):
        return {**base, "UserIdGroupPairs": [{"GroupId": peer.groups[0].id}]}
    return {**base, "IpRanges": [{"CidrIp": ANYWHERE}]}


def _permissions(guard: SecurityGroup, direction: str, lost: list[Edge]) -> list[object]:
    if direction == "egress" and not guard.egress:  # AWS's own default of a new group
        return [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": ANYWHERE}]}]
    found: list[object] = []
    for edge in lost:
        one = _permission(edge, direction)
        if one not in found:
            found.append(one)
    return found


def _remedy(case: Case, guard: SecurityGroup, direction: str, lost: list[Edge]) -> Remedy:
    show = case.aws("ec2", "describe-security-groups", group_ids=[guard.id])
    fix = case.aws(
        "ec2",
        f"authorize-security-group-{direction}",
        group_id=guard.id,
        ip_permissions=compact(_permissions(guard, direction, lost)),
    )
    ports = sorted({e.port for e in lost})
    blocks = "\n".join(
        f'resource "aws_vpc_security_group_{direction}_rule" "port_{port}" {{\n'
        f'  security_group_id = "{guard.id}"\n  ip_protocol = "tcp"\n'
        f"  from_port = {port}\n  to_port = {port}\n}}"
        for port in ports
    )
    return Remedy(
        summary=f"Open port {', '.join(map(str, ports))} in {guard.name} ({direction}).",
        inspect=(show,),
        fix=(fix, *afresh(case, *(n for e in lost for n in (e.owner, e.service)))),
        verify=(show,),
        terraform=blocks + "\n",
    )
