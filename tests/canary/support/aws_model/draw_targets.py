"""Draw target groups of AWS's own shapes, with their health checks, attributes and targets."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.canary.support import platforms as p
from tests.canary.support.aws_model.account import NAMES, Account
from tests.canary.support.aws_model.drawn import Drawn, Strategy

Json = dict[str, Any]
AUTH = NAMES.group("auth")
ADDRESS, PORT = p.ADDRESSES["auth"], NAMES.ports["auth"]
PATHS = st.sampled_from(["/health", "/", "/healthz", "/a b", "/x?y=1&z=$(id)", "/AWS.ALB/check"])
HTTP_CODES = st.sampled_from(["200", "200-299", "200,202", "200-499", "204", "302"])
GRPC_CODES = st.sampled_from(["0", "12", "0-99", "0,1"])
SHAPES = Drawn("elbv2", {})
_COUNTS = (
    *("HealthCheckIntervalSeconds", "HealthCheckTimeoutSeconds", "HealthyThresholdCount"),
    *("UnhealthyThresholdCount", "IpAddressType"),
)
ATTRIBUTES = st.dictionaries(
    st.sampled_from(
        [
            *("deregistration_delay.timeout_seconds", "slow_start.duration_seconds"),
            *("stickiness.enabled", "load_balancing.algorithm.type"),
        ]
    ),
    st.sampled_from(["0", "300", "true", "least_outstanding_requests"]),
    max_size=3,
)


def matchers(version: str) -> Strategy:
    """Return the strategy for the codes that a group of a protocol version accepts."""
    grpc = version == "GRPC"
    codes, name = (GRPC_CODES, "GrpcCode") if grpc else (HTTP_CODES, "HttpCode")
    return codes.map(lambda found: {name: found})


@st.composite
def groups(draw: st.DrawFn) -> Json:
    """Draw a target group as AWS describes it, with its attributes."""
    version = draw(st.sampled_from(["HTTP1", "HTTP1", "HTTP2", "GRPC"]))
    counts = {m: draw(SHAPES.of(_shape(m))) for m in _COUNTS}
    protocol = draw(st.sampled_from(["HTTP", "HTTPS"]))
    return {
        **counts,
        "Protocol": protocol,
        "ProtocolVersion": version,
        "Port": draw(st.sampled_from([80, PORT])),
        "HealthCheckEnabled": True,
        "HealthCheckProtocol": draw(st.sampled_from([protocol, "HTTP", "HTTPS"])),
        "HealthCheckPort": draw(st.sampled_from(["traffic-port", str(PORT), "9000"])),
        "HealthCheckPath": draw(PATHS),
        "Matcher": draw(matchers(version)),
        "attributes": draw(ATTRIBUTES),
    }


def _shape(member: str) -> str:
    return {
        "IpAddressType": "TargetGroupIpAddressTypeEnum",
        "HealthyThresholdCount": "HealthCheckThresholdCount",
        "UnhealthyThresholdCount": "HealthCheckThresholdCount",
    }.get(member, member)


def account(drawn: Json) -> Account:
    """Return an account in which a drawn group holds the task of the auth service."""
    found = Account()
    add(found, drawn)
    return found


def add(found: Account, drawn: Json) -> None:
    """Put the drawn group of the auth service into an account."""
    (balancer,) = {b for g in p.healthy(NAMES).target_groups for b in g.load_balancers
                   if g.arn == AUTH}  # fmt: skip
    settings = {k: v for k, v in drawn.items() if k != "attributes"}
    found.held["groups"][AUTH] = {
        "TargetGroupArn": AUTH, "TargetGroupName": f"{NAMES.of('auth')}-tg", "VpcId": "vpc-1",
        "TargetType": "ip", "LoadBalancerArns": [balancer], **settings,
    }  # fmt: skip
    found.held["group_attributes"][AUTH] = dict(drawn["attributes"])
    found.held["targets"][AUTH] = [target(ADDRESS, PORT, "healthy")]


def target(address: str, port: int, state: str, reason: str = "") -> Json:
    """Return a target as AWS describes it."""
    health = {"State": state, **({"Reason": reason} if reason else {})}
    return {"Target": {"Id": address, "Port": port}, "TargetHealth": health}


def unhealthy(found: Account, reason: str) -> None:
    """Let the group's targets fail their health checks."""
    for one in found.held["targets"][AUTH]:
        one["TargetHealth"] = {"State": "unhealthy", "Reason": reason}
