"""Read the policies of the roles with which ECS starts tasks."""

from __future__ import annotations

from typing import Any

from canary.control_plane.state import EcsService, IamRole, TaskDefinition
from canary.observe.calls import Permission, Reader, plain

_ROLE = "arn:aws:iam::{account}:role/*"  # their names stand in task definitions alone
ACTIONS = (
    Permission(action="iam:ListRolePolicies", resource=_ROLE),
    Permission(action="iam:GetRolePolicy", resource=_ROLE),
    Permission(action="iam:ListAttachedRolePolicies", resource=_ROLE),
)
MAX_ROLES = 10
MAX_POLICIES = 10  # of one role
_GONE = "NoSuchEntity"


def read(
    reader: Reader, services: tuple[EcsService, ...], definitions: tuple[TaskDefinition, ...]
) -> tuple[IamRole, ...]:
    """Return the execution roles of the revisions in use, with the policies that they have."""
    used = {s.task_definition for s in services}
    used |= {d.task_definition for s in services for d in s.deployments}
    wanted = sorted({d.execution_role for d in definitions if d.arn in used and d.execution_role})
    if len(wanted) > MAX_ROLES:
        reader.bounded("iam:ListRolePolicies", "*", MAX_ROLES, "roles")
        reader.miss("roles")
    found: list[IamRole] = []
    for arn in wanted[:MAX_ROLES]:
        role = _role(reader, arn)
        if role is None:  # where IAM cannot be reached, each further role would cost a time-out
            reader.miss("roles")
            break
        found.append(role)
    return tuple(found)


def _role(reader: Reader, arn: str) -> IamRole | None:
    """Return a role, None if its policies could not be read."""
    name = arn.rpartition("/")[2]
    listed = reader.pages(
        "iam:ListRolePolicies", "PolicyNames", arn, not_found=(_GONE,), RoleName=name
    )
    if listed is None:
        return None  # no second time-out
    attached = reader.pages(
        "iam:ListAttachedRolePolicies", "AttachedPolicies", arn, not_found=(_GONE,), RoleName=name
    )
    if attached is None:
        return None
    names = sorted(map(str, listed))
    if len(names) > MAX_POLICIES:
        reader.bounded("iam:GetRolePolicy", arn, MAX_POLICIES, "policies")
    documents = {policy: _document(reader, name, policy) for policy in names[:MAX_POLICIES]}
    if None in documents.values():
        return None
    return IamRole(
        arn=arn,
        policies={n: d for n, d in documents.items() if d is not None},
        attached=tuple(sorted(str(a["PolicyArn"]) for a in attached)),
        bounded=("policies",) if len(names) > MAX_POLICIES else (),
    )


def _document(reader: Reader, role: str, policy: str) -> dict[str, Any] | None:
    gone: dict[str, dict[str, Any] | None] = {_GONE: {}}
    return reader.answer(
        "iam:GetRolePolicy",
        f"{role}/{policy}",
        lambda raw: _parsed(raw["PolicyDocument"]),
        None,
        gone,
        RoleName=role,
        PolicyName=policy,
    )


def _parsed(document: Any) -> dict[str, Any] | None:
    """Return a policy, which boto3 has decoded; one that it could not decode raises."""
    found: dict[str, Any] = plain(dict(document))
    return found
