"""A balancer without a node in the zone of the tasks, and a zone without targets.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/disable-cross-zone.html
https://repost.aws/knowledge-center/elb-dns-cross-zone-balance-configuration
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from canary.control_plane.ecs import live
from canary.control_plane.state import EcsService, LoadBalancer, TargetGroup
from canary.diagnose.core.case import Case, Failures
from canary.diagnose.core.finding import Finding
from canary.diagnose.core.symptoms import Symptom
from canary.diagnose.ecs import revisions
from canary.diagnose.remedies import build, well
from canary.diagnose.remedies.build import Edits
from canary.diagnose.remedies.services import network
from canary.model import Confidence, Remedy

_CROSS_ZONE = "load_balancing.cross_zone.enabled"


def zones(case: Case) -> Iterator[Finding]:
    """Report a balancer that shares no zone with its tasks, and one with an empty zone."""
    for name, service, failures in case.suspects():
        balancer = case.balancer(name)
        if balancer is None or not balancer.zones:
            continue
        yield from _apart(case, name, service, balancer, failures)
        for group in case.groups(name):
            yield from _empty(case, name, group, balancer)


def _zone_of(case: Case) -> dict[str, str]:
    known = case.state.network.subnets if case.state.network else ()
    return {s.id: s.zone for s in (*case.state.subnets, *known) if s.zone}


def _apart(
    case: Case, name: str, service: EcsService, balancer: LoadBalancer, failures: Failures
) -> Iterator[Finding]:
    """Yield the finding that all tasks are in zones that the balancer has not enabled."""
    by_subnet = _zone_of(case)
    used = {t.subnet for t in live(service) if t.subnet} or set(service.subnets)
    own = {by_subnet.get(s, "") for s in used}
    if not own or "" in own or own & set(balancer.zones):
        return
    states = {t.state for g in case.groups(name) for t in g.targets} - {"draining"}
    if states - {"unused"}:  # the balancer uses or asks a target, which AWS may place in all zones
        return
    theirs, ours = ", ".join(sorted(balancer.zones)), ", ".join(sorted(own))
    yield Finding(
        cause="zone-not-shared",
        service=name,
        resource=balancer.arn,
        confidence=Confidence.CERTAIN if states else Confidence.LIKELY,
        summary=f"{balancer.name} has nodes in {theirs}, and the tasks of {service.name} are in"
        f" {ours}: no request reaches them.",
        evidence=(
            *case.evidence(balancer.name, f"zones {theirs}", f"the tasks' zones, {ours}"),
            *case.evidence(service.name, f"subnets {', '.join(sorted(used))} in {ours}", theirs),
        ),
        remedy=_together(case, name, service, balancer, ours),
        explained_failures=failures,
    )


def _together(
    case: Case, name: str, service: EcsService, balancer: LoadBalancer, ours: str
) -> Remedy:
    was = well.service(case, service.name)
    moved = was is not None and set(was.subnets) != set(service.subnets)
    edits: Edits = ()
    if was is not None and moved:
        back = network(service, subnets=list(was.subnets))
        edits = revisions.deploy(case, name, networkConfiguration=back)
    show = case.aws.elbv2("describe-load-balancers", load_balancer_arns=[balancer.arn])
    return build.remedy(
        case,
        f"Put {service.name} back into its subnets." if edits else "Give both a common zone.",
        edits,
        inspect=(show, revisions.describe(case, name)),
        verify=(show,),
        otherwise=f"Decide: enable a subnet of {ours} for {balancer.name} (set-subnets, with all"
        f" subnets that it has), or run {service.name} in subnets of"
        f" {', '.join(sorted(balancer.zones))}.",
    )


def _empty(case: Case, name: str, group: TargetGroup, balancer: LoadBalancer) -> Iterator[Finding]:
    """Yield the finding that a zone's node has no target, and may use none of another zone.

    Which node answered is not known, and AWS takes such a node out of DNS: it is never certain.
    """
    failures = frozenset(
        f for f in case.failures_of_outage(name) if f.symptom is Symptom.BALANCER_503
    )
    found = {_zone_at(case, t.id) for t in group.targets if t.state not in ("draining", "unused")}
    if group.attributes.get(_CROSS_ZONE) != "false" or not found or "" in found or not failures:
        return
    empty = ", ".join(sorted(set(balancer.zones) - found))
    if not empty:
        return
    show = case.aws.elbv2("describe-target-group-attributes", target_group_arn=group.arn)
    yield Finding(
        cause="zone-without-target",
        service=name,
        resource=group.arn,
        confidence=Confidence.LIKELY,
        summary=f"Cross-zone balancing is off for {group.name}, and {empty} has no target: the"
        " balancer's node there answers 503.",
        evidence=(
            *case.evidence(group.name, f"{_CROSS_ZONE} false", "true, or a target in each zone"),
            *case.evidence(group.name, f"targets in {', '.join(sorted(found))}", empty),
        ),
        remedy=Remedy(
            summary=f"Give {empty} a target, or let its node use those of other zones.",
            inspect=(show, case.aws.elbv2("describe-target-health", target_group_arn=group.arn)),
            verify=(show,),
            decision=f"Decide: turn cross-zone balancing of {group.name} on again"
            f" ({_CROSS_ZONE}), or run tasks in {empty}: with it off, each zone of the balancer"
            " needs a target of its own.",
        ),
        explained_failures=failures,
    )


def _zone_at(case: Case, address: str) -> str:
    """Return the zone of an address, "" where no subnet that was read holds it."""
    known = case.state.network.subnets if case.state.network else ()
    try:
        wanted = ipaddress.ip_address(address)
        every = (*case.state.subnets, *known)
        return next((s.zone for s in every if wanted in ipaddress.ip_network(s.cidr)), "")
    except ValueError:
        return ""
