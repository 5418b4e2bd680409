"""Write conditions of listener rules for the AWS CLI."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from canary.control_plane.routing import REGEX, takes
from canary.control_plane.state import Condition, Listener
from canary.diagnose.core.aws_cli import compact
from canary.diagnose.core.case import Case
from canary.diagnose.routing.misroutes import Need

# The key of each field's settings in `RuleCondition` (Elastic Load Balancing API reference)
SETTINGS = {
    "path-pattern": "PathPatternConfig",
    "host-header": "HostHeaderConfig",
    "http-header": "HttpHeaderConfig",
    "http-request-method": "HttpRequestMethodConfig",
    "query-string": "QueryStringConfig",
    "source-ip": "SourceIpConfig",
}
SHORT = ("path-pattern", "host-header")  # fields that the short form of `--conditions` takes


def path(*patterns: str) -> tuple[Condition, ...]:
    """Return the condition of a rule for paths."""
    return (Condition(field="path-pattern", values=patterns),)


def conditions(found: Iterable[Condition]) -> str:
    """Return the value of `--conditions`: the short form if it suffices, else JSON.

    The short form takes a single value for a path or a host; of several, AWS says "The
    'path-pattern' field contains too many values; the limit is '1'".
    """
    given = tuple(found)
    short = all(c.field in SHORT and len(c.values) == 1 for c in given)
    if short and len(given) == 1 and not given[0].values[0].startswith(REGEX):
        return f"Field={given[0].field},Values={given[0].values[0]}"
    return compact([_whole(c) for c in given])


def forward(group: str) -> str:
    """Return a forward action in the CLI's short form."""
    return f"Type=forward,TargetGroupArn={group}"


def create_rule(
    case: Case, listener: str, priority: int, wanted: Iterable[Condition], group: str
) -> str:
    """Return the command that creates a rule towards a target group."""
    return case.aws.elbv2(
        "create-rule",
        listener_arn=listener,
        priority=priority,
        conditions=conditions(wanted),
        actions=forward(group),
    )


def conditions_back(case: Case, listener: Listener, need: Need) -> tuple[str, ...]:
    """Return the command that restores the conditions with which a rule took the path before.

    A second rule beside the changed one would only hide the change.
    """
    before = {rule.arn: rule for rule in case.rules_before(listener.arn)}
    right = need.receivers(case)
    for rule in listener.rules:
        old = before.get(rule.arn)
        leads = (
            bool(rule.action.forwards) and {f.target_group for f in rule.action.forwards} <= right
        )
        if not old or not leads or not rule.priority.isdigit():
            continue
        if takes(old, need.host, need.path, need.method) and old.conditions != rule.conditions:
            back = case.aws.elbv2(
                "modify-rule", rule_arn=rule.arn, conditions=conditions(old.conditions)
            )
            return (back,)
    return ()


def _whole(condition: Condition) -> dict[str, Any]:
    plain = [v for v in condition.values if not v.startswith(REGEX)]
    config: dict[str, Any] = {}
    if condition.field == "http-header":
        config["HttpHeaderName"] = condition.name
    if plain:
        pairs = condition.field == "query-string"
        config["Values"] = [_pair(v) for v in plain] if pairs else plain
    if len(plain) < len(condition.values):
        config["RegexValues"] = [
            v.removeprefix(REGEX) for v in condition.values if v.startswith(REGEX)
        ]
    return {"Field": condition.field, SETTINGS[condition.field]: config}


def _pair(text: str) -> dict[str, str]:
    key, _, value = text.partition("=")
    return {"Key": key, "Value": value} if key else {"Value": value}
