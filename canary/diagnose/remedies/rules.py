"""Edits of listener rules: all actions in their order, all conditions, all transforms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from canary.control_plane.patterns import REGEX
from canary.control_plane.state import Action, Condition, Listener, Rule
from canary.diagnose.remedies.edit import Edit, Later, Parameters, modify

_SETTINGS = {
    "path-pattern": "PathPatternConfig",
    "host-header": "HostHeaderConfig",
    "http-header": "HttpHeaderConfig",
    "http-request-method": "HttpRequestMethodConfig",
    "query-string": "QueryStringConfig",
    "source-ip": "SourceIpConfig",
}
OIDC = "authenticate-oidc"
_NONE: Mapping[str, str] = {}


def modify_rule(
    rule: Rule,
    *,
    actions: tuple[Action, ...] | None = None,
    conditions: tuple[Condition, ...] | None = None,
    transforms: tuple[dict[str, Any], ...] | None = None,
) -> Edit:
    """Return the edit that gives a rule other parts; the rest stays as it is."""
    before: Parameters = {}
    after: Parameters = {}
    if actions is not None:
        before["Actions"], after["Actions"] = rule_json(rule.actions), rule_json(actions)
    if conditions is not None:
        before["Conditions"] = [condition_json(c) for c in rule.conditions]
        after["Conditions"] = [condition_json(c) for c in conditions]
    if transforms is not None:
        before |= _transforms(rule.transforms)
        after |= _transforms(transforms)
    return modify("elbv2", "modify-rule", ("RuleArn", rule.arn), before, after)


def changed_parts(was: Rule, now: Rule) -> dict[str, Any]:
    """Return what a rule did and took where it differs from now, by the names of `modify_rule`."""
    names = ("actions", "conditions", "transforms")
    return {n: getattr(was, n) for n in names if getattr(was, n) != getattr(now, n)}


def _transforms(transforms: tuple[dict[str, Any], ...]) -> Parameters:
    return {"Transforms": list(transforms)} if transforms else {"ResetTransforms": True}


def create_rule(
    listener: Listener | Later,
    priority: int,
    conditions: tuple[Condition, ...],
    actions: tuple[Action, ...],
    transforms: tuple[dict[str, Any], ...] = (),
    tags: Mapping[str, str] = _NONE,
) -> Edit:
    """Return the edit that creates a rule with all that it had."""
    arn = listener if isinstance(listener, Later) else listener.arn
    after: Parameters = {
        "Priority": priority,
        "Conditions": [condition_json(c) for c in conditions],
        "Actions": rule_json(actions),
    }
    if transforms:
        after["Transforms"] = list(transforms)
    if own := tags_json(tags):
        after["Tags"] = own
    made = Later(
        service="elbv2", operation="describe-rules", parameters={"ListenerArn": arn},
        query=f"Rules[?Priority=='{priority}'].RuleArn",
    )  # fmt: skip
    undo = Edit(
        service="elbv2", operation="delete-rule", parameters={"RuleArn": made},
        resource=f"rule {priority}", before=after, after=None,
    )  # fmt: skip
    where = "" if isinstance(arn, Later) else f" of {arn}"
    return Edit(
        service="elbv2", operation="create-rule", parameters={"ListenerArn": arn, **after},
        resource=f"rule {priority}{where}", before=None, after=after,
        undo=None if isinstance(arn, Later) else undo,
    )  # fmt: skip


Parts = tuple[
    tuple[Condition, ...], tuple[Action, ...], tuple[dict[str, Any], ...], Mapping[str, str]
]


def all_parts(rule: Rule) -> Parts:
    """Return all parts of a rule, in the order in which `create_rule` takes them."""
    return rule.conditions, rule.actions, rule.transforms, rule.tags


def tags_json(tags: Mapping[str, str]) -> list[Parameters]:
    """Return tags as AWS's API takes them; those of its own (`aws:`) it gives by itself."""
    return [{"Key": k, "Value": v} for k, v in tags.items() if not k.startswith("aws:")]


def delete_rule(listener: Listener, rule: Rule) -> Edit:
    """Return the edit that deletes a rule; its way back creates the whole rule again."""
    number = int(rule.priority)
    back = create_rule(listener, number, *all_parts(rule))
    secret = any(a.type == OIDC for a in rule.actions)
    return Edit(
        service="elbv2", operation="delete-rule", parameters={"RuleArn": rule.arn},
        resource=rule.arn, before=back.after, after=None, undo=None if secret else back,
        irreversible="AWS does not tell the client secret of its sign-in." if secret else "",
    )  # fmt: skip


