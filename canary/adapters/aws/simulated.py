"""Ask IAM whether whoever asks may do what the readers call, without doing it.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
It knows the caller's own policies and boundaries, and no policy of the organization or resource.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from canary.model import Environment
from canary.observe.calls import Permission, error_code

AT_ONCE = 50
"""Actions of one call; IAM takes a hundred names and a bounded body."""
ALLOWED = "allowed"
_ROLE = re.compile(r"arn:(aws[a-z-]*):sts::(\d{12}):assumed-role/([^/]+)/.*")


def refused(
    sts: Any, iam: Any, environment: Environment, permissions: Sequence[Permission]
) -> Iterator[tuple[str, bool]]:
    """Yield a line for each action that is not allowed, and whether nothing could be told of it."""
    try:
        caller = str(sts.get_caller_identity()["Arn"])
        source = _source(caller)
        for (resource, region), actions in sorted(_grouped(environment, permissions).items()):
            for start in range(0, len(actions), AT_ONCE):
                answer = iam.simulate_principal_policy(
                    PolicySourceArn=source,
                    ActionNames=actions[start : start + AT_ONCE],
                    ResourceArns=[resource],
                    ContextEntries=_context(environment, region),
                )
                for one in answer.get("EvaluationResults", []):
                    if one.get("EvalDecision") != ALLOWED:
                        yield f"{source} may not {one.get('EvalActionName')} on {resource}", False
    except Exception as error:  # noqa: BLE001 - a boundary: what is not answered is not checked
        code = error_code(error)
        yield (
            f"not checked for the caller, iam:SimulatePrincipalPolicy was not answered: {code}",
            True,
        )


def _source(caller: str) -> str:
    """Return the user or role whose policies hold for a caller."""
    match = _ROLE.fullmatch(caller)
    return f"arn:{match[1]}:iam::{match[2]}:role/{match[3]}" if match else caller


def _grouped(
    environment: Environment, permissions: Sequence[Permission]
) -> dict[tuple[str, str], list[str]]:
    """Return actions by resource and region: IAM sees calls of Route 53 in us-east-1."""
    found: dict[tuple[str, str], set[str]] = {}
    for one in permissions:
        tests = one.condition.get("StringEquals", {})
        region = tests.get("aws:RequestedRegion", environment.region)
        found.setdefault((one.resource, region), set()).add(one.action)
    return {key: sorted(actions) for key, actions in found.items()}


def _context(environment: Environment, region: str) -> list[dict[str, Any]]:
    """Return the keys of conditions that the readers' calls carry."""
    cluster = environment.arn("ecs", f"cluster/{environment.cluster}")
    return [
        {
            "ContextKeyName": "ecs:cluster",
            "ContextKeyType": "string",
            "ContextKeyValues": [cluster],
        },
        {
            "ContextKeyName": "aws:RequestedRegion",
            "ContextKeyType": "string",
            "ContextKeyValues": [region],
        },
    ]
