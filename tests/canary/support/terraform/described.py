"""Objects of a plain platform in the words of AWS's API, and a platform that was read whole."""

from __future__ import annotations

from typing import Any

from canary.control_plane.routing import listener_of, rule_of
from canary.control_plane.state import (
    EcsService,
    Listener,
    LoadBalancer,
    PlatformState,
    TargetGroup,
)
from canary.diagnose.remedies.listeners import whole_listener
from canary.diagnose.remedies.rules import condition_json, rule_json
from canary.diagnose.remedies.targets import health_check
from tests.canary.support.platforms import Names, replace

Json = dict[str, Any]
BALANCER = {
    "idle_timeout.timeout_seconds": "60", "client_keep_alive.seconds": "3600",
    "deletion_protection.enabled": "true", "routing.http2.enabled": "true",
    "routing.http.desync_mitigation_mode": "strictest", "waf.fail_open.enabled": "false",
    "routing.http.xff_header_processing.mode": "preserve", "zonal_shift.config.enabled": "false",
    "access_logs.s3.enabled": "true", "access_logs.s3.bucket": "logs", "access_logs.s3.prefix": "p",
    "connection_logs.s3.enabled": "false", "connection_logs.s3.bucket": "",
    "routing.http.xff_client_port.enabled": "true", "load_balancing.cross_zone.enabled": "true",
    "routing.http.drop_invalid_header_fields.enabled": "true",
    "routing.http.preserve_host_header.enabled": "false",
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "true",
}  # fmt: skip
GROUP = {
    "deregistration_delay.timeout_seconds": "30", "slow_start.duration_seconds": "0",
    "stickiness.enabled": "true", "stickiness.type": "app_cookie",
    "stickiness.app_cookie.cookie_name": "session",
    "stickiness.app_cookie.duration_seconds": "600",
    "stickiness.lb_cookie.duration_seconds": "86400",
    "load_balancing.algorithm.type": "round_robin",
    "load_balancing.cross_zone.enabled": "use_load_balancer_configuration",
    "target_group_health.dns_failover.minimum_healthy_targets.count": "1",
    "target_group_health.dns_failover.minimum_healthy_targets.percentage": "off",
}  # fmt: skip
LISTENER = {"routing.http.response.server.enabled": "false",
            "routing.http.response.x_frame_options.header_value": "DENY"}  # fmt: skip


def whole(state: PlatformState) -> PlatformState:
    """Return a plain platform as the readers give it: every part was read."""
    return replace(
        state,
        load_balancers=tuple(_balancer(b) for b in state.load_balancers),
        target_groups=tuple(_group(g) for g in state.target_groups),
        ecs_services=tuple(_service(s) for s in state.ecs_services),
    )


def _service(one: EcsService) -> EcsService:
    """Return a service in the cluster that the environment names."""
    named = replace(one, arn=one.arn.replace("/c/", f"/{Names().of('cluster')}/"))
    return replace(named, config=_config(named))


def _balancer(one: LoadBalancer) -> LoadBalancer:
    return replace(
        one,
        type="application",
        ip_address_type="ipv4",
        attributes={**BALANCER, **one.attributes},
        listeners=tuple(replace(x, attributes=LISTENER) for x in one.listeners),
    )


def _group(one: TargetGroup) -> TargetGroup:
    return replace(
        one, vpc_id="vpc-1", protocol_version="HTTP1", ip_address_type="ipv4", attributes=GROUP
    )


def _config(one: EcsService) -> Json:
    """Return a service as DescribeServices gives it."""
    pairs = zip(one.target_groups, one.container_ports, strict=False)
    base, _, rest = one.arn.partition(":service/")
    return {
        "serviceArn": one.arn,
        "serviceName": one.name,
        "clusterArn": f"{base}:cluster/{rest.split('/')[0]}",
        "taskDefinition": one.task_definition,
        "desiredCount": one.desired,
        "launchType": "FARGATE",
        "platformVersion": "LATEST",
        "platformFamily": "Linux",
        "roleArn": "arn:aws:iam::123456789012:role/aws-service-role/ecs.amazonaws.com/ECS",
        "loadBalancers": [
            {"targetGroupArn": a, "containerName": "web", "containerPort": n} for a, n in pairs
        ],
        "serviceRegistries": [{"registryArn": a, "containerName": "web"} for a in one.registries],
        "networkConfiguration": {
            "awsvpcConfiguration": {
                "subnets": list(one.subnets),
                "securityGroups": list(one.security_groups),
                "assignPublicIp": "ENABLED",
            }
        },
        "deploymentConfiguration": {
            "deploymentCircuitBreaker": {"enable": True, "rollback": True},
            "maximumPercent": 150,
            "minimumHealthyPercent": 100,
            "strategy": "ROLLING",
            "bakeTimeInMinutes": 0,
            "alarms": {"alarmNames": ["5xx"], "enable": True, "rollback": False},
        },
        "deploymentController": {"type": "ECS"},
        "healthCheckGracePeriodSeconds": one.grace_period_s,
        "schedulingStrategy": "REPLICA",
        "enableECSManagedTags": True,
        "enableExecuteCommand": False,
        "propagateTags": "SERVICE",
        "availabilityZoneRebalancing": "ENABLED",
        "placementConstraints": [],
        "placementStrategy": [],
    }


def rule(state: PlatformState, arn: str) -> Json:
    """Return a rule in the words of CreateRule."""
    found = rule_of(state, arn)
    assert found is not None
    owner = next(x for x in _listeners(state) if found in x.rules)
    return {
        "ListenerArn": owner.arn,
        "Priority": int(found.priority),
        "Conditions": [condition_json(c) for c in found.conditions],
        "Actions": rule_json(found.actions),
        "Transforms": list(found.transforms),
    }


def _listeners(state: PlatformState) -> list[Listener]:
    return [x for b in state.load_balancers for x in b.listeners]


def listener(state: PlatformState, arn: str) -> Json:
    """Return a listener in the words of CreateListener, with its attributes; tags stay alone."""
    found = listener_of(state, arn)
    assert found is not None
    owner = next(b for b in state.load_balancers if found in b.listeners)
    settings = {k: v for k, v in whole_listener(found).items() if k != "Tags"}
    return {"LoadBalancerArn": owner.arn, **settings, "Attributes": dict(found.attributes)}


def group(state: PlatformState, arn: str) -> Json:
    """Return a target group in the words of CreateTargetGroup, with its attributes."""
    found = next(g for g in state.target_groups if g.arn == arn)
    return {
        "Name": found.name, "Port": found.port, "Protocol": found.protocol,
        "ProtocolVersion": found.protocol_version, "TargetType": found.target_type,
        "VpcId": found.vpc_id, "IpAddressType": found.ip_address_type,
        **health_check(found), "Attributes": dict(found.attributes),
    }  # fmt: skip


def balancer(state: PlatformState, arn: str) -> Json:
    """Return a load balancer in the words of CreateLoadBalancer, with its attributes."""
    found = next(b for b in state.load_balancers if b.arn == arn)
    return {
        "Name": found.name, "Type": found.type, "Scheme": found.scheme,
        "IpAddressType": found.ip_address_type, "Subnets": list(found.subnets),
        "SecurityGroups": list(found.security_groups),
        "Attributes": {k: v for k, v in found.attributes.items() if v},
    }  # fmt: skip


def service(state: PlatformState, name: str) -> Json:
    """Return a service as DescribeServices gives it, and its cluster."""
    found = next(s for s in state.ecs_services if s.name == name)
    return {**found.config, "cluster": found.config["clusterArn"]}
