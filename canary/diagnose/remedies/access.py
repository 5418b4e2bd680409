"""Edits of roles and log groups: what the tasks' start needs."""

from __future__ import annotations

from canary.diagnose.remedies.edit import Edit, Parameters


def put_role_policy(role: str, name: str, found: list[Parameters]) -> Edit:
    """Return the edit that gives a role one more policy; its way back deletes it."""
    document = {"Version": "2012-10-17", "Statement": found}
    named = {"RoleName": role, "PolicyName": name}
    after: Parameters = {name: document}
    return Edit(
        service="iam", operation="put-role-policy",
        parameters={**named, "PolicyDocument": document}, resource=role, before=None, after=after,
        undo=Edit(
            service="iam", operation="delete-role-policy", parameters=named, resource=role,
            before=after, after=None,
        ),
    )  # fmt: skip


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
