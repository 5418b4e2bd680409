"""Let moto compare security group rules as EC2 does: a description is no part of a rule."""

from __future__ import annotations

from typing import Any


def install() -> None:
    """Replace moto's comparison; call once."""
    from moto.ec2.models.security_groups import SecurityGroupRule

    SecurityGroupRule.__eq__ = _equal


def _equal(self: Any, other: object) -> bool:
    return isinstance(other, type(self)) and _essence(self) == _essence(other)


def _essence(rule: Any) -> tuple[Any, ...]:
    return (
        rule.ip_protocol,
        rule.from_port,
        rule.to_port,
        rule.ip_range.get("CidrIp"),
        rule.ip_range.get("CidrIpv6"),
        rule.source_group.get("GroupId"),
        rule.prefix_list_id,
    )
