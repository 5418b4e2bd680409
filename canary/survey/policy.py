"""The smallest policy with which a survey and a run of it can read all that they ask for."""

from __future__ import annotations

import json
from typing import Any

from canary import observe
from canary.observe.calls import Permission
from canary.survey.survey import PERMISSIONS

VERSION = "2012-10-17"
"""The version of IAM's policy language, not a date of ours."""


def policy(region: str, cluster: str, account: str = "*") -> dict[str, Any]:
    """Return the policy as IAM takes it; "" for a region or a cluster allows every one."""
    values = {
        "region": region or "*",
        "account": account or "*",
        "cluster": cluster or "*",
        "log_group": "*",
        "task_log_group": "*",
    }
    groups: dict[str, tuple[set[str], str, dict[str, Any]]] = {}
    for permission in (*PERMISSIONS, *observe.PERMISSIONS):
        resource, condition = _filled(permission, values, region)
        key = json.dumps([resource, condition], sort_keys=True)
        groups.setdefault(key, (set(), resource, condition))[0].add(permission.action)
    return {
        "Version": VERSION,
        "Statement": [
            {
                "Effect": "Allow",
                "Action": sorted(actions),
                "Resource": resource,
                **({"Condition": condition} if condition else {}),
            }
            for _, (actions, resource, condition) in sorted(groups.items())
        ],
    }


def _filled(
    permission: Permission, values: dict[str, str], region: str
) -> tuple[str, dict[str, Any]]:
    """Return resource and condition; what has a star in its ARN needs another operator."""
    found: dict[str, Any] = {}
    for operator, tests in permission.condition.items():
        filled = {key: value.format(**values) for key, value in tests.items()}
        starred = any("*" in v for v in filled.values())
        found["ArnLike" if starred and operator == "ArnEquals" else operator] = filled
    resource = permission.resource.format(**values)
    if permission.resource == "*" and not found and region:
        found = {"StringEquals": {"aws:RequestedRegion": region}}
    return resource, found
