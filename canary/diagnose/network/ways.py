"""Network ACLs, routes and NAT gateways that stop a connection which the platform needs.

A state of a healthy run has none of these readings, so the past is unknown most times. A finding
is CERTAIN only where AWS describes the fault itself (a rule that denies, a route that is a
blackhole, a NAT gateway that is gone) or the way was open while all was well, and somebody waits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from canary.control_plane.firewall import Side, resolved
from canary.control_plane.unread import Known
from canary.control_plane.vpc import Network, entries
from canary.control_plane.way import End, Hop, Stop, outside, way
from canary.control_plane.way.routes import beside_gateways
from canary.diagnose.core.case import Case, Failures
from canary.diagnose.core.finding import Finding
from canary.diagnose.core.mechanisms import waited
from canary.diagnose.network.connections import Connection, connections
from canary.diagnose.network.way_remedies import decision
from canary.diagnose.remedies.well import well
from canary.model import Confidence

CAUSES = {
    Hop.ACL: "network-acl-blocked",
    Hop.ROUTE: "vpc-route-missing",
    Hop.NAT: "nat-gone",
    Hop.ENDPOINT: "endpoint-missing",
}


@dataclass(frozen=True, kw_only=True)
class Closed:
    """A connection that a hop stops, in all of the subnets at its ends or in some."""

    connection: Connection
    stop: Stop
    everywhere: bool
    was_open: bool  # while all was well
    guessed: bool  # the target's subnet is not known: one of the VPC's

    @property
    def confidence(self) -> Confidence:
        """Return how sure it is that this hop is what the failures wait for."""
        sure = self.stop.shown or self.was_open
        if self.guessed:
            return Confidence.LIKELY if self.everywhere and sure else Confidence.POSSIBLE
        if self.everywhere and sure:
            return Confidence.CERTAIN
        if self.connection.outside and not sure:  # its name may lead elsewhere from inside
            return Confidence.POSSIBLE
        return Confidence.LIKELY if self.everywhere or sure else Confidence.POSSIBLE


def stopped(case: Case) -> Iterator[Finding]:
    """Report each ACL, route table and gateway that stops connections which failing checks need."""
    network = case.state.network
    if network is None:
        return
    found: dict[tuple[str, str], list[Closed]] = {}
    for connection in connections(case):
        if connection.explained_failures:
            for closed in _closed(case, network, connection):
                key = CAUSES[closed.stop.hop], closed.stop.resource
                found.setdefault(key, []).append(closed)
    for (cause, _), every in found.items():
        for lost in _by_confidence(every):
            one = _finding(case, cause, lost)
            # a route that was never needed is missing in many a healthy VPC
            if one.confidence is not Confidence.POSSIBLE or waited(one.explained_failures):
                yield one


def _by_confidence(every: list[Closed]) -> Iterator[list[Closed]]:
    """Yield the connections that a hop stops, the surest ones first, each group by itself.

    Of a connection that may lie elsewhere it is not told that it is stopped for sure, and it is
    left out where the surer ones explain its failures.
    """
    known: Failures = frozenset()
    for confidence in Confidence:
        own = [c for c in every if c.confidence is confidence]
        failures: Failures = frozenset().union(*(c.connection.explained_failures for c in own))
        if failures - known:
            yield own
        known |= failures


def _closed(case: Case, network: Network, connection: Connection) -> Iterator[Closed]:
    """Yield each hop beside the security groups that stops a connection."""
    sources, targets, guessed = _ends(case, network, connection)
    before = state.network if (state := well(case)) else None
    if connection.outside:  # a load balancer's public address
        network = beside_gateways(network)
        before = beside_gateways(before) if before else None
    ways = [(s, t, way(network, s, t, connection.port)) for s, t in product(sources, targets)]
    if guessed:  # a target in the source's own subnet is behind no ACL
        ways = [(s, t, w) for s, t, w in ways if s.subnet != t.subnet]
    everywhere = bool(ways) and all(w.is_open is Known.NO for _, _, w in ways)
    seen = set[str]()
    for source, target, one in ways:
        stop = one.stop
        if stop is None or stop.hop not in CAUSES or stop.resource in seen:
            continue
        seen.add(stop.resource)
        then = way(before, source, target, connection.port).is_open if before else Known.UNKNOWN
        yield Closed(connection=connection, stop=stop, everywhere=everywhere,
                     was_open=then is Known.YES, guessed=guessed)  # fmt: skip


def _ends(
    case: Case, network: Network, connection: Connection
) -> tuple[list[End], list[End], bool]:
    """Return the possible ends of a connection, and whether the target's subnets are a guess."""
    lists = entries(network)
    source, target = resolved(connection.source, lists), resolved(connection.target, lists)
    sources = _in_subnets(case, network, source, connection.source_subnets)
    if not connection.source_subnets:
        sources = [outside()] if source.groups_known else []
    if connection.outside:
        return sources, [outside()], False
    if connection.target_subnets:
        return sources, _in_subnets(case, network, target, connection.target_subnets), False
    every = tuple(s.id for s in network.subnets)
    return sources, _in_subnets(case, network, target, every), True


def _in_subnets(case: Case, network: Network, side: Side, ids: tuple[str, ...]) -> list[End]:
    """Return an end in each of these subnets, at any address of it."""
    cidrs = {s.id: s.cidr for s in (*case.state.subnets, *network.subnets)}
    return [
        End(
            side=Side(groups=side.groups, networks=(cidrs[i],), family=4),
            network=cidrs[i],
            subnet=i,
            public=_is_public(case, i),
        )
        for i in ids
        if cidrs.get(i)
    ]


def _is_public(case: Case, subnet: str) -> Known:
    """Return whether what the platform has in a subnet has public addresses."""
    balancers = [b for b in case.state.load_balancers if subnet in b.subnets]
    if any(b.scheme == "internet-facing" for b in balancers):
        return Known.YES
    services = {s.public_address for s in case.state.ecs_services if subnet in s.subnets}
    if services == {"ENABLED"}:
        return Known.YES
    return Known.NO if services == {"DISABLED"} and not balancers else Known.UNKNOWN


def _finding(case: Case, cause: str, lost: list[Closed]) -> Finding:
    first = lost[0]
    failures: Failures = frozenset().union(*(c.connection.explained_failures for c in lost))
    names = "; ".join(dict.fromkeys(c.connection.name for c in lost))
    ports = ", ".join(sorted({str(c.connection.port) for c in lost}))
    sure = first.confidence
    if sure is Confidence.CERTAIN and (not waited(failures) or _answers(case, lost)):
        sure = Confidence.LIKELY
    return Finding(
        cause=cause,
        service=first.connection.service,
        resource=first.stop.resource,
        confidence=sure,
        summary=f"{first.stop.says}: it stops {names} on port {ports}.",
        evidence=case.evidence(first.stop.resource, first.stop.says, f"tcp {ports} for {names}"),
        remedy=decision(case, first.stop, names),
        explained_failures=failures,
    )


def _answers(case: Case, lost: list[Closed]) -> bool:
    """Return whether a target of such a service is healthy: then some packets arrive, or did."""
    groups = (g for c in lost for g in case.groups(c.connection.owner))
    return any(t.state == "healthy" for g in groups for t in g.targets)
