"""Refuse target groups and targets that AWS refuses and moto accepts.

Sources: the API's CreateTargetGroup, ModifyTargetGroup and RegisterTargets, "Health checks for
Application Load Balancer target groups".
"""

from __future__ import annotations

import functools
import ipaddress
from typing import Any

from emulator.elbv2.values import wrong
from emulator.settings import ACCOUNT, REGION

LEAST_CODE, MOST_CODE = 200, 499
DEFAULT_INTERVAL_S, DEFAULT_TIMEOUT_S = 30, 5
MODIFY_ORDER = (
    "health_check_proto",
    "health_check_port",
    "health_check_path",
    "health_check_interval",
    "health_check_timeout",
    "healthy_threshold_count",
    "unhealthy_threshold_count",
    "http_codes",
)


@functools.cache
def install() -> None:
    """Let the calls refuse what AWS refuses; call once."""
    from moto.elbv2.models import ELBv2Backend

    create, modify = ELBv2Backend.create_target_group, ELBv2Backend.modify_target_group
    register = ELBv2Backend.register_targets

    def create_target_group(self: Any, name: str, **given: Any) -> Any:
        refuse_check(
            given.get("healthcheck_path"),
            (given.get("matcher") or {}).get("HttpCode"),
            int(given.get("healthcheck_interval_seconds") or DEFAULT_INTERVAL_S),
            int(given.get("healthcheck_timeout_seconds") or DEFAULT_TIMEOUT_S),
        )
        return create(self, name, **given)

    def modify_target_group(self: Any, arn: str, *rest: Any, **more: Any) -> Any:
        given = {**dict(zip(MODIFY_ORDER, rest, strict=False)), **more}
        group = self.target_groups.get(arn)
        if group is not None and group.target_type == "ip":
            interval = given.get("health_check_interval") or group.health_check_interval_seconds
            timeout = given.get("health_check_timeout") or group.health_check_timeout_seconds
            path, codes = given.get("health_check_path"), given.get("http_codes")
            refuse_check(path, codes, int(interval), int(timeout))
        return modify(self, arn, *rest, **more)

    def register_targets(self: Any, target_group_arn: str, instances: list[Any]) -> None:
        group = self.target_groups.get(target_group_arn)
        if group is not None and group.target_type == "ip":
            for target in instances:
                refuse_address(str(target["Id"]), target.get("AvailabilityZone"), group.vpc_id)
        register(self, target_group_arn, instances)

    ELBv2Backend.create_target_group = create_target_group
    ELBv2Backend.modify_target_group = modify_target_group
    ELBv2Backend.register_targets = register_targets


def refuse_check(path: str | None, codes: str | None, interval: int, timeout: int) -> None:
    """Raise AWS's error for an invalid health check."""
    if path is not None and not path.startswith("/"):
        raise wrong(f"Health check path '{path}' must begin with a '/' character")
    if timeout >= interval:
        raise wrong("Health check interval must be greater than the timeout.")
    for code in (codes or "").replace("-", ",").split(","):
        if code.isdecimal() and not LEAST_CODE <= int(code) <= MOST_CODE:
            raise wrong(f"Health check codes must be from {LEAST_CODE} to {MOST_CODE}: '{codes}'")


def refuse_address(text: str, zone: str | None, vpc_id: str) -> None:
    """Raise AWS's error for a target that is not an address of a private range."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise wrong(f"The IP address '{text}' is not a valid IPv4 address") from None
    if any(address in network for network in _networks(vpc_id)):
        return
    if zone != "all":
        raise wrong(
            f"You must specify 'all' as the Availability Zone of the IP address '{text}', which "
            f"is outside of the VPC '{vpc_id}'"
        )
    if address.is_global:
        raise wrong(f"The IP address '{text}' is publicly routable")


def _networks(vpc_id: str) -> list[ipaddress.IPv4Network]:
    from moto.ec2.models import ec2_backends

    vpc = ec2_backends[ACCOUNT][REGION].vpcs.get(vpc_id)
    blocks = list(vpc.cidr_block_association_set) if vpc else []
    return [ipaddress.IPv4Network(block["cidr_block"]) for block in blocks]
