"""Faults of listeners, rules and target group attachments."""

from __future__ import annotations

from typing import Any

from sandbox import names
from sandbox.faults.context import FaultContext
from sandbox.seed.balancers import create_rule, forward

NOT_FOUND = {
    "Type": "fixed-response",
    "FixedResponseConfig": {
        "StatusCode": "404",
        "ContentType": "text/plain",
        "MessageBody": "Not Found",
    },
}
REGISTRY = names.REGISTRY_BALANCER


def mlflow_rule_missing(context: FaultContext) -> None:
    """Delete the rule for the MLflow interface: its paths fall through to the API."""
    context.client("elbv2").delete_rule(RuleArn=context.rule(REGISTRY, 50))


def api_rules_missing(context: FaultContext) -> None:
    """Delete the rules under /api and let nothing else catch their paths."""
    _answer_the_rest_with_404(context)
    for priority in (105, 110):
        context.client("elbv2").delete_rule(RuleArn=context.rule(REGISTRY, priority))


def mlflow_api_rule_missing(context: FaultContext) -> None:
    """No rule for /api/mlflow/*: the catch-all is narrower than it was, the rest is 404."""
    _answer_the_rest_with_404(context)
    elbv2 = context.client("elbv2")
    elbv2.delete_rule(RuleArn=context.rule(REGISTRY, 105))
    elbv2.modify_rule(
        RuleArn=context.rule(REGISTRY, 110),
        Conditions=[_paths("/api/v1/*", "/api/models/*", "/api/health/*")],
    )


def mlflow_api_rule_wrong_target(context: FaultContext) -> None:
    """Forward /api/mlflow/* straight to MLflow, past the API."""
    context.client("elbv2").modify_rule(
        RuleArn=context.rule(REGISTRY, 105),
        Actions=[forward(context.target_group(names.MLFLOW_TARGET_GROUP))],
    )


def catch_all_shadows(context: FaultContext) -> None:
    """Put a catch-all for /api* in front of the rules it shadows."""
    create_rule(
        context.twin.aws,
        context.listener(REGISTRY),
        40,
        ["/api*"],
        context.target_group(names.MLFLOW_TARGET_GROUP),
    )


def rules_on_http_only(context: FaultContext) -> None:
    """Have the rules on port 80's listener and none on port 443's."""
    elbv2 = context.client("elbv2")
    http, https = context.listener(REGISTRY, 80), context.listener(REGISTRY)
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
    context.client("elbv2").delete_listener(ListenerArn=context.listener(REGISTRY))


def auth_listener_missing(context: FaultContext) -> None:
    """Delete the auth balancer's HTTPS listener."""
    context.client("elbv2").delete_listener(ListenerArn=context.listener(names.AUTH_BALANCER))


def api_group_detached(context: FaultContext) -> None:
    """Let every rule for the API forward to a new group that nobody is in."""
    empty = _new_group(context, "hokusai-api-tg-development", 8001)
    elbv2 = context.client("elbv2")
    elbv2.modify_listener(ListenerArn=context.listener(REGISTRY), DefaultActions=[forward(empty)])
    for priority in (105, 110):
        elbv2.modify_rule(RuleArn=context.rule(REGISTRY, priority), Actions=[forward(empty)])


def half_to_an_empty_group(context: FaultContext) -> None:
    """Send half of the registration traffic to a new group that is still empty."""
    empty = _new_group(context, "hokusai-dp-api-development", 8001)
    api = context.target_group(names.API_TARGET_GROUP)
    weighted = [
        {"TargetGroupArn": api, "Weight": 1},
        {"TargetGroupArn": empty, "Weight": 1},
    ]
    action = {"Type": "forward", "ForwardConfig": {"TargetGroups": weighted}}
    context.client("elbv2").modify_rule(RuleArn=context.rule(REGISTRY, 105), Actions=[action])


def edge_closed(context: FaultContext) -> None:
    """Take away the ingress of the registry's balancer from the internet on 443."""
    context.revoke(names.REGISTRY_BALANCER_GROUP, 443, "0.0.0.0/0")


def api_group_empty(context: FaultContext) -> None:
    """Deregister the API's targets by hand."""
    elbv2 = context.client("elbv2")
    arn = context.target_group(names.API_TARGET_GROUP)
    health = elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    targets = [
        {"Id": each["Target"]["Id"], "Port": each["Target"]["Port"]}
        for each in health
        if each["TargetHealth"]["State"] != "draining"
    ]
    elbv2.deregister_targets(TargetGroupArn=arn, Targets=targets)


def _answer_the_rest_with_404(context: FaultContext) -> None:
    """Let the registry's default answer 404, and keep the health documents reachable."""
    listener = context.listener(REGISTRY)
    api = context.target_group(names.API_TARGET_GROUP)
    create_rule(
        context.twin.aws, listener, 120, ["/", "/health*", "/ready", "/live", "/version"], api
    )
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


def _paths(*patterns: str) -> dict[str, Any]:
    return {"Field": "path-pattern", "PathPatternConfig": {"Values": list(patterns)}}
