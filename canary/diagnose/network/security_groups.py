"""Network: security groups along the path internet, balancer, task, dependency."""

from __future__ import annotations

from collections.abc import Iterator

from canary.control_plane.firewall import ANYWHERE, lets_in, lets_out
from canary.control_plane.state import GroupRule, SecurityGroup
from canary.diagnose.core.aws_cli import compact
from canary.diagnose.core.case import Case, Failures
from canary.diagnose.core.finding import NETWORK, Finding, top_evidence
from canary.diagnose.ecs.task_stops import afresh
from canary.diagnose.network.connections import Edge, edges
from canary.diagnose.network.swapped_groups import Swap, swap_of
from canary.model import Confidence, Evidence, Remedy


def blocked(case: Case) -> Iterator[Finding]:
    """Claim each security group that stops a connection which failing checks need."""
    missing: dict[tuple[str, str], list[Edge]] = {}
    guards: dict[str, SecurityGroup] = {}
    swapped: dict[str, tuple[Swap, list[Edge]]] = {}
    for edge in edges(case):
        shut = not lets_in(edge.target, edge.source, edge.port) if edge.target.groups else False
        shut |= not lets_out(edge.source, edge.target, edge.port) if edge.source.groups else False
        if not edge.explained_failures or not shut:
            continue
        if swap := swap_of(case, edge):
            swapped.setdefault(swap.resource, (swap, []))[1].append(edge)
            continue
        if edge.target.groups and not lets_in(edge.target, edge.source, edge.port):
            guard = edge.target.groups[0]
            missing.setdefault((guard.id, "ingress"), []).append(edge)
            guards[guard.id] = guard
        if edge.source.groups and not lets_out(edge.source, edge.target, edge.port):
            guard = edge.source.groups[0]
            missing.setdefault((guard.id, "egress"), []).append(edge)
            guards[guard.id] = guard
    for swap, lost in swapped.values():
        yield _swap_finding(case, swap, lost)
    for (identifier, direction), lost in missing.items():
        yield _finding(case, guards[identifier], direction, lost)


def _swap_finding(case: Case, swap: Swap, lost: list[Edge]) -> Finding:
    names = "; ".join(dict.fromkeys(e.what for e in lost))
    others = (n for e in lost for n in (e.owner, e.service) if n != swap.service)
    return Finding(
        cause="security-group-blocked",
        service=swap.service,
        resource=swap.resource,
        confidence=Confidence.CERTAIN,
        summary=f"{swap.name} is in other security groups than before, which shut out {names}.",
        evidence=(
            Evidence(
                resource=swap.name,
                seen=", ".join(swap.now),
                expected=f"before: {', '.join(swap.before)}",
                at=case.state.read_at,
            ),
            *top_evidence(frozenset().union(*(e.explained_failures for e in lost))),
        ),
        remedy=Remedy(
            summary=f"Put {swap.name} back into its security groups.",
            inspect=(swap.show,),
            fix=(swap.fix, *afresh(case, *others)),
            verify=(swap.show,),
        ),
        explained_failures=frozenset().union(*(e.explained_failures for e in lost)),
        rank=NETWORK,
    )


def _finding(case: Case, guard: SecurityGroup, direction: str, lost: list[Edge]) -> Finding:
    failures: Failures = frozenset().union(*(e.explained_failures for e in lost))
    first = lost[0]
    ports = ", ".join(sorted({str(e.port) for e in lost}))
    verb = "admits no traffic of" if direction == "ingress" else "lets no traffic out for"
    names = "; ".join(dict.fromkeys(e.what for e in lost))
    return Finding(
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
            *top_evidence(failures),
        ),
        remedy=_remedy(case, guard, direction, lost),
        explained_failures=failures,
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
