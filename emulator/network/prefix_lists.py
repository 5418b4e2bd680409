"""The entries of managed prefix lists, which a security group's rules name.

Source: the VPC guide, "Managed prefix lists" and "AWS-managed prefix lists".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from emulator.aws.interfaces import ec2

DELETED = "delete-complete"


def cidrs(list_id: str) -> list[str]:
    """Return the CIDR blocks of a list's newest version; none when the list is gone."""
    found = ec2().managed_prefix_lists.get(list_id)
    return [] if found is None or found.state == DELETED else [e["Cidr"] for e in entries(found)]


def entries(prefix_list: Any) -> list[dict[str, str]]:
    """Return the newest entries; moto keeps those of a list of AWS under version 1."""
    return list(prefix_list.entries.get(prefix_list.version or 1) or [])


def seed(name: str, blocks: Sequence[str], family: str = "IPv4") -> str:
    """Give a list that AWS manages the entries of a test's own, and return the list's id."""
    given = [{"Cidr": block, "Description": ""} for block in blocks]
    for found in list(ec2().managed_prefix_lists.values()):
        if found.owner_id == "AWS" and found.prefix_list_name == name:
            found.entries = {1: given}
            return str(found.id)
    ec2()._create_aws_managed_prefix_list(name, family, given)
    return str(list(ec2().managed_prefix_lists)[-1])
