"""Edits of roles and log groups: what the tasks' start needs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from canary.diagnose.remedies.edit import Edit, Parameters


def put_role_policy(
    role: str, name: str, document: Parameters, before: Parameters | None = None
) -> Edit:
    """Return the edit that gives a role a policy; its way back is the policy that it had, if any.

    `before`: the policy of this name that the role has now.
    """
    return Edit(
        **_put(role, name, before, document),
        undo=Edit(
            **(_put(role, name, document, before) if before else _gone(role, name, document))
        ),
    )


def policy(statements: list[dict[str, object]]) -> Parameters:
    """Return a policy of these statements."""
    return {"Version": "2012-10-17", "Statement": statements}


def listed(value: Any) -> list[Any]:
    """Return a value of a policy, in which a single one may stand without its list."""
    return value if isinstance(value, list) else [] if value is None else [value]


def lacking(document: Parameters | None, other: Parameters | None) -> list[Any]:
    """Return the statements of a policy that another policy does not have."""
    kept = listed((other or {}).get("Statement"))
    return [s for s in listed((document or {}).get("Statement")) if s not in kept]


def like(patterns: Iterable[str], text: str) -> bool:
    """Return whether one of IAM's patterns fits a text: * is any text, ? any one character."""
    return any(
        re.fullmatch(re.escape(p).replace(r"\*", ".*").replace(r"\?", "."), text) for p in patterns
    )


def allows(statement: dict[str, Any], action: str, resource: str) -> bool:
    """Return whether a statement allows an action on a resource, or may: it names what it omits.

    AWS ends the ARN of a secret with six characters, which a reference may leave out.
    """
    if statement.get("Effect") != "Allow":
        return False
    if "Action" not in statement or "Resource" not in statement:
        return True
    actions = [str(a).lower() for a in listed(statement["Action"])]
    resources = [str(r) for r in listed(statement["Resource"])]
    on = like(resources, resource) or (
        ":secret:" in resource and like(resources, f"{resource}-AAAAAA")
    )
    return on and like(actions, action.lower())


def _put(role: str, name: str, old: Parameters | None, new: Parameters) -> dict[str, Any]:
    return {
        "service": "iam",
        "operation": "put-role-policy",
        "parameters": {"RoleName": role, "PolicyName": name, "PolicyDocument": new},
        "resource": role,
        "before": {name: old} if old else None,
        "after": {name: new},
    }


def _gone(role: str, name: str, document: Parameters) -> dict[str, Any]:
    return {
        "service": "iam",
        "operation": "delete-role-policy",
        "parameters": {"RoleName": role, "PolicyName": name},
        "resource": role,
        "before": {name: document},
        "after": None,
    }


def attach_role_policy(role: str, arn: str) -> Edit:
    """Return the edit that attaches a managed policy to a role; its way back detaches it."""

    def call(operation: str, before: Parameters, after: Parameters, undo: Edit | None) -> Edit:
        return Edit(
            service="iam", operation=operation, parameters={"RoleName": role, "PolicyArn": arn},
            resource=role, before=before, after=after, undo=undo,
        )  # fmt: skip

    off: Parameters = {"attached": []}
    on: Parameters = {"attached": [arn]}
    return call("attach-role-policy", off, on, call("detach-role-policy", on, off, None))


def create_log_group(name: str) -> Edit:
    """Return the edit that creates a log group."""
    named: Parameters = {"logGroupName": name}
    return Edit(
        service="logs", operation="create-log-group", parameters=named, resource=name,
        before=None, after=named,
        undo=Edit(
            service="logs", operation="delete-log-group", parameters=named, resource=name,
            before=named, after=None,
        ),
    )  # fmt: skip
