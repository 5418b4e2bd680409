"""Compare security group rules as EC2 does, and refuse invalid ports and prefix lists.

A description is no part of a rule. Source: the API's AuthorizeSecurityGroupIngress, IpPermission.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from emulator.aws import prefix_lists

PORTED = ("tcp", "udp", "6", "17")
MOST_PORT = 65_535
ORDER = ("group_name_or_id", "ip_protocol", "from_port", "to_port")


@functools.cache
def install() -> None:
    """Replace moto's comparison and check ports; call once."""
    from moto.ec2.models import EC2Backend
    from moto.ec2.models.security_groups import SecurityGroupRule

    SecurityGroupRule.__eq__ = _equal
    for name in ("authorize_security_group_ingress", "authorize_security_group_egress"):
        setattr(EC2Backend, name, _with_ports_checked(getattr(EC2Backend, name)))
    prefix_lists.install()


def _with_ports_checked(authorize: Callable[..., Any]) -> Callable[..., Any]:
    def called(self: Any, *given: Any, **more: Any) -> Any:
        named = {**dict(zip(ORDER, given, strict=False)), **more}
        if str(named.get("ip_protocol")) in PORTED:
            refuse_ports(named.get("from_port"), named.get("to_port"))
        prefix_lists.refuse_unknown(self, named.get("prefix_list_ids"))
        return authorize(self, *given, **more)

    return called


def refuse_ports(first: Any, last: Any) -> None:
    """Raise EC2's error for an invalid port range."""
    from moto.ec2.exceptions import EC2ClientError

    if first is None or last is None:
        text = "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange."
        raise EC2ClientError("InvalidParameterValue", text)
    if not 0 <= int(first) <= int(last) <= MOST_PORT:
        text = f"Invalid TCP/UDP port range ({first}:{last})"
        raise EC2ClientError("InvalidParameterValue", text)


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
