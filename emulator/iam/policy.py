"""Evaluate IAM policy documents for one request."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any


class Decision(Enum):
    """The decision of the policies on one request."""

    ALLOWED = "allowed"
    EXPLICIT_DENY = "an explicit deny in an identity-based policy"
    IMPLICIT_DENY = "no identity-based policy allows the {action} action"


def decide(
    documents: Sequence[Mapping[str, Any]],
    action: str,
    resources: Sequence[str],
    context: Mapping[str, str],
) -> Decision:
    """Evaluate documents for an action on resources, each of which must be allowed."""
    decisions = [_decide_one(documents, action, resource, context) for resource in resources]
    for worst in (Decision.EXPLICIT_DENY, Decision.IMPLICIT_DENY):
        if worst in decisions:
            return worst
    return Decision.ALLOWED


def _decide_one(
    documents: Sequence[Mapping[str, Any]],
    action: str,
    resource: str,
    context: Mapping[str, str],
) -> Decision:
    lowered = {key.lower(): value for key, value in context.items()}
    effects = {
        statement["Effect"]
        for document in documents
        for statement in _as_list(document.get("Statement", []))
        if applies(statement, action, resource, lowered)
    }
    if "Deny" in effects:
        return Decision.EXPLICIT_DENY
    return Decision.ALLOWED if "Allow" in effects else Decision.IMPLICIT_DENY


def applies(
    statement: Mapping[str, Any], action: str, resource: str, context: Mapping[str, str]
) -> bool:
    """Return whether a statement applies to this action, resource and context."""
    return (
        _action_matches(statement, action)
        and _resource_matches(statement, resource)
        and all(
            _condition_holds(operator, key, wanted, context)
            for operator, pairs in statement.get("Condition", {}).items()
            for key, wanted in pairs.items()
        )
    )


def _action_matches(statement: Mapping[str, Any], action: str) -> bool:
    if "NotAction" in statement:
        return not any(glob(p, action, fold=True) for p in _as_list(statement["NotAction"]))
    return any(glob(p, action, fold=True) for p in _as_list(statement.get("Action", [])))


def _resource_matches(statement: Mapping[str, Any], resource: str) -> bool:
    if "NotResource" in statement:
        return not any(glob(p, resource) for p in _as_list(statement["NotResource"]))
    if "Resource" not in statement:  # trust policies have none
        return True
    return any(glob(p, resource) for p in _as_list(statement["Resource"]))


def _condition_holds(operator: str, key: str, wanted: object, context: Mapping[str, str]) -> bool:
    base = operator.rpartition(":")[2]  # ForAnyValue: and ForAllValues: of a single value
    if_exists = base.endswith("IfExists")
    base = base.removesuffix("IfExists")
    have = context.get(key.lower())
    values = [_text(value) for value in _as_list(wanted)]
    if base == "Null":
        return (have is None) == (values[0].lower() == "true")
    if have is None:
        return if_exists or "Not" in base
    return _compare(base, have, values)


def _compare(operator: str, have: str, values: list[str]) -> bool:
    """Compare by one condition operator.

    Raises NotImplementedError for an unknown operator, because an error is safer than an allow
    that AWS would refuse.
    """
    negated = "Not" in operator
    plain = operator.replace("Not", "", 1)
    if plain in ("StringEquals",):
        hit = have in values
    elif plain in ("StringLike", "ArnLike", "ArnEquals"):
        hit = any(glob(value, have) for value in values)
    elif plain in ("StringEqualsIgnoreCase", "Bool"):
        hit = have.lower() in [value.lower() for value in values]
    elif plain.startswith("Numeric"):
        hit = any(_number(plain, float(have), float(value)) for value in values)
    else:
        raise NotImplementedError(f"condition operator {operator}")
    return hit != negated


def _number(operator: str, have: float, wanted: float) -> bool:
    return {
        "NumericEquals": have == wanted,
        "NumericLessThan": have < wanted,
        "NumericLessThanEquals": have <= wanted,
        "NumericGreaterThan": have > wanted,
        "NumericGreaterThanEquals": have >= wanted,
    }[operator]


@functools.lru_cache(maxsize=4096)
def _pattern(pattern: str, fold: bool) -> re.Pattern[str]:
    parts = (".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)
    return re.compile("".join(parts), re.DOTALL | (re.IGNORECASE if fold else 0))


def glob(pattern: str, text: str, *, fold: bool = False) -> bool:
    """Match as IAM does: `*` any run of characters, `?` exactly one, the whole text."""
    return _pattern(pattern, fold).fullmatch(text) is not None


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
