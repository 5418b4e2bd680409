"""Web ACLs, their associations and samples as AWS WAF's API takes, refuses and shows them."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.aws.endpoint import Endpoint
from emulator.waf.acls import snapshot
from emulator.waf.samples import KEPT_S, MOST_SAMPLES, SAMPLES, Samples
from tests.emulator.elbv2.test_rule_api import Ground
from tests.emulator.support.emulated import aws

__all__ = ["aws"]

Json = dict[str, Any]
SCOPE = {"Scope": "REGIONAL"}
UNKNOWN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/none/50dc6c495c0c"


def seen(metric: str) -> Json:
    return {
        "SampledRequestsEnabled": True,
        "CloudWatchMetricsEnabled": True,
        "MetricName": metric,
    }


def barred(name: str, statement: Json, priority: int, **more: Any) -> Json:
    return {
        "Name": name,
        "Priority": priority,
        "Statement": statement,
        "Action": {"Block": {}},
        "VisibilityConfig": seen(f"m-{name}"),
        **more,
    }


RATE = {"RateBasedStatement": {"Limit": 100, "AggregateKeyType": "IP", "EvaluationWindowSec": 60}}


class Shield:
    """An IP set and a web ACL before the first of two load balancers."""

    def __init__(self, aws: Endpoint) -> None:
        self.waf, self.ground = aws.client("wafv2"), Ground(aws)
        self.set = self.waf.create_ip_set(
            Name="office", IPAddressVersion="IPV4", Addresses=["198.51.100.0/24"], **SCOPE
        )["Summary"]
        here = {"IPSetReferenceStatement": {"ARN": self.set["ARN"]}}
        rules = [barred("rate", RATE, 5), barred("office", here, 1)]
        self.acl = self.create("shield", *rules)
        self.associate(self.acl["ARN"])

    def create(self, name: str, *rules: Json) -> Json:
        made = self.waf.create_web_acl(
            Name=name,
            DefaultAction={"Allow": {}},
            VisibilityConfig=seen(f"m-{name}"),
            Rules=list(rules),
            **SCOPE,
        )
        return dict(made["Summary"])

    def associate(self, acl: str, at: int = 0) -> None:
        self.waf.associate_web_acl(WebACLArn=acl, ResourceArn=self.ground.balancers[at])

    def name_at(self, at: int = 0) -> str | None:
        found = self.waf.get_web_acl_for_resource(ResourceArn=self.ground.balancers[at])
        return (found.get("WebACL") or {}).get("Name")


@pytest.fixture(scope="module")
def shield(aws: Endpoint) -> Shield:
    return Shield(aws)


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(ClientError) as caught:
        call()
    return str(caught.value.response["Error"]["Code"])


def test_the_balancer_is_told_the_rules_in_order_with_their_addresses(shield: Shield) -> None:
    found = snapshot(shield.ground.balancers[0])
    assert found is not None
    assert [rule["Name"] for rule in found["rules"]] == ["office", "rate"]
    office = found["rules"][0]["Statement"]["IPSetReferenceStatement"]
    assert office == {"ARN": shield.set["ARN"], "Addresses": ["198.51.100.0/24"]}
    assert snapshot(shield.ground.balancers[1]) is None
    assert (shield.name_at(0), shield.name_at(1)) == ("shield", None)


def test_a_resource_has_one_web_acl(shield: Shield) -> None:
    other = shield.create("other")
    for name, arn in (("other", other["ARN"]), ("shield", shield.acl["ARN"])):
        shield.associate(arn)
        shield.associate(arn)  # a second time changes nothing
        assert shield.name_at() == name
    shield.waf.delete_web_acl(Name="other", Id=other["Id"], LockToken=other["LockToken"], **SCOPE)
    acl, kept = shield.acl, shield.set
    ends = {"Name": acl["Name"], "Id": acl["Id"], "LockToken": acl["LockToken"]}
    assert refused(lambda: shield.waf.delete_web_acl(**ends, **SCOPE)) == (
        "WAFAssociatedItemException"
    )
    ends = {"Name": kept["Name"], "Id": kept["Id"], "LockToken": kept["LockToken"]}
    assert refused(lambda: shield.waf.delete_ip_set(**ends, **SCOPE)) == (
        "WAFAssociatedItemException"
    )
    shield.ground.elbv2.delete_load_balancer(LoadBalancerArn=shield.ground.balancers[1])
    associate = shield.waf.associate_web_acl
    for arn in (UNKNOWN, shield.ground.balancers[1]):
        code = refused(lambda arn=arn: associate(WebACLArn=acl["ARN"], ResourceArn=arn))
        assert code == "WAFUnavailableEntityException"


@pytest.mark.parametrize(
    "rules",
    [
        [barred("a", RATE, 1), barred("b", RATE, 1)],
        [barred("a", RATE, 1, OverrideAction={"None": {}})],
        [barred("a", {"RateBasedStatement": {
            "Limit": 10, "AggregateKeyType": "IP", "EvaluationWindowSec": 61}}, 1)],
    ],
)  # fmt: skip
def test_rules_that_aws_refuses_are_refused(shield: Shield, rules: list[Json]) -> None:
    assert refused(lambda: shield.create("new", *rules)) == "WAFInvalidParameterException"


def judgement(acl: str, metric: str, at: float, **more: Any) -> Json:
    return {
        "acl": acl,
        "metric": metric,
        "action": "BLOCK",
        "time": at,
        "client": "198.51.100.7",
        "uri": "/api?x=1",
        "method": "GET",
        "version": "HTTP/1.1",
        "headers": [["Host", "registry.hokus.ai"]],
        **more,
    }


def test_samples_are_asked_for_by_the_rules_metric_and_time(shield: Shield) -> None:
    arn, now = shield.acl["ARN"], time.time()
    SAMPLES.record(judgement(arn, "m-office", now - 1, status=403))
    SAMPLES.record(judgement(arn, "Default_Action", now, action="ALLOW"))

    def sampled(metric: str, since: float, most: int = 10) -> Json:
        start, end = (dt.datetime.fromtimestamp(at, dt.UTC) for at in (since, now + 1))
        window = {"StartTime": start, "EndTime": end}
        return dict(
            shield.waf.get_sampled_requests(
                WebAclArn=arn, RuleMetricName=metric, TimeWindow=window, MaxItems=most, **SCOPE
            )
        )

    found = sampled("m-office", now - 60)
    assert found["PopulationSize"] == 1
    (one,) = found["SampledRequests"]
    assert (one["Action"], one["ResponseCodeSent"], one["Weight"]) == ("BLOCK", 403, 1)
    assert one["Request"]["ClientIP"] == "198.51.100.7"
    assert one["Request"]["URI"] == "/api?x=1"
    assert one["Request"]["Headers"] == [{"Name": "Host", "Value": "registry.hokus.ai"}]
    assert sampled("m-office", now - 0.5)["SampledRequests"] == []
    assert [s["Action"] for s in sampled("m-shield", now - 60)["SampledRequests"]] == ["ALLOW"]
    assert [s["Action"] for s in sampled("ALL", now - 60, 1)["SampledRequests"]] == ["ALLOW"]
    assert sampled("ALL", now - 60)["PopulationSize"] == 2


def test_samples_are_bounded_and_end_after_three_hours() -> None:
    kept, now = Samples(), time.time()
    kept.record(judgement("acl", "old", now - KEPT_S - 1))
    assert kept.between("acl", "old", 0, now + 1) == ([], 0)
    for _ in range(MOST_SAMPLES + 20):
        kept.record(judgement("acl", "m", now))
    found, population = kept.between("acl", "m", now - 60, now + 1)
    assert (len(found), population) == (MOST_SAMPLES, MOST_SAMPLES + 20)
