"""What the ELB API refuses: a value let in would be one that no balancer can work with."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.aws.endpoint import Endpoint
from tests.emulator.elbv2.test_rule_api import SAYS, Ground, ground, made, path
from tests.emulator.support.emulated import aws

__all__ = ["aws", "ground", "made"]

Json = dict[str, Any]


def of(field: str, config: str, **values: Any) -> Json:
    return {"Field": field, config: values}


@pytest.mark.parametrize(
    "condition",
    [
        of("path-pattern", "PathPatternConfig", RegexValues=["("]),
        of("source-ip", "SourceIpConfig", Values=["300.1.1.1/33"]),
        of("source-ip", "SourceIpConfig", Values=["10.0.0.1"]),
        of("http-header", "HttpHeaderConfig", HttpHeaderName="Host", Values=["a"]),
        of("http-request-method", "HttpRequestMethodConfig", Values=["get"]),
        of("host-header", "HostHeaderConfig", Values=["hokus"]),
        of("host-header", "HostHeaderConfig", Values=["a_b.hokus.ai"]),
        path("/a b"),
        path("/a%20b"),
    ],
)
def test_a_value_that_no_request_can_have_is_refused(ground: Ground, condition: Json) -> None:
    with pytest.raises(ClientError, match="ValidationError"):
        ground.rule(condition)
    assert len(ground.rules()) == 1


@pytest.mark.parametrize(
    "condition",
    [
        path("""/A-z_0.$/~"'@:+&*?"""),
        of("host-header", "HostHeaderConfig", Values=["*.hokus.ai", "a?b-c.hokus.ai"]),
        of("source-ip", "SourceIpConfig", Values=["10.0.0.0/8", "::/0"]),
        of("path-pattern", "PathPatternConfig", RegexValues=["^/v[0-9]+/%20"]),
        of("http-request-method", "HttpRequestMethodConfig", Values=["GET", "M-SEARCH"]),
    ],
)
def test_a_value_of_the_documented_characters_is_taken(ground: Ground, condition: Json) -> None:
    ground.rule(condition)
    assert len(ground.rules()) == 2


def test_a_redirect_has_parts_that_can_be(ground: Ground) -> None:
    for part in (
        {"Port": "99999"},
        {"Path": "no-slash"},
        {"Protocol": "FTP"},
        {"StatusCode": "HTTP_307", "Port": "8443"},
    ):
        action = {"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301", **part}}
        with pytest.raises(ClientError, match="ValidationError"):
            ground.rule(path("/a"), action=action)


def test_a_forward_has_few_groups_and_small_weights(ground: Ground) -> None:
    for groups in (
        [{"TargetGroupArn": ground.group, "Weight": 1000}],
        [{"TargetGroupArn": ground.group, "Weight": 1}] * 6,
    ):
        action = {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}
        with pytest.raises(ClientError, match="ValidationError"):
            ground.rule(path("/a"), action=action)


def test_a_listener_over_tls_needs_a_certificate_and_leads_nobody_to_clear_text(
    ground: Ground, aws: Endpoint
) -> None:
    over_tls = {"LoadBalancerArn": ground.balancers[0], "Protocol": "HTTPS", "Port": 8443}
    with pytest.raises(ClientError, match="A certificate must be specified for HTTPS listeners"):
        ground.elbv2.create_listener(**over_tls, DefaultActions=[SAYS])
    arn = aws.client("acm").request_certificate(DomainName="*.hokus.ai")["CertificateArn"]
    listener = ground.elbv2.create_listener(
        **over_tls, Certificates=[{"CertificateArn": arn}], DefaultActions=[SAYS]
    )["Listeners"][0]["ListenerArn"]
    down = {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTP", "StatusCode": "HTTP_301"}}
    try:
        with pytest.raises(ClientError, match="cannot redirect from HTTPS to HTTP"):
            ground.elbv2.create_rule(
                ListenerArn=listener, Priority=1, Conditions=[path("/a")], Actions=[down]
            )
        with pytest.raises(ClientError, match="cannot redirect from HTTPS to HTTP"):
            ground.elbv2.modify_listener(ListenerArn=listener, DefaultActions=[down])
        with pytest.raises(ClientError, match="DuplicateListener"):
            ground.elbv2.modify_listener(ListenerArn=listener, Port=80)
    finally:
        ground.elbv2.delete_listener(ListenerArn=listener)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("idle_timeout.timeout_seconds", "abc"),
        ("idle_timeout.timeout_seconds", "4001"),
        ("client_keep_alive.seconds", "59"),
        ("routing.http.xff_header_processing.mode", "drop"),
        ("routing.http.preserve_host_header.enabled", "yes"),
    ],
)
def test_an_attribute_of_a_balancer_has_a_value_that_can_be(
    ground: Ground, key: str, value: str
) -> None:
    with pytest.raises(ClientError, match="ValidationError"):
        ground.elbv2.modify_load_balancer_attributes(
            LoadBalancerArn=ground.balancers[0], Attributes=[{"Key": key, "Value": value}]
        )


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("deregistration_delay.timeout_seconds", "abc"),
        ("deregistration_delay.timeout_seconds", "3601"),
        ("stickiness.lb_cookie.duration_seconds", "x"),
        ("slow_start.duration_seconds", "10"),
        ("target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "many"),
    ],
)
def test_an_attribute_of_a_group_has_a_value_that_can_be(
    ground: Ground, key: str, value: str
) -> None:
    with pytest.raises(ClientError, match="ValidationError"):
        ground.elbv2.modify_target_group_attributes(
            TargetGroupArn=ground.group, Attributes=[{"Key": key, "Value": value}]
        )


def test_a_target_may_drain_for_an_hour(ground: Ground) -> None:
    longest = [{"Key": "deregistration_delay.timeout_seconds", "Value": "3600"}]
    ground.elbv2.modify_target_group_attributes(TargetGroupArn=ground.group, Attributes=longest)
    found = ground.elbv2.describe_target_group_attributes(TargetGroupArn=ground.group)
    assert longest[0] in found["Attributes"]


@pytest.mark.parametrize(
    "check",
    [
        {"HealthCheckPath": "health"},
        {"HealthCheckIntervalSeconds": 5, "HealthCheckTimeoutSeconds": 5},
        {"HealthCheckTimeoutSeconds": 60},
        {"Matcher": {"HttpCode": "200-599"}},
    ],
)
def test_a_health_check_that_cannot_be_is_refused(ground: Ground, check: Json) -> None:
    with pytest.raises(ClientError, match="ValidationError"):
        ground.elbv2.modify_target_group(TargetGroupArn=ground.group, **check)
    with pytest.raises(ClientError, match="ValidationError"):
        ground.elbv2.create_target_group(
            Name="more", Protocol="HTTP", Port=1, VpcId=ground.vpc, TargetType="ip", **check
        )


@pytest.mark.parametrize(
    "target", [{"Id": "i-123"}, {"Id": "8.8.8.8"}, {"Id": "8.8.8.8", "AvailabilityZone": "all"}]
)
def test_a_target_is_an_address_that_can_be_reached(ground: Ground, target: Json) -> None:
    with pytest.raises(ClientError, match="ValidationError"):
        ground.elbv2.register_targets(TargetGroupArn=ground.group, Targets=[target])
    found = ground.elbv2.describe_target_health(TargetGroupArn=ground.group)
    assert found["TargetHealthDescriptions"] == []
