"""Security groups that block the way from the internet to a balancer, task or dependency."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from canary.control_plane.firewall import ANYWHERE, Side, lets_in, lets_out, resolved
from canary.control_plane.state import EcsService, GroupRule, LoadBalancer, SecurityGroup
from canary.control_plane.unread import Known
from canary.control_plane.vpc import entries
from canary.diagnose.core.case import Case, Failures
from canary.diagnose.core.finding import Finding
from canary.diagnose.core.symptoms import FRONT
from canary.diagnose.ecs import revisions
from canary.diagnose.ecs.task_stops import redeploy_stopped
from canary.diagnose.network.connections import Connection, connections
from canary.diagnose.network.group_remedies import open_again
from canary.diagnose.remedies import build, well
from canary.diagnose.remedies.build import Edits
from canary.diagnose.remedies.network import set_groups
from canary.diagnose.remedies.services import network
from canary.model import Confidence, Evidence


class Blocking(NamedTuple):
    """A group without a rule for a connection, and whether it is sure to shut it out."""

    group: SecurityGroup
    direction: str  # "ingress", "egress"
    sure: bool


def blocked(case: Case) -> Iterator[Finding]:
    """Report each security group that blocks a connection which failing checks need."""
    missing: dict[tuple[str, str, bool], tuple[Blocking, list[Connection]]] = {}
    swapped: dict[str, tuple[Swap, list[Connection]]] = {}
    for connection in connections(case):
        blocking = list(_blocking_groups(case, connection))
        if not blocking or not connection.explained_failures:
            continue
        if swap := _swap_of(case, connection):
            swapped.setdefault(swap.now.arn, (swap, []))[1].append(connection)
            continue
        for found in blocking:
            key = (found.group.id, found.direction, found.sure)
            missing.setdefault(key, (found, []))[1].append(connection)
    for swap, lost in swapped.values():
        yield _swap_finding(case, swap, lost)
    for found, lost in missing.values():
        yield _finding(case, found, lost)


def _blocking_groups(case: Case, connection: Connection) -> Iterator[Blocking]:
    """Yield the first group of each end that blocks a connection, with the direction.

    Where a rule admits what the canary does not know (a prefix list, IPv6, some addresses), the
    group accuses nobody, unless it was edited and surely admitted the connection before.
    """
    source, target, port = connection.source, connection.target, connection.port
    lists = entries(case.state.network)
    ends = (
        ("ingress", target, lets_in(resolved(target, lists), source, port)),
        ("egress", source, lets_out(resolved(source, lists), target, port)),
    )
    for direction, side, admitted in ends:
        if side.groups and admitted is not Known.YES:
            sure = admitted is Known.NO
            if sure or _admitted_before(case, connection, direction):
                yield Blocking(side.groups[0], direction, sure)


def _admitted_before(case: Case, connection: Connection, direction: str) -> bool:
    """Return whether the groups of an end surely admitted the connection in the previous run."""
    source, target, port = connection.source, connection.target, connection.port
    if direction == "ingress":
        return lets_in(_as_before(case, target), source, port) is Known.YES
    return lets_out(_as_before(case, source), target, port) is Known.YES


def _as_before(case: Case, side: Side) -> Side:
    old = case.previous.security_groups if case.previous else ()
    return replace(side, groups=tuple(g for g in old if g.id in side.ids))


def _swap_finding(case: Case, swap: Swap, lost: list[Connection]) -> Finding:
    failures: Failures = frozenset().union(*(e.explained_failures for e in lost))
    names = "; ".join(dict.fromkeys(e.name for e in lost))
    name = swap.now.name
    others = (n for e in lost for n in (e.owner, e.service) if n != swap.service)
    return Finding(
        cause="security-group-blocked",
        service=swap.service,
        resource=swap.now.arn,
        confidence=Confidence.CERTAIN,
        summary=f"{name} is in other security groups than before, which shut out {names}.",
        evidence=case.evidence(
            name,
            ", ".join(swap.now.security_groups),
            f"before: {', '.join(swap.before.security_groups)}",
        ),
        remedy=build.remedy(
            case,
            f"Put {name} back into its security groups.",
            (*swap.edits, *redeploy_stopped(case, *others)),
            inspect=(swap.show,),
            verify=(swap.show,),
        ),
        explained_failures=failures,
    )


def _finding(case: Case, blocking: Blocking, lost: list[Connection]) -> Finding:
    group, direction, _ = blocking
    failures: Failures = frozenset().union(*(e.explained_failures for e in lost))
    first = lost[0]
    ports = ", ".join(sorted({str(e.port) for e in lost}))
    verb = "admits no traffic of" if direction == "ingress" else "lets no traffic out for"
    names = "; ".join(dict.fromkeys(e.name for e in lost))
    return Finding(
        cause="security-group-blocked",
        service=first.service if direction == "ingress" else first.owner,
        resource=group.id,
        confidence=_confidence(case, blocking, lost, failures),
        summary=f"Security group {group.name} {verb} {names} on port {ports}.",
        evidence=case.evidence(
            f"{group.id} ({group.name}) {direction}",
            _describe(getattr(group, direction)),
            f"tcp {ports} for {names}",
        )
        + _before(case, group, direction),
        remedy=open_again(case, group, direction, lost),
        explained_failures=failures,
    )


def _confidence(
    case: Case, blocking: Blocking, lost: list[Connection], failures: Failures
) -> Confidence:
    """Return how sure it is that the group shuts the connections out since all was well."""
    if not blocking.sure:
        return Confidence.LIKELY
    if well.security_group(case, blocking.group.id) == blocking.group and not any(
        _without_network(blocking, e) is Known.NO for e in lost
    ):  # what is read after failures alone has no past: it may have been so all the time
        return Confidence.POSSIBLE
    return Confidence.CERTAIN if _shown(case, blocking, lost, failures) else Confidence.LIKELY


def _without_network(blocking: Blocking, connection: Connection) -> Known:
    """Return whether a group admits a connection by what is known of it without its network."""
    source, target = (replace(e, family=0) for e in (connection.source, connection.target))
    if blocking.direction == "egress":
        return lets_out(source, target, connection.port)
    outside = replace(source, networks=(ANYWHERE,)) if connection.outside else source
    return lets_in(target, outside, connection.port)


def _shown(case: Case, blocking: Blocking, lost: list[Connection], failures: Failures) -> bool:
    """Return whether a client of ours was shut out, or the group admitted more while all was well.

    A network before the balancer waits in vain for many reasons, and perhaps on another port.
    """
    if any(f.symptom not in FRONT for f in failures):
        return True
    was = well.security_group(case, blocking.group.id)
    if was is None:
        return False
    return any(lets_in(Side(groups=(was,)), e.source, e.port) is not Known.NO for e in lost)


def _describe(rules: tuple[GroupRule, ...]) -> str:
    lines = [f"{r.protocol} {r.from_port}-{r.to_port} {' '.join(_peers(r))}".strip() for r in rules]
    return "; ".join(lines) or "no rule at all"


def _peers(rule: GroupRule) -> tuple[str, ...]:
    return (*rule.groups, *rule.cidrs, *rule.ipv6_cidrs, *rule.prefix_lists)


def _before(case: Case, group: SecurityGroup, direction: str) -> tuple[Evidence, ...]:
    """Return a line of evidence if the group's rules changed since the previous run."""
    groups = case.previous.security_groups if case.previous else ()
    old = next((g for g in groups if g.id == group.id), None)
    if old is None or getattr(old, direction) == getattr(group, direction) or not case.previous:
        return ()
    return case.evidence(
        group.id,
        "edited since the previous run",
        f"before: {_describe(getattr(old, direction))}",
        case.previous.read_at,
    )


