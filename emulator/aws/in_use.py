"""Refuse to delete resources that are in use or protected.

Sources: EC2's DeleteSecurityGroup and DeleteSubnet (DependencyViolation), ELB's DeleteLoadBalancer
(OperationNotPermitted). Cloud Map's names are in `discovery.py`.
"""

from __future__ import annotations

import functools
from typing import Any

from emulator.settings import ACCOUNT, REGION


@functools.cache
def install() -> None:
    """Let the calls refuse what AWS refuses; call once."""
    from moto.ec2.models import EC2Backend
    from moto.elbv2.models import ELBv2Backend

    _patch_ec2(EC2Backend)
    _patch_balancers(ELBv2Backend)


def _patch_ec2(backend: Any) -> None:
    from moto.ec2.exceptions import DependencyViolationError

    delete_group, delete_subnet = backend.delete_security_group, backend.delete_subnet

    def delete_security_group(
        self: Any, name: str | None = None, group_id: str | None = None
    ) -> None:
        if group_id and group_in_use(self, group_id):
            raise DependencyViolationError(f"resource {group_id} has a dependent object")
        delete_group(self, name, group_id)

    def deleting_subnet(self: Any, subnet_id: str) -> Any:
        interfaces = list(self.enis.values())
        if any(interface.subnet.id == subnet_id for interface in interfaces):
            text = f"The subnet '{subnet_id}' has dependencies and cannot be deleted."
            raise DependencyViolationError(text)
        return delete_subnet(self, subnet_id)

    backend.delete_security_group, backend.delete_subnet = delete_security_group, deleting_subnet


def group_in_use(ec2: Any, group_id: str) -> bool:
    """Return whether an interface, a balancer or another group's rule names a security group."""
    from moto.elbv2.models import elbv2_backends

    balancers = list(elbv2_backends[ACCOUNT][REGION].load_balancers.values())
    others = [
        group
        for by_id in list(ec2.groups.values())
        for group in list(by_id.values())
        if group.id != group_id
    ]
    return (
        any(group_id in [g.id for g in eni.group_set] for eni in list(ec2.enis.values()))
        or any(group_id in (one.security_groups or []) for one in balancers)
        or any(
            rule.source_group.get("GroupId") == group_id
            for group in others
            for rule in [*group.ingress_rules, *group.egress_rules]
        )
    )


def _patch_balancers(backend: Any) -> None:
    from moto.elbv2.exceptions import ELBClientError

    delete = backend.delete_load_balancer

    def delete_load_balancer(self: Any, arn: str) -> None:
        balancer = self.load_balancers.get(arn)
        if balancer is not None and balancer.attrs.get("deletion_protection.enabled") == "true":
            text = f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled"
            raise ELBClientError("OperationNotPermitted", text)
        delete(self, arn)

    backend.delete_load_balancer = delete_load_balancer
