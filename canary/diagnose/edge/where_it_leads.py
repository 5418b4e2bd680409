"""Say where a host's name leads, and how its record comes back as it was."""

from __future__ import annotations

from typing import Any

from canary.control_plane.edge.dns import DnsRecord, HostRecords, front_of, plain
from canary.control_plane.state import PlatformState
from canary.diagnose.core.case import Case
from canary.diagnose.remedies import well
from canary.diagnose.remedies.edit import Edit
from canary.model import Evidence

_BALANCERS = ".elb.amazonaws.com"


def records(state: PlatformState | None, host: str) -> HostRecords | None:
    """Return what the account's zones have for a host, None where nothing was read."""
    return next((r for r in (state.dns if state else ()) if r.host == host), None)


def front(case: Case, host: str) -> str:
    """Return the front to which a host leads, in words, "" for none that is seen.

    A name that is no load balancer's is a front, too: another proxy stands there.
    """
    own = {plain(b.dns_name) for b in case.state.load_balancers}
    found = records(case.state, host)
    names = [r.target for _, r in found.leads() if r] if found else []
    ours = found.own_names() if found else ()  # a name of the account's zones is no front
    names += [h.canonical for h in case.state.hosts if h.host == host and h.canonical not in ours]
    for name in names:
        if name and plain(name) not in own and not plain(name).endswith(_BALANCERS):
            who = front_of(name)
            return f"{plain(name)[:200]} ({who})" if who else plain(name)[:200]
    return ""


def evidence(case: Case, host: str, wanted: str) -> tuple[Evidence, ...]:
    """Return a line for each record of a host, and for each of its health checks that fails."""
    found = records(case.state, host)
    if found is None or not found.zones:
        return ()
    zone, at = f"Route 53 zone {found.zones[0]}", case.state.read_at
    lines = [
        Evidence(
            resource=f"{zone}: {(r.wildcard if r else '') or name}",
            seen=r.described() if r else "no record",
            expected=wanted,
            at=at,
        )
        for name, r in found.leads()
        if r is None or r.target != plain(wanted)
    ]
    return (*lines, *(_unhealthy(r, at) for r in found.records if r.health and r.health.fails))


def _unhealthy(record: DnsRecord, at: str) -> Evidence:
    check = record.health
    said = f"{check.succeeded} of {check.checkers} checkers succeed" if check else ""
    return Evidence(
        resource=f"Route 53 health check {check.id if check else ''} of {record.described()}",
        seen=f"{said}: Route 53 takes the record out of service",
        expected="healthy",
        at=at,
    )


def out_of_service(case: Case, host: str) -> str:
    """Return a sentence about the health check that takes a record out, "" where none does."""
    found = records(case.state, host)
    failing = [r.health for r in (found.records if found else ()) if r.health and r.health.fails]
    return f" Route 53's health check {failing[0].id} fails." if failing else ""


def back(case: Case, host: str, balancer: str) -> tuple[Edit, ...]:
    """Return the edit that sets a host's record as it was, where it led to its load balancer."""
    was = records(well.well(case), host)
    now = records(case.state, host)
    old = [r for r in _own(was) if balancer and r.target == plain(balancer)]
    if was is None or now is None or len(old) != 1 or now.zones != was.zones:
        return ()
    (one,) = old
    key = (one.zone_id, one.type, one.set_id)
    there = next((r for r in _own(now) if (r.zone_id, r.type, r.set_id) == key), None)
    if there is None and _own(now):
        return ()  # a record of another type is in its place, which Route 53 would refuse
    undo = _change(host, "UPSERT" if there else "DELETE", there or one, one, there)
    return (_change(host, "UPSERT", one, there, one, undo),)


def _own(found: HostRecords | None) -> tuple[DnsRecord, ...]:
    """Return the records of exactly that name: a wildcard's are those of other hosts, too."""
    return tuple(r for r in (found.records if found else ()) if not r.wildcard)


def _change(
    host: str,
    action: str,
    record: DnsRecord,
    before: DnsRecord | None,
    after: DnsRecord | None,
    undo: Edit | None = None,
) -> Edit:
    change: dict[str, Any] = {"Action": action, "ResourceRecordSet": record.config}
    return Edit(
        service="route53",
        operation="change-resource-record-sets",
        parameters={"HostedZoneId": record.zone_id, "ChangeBatch": {"Changes": [change]}},
        resource=host,
        before=before.config if before else None,
        after=after.config if after else None,
        undo=undo,
    )
