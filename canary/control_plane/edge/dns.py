"""Describe what Route 53 keeps for a host, and say where its records lead.

Route 53 guide, "Values for alias records": an alias to a load balancer has its name, with
`dualstack.` before it. A front is known by the domain under which its vendor gives names.
"""

from __future__ import annotations

from typing import Any

import msgspec

from canary.model import Frozen

FRONTS = {
    ".cloudfront.net": "CloudFront",
    ".awsglobalaccelerator.com": "Global Accelerator",
    ".cdn.cloudflare.net": "Cloudflare",
    ".fastly.net": "Fastly",
    ".fastlylb.net": "Fastly",
    ".edgekey.net": "Akamai",
    ".edgesuite.net": "Akamai",
    ".akamaiedge.net": "Akamai",
    ".azurefd.net": "Azure Front Door",
}
HEALTHY_SHARE = 0.18
"""Of Route 53's checkers more than this share must call an endpoint healthy (its guide, "How Route
53 determines whether a health check is healthy")."""


class HealthCheck(Frozen, frozen=True, kw_only=True):
    """What Route 53's checkers said of a health check that a record names."""

    id: str
    succeeded: int
    checkers: int

    @property
    def fails(self) -> bool:
        """Return whether Route 53 takes its records out of service."""
        return self.checkers > 0 and self.succeeded / self.checkers <= HEALTHY_SHARE


class DnsRecord(Frozen, frozen=True, kw_only=True):
    """A record of a host: A, AAAA or CNAME."""

    zone_id: str
    type: str
    values: tuple[str, ...] = ()
    alias: str = ""  # the name of an alias's target
    set_id: str = ""  # of several records of one name and type
    health: HealthCheck | None = None
    config: dict[str, Any] = msgspec.field(default_factory=dict)  # ResourceRecordSet

    @property
    def wildcard(self) -> str:
        """Return the name of a record that answers for every name below another, "" for others."""
        name = plain(str(self.config.get("Name", "")))
        return name if name.startswith("*.") else ""

    @property
    def target(self) -> str:
        """Return the name to which it leads, "" where it has addresses."""
        found = self.alias or (self.values[0] if self.type == "CNAME" and self.values else "")
        return plain(found)

    def described(self) -> str:
        """Return it in one line, with names of others bounded."""
        to = f"alias {self.target}" if self.alias else ", ".join(self.values[:4])
        which = f" ({self.set_id[:60]})" if self.set_id else ""
        return f"{self.type}{which} {to[:200]}"


class HostRecords(Frozen, frozen=True, kw_only=True):
    """What the account's zones have for a host; without a zone, it is kept elsewhere.

    `onward` has the names in these zones to which the records lead, with their own records.
    """

    host: str
    zones: tuple[str, ...] = ()  # names of the zones that hold it, public and private
    records: tuple[DnsRecord, ...] = ()  # its own, or those of a wildcard that answers for it
    onward: tuple[HostRecords, ...] = ()

    def leads(self) -> tuple[tuple[str, DnsRecord | None], ...]:
        """Return the last records on each way through these zones, with the name that has them.

        None: the name has no record, so that the way ends there.
        """
        known = {o.host: o for o in self.onward if o.zones}
        found: list[tuple[str, DnsRecord | None]] = []
        for r in self.records:
            found += known[r.target].leads() if r.target in known else [(self.host, r)]
        return tuple(found) or ((self.host, None),)

    def own_names(self) -> frozenset[str]:
        """Return the names of these zones on its way."""
        there = [o for o in self.onward if o.zones]
        return frozenset(o.host for o in there).union(*(o.own_names() for o in there))


def plain(name: str) -> str:
    """Return a name without what Route 53 adds: the last dot, `dualstack.`, capitals, `\\052`."""
    return name.lower().rstrip(".").removeprefix("dualstack.").replace("\\052", "*")


def wildcard_of(parent: str) -> str:
    """Return the name of the record that answers for the names below a parent."""
    return f"*.{parent}"


def front_of(name: str) -> str:
    """Return whose front a name belongs to, "" for none that is known."""
    found = plain(name)
    return next((who for domain, who in FRONTS.items() if found.endswith(domain)), "")
