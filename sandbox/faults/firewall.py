"""Faults of the web ACL before a load balancer."""

from __future__ import annotations

from typing import Any

from sandbox.faults.context import FaultContext

PATH = "/api/2.0/mlflow"  # of MLflow's own interface, also behind a proxy
RULE, ACL = "no-experiments", "hardening"
PRIORITY = 5


def request_blocked(context: FaultContext) -> None:
    """Block MLflow's paths by a rule of the registry's web ACL, or of one that is put there."""
    waf, balancer = context.client("wafv2"), context.registry
    arn = context.platform.balancers.balancers[balancer.name]
    if not balancer.waf:
        _associate(context, waf, arn)
        return
    listed = waf.list_web_acls(Scope="REGIONAL")["WebACLs"]
    found = next(each for each in listed if each["Name"] == balancer.waf)
    named = {"Name": found["Name"], "Scope": "REGIONAL", "Id": found["Id"]}
    whole = waf.get_web_acl(**named)
    acl = whole["WebACL"]
    waf.update_web_acl(
        **named,
        LockToken=whole["LockToken"],
        DefaultAction=acl["DefaultAction"],
        VisibilityConfig=acl["VisibilityConfig"],
        Rules=[*acl["Rules"], _rule()],
    )


def _associate(context: FaultContext, waf: Any, arn: str) -> None:
    made = waf.create_web_acl(
        Name=ACL,
        Scope="REGIONAL",
        DefaultAction={"Allow": {}},
        VisibilityConfig=_seen(ACL),
        Rules=[_rule()],
    )["Summary"]
    waf.associate_web_acl(WebACLArn=made["ARN"], ResourceArn=arn)
    context.afterwards(lambda: _remove(waf, made, arn))


def _remove(waf: Any, made: dict[str, Any], arn: str) -> None:
    waf.disassociate_web_acl(ResourceArn=arn)
    named = {"Name": made["Name"], "Scope": "REGIONAL", "Id": made["Id"]}
    waf.delete_web_acl(**named, LockToken=waf.get_web_acl(**named)["LockToken"])


def _rule() -> dict[str, Any]:
    match = {
        "SearchString": PATH.encode(),
        "FieldToMatch": {"UriPath": {}},
        "TextTransformations": [{"Priority": 0, "Type": "NONE"}],
        "PositionalConstraint": "CONTAINS",
    }
    return {
        "Name": RULE,
        "Priority": PRIORITY,
        "Statement": {"ByteMatchStatement": match},
        "Action": {"Block": {}},
        "VisibilityConfig": _seen(RULE),
    }


def _seen(name: str) -> dict[str, Any]:
    return {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": name}