def move_rules(moves: Sequence[tuple[Rule, int]]) -> Edit:
    """Return the edit that gives rules other priorities, all at once: they may change places."""
    old = [(rule.arn, int(rule.priority)) for rule, _ in moves]
    new = [(rule.arn, priority) for rule, priority in moves]
    return Edit(**_moved(old, new), undo=Edit(**_moved(new, old)))


def _moved(old: list[tuple[str, int]], new: list[tuple[str, int]]) -> dict[str, Any]:
    before, after = ([{"RuleArn": a, "Priority": n} for a, n in rules] for rules in (old, new))
    return {
        "service": "elbv2",
        "operation": "set-rule-priorities",
        "parameters": {"RulePriorities": after},
        "resource": new[0][0],
        "before": {"RulePriorities": before},
        "after": {"RulePriorities": after},
    }


def rule_json(actions: tuple[Action, ...]) -> list[Parameters]:
    """Return all actions as AWS's API takes them, in their order."""
    return [action_json(a) for a in actions]


def action_json(action: Action) -> Parameters:
    """Return an action as AWS's API takes it: as it was read, else from its fields."""
    if action.config:
        found = dict(action.config)
        if (found.get("ForwardConfig") or {}).get("TargetGroups"):
            found.pop("TargetGroupArn", None)  # the same said twice
        if action.type == OIDC:  # AWS never tells the secret; it keeps the one that is there
            oidc = found.get("AuthenticateOidcConfig") or {}
            found["AuthenticateOidcConfig"] = {**oidc, "UseExistingClientSecret": True}
        return found
    return _from_fields(action)


def _from_fields(action: Action) -> Parameters:
    found: Parameters = {"Type": action.type}
    if action.order:
        found["Order"] = action.order
    if action.type == "redirect":
        found["RedirectConfig"] = _redirect(action)
    elif action.type == "fixed-response":
        fixed = {
            "StatusCode": action.status_code,
            "ContentType": action.content_type,
            "MessageBody": action.message_body,
        }
        found["FixedResponseConfig"] = {k: v for k, v in fixed.items() if v}
    elif len(action.forwards) == 1 and not action.sticky:
        found["TargetGroupArn"] = action.forwards[0].target_group
    elif action.forwards:
        groups = [{"TargetGroupArn": f.target_group, "Weight": f.weight} for f in action.forwards]
        config: Parameters = {"TargetGroups": groups}
        if action.sticky:
            config["TargetGroupStickinessConfig"] = {
                "Enabled": True,
                "DurationSeconds": action.sticky_s,
            }
        found["ForwardConfig"] = config
    return found


def _redirect(action: Action) -> Parameters:
    """Return a redirect's settings from its text, "HTTPS://#{host}:443/#{path}?#{query}"."""
    protocol, _, rest = action.redirect.partition("://")
    where, _, query = rest.partition("?")
    authority, slash, path = where.partition("/")
    host, _, port = authority.rpartition(":")
    return {
        "Protocol": protocol, "Host": host, "Port": port, "Path": slash + path, "Query": query,
        "StatusCode": action.status_code or "HTTP_301",
    }  # fmt: skip


def condition_json(condition: Condition) -> Parameters:
    """Return a condition as AWS's API takes it: the settings alone, not the older `Values`."""
    key = _SETTINGS.get(condition.field, "")
    config = condition.config.get(key) if key else None
    if config:
        return {"Field": condition.field, key: dict(config)}
    if not key:
        return dict(condition.config)
    return {"Field": condition.field, key: _values(condition)}


def _values(condition: Condition) -> Parameters:
    plain = [v for v in condition.values if not v.startswith(REGEX)]
    regex = [v.removeprefix(REGEX) for v in condition.values if v.startswith(REGEX)]
    found: Parameters = {}
    if condition.field == "http-header":
        found["HttpHeaderName"] = condition.name
    if plain:
        pairs = condition.field == "query-string"
        found["Values"] = [_pair(v) for v in plain] if pairs else plain
    if regex:
        found["RegexValues"] = regex
    return found


def _pair(text: str) -> dict[str, str]:
    key, _, value = text.partition("=")
    return {"Key": key, "Value": value} if key else {"Value": value}


def path(*patterns: str) -> tuple[Condition, ...]:
    """Return the condition of a rule for paths."""
    return (Condition(field="path-pattern", values=patterns),)
