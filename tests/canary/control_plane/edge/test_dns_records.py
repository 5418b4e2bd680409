"""What Route 53 keeps for a host: where records lead, whose fronts, which checks fail."""

from __future__ import annotations

from typing import Any

import pytest

from canary.control_plane.edge.dns import (
    FRONTS,
    DnsRecord,
    HealthCheck,
    HostRecords,
    front_of,
    plain,
    wildcard_of,
)


def record(kind: str = "A", **fields: Any) -> DnsRecord:
    return DnsRecord(zone_id="Z1", type=kind, **fields)


def host(name: str, *records: DnsRecord, zones: tuple[str, ...] = ("z",), **more: Any) -> Any:
    return HostRecords(host=name, zones=zones, records=records, **more)


def test_fronts_are_known_by_the_domains_of_their_vendors() -> None:
    assert FRONTS == {
        ".cloudfront.net": "CloudFront", ".awsglobalaccelerator.com": "Global Accelerator",
        ".cdn.cloudflare.net": "Cloudflare", ".fastly.net": "Fastly", ".fastlylb.net": "Fastly",
        ".edgekey.net": "Akamai", ".edgesuite.net": "Akamai", ".akamaiedge.net": "Akamai",
        ".azurefd.net": "Azure Front Door",
    }  # fmt: skip
    assert [front_of(f"D1{domain.upper()}.") for domain in FRONTS] == [*FRONTS.values()]
    assert [front_of(n) for n in ("cloudfront.net.evil.example", "xcloudfront.net", "")] == [""] * 3


@pytest.mark.parametrize(
    ("succeeded", "checkers", "fails"),
    [(18, 100, True), (19, 100, False), (0, 16, True), (16, 16, False), (0, 0, False)],
)
def test_a_check_fails_where_18_percent_of_its_checkers_or_fewer_succeed(
    succeeded: int, checkers: int, fails: bool
) -> None:
    assert HealthCheck(id="h", succeeded=succeeded, checkers=checkers).fails is fails


@pytest.mark.parametrize(
    ("found", "target", "said"),
    [
        (record(alias="dualstack.LB.example."), "lb.example", "A alias lb.example"),
        (record("CNAME", values=("First.example.", "second.example.")), "first.example",
         "CNAME First.example., second.example."),
        (record("CNAME"), "", "CNAME "),
        (record(values=("10.0.0.1",)), "", "A 10.0.0.1"),
        (record(values=tuple("12345")), "", "A 1, 2, 3, 4"),
        (record(values=("10.0.0.1",), set_id="s" * 61), "", f"A ({'s' * 60}) 10.0.0.1"),
    ],
)  # fmt: skip
def test_where_a_record_leads_and_how_it_is_said(found: DnsRecord, target: str, said: str) -> None:
    assert (found.target, found.described()) == (target, said)


@pytest.mark.parametrize(
    ("name", "wildcard"),
    [("\\052.example.com.", "*.example.com"), ("www.example.com.", ""), ("", "")],
)
def test_a_wildcard_is_known_by_its_name(name: str, wildcard: str) -> None:
    assert record(config={"Name": name} if name else {}).wildcard == wildcard
    assert wildcard_of("example.com") == "*.example.com"
    assert plain("DualStack.A.Example.") == "a.example"


def test_the_way_through_the_zones_ends_at_records_without_a_name_in_them() -> None:
    end, other = record(values=("10.0.0.1",)), record(alias="lb.elsewhere")
    inner = host("b.example", end)
    outside = host("c.example", record(values=("10.0.0.9",)), zones=())
    first = record("CNAME", values=("b.example",))
    beyond = record("CNAME", values=("c.example",))
    whole = host("a.example", first, other, beyond, onward=(inner, outside))
    assert whole.leads() == (("b.example", end), ("a.example", other), ("a.example", beyond))
    assert whole.own_names() == {"b.example"}
    assert host("a.example").leads() == (("a.example", None),)
    deep = host("x.example", record("CNAME", values=("a.example",)), onward=(whole,))
    assert deep.own_names() == {"a.example", "b.example"}
    assert deep.leads() == whole.leads()
