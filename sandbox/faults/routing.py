"""Faults of listeners, rules and target group attachments."""

from __future__ import annotations

from typing import Any

from sandbox import names
from sandbox.faults.site import Site
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


def mlflow_rule_missing(site: Site) -> None:
    """Delete the rule for the MLflow interface: its paths fall through to the API."""
    site.client("elbv2").delete_rule(RuleArn=site.rule(REGISTRY, 50))


def api_rules_missing(site: Site) -> None:
    """Delete the rules under /api and let nothing else catch their paths."""
    _answer_the_rest_with_404(site)
    for priority in (105, 110):
        site.client("elbv2").delete_rule(RuleArn=site.rule(REGISTRY, priority))


def mlflow_api_rule_missing(site: Site) -> None:
    """No rule for /api/mlflow/*: the catch-all is narrower than it was, the rest is 404."""
    _answer_the_rest_with_404(site)
    elbv2 = site.client("elbv2")
    elbv2.delete_rule(RuleArn=site.rule(REGISTRY, 105))
    elbv2.modify_rule(
        RuleArn=site.rule(REGISTRY, 110),
        Conditions=[_paths("/api/v1/*", "/api/models/*", "/api/health/*")],
    )


def mlflow_api_rule_wrong_target(site: Site) -> None:
    """Forward /api/mlflow/* straight to MLflow, past the API."""
    site.client("elbv2").modify_rule(
        RuleArn=site.rule(REGISTRY, 105),
        Actions=[forward(site.target_group(names.MLFLOW_TARGET_GROUP))],
    )


def catch_all_shadows(site: Site) -> None:
    """Put a catch-all for /api* in front of the rules it shadows."""
    create_rule(
        site.twin.aws,
        site.listener(REGISTRY),
        40,
        ["/api*"],
        site.target_group(names.MLFLOW_TARGET_GROUP),
    )


def rules_on_http_only(site: Site) -> None:
    """Have the rules on port 80's listener and none on port 443's."""
    elbv2 = site.client("elbv2")
    http, https = site.listener(REGISTRY, 80), site.listener(REGISTRY)
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


def registry_listener_missing(site: Site) -> None:
    """Delete the registry's HTTPS listener."""
    site.client("elbv2").delete_listener(ListenerArn=site.listener(REGISTRY))


def auth_listener_missing(site: Site) -> None:
    """Delete the auth balancer's HTTPS listener."""
    site.client("elbv2").delete_listener(ListenerArn=site.listener(names.AUTH_BALANCER))


def api_group_detached(site: Site) -> None:
    """Let every rule for the API forward to a new group that nobody is in."""
    empty = _new_group(site, "hokusai-api-tg-development", 8001)
    elbv2 = site.client("elbv2")
    elbv2.modify_listener(ListenerArn=site.listener(REGISTRY), DefaultActions=[forward(empty)])
    for priority in (105, 110):
        elbv2.modify_rule(RuleArn=site.rule(REGISTRY, priority), Actions=[forward(empty)])


def half_to_an_empty_group(site: Site) -> None:
    """Send half of the registration traffic to a new group that is still empty."""
    empty = _new_group(site, "hokusai-dp-api-development", 8001)
    api = site.target_group(names.API_TARGET_GROUP)
    weighted = [
        {"TargetGroupArn": api, "Weight": 1},
        {"TargetGroupArn": empty, "Weight": 1},
    ]
    action = {"Type": "forward", "ForwardConfig": {"TargetGroups": weighted}}
    site.client("elbv2").modify_rule(RuleArn=site.rule(REGISTRY, 105), Actions=[action])


def edge_closed(site: Site) -> None:
    """Take away the ingress of the registry's balancer from the internet on 443."""
    site.revoke(names.REGISTRY_BALANCER_GROUP, 443, "0.0.0.0/0")


def api_group_empty(site: Site) -> None:
    """Deregister the API's targets by hand."""
    elbv2 = site.client("elbv2")
    arn = site.target_group(names.API_TARGET_GROUP)
    health = elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    targets = [
        {"Id": each["Target"]["Id"], "Port": each["Target"]["Port"]}
        for each in health
        if each["TargetHealth"]["State"] != "draining"
    ]
    elbv2.deregister_targets(TargetGroupArn=arn, Targets=targets)


def _answer_the_rest_with_404(site: Site) -> None:
    """Let the registry's default answer 404, and keep the health documents reachable."""
    listener = site.listener(REGISTRY)
    api = site.target_group(names.API_TARGET_GROUP)
    create_rule(site.twin.aws, listener, 120, ["/", "/health*", "/ready", "/live", "/version"], api)
    site.client("elbv2").modify_listener(ListenerArn=listener, DefaultActions=[NOT_FOUND])


def _new_group(site: Site, name: str, port: int) -> str:
    answer = site.client("elbv2").create_target_group(
        Name=name,
        Protocol="HTTP",
        Port=port,
        VpcId=site.platform.vpc.id,
        TargetType="ip",
        HealthCheckPath="/health",
        HealthyThresholdCount=2,
        UnhealthyThresholdCount=2,
        HealthCheckTimeoutSeconds=5,
    )
    arn = str(answer["TargetGroups"][0]["TargetGroupArn"])
    site.afterwards(lambda: site.client("elbv2").delete_target_group(TargetGroupArn=arn))
    return arn


def _paths(*patterns: str) -> dict[str, Any]:
    return {"Field": "path-pattern", "PathPatternConfig": {"Values": list(patterns)}}
