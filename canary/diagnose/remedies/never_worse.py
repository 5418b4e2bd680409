"""Check that an edit makes nothing wider than it was, and refers only to what is there.

Every edit is checked before it is printed. One that does not pass becomes a decision, and this
check's sentence says why. A call without a check here does not pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from canary.diagnose.core.case import Case
from canary.diagnose.remedies import (
    check_access,
    check_network,
    check_routing,
    check_services,
    check_targets,
)
from canary.diagnose.remedies.command import UnsafeTextError, command
from canary.diagnose.remedies.confirmed.check import by_the_present
from canary.diagnose.remedies.confirmed.references import references
from canary.diagnose.remedies.edit import Edit
from canary.diagnose.stores import start_check

Check = Callable[[Case, Edit], Iterator[str]]


def _harmless(_case: Case, _edit: Edit) -> Iterator[str]:
    """Pass a call that can neither widen an access nor lose an object."""
    return iter(())


CHECKS: dict[str, Check] = {
    "elbv2 modify-rule": check_routing.rule,
    "elbv2 create-rule": check_routing.new_rule,
    "elbv2 delete-rule": check_routing.lost_rule,
    "elbv2 set-rule-priorities": check_routing.moved_rule,
    "elbv2 modify-listener": check_routing.listener,
    "elbv2 create-listener": check_routing.new_listener,
    "elbv2 add-listener-certificates": references,
    "elbv2 modify-listener-attributes": check_routing.listener_attributes,
    "elbv2 modify-load-balancer-attributes": check_network.attribute,
    "elbv2 set-security-groups": check_network.balancer_groups,
    "elbv2 modify-target-group": references,
    "elbv2 register-targets": check_targets.targets,
    "elbv2 deregister-targets": check_targets.leaving,
    "ec2 authorize-security-group-ingress": check_network.permissions,
    "ec2 authorize-security-group-egress": check_network.permissions,
    "route53 change-resource-record-sets": check_network.record,
    "ecs update-service": check_services.service,
    "ecs create-service": check_services.new_service,
    "iam attach-role-policy": check_access.attached,
    "iam put-role-policy": check_access.role_policy,
    "logs create-log-group": check_access.log_group,
    "rds start-db-cluster": start_check.started,
    "rds start-db-instance": start_check.started,
    "secretsmanager restore-secret": check_access.secret,
    "secretsmanager update-secret-version-stage": check_access.secret,
    "ssm put-parameter": check_access.parameter,
    "servicediscovery create-service": check_services.internal_name,
    "servicediscovery register-instance": check_services.instance,
    "servicediscovery deregister-instance": _harmless,
}


def objections(case: Case, edits: tuple[Edit, ...]) -> list[str]:
    """Return why edits must not be printed as commands, nothing if they may."""
    found: list[str] = []
    for edit in edits:
        call = f"{edit.service} {edit.operation}"
        check = CHECKS.get(call)
        if check is None:
            found.append(f"nothing is known of what {call} may widen")
            continue
        found += list(check(case, edit)) or by_the_present(case, edit)
        try:
            command(edit, case.environment.region)
        except UnsafeTextError as error:
            found.append(str(error))
    return list(dict.fromkeys(found))
