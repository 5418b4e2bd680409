"""Read the Route 53 records of hosts that failed before anybody answered, or lead elsewhere.

Route 53 has one endpoint for all regions; IAM sees its calls in us-east-1. It takes five calls a
second from an account, so the zones are asked for once.
"""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import urlsplit

from canary.control_plane.edge.dns import DnsRecord, HealthCheck, HostRecords, plain
from canary.control_plane.state import HostAddress
from canary.observe.calls import Permission, Reader
from canary.observe.edge.answering import TYPES, UnreadError, answering, name_of
from canary.observe.edge.failed import Failed

ACTIONS = (
    Permission(
        action="route53:ListHostedZonesByName",
        condition={"StringEquals": {"aws:RequestedRegion": "us-east-1"}},
    ),
    Permission(action="route53:ListResourceRecordSets", resource="arn:aws:route53:::hostedzone/*"),
    Permission(action="route53:GetHealthCheckStatus", resource="arn:aws:route53:::healthcheck/*"),
)
MOST_ZONES = 100  # of one answer
MOST_RECORDS = 20
MOST_HOSTS = 5
MOST_CHECKS = 5  # of a name
MOST_STEPS = 3  # names of the account on the way of a host
MOST_ONWARD = 2  # of each of them
_ZONES, _RECORDS, _HEALTH = (p.action for p in ACTIONS)
_UNANSWERED = frozenset({"dns", "refused", "connect-timeout", "unreachable", "tls"})


def asked(hosts: tuple[HostAddress, ...], failed: Failed) -> tuple[str, ...]:
    """Return the failed hosts whose name may be at fault: nobody answered, or it leads away."""
    away = {
        h.host
        for h in hosts
        if h.error or (h.balancer_addresses and not {*h.addresses} & {*h.balancer_addresses})
    }
    known = {h.host for h in hosts}  # of a service with a fixed address no name is asked
    found = {
        host
        for e in failed.answers
        if (host := urlsplit(e.url).hostname or "") in known
        and (e.failure in _UNANSWERED or host in away)
    }
    return tuple(sorted(found))


def read(reader: Reader, hosts: tuple[HostAddress, ...], failed: Failed) -> tuple[HostRecords, ...]:
    """Return what the account's zones have for these hosts; what was not read is left out."""
    wanted = asked(hosts, failed)
    if not wanted:
        return ()
    if len(wanted) > MOST_HOSTS:
        reader.bounded(_RECORDS, "*", MOST_HOSTS, "hosts")
        reader.miss("dns")
    zones = _zones(reader)
    if zones is None:
        reader.miss("dns")
        return ()
    every = (_records(reader, h, zones) for h in wanted[:MOST_HOSTS])
    return tuple(found for found in every if found)


def _zones(reader: Reader) -> dict[str, str] | None:
    """Return the account's zones, name by id; None where they could not all be read."""

    def convert(raw: dict[str, Any]) -> dict[str, str] | None:
        if raw.get("IsTruncated"):
            reader.bounded(_ZONES, "*", MOST_ZONES, "zones")
            return None
        return {
            str(z["Id"]).rpartition("/")[2]: plain(str(z["Name"]))
            for z in raw.get("HostedZones") or []
        }

    return reader.answer(_ZONES, "*", convert, None, MaxItems=str(MOST_ZONES))


def _own(zones: dict[str, str], host: str) -> dict[str, str]:
    """Return the zones that may hold a host: those of the longest name, public and private."""
    fitting = {i: z for i, z in zones.items() if host == z or host.endswith(f".{z}")}
    longest = max(map(len, fitting.values()), default=0)
    return {i: z for i, z in sorted(fitting.items()) if len(z) == longest}


def _records(
    reader: Reader, host: str, every: dict[str, str], passed: tuple[str, ...] = ()
) -> HostRecords | None:
    """Return what the account's zones have for a host, and for the names in them to which it leads.

    A zone that hands the host on to other name servers does not hold it. `passed` are the names
    on the way to this one.
    """
    found: list[DnsRecord] = []
    zones: dict[str, str] = {}
    for zone, name in _own(every, host).items():
        try:
            raw = answering(partial(_listed, reader, zone), host, name)
        except UnreadError:
            reader.miss("dns")
            return None
        if raw is not None:
            zones[zone] = name
            kept = [r for r in raw if r.get("Type") in TYPES]
            if sum("HealthCheckId" in r for r in kept) > MOST_CHECKS:
                reader.bounded(_HEALTH, zone, MOST_CHECKS, "health checks")
            found += [_record(reader, zone, r, place) for place, r in enumerate(kept)]
    return HostRecords(
        host=host,
        zones=tuple(dict.fromkeys(zones.values())),
        records=tuple(found),
        onward=_onward(reader, found, every, (*passed, host)),
    )


def _onward(
    reader: Reader, records: list[DnsRecord], every: dict[str, str], passed: tuple[str, ...]
) -> tuple[HostRecords, ...]:
    """Return the records of the names in the account's zones to which these records lead."""
    names = sorted({r.target for r in records if _own(every, r.target)} - set(passed))
    if names and len(passed) > MOST_STEPS:
        reader.bounded(_RECORDS, passed[-1], MOST_STEPS, "names on the way")
        return ()
    if len(names) > MOST_ONWARD:
        reader.bounded(_RECORDS, passed[-1], MOST_ONWARD, "names to which it leads")
    found = (_records(reader, name, every, passed) for name in names[:MOST_ONWARD])
    return tuple(one for one in found if one)


def _listed(reader: Reader, zone: str, name: str) -> list[dict[str, Any]] | None:
    """Return the records of a zone from a name on, None where they could not be read."""
    found = reader.answer(
        _RECORDS,
        zone,
        lambda answer: list(answer.get("ResourceRecordSets") or []),
        None,
        HostedZoneId=zone,
        StartRecordName=name,
        MaxItems=str(MOST_RECORDS),
    )
    if found and len(found) == MOST_RECORDS and all(name_of(r) == name for r in found):
        reader.bounded(_RECORDS, zone, MOST_RECORDS, "records")
    return found


def _record(reader: Reader, zone: str, raw: dict[str, Any], place: int) -> DnsRecord:
    check = str(raw.get("HealthCheckId") or "")
    return DnsRecord(
        zone_id=zone,
        type=str(raw["Type"]),
        values=tuple(str(v["Value"]) for v in raw.get("ResourceRecords") or []),
        alias=str((raw.get("AliasTarget") or {}).get("DNSName", "")),
        set_id=str(raw.get("SetIdentifier") or ""),
        health=_health(reader, check) if check and place < MOST_CHECKS else None,
        config=raw,
    )


def _health(reader: Reader, check: str) -> HealthCheck | None:
    def convert(raw: dict[str, Any]) -> HealthCheck:
        said = [
            str((o.get("StatusReport") or {}).get("Status", ""))
            for o in raw.get("HealthCheckObservations") or []
        ]
        good = sum(s.startswith("Success") for s in said)
        return HealthCheck(id=check, succeeded=good, checkers=len(said))

    found = reader.answer(_HEALTH, check, convert, None, HealthCheckId=check)
    if found is None:
        reader.miss("dns")
    return found
