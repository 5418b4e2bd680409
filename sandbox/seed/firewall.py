"""Put a web ACL before a load balancer: a rate rule, and a block of one address."""

from __future__ import annotations

from typing import Any

from emulator.aws.endpoint import Endpoint
from sandbox.world.parts import Balancer

BLOCKED = "192.0.2.66/32"  # of the addresses for documentation (RFC 5737)
REQUESTS_IN_5_MINUTES = 20_000  # of one address: a canary sends some 700


def build(aws: Endpoint, balancer: Balancer, arn: str) -> None:
    """Create the web ACL that a balancer names and associate it, if it names one."""
    if not balancer.waf:
        return
    waf = aws.client("wafv2")
    blocked = waf.create_ip_set(
        Name=f"{balancer.waf}-blocked",
        Scope="REGIONAL",
        IPAddressVersion="IPV4",
        Addresses=[BLOCKED],
    )["Summary"]["ARN"]
    limit = {"Limit": REQUESTS_IN_5_MINUTES, "AggregateKeyType": "IP"}
    rules = [
        _rule(balancer, "blocked", 0, {"IPSetReferenceStatement": {"ARN": blocked}}),
        _rule(balancer, "rate", 1, {"RateBasedStatement": limit}),
    ]
    made = waf.create_web_acl(
        Name=balancer.waf,
        Scope="REGIONAL",
        DefaultAction={"Allow": {}},
        VisibilityConfig=_seen(balancer.waf),
        Rules=rules,
    )
    waf.associate_web_acl(WebACLArn=made["Summary"]["ARN"], ResourceArn=arn)


def _rule(balancer: Balancer, name: str, priority: int, statement: dict[str, Any]) -> Any:
    return {
        "Name": name,
        "Priority": priority,
        "Statement": statement,
        "Action": {"Block": {}},
        "VisibilityConfig": _seen(f"{balancer.waf}-{name}"),
    }


def _seen(name: str) -> dict[str, Any]:
    return {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": name}
