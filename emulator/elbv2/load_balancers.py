"""Refuse load balancers that AWS refuses, and give each one a network interface.

Source: the API's CreateLoadBalancer and SetSecurityGroups.
"""

from __future__ import annotations

import functools
import re
from typing import Any

from emulator.elbv2 import nodes
from emulator.elbv2.values import wrong
from emulator.network.addresses import VPC_PREFIX

NAME = re.compile(r"(?!internal-)[A-Za-z0-9](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?")


@functools.cache
def install() -> None:
    """Let the calls refuse what AWS refuses, and give each balancer a node; call once."""
    from moto.elbv2.models import ELBv2Backend

    create, set_groups = ELBv2Backend.create_load_balancer, ELBv2Backend.set_security_groups
    delete = ELBv2Backend.delete_load_balancer

    def create_load_balancer(
        self: Any, name: str, security_groups: list[str], subnet_ids: list[str], **more: Any
    ) -> Any:
        subnets = [*subnet_ids, *(one["SubnetId"] for one in more.get("subnet_mappings") or [])]
        if more.get("loadbalancer_type") in (None, "application"):
            refuse(self, name, security_groups, subnets)
        made = create(self, name, security_groups, subnet_ids, **more)
        nodes.attach(made)
        return made

    def set_security_groups(self: Any, arn: str, sec_groups: list[str]) -> None:
        if not sec_groups:
            raise wrong("You must specify at least one security group")
        set_groups(self, arn, sec_groups)
        nodes.follow_groups(self.load_balancers[arn])

    def delete_load_balancer(self: Any, arn: str) -> None:
        balancer = self.load_balancers.get(arn)
        delete(self, arn)
        if balancer is not None:
            nodes.detach(balancer)

    ELBv2Backend.create_load_balancer = create_load_balancer
    ELBv2Backend.set_security_groups = set_security_groups
    ELBv2Backend.delete_load_balancer = delete_load_balancer


def refuse(backend: Any, name: str, groups: list[str], subnets: list[str]) -> None:
    """Raise CreateLoadBalancer's error for an invalid load balancer."""
    from moto.elbv2.exceptions import DuplicateLoadBalancerName, ELBClientError

    if not NAME.fullmatch(name):
        raise wrong(f"The load balancer name '{name}' is not valid")
    if any(one.name == name for one in list(backend.load_balancers.values())):
        raise DuplicateLoadBalancerName
    for group in groups or []:
        if backend.ec2_backend.get_security_group_from_id(group) is None:
            raise ELBClientError("InvalidSecurityGroup", f"Security group {group} does not exist")
    known = [backend.ec2_backend.get_subnet(one) for one in subnets]  # raises for unknown ones
    if len({one.availability_zone for one in known}) < 2:
        raise wrong("At least two subnets in two different Availability Zones must be specified")
    for one in known:
        if not one.cidr_block.startswith(VPC_PREFIX):
            raise wrong(f"The emulator has a network for {VPC_PREFIX}0.0/16 alone: {one.id}")
