"""Create load balancers, target groups, listeners and rules."""

from __future__ import annotations

from typing import Any

import msgspec

from emulator.aws.endpoint import Endpoint
from sandbox import names
from sandbox.seed.network import Vpc

TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"


class Balancers(msgspec.Struct, frozen=True, kw_only=True):
    """ARNs of the load balancing."""

    balancers: dict[str, str]  # name -> ARN
    listeners: dict[str, dict[int, str]]  # balancer name -> port -> ARN
    target_groups: dict[str, str]  # name -> ARN
    certificate: str


# target group -> (port, health check path, matcher)
HEALTH = {
    names.AUTH_TARGET_GROUP: (8000, "/health", "200"),
    names.API_TARGET_GROUP: (8001, "/health", "200"),
    names.MLFLOW_TARGET_GROUP: (5000, "/health", "200"),
}
# balancer -> (priority, path patterns, target group)
RULES = {
    names.AUTH_BALANCER: (
        (90, ["/health", "/"], names.AUTH_TARGET_GROUP),
        (100, ["/api/v1/*"], names.AUTH_TARGET_GROUP),
    ),
    names.REGISTRY_BALANCER: (
        (50, ["/mlflow/*"], names.MLFLOW_TARGET_GROUP),
        (105, ["/api/mlflow/*"], names.API_TARGET_GROUP),
        (110, ["/api/*"], names.API_TARGET_GROUP),
    ),
}
DEFAULTS = {
    names.AUTH_BALANCER: names.AUTH_TARGET_GROUP,
    names.REGISTRY_BALANCER: names.API_TARGET_GROUP,
}
SECURITY_GROUPS = {
    names.AUTH_BALANCER: names.AUTH_BALANCER_GROUP,
    names.REGISTRY_BALANCER: names.REGISTRY_BALANCER_GROUP,
}


def build(aws: Endpoint, vpc: Vpc, certificate: str) -> Balancers:
    """Create the load balancing and return its ARNs."""
    elbv2 = aws.client("elbv2")
    groups = {name: _target_group(elbv2, vpc.id, name) for name in HEALTH}
    balancers, listeners = {}, {}
    for name, group in SECURITY_GROUPS.items():
        arn = elbv2.create_load_balancer(
            Name=name,
            Subnets=vpc.public,
            SecurityGroups=[vpc.groups[group]],
            Scheme="internet-facing",
            Type="application",
            Tags=[{"Key": "Environment", "Value": names.ENVIRONMENT}],
        )["LoadBalancers"][0]["LoadBalancerArn"]
        elbv2.modify_load_balancer_attributes(
            LoadBalancerArn=arn,
            Attributes=[{"Key": "idle_timeout.timeout_seconds", "Value": "60"}],
        )
        balancers[name] = arn
        listeners[name] = _listeners(elbv2, arn, certificate, groups[DEFAULTS[name]])
        for priority, paths, target in RULES[name]:
            create_rule(aws, listeners[name][443], priority, paths, groups[target])
    return Balancers(
        balancers=balancers, listeners=listeners, target_groups=groups, certificate=certificate
    )


def create_rule(
    aws: Endpoint, listener: str, priority: int, paths: list[str], target_group: str
) -> str:
    """Create a rule that forwards paths to a target group, and return its ARN."""
    answer = aws.client("elbv2").create_rule(
        ListenerArn=listener,
        Priority=priority,
        Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": paths}}],
        Actions=[forward(target_group)],
        Tags=[{"Key": "Environment", "Value": names.ENVIRONMENT}],
    )
    return str(answer["Rules"][0]["RuleArn"])


def forward(target_group: str) -> dict[str, Any]:
    """Return the action that forwards to one target group."""
    return {"Type": "forward", "TargetGroupArn": target_group}


def redirect_to_https() -> dict[str, Any]:
    """Return the usual default action of a listener on port 80."""
    return {
        "Type": "redirect",
        "RedirectConfig": {
            "Protocol": "HTTPS",
            "Port": "443",
            "Host": "#{host}",
            "Path": "/#{path}",
            "Query": "#{query}",
            "StatusCode": "HTTP_301",
        },
    }


def _listeners(elbv2: Any, balancer: str, certificate: str, default: str) -> dict[int, str]:
    http = elbv2.create_listener(
        LoadBalancerArn=balancer,
        Protocol="HTTP",
        Port=80,
        DefaultActions=[redirect_to_https()],
        Tags=[{"Key": "Environment", "Value": names.ENVIRONMENT}],
    )
    https = elbv2.create_listener(
        LoadBalancerArn=balancer,
        Protocol="HTTPS",
        Port=443,
        SslPolicy=TLS_POLICY,
        Certificates=[{"CertificateArn": certificate}],
        DefaultActions=[forward(default)],
        Tags=[{"Key": "Environment", "Value": names.ENVIRONMENT}],
    )
    return {
        80: http["Listeners"][0]["ListenerArn"],
        443: https["Listeners"][0]["ListenerArn"],
    }


def _target_group(elbv2: Any, vpc: str, name: str) -> str:
    port, path, matcher = HEALTH[name]
    arn = elbv2.create_target_group(
        Name=name,
        Protocol="HTTP",
        Port=port,
        VpcId=vpc,
        TargetType="ip",
        HealthCheckProtocol="HTTP",
        HealthCheckPort="traffic-port",
        HealthCheckPath=path,
        HealthCheckIntervalSeconds=30,
        HealthCheckTimeoutSeconds=5,
        HealthyThresholdCount=2,
        UnhealthyThresholdCount=2,
        Matcher={"HttpCode": matcher},
    )["TargetGroups"][0]["TargetGroupArn"]
    elbv2.modify_target_group_attributes(
        TargetGroupArn=arn,
        Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}],
    )
    return str(arn)
