"""Faults of listeners, rules and target group attachments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.faults.context import FaultContext
from sandbox.seed.balancers import NOT_FOUND, forward
from sandbox.world.world import AUTH

MOST_VALUES = 5
"""Values of conditions that a rule may have, of all its conditions together."""


def mlflow_rule_missing(context: FaultContext) -> None:
    """Delete the rule for the MLflow interface: its paths fall through to the API."""
    context.client("elbv2").delete_rule(RuleArn=context.rule("interface"))


def api_rules_missing(context: FaultContext) -> None:
    """Delete the rules under /api and let nothing else catch their paths."""
    _answer_the_rest_with_404(context)
    for name in ("proxy", "api"):
        context.client("elbv2").delete_rule(RuleArn=context.rule(name))


def mlflow_api_rule_missing(context: FaultContext) -> None:
    """No rule for /api/mlflow/*: the catch-all is narrower than it was, the rest is 404."""
    _answer_the_rest_with_404(context)
    elbv2 = context.client("elbv2")
    elbv2.delete_rule(RuleArn=context.rule("proxy"))
    elbv2.modify_rule(
        RuleArn=context.rule("api"),
        Conditions=context.conditions("/api/v1/*", "/api/models/*", "/api/health/*"),
    )


def mlflow_api_rule_wrong_target(context: FaultContext) -> None:
    """Forward /api/mlflow/* straight to MLflow, past the API."""
    context.client("elbv2").modify_rule(
        RuleArn=context.rule("proxy"),
        Actions=[forward(context.target_group(context.mlflow.target_group))],
    )


def catch_all_shadows(context: FaultContext) -> None:
    """Put a catch-all for /api* in front of the rules it shadows."""
    taken = {rule.priority for rule in context.registry.rules.values()}
    first = min(rule.priority for rule in context.own_rules())
    before = next(n for n in (first - 10, *range(first - 1, 0, -1)) if n > 0 and n not in taken)
    context.add_rule(before, ("/api*",), context.target_group(context.mlflow.target_group))


def rules_on_http_only(context: FaultContext) -> None:
    """Have the rules on port 80's listener and none on port 443's."""
    elbv2 = context.client("elbv2")
    http, https = context.listener(context.registry, "plain"), context.listener(context.registry)
    for rule in elbv2.describe_rules(ListenerArn=https)["Rules"]:
        if rule["Priority"] == "default":
            continue
        elbv2.create_rule(
            ListenerArn=http,
            Priority=int(rule["Priority"]),
            Conditions=rule["Conditions"],
            Actions=rule["Actions"],
        )
        elbv2.delete_rule(RuleArn=rule["RuleArn"])
    elbv2.modify_listener(ListenerArn=https, DefaultActions=[NOT_FOUND])


def registry_listener_missing(context: FaultContext) -> None:
    """Delete the registry's HTTPS listener."""
    context.client("elbv2").delete_listener(ListenerArn=context.listener(context.registry))


def auth_listener_missing(context: FaultContext) -> None:
    """Delete the auth balancer's HTTPS listener."""
    context.client("elbv2").delete_listener(
        ListenerArn=context.listener(context.world.balancer_of(AUTH))
    )


def api_group_detached(context: FaultContext) -> None:
    """Let every rule for the API forward to a new group that nobody is in."""
    empty = _new_group(
        context, f"{context.world.label}-api-tg-{context.world.environment}", context.api.port
    )
    elbv2 = context.client("elbv2")
    elbv2.modify_listener(
        ListenerArn=context.listener(context.registry), DefaultActions=[forward(empty)]
    )
    api = context.target_group(context.api.target_group)
    rules = elbv2.describe_rules(ListenerArn=context.listener(context.registry))["Rules"]
    for rule in rules:
        if rule["Priority"] != "default" and _leads_to(rule, api):
            *before, last = rule["Actions"]  # what signs a caller in stays
            order = {"Order": last["Order"]} if "Order" in last else {}
            elbv2.modify_rule(
                RuleArn=rule["RuleArn"], Actions=[*before, {**forward(empty), **order}]
            )


def _leads_to(rule: Mapping[str, Any], group: str) -> bool:
    """Return whether a rule forwards requests to a group."""
    last = rule["Actions"][-1]
    weighted = last.get("ForwardConfig", {}).get("TargetGroups", ())
    found = {g["TargetGroupArn"] for g in weighted if g.get("Weight", 1)}
    return group in found or last.get("TargetGroupArn") == group


def half_to_an_empty_group(context: FaultContext) -> None:
    """Send half of the registration traffic to a new group that is still empty."""
    empty = _new_group(
        context, f"{context.world.label}-dp-api-{context.world.environment}", context.api.port
    )
    api = context.target_group(context.api.target_group)
    weighted = [
        {"TargetGroupArn": api, "Weight": 1},
        {"TargetGroupArn": empty, "Weight": 1},
    ]
    action = {"Type": "forward", "ForwardConfig": {"TargetGroups": weighted}}
    context.client("elbv2").modify_rule(RuleArn=context.rule("proxy"), Actions=[action])


def edge_closed(context: FaultContext) -> None:
    """Take away the ingress of the registry's balancer from the internet on 443."""
    for source in context.registry.admits:
        context.revoke(context.registry.group, context.registry.serving.port, source)


def api_group_empty(context: FaultContext) -> None:
    """Deregister the API's targets by hand."""
    elbv2 = context.client("elbv2")
    arn = context.target_group(context.api.target_group)
    health = elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    targets = [
        {"Id": each["Target"]["Id"], "Port": each["Target"]["Port"]}
        for each in health
        if each["TargetHealth"]["State"] != "draining"
    ]
    elbv2.deregister_targets(TargetGroupArn=arn, Targets=targets)


def _answer_the_rest_with_404(context: FaultContext) -> None:
    """Let the registry's default answer 404, and keep the health documents reachable."""
    listener = context.listener(context.registry)
    last = max(rule.priority for rule in context.registry.rules.values())
    paths = ("/", "/health*", "/ready", "/live", "/version")
    room = MOST_VALUES - sum(len(rule.hosts) for rule in context.own_rules()[:1])
    for n, some in enumerate(paths[at : at + room] for at in range(0, len(paths), room)):
        group = context.target_group(context.api.target_group)
        context.add_rule(last + 10 + n, some, group)
    context.client("elbv2").modify_listener(ListenerArn=listener, DefaultActions=[NOT_FOUND])


def _new_group(context: FaultContext, name: str, port: int) -> str:
    answer = context.client("elbv2").create_target_group(
        Name=name,
        Protocol="HTTP",
        Port=port,
        VpcId=context.platform.vpc.id,
        TargetType="ip",
        HealthCheckPath="/health",
        HealthyThresholdCount=2,
        UnhealthyThresholdCount=2,
        HealthCheckTimeoutSeconds=5,
    )
    arn = str(answer["TargetGroups"][0]["TargetGroupArn"])
    context.afterwards(lambda: context.client("elbv2").delete_target_group(TargetGroupArn=arn))
    return arn
