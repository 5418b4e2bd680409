"""Route 53's records of a failed host: asked for once, for exactly that name, and bounded."""

from __future__ import annotations

from typing import Any

import pytest

from canary.control_plane.edge.dns import DnsRecord, HealthCheck, HostRecords
from canary.control_plane.state import HostAddress
from canary.model import Exchange
from canary.observe.calls import Reader
from canary.observe.edge.dns_records import ACTIONS, asked, read
from canary.observe.edge.failed import Failed
from tests.canary.observe.edge.conftest import refused
from tests.canary.support.moto_platform import Recorder, environment

HOST = "api.example.org"
THERE = HostAddress(host=HOST, addresses=("1.1.1.1",), balancer_addresses=("1.1.1.1",))
AWAY = HostAddress(host=HOST, addresses=("9.9.9.9",), balancer_addresses=("1.1.1.1",))
ZONES, RECORDS, HEALTH = (a.action for a in ACTIONS)


def failed(**more: Any) -> Failed:
    gone = {"status": 0, "answered_by": "none", "failure": "connect-timeout"}
    return Failed(answers=(refused(**{**gone, **more}),))


@pytest.fixture(scope="module")
def zone(aws: str) -> str:
    """A public zone of the host's parent, and two that do not hold it; returns its id."""
    route53 = Recorder(aws).client("route53")
    for n, name in enumerate(("example.org", "org.example", "other.api.example.org")):
        made = route53.create_hosted_zone(Name=name, CallerReference=f"z{n}")
        if n == 0:
            found = str(made["HostedZone"]["Id"].rpartition("/")[2])
    check = route53.create_health_check(
        CallerReference="c", HealthCheckConfig={"Type": "HTTPS", "IPAddress": "1.1.1.1"}
    )["HealthCheck"]["Id"]
    alias = {
        "HostedZoneId": "Z35SXDOTRQ7X7K",
        "DNSName": "dualstack.Front-1.us-east-1.elb.amazonaws.com.",
        "EvaluateTargetHealth": True,
    }
    records: list[dict[str, Any]] = [
        {"Name": HOST, "Type": "A", "AliasTarget": alias},
        {"Name": HOST, "Type": "TXT", "TTL": 60, "ResourceRecords": [{"Value": '"secret"'}]},
        {"Name": "zzz.example.org", "Type": "A", "TTL": 60,
         "ResourceRecords": [{"Value": "9.9.9.9"}]},
        {"Name": "w.example.org", "Type": "CNAME", "TTL": 60, "SetIdentifier": "one", "Weight": 1,
         "HealthCheckId": check, "ResourceRecords": [{"Value": "d1.cloudfront.net"}]},
    ]  # fmt: skip
    records += [
        {"Name": name, "Type": kind, "TTL": 60, "ResourceRecords": [{"Value": value}]}
        for name, kind, value in (
            ("*.wild.example.org", "A", "9.9.9.9"),
            ("own.wild.example.org", "TXT", '"text"'),
            ("given.example.org", "NS", "ns-1.example.net"),
            ("first.example.org", "CNAME", "second.example.org"),
            ("second.example.org", "CNAME", HOST),
            ("lost.example.org", "CNAME", "none.example.org"),
            ("ring-a.example.org", "CNAME", "ring-b.example.org"),
            ("ring-b.example.org", "CNAME", "ring-a.example.org"),
        )
    ]
    records += [
        {"Name": "many.example.org", "Type": "A", "TTL": 60, "SetIdentifier": f"{n}", "Weight": 1,
         "HealthCheckId": check, "ResourceRecords": [{"Value": f"9.9.9.{n}"}]}
        for n in range(6)
    ]  # fmt: skip
    changes = [{"Action": "CREATE", "ResourceRecordSet": r} for r in records]
    route53.change_resource_record_sets(HostedZoneId=found, ChangeBatch={"Changes": changes})
    return found


def test_route_53_writes_a_star_as_an_octal_code() -> None:
    record = DnsRecord(zone_id="Z", type="A", config={"Name": "\\052.Example.org."})
    assert record.wildcard == "*.example.org"


def told(aws: str, what: Failed, *hosts: HostAddress) -> tuple[tuple[HostRecords, ...], Recorder]:
    recorder = Recorder(aws)
    return read(Reader(recorder, environment()), hosts, what), recorder


def test_the_record_of_exactly_that_name_is_read(aws: str, zone: str) -> None:
    (found,), recorder = told(aws, failed(), THERE)
    assert (found.host, found.zones) == (HOST, ("example.org",))
    (record,) = found.records
    assert (record.zone_id, record.type, record.values) == (zone, "A", ())
    assert record.target == "front-1.us-east-1.elb.amazonaws.com"
    assert record.config["AliasTarget"]["EvaluateTargetHealth"] is True
    assert set(recorder.requests.values()) == {1}
    assert recorder.calls == {ZONES, RECORDS}


def test_a_record_s_health_check_is_asked_for(aws: str, zone: str) -> None:
    host = "w.example.org"
    what = failed(url=f"https://{host}/")
    (found,), recorder = told(aws, what, HostAddress(host=host))
    (record,) = found.records
    assert (record.type, record.set_id, record.target) == ("CNAME", "one", "d1.cloudfront.net")
    assert record.health == HealthCheck(id=record.health.id, succeeded=1, checkers=1)  # type: ignore[union-attr]
    assert record.health and not record.health.fails
    assert HEALTH in recorder.calls


