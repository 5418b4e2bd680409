"""A host's record in the account is named exactly; a front before the balancer is never passed."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest

from canary.control_plane.baselines import NO_BASELINES, Baseline, Baselines
from canary.control_plane.edge.dns import DnsRecord, HealthCheck, HostRecords
from canary.control_plane.stable import reference
from canary.control_plane.state import HostAddress, PlatformState, Unavailable
from canary.diagnose import diagnose
from canary.diagnose.core.case import Case
from canary.diagnose.edge import where_it_leads
from canary.model import Confidence, Diagnosis, Exchange, Status
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

HOST = "auth.hokus.ai"
BALANCER = next(b for b in p.healthy().load_balancers if "auth" in b.name)
URL = f"{faults.AUTH}/health"
DISTRIBUTION = "d111abc.cloudfront.net"


def record(target: str = BALANCER.dns_name, **more: Any) -> DnsRecord:
    alias = {"HostedZoneId": "Z35", "DNSName": f"{target}.", "EvaluateTargetHealth": False}
    config = {"Name": f"{HOST}.", "Type": "A", "AliasTarget": alias}
    known = {"zone_id": "Z1", "type": "A", "alias": f"{target}.", "config": config}
    return DnsRecord(**{**known, **more})


def named(*records: DnsRecord, zones: tuple[str, ...] = ("hokus.ai",)) -> HostRecords:
    return HostRecords(host=HOST, zones=zones, records=records)


def led(*addresses: str, **more: Any) -> HostAddress:
    return HostAddress(host=HOST, addresses=addresses, balancer_addresses=("1.1.1.1",), **more)


def platform(host: HostAddress, *records: HostRecords) -> PlatformState:
    return p.replace(p.healthy(), hosts=(host,), dns=records)


REFUSED = p.none(URL, "connect-timeout")
ANSWERED = p.answer(URL, 403, "no", content_type="text/html")
LOST = p.none(URL, "dns")


def told(
    state: PlatformState, answer: Exchange = REFUSED, before: PlatformState | None = None
) -> Diagnosis | None:
    result = p.failed("auth.health", "auth", answer)
    good = p.failed("registry.health", "registry", p.answer(f"{faults.REGISTRY}/health", 200),
                    status=Status.PASS)  # fmt: skip
    known = NO_BASELINES
    if before:
        well = Baseline(reference=reference(before), state=before, at=p.ago(3))
        known = Baselines(of={"auth.health": well}, incident=well)
    environment = p.environment(faults.NAMES)
    found = diagnose([result, good], state, environment, before, p.NOW, known).diagnoses
    return next((d for d in found if d.cause.startswith("dns-")), None)


WELL = platform(led("1.1.1.1"), named(record()))


def test_the_record_that_leads_elsewhere_is_the_evidence() -> None:
    wrong = record("other-1.us-east-1.elb.amazonaws.com")
    found = told(platform(led("9.9.9.9"), named(wrong)))
    assert found is not None and found.cause == "dns-wrong-load-balancer"
    line = next(e for e in found.evidence if "Route 53" in e.resource)
    assert line.resource == f"Route 53 zone hokus.ai: {HOST}"
    assert line.seen == "A alias other-1.us-east-1.elb.amazonaws.com"
    assert line.expected == BALANCER.dns_name
    assert found.remedy.fix == ()


def test_the_record_of_the_baseline_comes_back() -> None:
    wrong = record("other-1.us-east-1.elb.amazonaws.com")
    found = told(platform(led("9.9.9.9"), named(wrong)), before=WELL)
    assert found is not None
    (command,) = found.remedy.fix
    words = shlex.split(command)
    assert words[:3] == ["aws", "route53", "change-resource-record-sets"]
    assert words[words.index("--hosted-zone-id") + 1] == "Z1"
    assert json.loads(words[words.index("--change-batch") + 1]) == {
        "Changes": [{"Action": "UPSERT", "ResourceRecordSet": record().config}]
    }
    (undo,) = found.remedy.undo
    assert "other-1" in undo and "UPSERT" in undo


def test_a_record_that_was_deleted_comes_back_and_its_way_back_deletes_it() -> None:
    gone = platform(led(error="NXDOMAIN"), named())
    found = told(gone, LOST, before=WELL)
    assert found is not None
    assert (found.cause, found.confidence) == ("dns-name-missing", Confidence.CERTAIN)
    assert [e.seen for e in found.evidence if "Route 53" in e.resource] == ["no record"]
    assert len(found.remedy.fix) == 1 and '"DELETE"' in found.remedy.undo[0]


@pytest.mark.parametrize(
    ("now", "before"),
    [
        (named(record("x.elb.amazonaws.com")), platform(led("1.1.1.1"))),  # no record is known
        (named(record("x.elb.amazonaws.com", zone_id="Z2")), WELL),  # another zone's
        (named(record("x.elb.amazonaws.com", type="CNAME")), WELL),  # Route 53 refuses both
        (named(record("x.elb.amazonaws.com")),
         platform(led("1.1.1.1"), named(record("y.elb.amazonaws.com")))),  # it led elsewhere, too
        (HostRecords(host=HOST), WELL),  # the zone is in another account now
    ],
    ids=["unknown", "zone", "type", "elsewhere", "account"],
)  # fmt: skip
def test_else_a_person_decides(now: HostRecords, before: PlatformState) -> None:
    found = told(platform(led("9.9.9.9"), now), before=before)
    assert found is not None
    assert found.remedy.fix == ()
    assert found.remedy.decision


FRONTS = [
    (platform(led("9.9.9.9"), named(record(DISTRIBUTION))), "CloudFront"),
    (platform(led("9.9.9.9", canonical=DISTRIBUTION)), "CloudFront"),
    (platform(led("9.9.9.9", canonical="a1.awsglobalaccelerator.com")), "Global Accelerator"),
    (platform(led("9.9.9.9", canonical="proxy.example.net")), "proxy.example.net"),
]


@pytest.mark.parametrize(("state", "who"), FRONTS)
def test_an_answered_failure_behind_a_front_is_not_the_name_s(
    state: PlatformState, who: str
) -> None:
    assert told(state, ANSWERED) is None
    assert told(state, ANSWERED, before=state) is None


@pytest.mark.parametrize(("state", "who"), FRONTS)
def test_a_front_that_does_not_answer_is_named_and_never_passed(
    state: PlatformState, who: str
) -> None:
    found = told(state)
    assert found is not None
    assert who in found.remedy.decision
    assert f"Do not lead {HOST} past it." in found.remedy.decision
    assert found.remedy.fix == () and "Point" not in found.remedy.summary


@pytest.mark.parametrize(("state", "who"), FRONTS)
def test_a_front_that_is_new_is_looked_at_first(state: PlatformState, who: str) -> None:
    found = told(state, ANSWERED, before=WELL)
    assert found is not None
    assert who in found.remedy.decision and found.remedy.fix == ()


OWN_NAME = "platform.hokus.ai"


def onward(*records: DnsRecord) -> HostRecords:
    """Return the records of a host that leads to another name of its zone."""
    first = record(type="CNAME", alias="", values=(f"{OWN_NAME}.",))
    then = HostRecords(host=OWN_NAME, zones=("hokus.ai",), records=records)
    return p.replace(named(first), onward=(then,))


@pytest.mark.parametrize(
    ("way", "seen"),
    [
        (onward(record("other-1.us-east-1.elb.amazonaws.com")),
         "A alias other-1.us-east-1.elb.amazonaws.com"),
        (onward(), "no record"),
    ],
)  # fmt: skip
def test_a_name_of_the_account_is_no_front_but_a_step_on_the_way(
    way: HostRecords, seen: str
) -> None:
    found = told(platform(led("9.9.9.9", canonical=OWN_NAME), way), ANSWERED)
    assert found is not None and found.cause == "dns-wrong-load-balancer"
    (line,) = [e for e in found.evidence if "Route 53" in e.resource]
    assert (line.resource, line.seen) == (f"Route 53 zone hokus.ai: {OWN_NAME}", seen)
    assert f"Do not lead {HOST} past it." not in found.remedy.decision


def test_a_front_behind_a_name_of_the_account_is_one() -> None:
    state = platform(led("9.9.9.9", canonical=OWN_NAME), onward(record(DISTRIBUTION)))
    assert told(state, ANSWERED) is None
    found = told(state)
    assert found is not None and "(CloudFront) stands before" in found.remedy.decision


WILD = record(
    "other-1.us-east-1.elb.amazonaws.com", config={"Name": "\\052.hokus.ai.", "Type": "A"}
)


def test_a_wildcard_s_record_is_told_by_its_name() -> None:
    found = told(platform(led("9.9.9.9"), named(WILD)))
    assert found is not None
    (line,) = [e for e in found.evidence if "Route 53" in e.resource]
    assert line.resource == "Route 53 zone hokus.ai: *.hokus.ai"
    assert line.seen == "A alias other-1.us-east-1.elb.amazonaws.com"


def test_a_wildcard_that_answers_for_a_deleted_record_is_left_as_it_is() -> None:
    found = told(platform(led("9.9.9.9"), named(WILD)), before=WELL)
    assert found is not None and len(found.remedy.fix) == 1
    assert HOST in found.remedy.fix[0] and "052" not in found.remedy.fix[0]
    assert '"DELETE"' in found.remedy.undo[0] and "052" not in found.remedy.undo[0]


def test_a_record_of_many_hosts_is_never_set_back() -> None:
    before = platform(led("1.1.1.1"), named(p.replace(WILD, alias=f"{BALANCER.dns_name}.")))
    found = told(platform(led("9.9.9.9"), named(WILD)), before=before)
    assert found is not None
    assert found.remedy.fix == () and found.remedy.decision


def test_a_failing_health_check_takes_a_record_out() -> None:
    sick = HealthCheck(id="abc-1", succeeded=0, checkers=16)
    found = told(platform(led(error="NXDOMAIN"), named(record(health=sick))), LOST)
    assert found is not None
    assert (
        found.summary == f"The name {HOST} does not resolve. Route 53's health check abc-1 fails."
    )
    assert "0 of 16 checkers succeed" in next(
        e.seen for e in found.evidence if "health check" in e.resource
    )


def test_what_was_not_read_says_nothing() -> None:
    gap = Unavailable(
        action="route53:ListHostedZonesByName", resource="*", code="AccessDenied", reason="",
        denied=True,
    )  # fmt: skip
    state = p.replace(platform(led("9.9.9.9")), unavailable=(gap,), unread=("dns",))
    found = told(state, before=WELL)
    assert found is not None
    assert not [e for e in found.evidence if "Route 53" in e.resource]
    assert found.remedy.fix == ()


OTHER = "other-1.us-east-1.elb.amazonaws.com"


def case_of(state: PlatformState, before: PlatformState | None = None) -> Case:
    known = NO_BASELINES
    if before:
        well = Baseline(reference=reference(before), state=before, at=p.ago(3))
        known = Baselines(of={"auth.health": well}, incident=well)
    return Case(results=(p.failed("auth.health", "auth", REFUSED),), state=state, previous=before,
                environment=p.environment(faults.NAMES), now=p.NOW, baselines=known)  # fmt: skip


@pytest.mark.parametrize(
    ("state", "front"),
    [
        (platform(led("9.9.9.9"), named(record(DISTRIBUTION))), f"{DISTRIBUTION} (CloudFront)"),
        (platform(led("9.9.9.9", canonical="a.example.net")), "a.example.net"),
        (platform(led("9.9.9.9", canonical=f"{'a' * 250}.example.net")), "a" * 200),
        (platform(led("9.9.9.9", canonical="A.Example.net.")), "a.example.net"),
        (platform(led("9.9.9.9", canonical=BALANCER.dns_name)), ""),
        (platform(led("9.9.9.9", canonical=OTHER)), ""),  # a load balancer is no front
        (platform(led("9.9.9.9")), ""),
        (platform(led("9.9.9.9"), named()), ""),
        (platform(HostAddress(host="x.hokus.ai", addresses=(), canonical="a.example.net")), ""),
        (platform(led("9.9.9.9", canonical=OWN_NAME), onward(record(OTHER))), ""),
    ],
)
def test_the_front_to_which_a_host_leads(state: PlatformState, front: str) -> None:
    assert where_it_leads.front(case_of(state), HOST) == front


def test_each_record_that_leads_elsewhere_is_a_line_and_a_sick_check_too() -> None:
    sick = HealthCheck(id="abc-1", succeeded=1, checkers=16)
    well = HealthCheck(id="abc-2", succeeded=16, checkers=16)
    records = (record(OTHER, set_id="a", health=sick), record(set_id="b", health=well),
               record("third.elb.amazonaws.com", set_id="c"))  # fmt: skip
    state = platform(led("9.9.9.9"), named(*records, zones=("hokus.ai", "inner")))
    lines = where_it_leads.evidence(case_of(state), HOST, BALANCER.dns_name)
    assert [(e.resource, e.seen, e.expected, e.at) for e in lines] == [
        (f"Route 53 zone hokus.ai: {HOST}", f"A (a) alias {OTHER}", BALANCER.dns_name,
         state.read_at),
        (f"Route 53 zone hokus.ai: {HOST}", "A (c) alias third.elb.amazonaws.com",
         BALANCER.dns_name, state.read_at),
        (f"Route 53 health check abc-1 of A (a) alias {OTHER}",
         "1 of 16 checkers succeed: Route 53 takes the record out of service", "healthy",
         state.read_at),
    ]  # fmt: skip
    assert where_it_leads.out_of_service(case_of(state), HOST) == (
        " Route 53's health check abc-1 fails."
    )


@pytest.mark.parametrize("known", [(), (HostRecords(host=HOST),), (named(record()),)])
def test_what_leads_where_it_shall_says_nothing(known: tuple[HostRecords, ...]) -> None:
    case = case_of(platform(led("1.1.1.1"), *known))
    assert where_it_leads.evidence(case, HOST, BALANCER.dns_name) == ()
    assert where_it_leads.out_of_service(case, HOST) == ""


def test_the_edit_sets_exactly_the_record_that_was_there() -> None:
    two = (record(set_id="a"), record(set_id="b"))
    was = platform(led("1.1.1.1"), named(record(set_id="a")))
    now = platform(led("9.9.9.9"), named(record(OTHER, set_id="a"), record(OTHER, set_id="b")))
    (edit,) = where_it_leads.back(case_of(now, was), HOST, BALANCER.dns_name)
    assert (edit.service, edit.operation, edit.resource) == (
        "route53", "change-resource-record-sets", HOST,
    )  # fmt: skip
    assert edit.parameters == {"HostedZoneId": "Z1", "ChangeBatch": {"Changes": [
        {"Action": "UPSERT", "ResourceRecordSet": record(set_id="a").config}]}}  # fmt: skip
    assert (edit.before, edit.after) == (record(OTHER).config, record().config)
    assert edit.undo is not None and edit.undo.after == record(OTHER).config
    many = platform(led("1.1.1.1"), named(*two))  # which of two was meant?
    assert where_it_leads.back(case_of(now, many), HOST, BALANCER.dns_name) == ()
    assert where_it_leads.back(case_of(now, was), HOST, "") == ()
    assert where_it_leads.back(case_of(now, was), HOST, OTHER) == ()
    assert where_it_leads.back(case_of(now), HOST, BALANCER.dns_name) == ()
    assert where_it_leads.back(case_of(platform(led("9.9.9.9")), was), HOST,
                               BALANCER.dns_name) == ()  # fmt: skip
