"""The web ACL of a balancer: asked for only where its answer may be WAF's, and bounded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from canary.control_plane.edge.web_acl import AclRule, Association, OwnRequest, WebAcl
from canary.control_plane.state import LoadBalancer
from canary.model import Exchange
from canary.observe import balancers
from canary.observe.calls import Reader
from canary.observe.edge.failed import Failed
from canary.observe.edge.web_acls import ACTIONS, may_be_blocked, read
from emulator.waf.samples import SAMPLES
from tests.canary.observe.edge.conftest import BEFORE, FAILED, NOW, PAGE, RUN, SEEN, refused
from tests.canary.support.moto_platform import Recorder, environment

ASKED = {"wafv2:GetWebACLForResource", "wafv2:GetSampledRequests"}


def rule(name: str, priority: int, action: str = "Block") -> dict[str, Any]:
    return {
        "Name": name,
        "Priority": priority,
        "Statement": {"GeoMatchStatement": {"CountryCodes": ["AQ"]}},
        "Action": {action: {}},
        "VisibilityConfig": {**SEEN, "MetricName": f"m-{name}"},
    }


@pytest.fixture(scope="module")
def balancer(aws: str) -> Iterator[LoadBalancer]:
    """The balancer, associated with a web ACL."""
    (front,) = balancers.read(Reader(Recorder(aws), environment()))
    waf = Recorder(aws).client("wafv2")
    made = waf.create_web_acl(
        Name="guard", Scope="REGIONAL", DefaultAction={"Allow": {}},
        VisibilityConfig={**SEEN, "MetricName": "guard"},
        Rules=[rule("bots", 1), rule("counted", 2, "Count"), rule("puzzle", 3, "Captcha")],
    )["Summary"]  # fmt: skip
    waf.associate_web_acl(WebACLArn=made["ARN"], ResourceArn=front.arn)
    yield front
    SAMPLES.forget()
    waf.disassociate_web_acl(ResourceArn=front.arn)


def sample(acl: str, agent: str, action: str = "BLOCK", metric: str = "m-bots") -> None:
    at = (NOW - dt.timedelta(seconds=30)).timestamp()
    SAMPLES.record(
        {"acl": acl, "metric": metric, "action": action, "time": at, "client": "10.0.1.7",
         "uri": "/health?key=1", "method": "GET", "version": "HTTP/1.1", "status": 403,
         "headers": [("User-Agent", agent)]}
    )  # fmt: skip


def agent(run_id: str) -> str:
    return f"hokusai-canary/0.1.0 (+run {run_id})"


def told(
    aws: str, balancer: LoadBalancer, failed: Failed = FAILED
) -> tuple[tuple[Association, ...], Reader]:
    reader = Reader(Recorder(aws), environment())
    return read(reader, (balancer,), failed, NOW), reader


def acl_of(aws: str, balancer: LoadBalancer) -> WebAcl:
    (found,), _ = told(aws, balancer)
    assert found.acl is not None
    return found.acl


def test_the_rules_that_may_end_a_request_are_known(aws: str, balancer: LoadBalancer) -> None:
    acl = acl_of(aws, balancer)
    assert acl.name == "guard"
    assert [(r.name, r.action, r.sampled) for r in acl.rules] == [
        ("bots", "BLOCK", True),
        ("puzzle", "CAPTCHA", True),
    ]


def test_only_requests_of_the_canary_s_own_runs_are_kept(aws: str, balancer: LoadBalancer) -> None:
    acl = acl_of(aws, balancer)
    for one in (agent(RUN), agent(BEFORE), agent("20200101T000000Z-ffffff"), "curl/8"):
        sample(acl.arn, one)
    sample(acl.arn, agent(RUN), action="ALLOW")
    bots: AclRule = acl_of(aws, balancer).rules[0]
    assert bots.ended == 4
    assert {r.run_id for r in bots.own} == {RUN, BEFORE}
    first = next(r for r in bots.own if r.run_id == RUN)
    assert first == OwnRequest(
        method="GET", path="/health", action="BLOCK", at=first.at, status=403, run_id=RUN,
        of_this_run=True,
    )  # fmt: skip
    assert [r.of_this_run for r in bots.own if r.run_id == BEFORE] == [False]
    assert first.at[:19] == (NOW - dt.timedelta(seconds=30)).isoformat()[:19]


def test_a_balancer_without_a_web_acl_is_known_to_have_none(aws: str) -> None:
    other: Any = next(iter(balancers.read(Reader(Recorder(aws), environment()))))
    gone = LoadBalancer(arn=other.arn + "0", name="front", dns_name="x")
    assert told(aws, gone)[0] == (Association(load_balancer=gone.arn, acl=None),)


@pytest.mark.parametrize(
    ("answer", "asks"),
    [
        (refused(), True),
        (refused(answered_by="target"), True),  # the balancer leaves its name out
        (refused(status=429, content_type="application/json", excerpt="{}"), True),  # a rule's own
        (refused(status=403, answered_by="target", excerpt='{"detail": "no"}'), False),
        (refused(status=503, excerpt=PAGE.replace("403 Forbidden", "503 Service")), False),
        (refused(status=301), False),
        (refused(status=0, answered_by="none"), False),
    ],
)
def test_waf_is_asked_where_its_answer_may_be_one(
    aws: str, balancer: LoadBalancer, answer: Exchange, asks: bool
) -> None:
    assert may_be_blocked(answer) is asks
    recorder = Recorder(aws)
    failed = Failed(services=FAILED.services, answers=(answer,), run_ids=(RUN,))
    read(Reader(recorder, environment()), (balancer,), failed, NOW)
    assert (recorder.calls == ASKED) is asks
    assert (recorder.calls == set()) is not asks


def test_an_answer_of_another_host_asks_for_nothing(aws: str, balancer: LoadBalancer) -> None:
    elsewhere = msgspec.structs.replace(refused(), url="https://elsewhere.example.org/")
    failed = Failed(answers=(elsewhere,))
    assert told(aws, balancer, failed)[0] == ()


@pytest.mark.parametrize("action", sorted(ASKED))
def test_a_denied_action_is_said_and_unknown(aws: str, balancer: LoadBalancer, action: str) -> None:
    reader = Reader(Recorder(aws, denied=action), environment())
    found = read(reader, (balancer,), FAILED, NOW)
    assert {(u.action, u.denied) for u in reader.unavailable()} == {(action, True)}
    assert reader.unread() == ("web_acls",)
    assert [r.sampled for a in found if a.acl for r in a.acl.rules] == (
        [False, False] if found else []
    )


def test_the_declared_actions_are_those_that_aws_names() -> None:
    assert {a.action for a in ACTIONS} == ASKED | {"wafv2:GetWebACL"}


def test_a_header_without_a_value_is_no_hindrance(aws: str, balancer: LoadBalancer) -> None:
    headers = [{"Name": "X-Empty"}, {"Name": "User-Agent", "Value": agent(RUN)}, {}]
    request = {"Method": "GET", "URI": "/health", "Headers": headers}
    sampled = [{"Request": request, "Action": "BLOCK", "Timestamp": NOW, "Weight": 1}]
    recorder = Recorder(aws, answers={"wafv2:GetSampledRequests": {"SampledRequests": sampled}})
    (found,) = read(Reader(recorder, environment()), (balancer,), FAILED, NOW)
    assert found.acl is not None
    assert [[r.path for r in rule.own] for rule in found.acl.rules] == [["/health"], ["/health"]]