@dataclass(frozen=True, kw_only=True)
class Swap:
    """A service or balancer with other groups than before, and the edit that restores them."""

    service: str
    before: EcsService | LoadBalancer
    now: EcsService | LoadBalancer
    show: str
    edits: Edits


def _swap_of(case: Case, connection: Connection) -> Swap | None:
    """Return the end of a connection that has other groups than in the previous run, or None."""
    for name in dict.fromkeys((connection.owner, connection.service)):
        for swap in (_service_swap(case, name), _balancer_swap(case, name, connection)):
            before = set(swap.before.security_groups) if swap else set()
            if swap and before and before != set(swap.now.security_groups):
                return swap
    return None


def _service_swap(case: Case, name: str) -> Swap | None:
    now, before = case.ecs(name), case.ecs_before(name)
    if not now or not before:
        return None
    wanted = network(now, securityGroups=list(before.security_groups))
    return Swap(
        service=name,
        before=before,
        now=now,
        show=revisions.describe(case, name),
        edits=revisions.deploy(case, name, networkConfiguration=wanted),
    )


def _balancer_swap(case: Case, name: str, connection: Connection) -> Swap | None:
    now = case.balancer(name) if name in case.services else None
    before = case.balancer(name, case.previous) if now and case.previous else None
    if not now or not before or now.name not in connection.name:
        return None
    return Swap(
        service=name,
        before=before,
        now=now,
        show=case.aws.elbv2("describe-load-balancers", load_balancer_arns=[now.arn]),
        edits=(set_groups(now, before.security_groups),),
    )