def test_a_host_whose_zone_is_kept_elsewhere_is_said_so(aws: str, zone: str) -> None:
    host = "api.elsewhere.net"
    found, recorder = told(aws, failed(url=f"https://{host}/"), HostAddress(host=host))
    assert found == (HostRecords(host=host),)
    assert recorder.calls == {ZONES}


def test_a_name_without_a_record_is_known_to_have_none(aws: str, zone: str) -> None:
    host = "none.example.org"
    (found,), _ = told(aws, failed(url=f"https://{host}/"), HostAddress(host=host))
    assert found == HostRecords(host=host, zones=("example.org",))


@pytest.mark.parametrize(
    ("answer", "host", "asks"),
    [
        (failed(), THERE, True),
        (failed(failure="dns"), THERE, True),
        (failed(failure="tls"), THERE, True),
        (failed(failure="read-timeout"), THERE, False),
        (failed(failure="read-timeout"), AWAY, True),
        (failed(status=503, failure=""), THERE, False),
        (failed(status=503, failure=""), AWAY, True),
        (failed(url="https://another.example.org/"), THERE, False),
    ],
)
def test_records_are_asked_for_where_the_name_may_be_at_fault(
    answer: Failed, host: HostAddress, asks: bool
) -> None:
    assert asked((host,), answer) == ((HOST,) if asks else ())


@pytest.mark.parametrize(("number", "bounds"), [(5, []), (9, [(5, "hosts")])])
def test_at_most_five_hosts_are_asked_about_and_that_is_said(
    aws: str, zone: str, number: int, bounds: list[tuple[int, str]]
) -> None:
    names = [f"h{n}.example.org" for n in range(number)]
    answers = tuple(
        Exchange(method="GET", url=f"https://{n}/", failure="dns") for n in reversed(names)
    )
    reader = Reader(Recorder(aws), environment())
    found = read(reader, tuple(HostAddress(host=n) for n in names), Failed(answers=answers))
    assert [f.host for f in found] == names[:5]
    assert [(b.limit, b.unit) for b in reader.bounds()] == bounds


def of(aws: str, host: str) -> HostRecords:
    (found,), _ = told(aws, failed(url=f"https://{host}/"), HostAddress(host=host))
    return found


@pytest.mark.parametrize(
    ("host", "answers"),
    [
        ("any.wild.example.org", ["*.wild.example.org"]),
        ("a.deeper.wild.example.org", ["*.wild.example.org"]),
        ("own.wild.example.org", []),  # it has a TXT record, so that the name exists
        ("a.own.wild.example.org", []),  # and so does its parent
        ("any.example.org", []),
    ],
)
def test_a_wildcard_answers_for_names_that_do_not_exist(
    aws: str, zone: str, host: str, answers: list[str]
) -> None:
    found = of(aws, host)
    assert [r.wildcard for r in found.records] == answers
    assert found.zones == ("example.org",)


@pytest.mark.parametrize("host", ["given.example.org", "api.given.example.org"])
def test_a_subdomain_of_other_name_servers_is_kept_elsewhere(
    aws: str, zone: str, host: str
) -> None:
    assert of(aws, host) == HostRecords(host=host)


def test_names_of_the_account_are_followed(aws: str, zone: str) -> None:
    found = of(aws, "first.example.org")
    assert [r.target for r in found.records] == ["second.example.org"]
    assert found.own_names() == {"second.example.org", HOST}
    (end,) = found.leads()
    assert end[0] == HOST and end[1] is not None
    assert end[1].target == "front-1.us-east-1.elb.amazonaws.com"


def test_a_name_of_the_account_that_is_gone_ends_the_way(aws: str, zone: str) -> None:
    assert of(aws, "lost.example.org").leads() == (("none.example.org", None),)


def test_names_that_lead_in_a_circle_end(aws: str, zone: str) -> None:
    found = of(aws, "ring-a.example.org")
    assert found.own_names() == {"ring-b.example.org"}


def test_more_health_checks_than_are_asked_for_are_said(aws: str, zone: str) -> None:
    host = "many.example.org"
    reader = Reader(Recorder(aws), environment())
    (found,) = read(reader, (HostAddress(host=host),), failed(url=f"https://{host}/"))
    assert [r.health is not None for r in found.records] == [True] * 5 + [False]
    assert [(b.limit, b.unit) for b in reader.bounds()] == [(5, "health checks")]


@pytest.mark.parametrize("action", [ZONES, RECORDS, HEALTH])
def test_a_denied_action_is_said_and_unknown(aws: str, zone: str, action: str) -> None:
    reader = Reader(Recorder(aws, denied=action), environment())
    host = "w.example.org"
    found = read(reader, (HostAddress(host=host),), failed(url=f"https://{host}/"))
    assert {(u.action, u.denied) for u in reader.unavailable()} == {(action, True)}
    assert reader.unread() == ("dns",)
    assert [r.health for h in found for r in h.records] == ([None] if action == HEALTH else [])


@pytest.mark.parametrize(
    ("succeeded", "checkers", "fails"),
    [(0, 16, True), (2, 16, True), (3, 16, False), (16, 16, False), (0, 0, False)],
)
def test_route_53_takes_a_record_out_by_its_checkers(
    succeeded: int, checkers: int, fails: bool
) -> None:
    assert HealthCheck(id="c", succeeded=succeeded, checkers=checkers).fails is fails


def test_a_record_is_told_in_one_bounded_line() -> None:
    record = DnsRecord(zone_id="Z", type="A", values=("1.1.1.1", "2.2.2.2"), set_id="x" * 90)
    assert record.described() == f"A ({'x' * 60}) 1.1.1.1, 2.2.2.2"
    assert record.target == ""
