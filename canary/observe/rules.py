"""Convert a listener's rules: conditions, actions and transforms, with AWS's own JSON."""

from __future__ import annotations

from typing import Any

from canary.control_plane.patterns import REGEX
from canary.control_plane.state import Action, Condition, Forward, Rule
from canary.observe.calls import plain

_CONFIGS = {
    "host-header": "HostHeaderConfig",
    "path-pattern": "PathPatternConfig",
    "http-header": "HttpHeaderConfig",
    "http-request-method": "HttpRequestMethodConfig",
    "query-string": "QueryStringConfig",
    "source-ip": "SourceIpConfig",
}
_WITHHELD = "ClientSecret"  # AWS does not describe it; whoever does must not put it into a report


def rule(raw: dict[str, Any]) -> Rule:
    """Return a rule as DescribeRules gives it; the default rule's priority is "default"."""
    priority = "default" if raw.get("IsDefault") else str(raw.get("Priority", "default"))
    *earlier, last = actions(raw.get("Actions") or []) or (Action(type="none"),)
    return Rule(
        arn=str(raw.get("RuleArn", "")),
        priority=priority,
        conditions=tuple(_condition(c) for c in raw.get("Conditions") or []),
        action=last,
        earlier=tuple(earlier),
        transforms=tuple(plain(t) for t in raw.get("Transforms") or []),
    )


def actions(raw: list[dict[str, Any]]) -> tuple[Action, ...]:
    """Return actions in their order; without orders AWS's own order holds."""
    return tuple(_action(a) for a in sorted(raw, key=lambda a: int(a.get("Order") or 0)))


def _condition(raw: dict[str, Any]) -> Condition:
    field = str(raw.get("Field", ""))
    config: dict[str, Any] = raw.get(_CONFIGS.get(field, "")) or {}
    values = config.get("Values") or raw.get("Values") or []
    regex = config.get("RegexValues") or raw.get("RegexValues") or []
    return Condition(
        field=field,
        values=(*(_value(v) for v in values), *(f"{REGEX}{r}" for r in regex)),
        name=str(config.get("HttpHeaderName", "")),
        config=plain(raw),
    )


def _value(value: Any) -> str:
    """Return a value of a condition as text; a query string's is a pair."""
    return f"{value.get('Key', '')}={value.get('Value', '')}" if isinstance(value, dict) else value


def _action(raw: dict[str, Any]) -> Action:
    fixed = raw.get("FixedResponseConfig") or {}
    redirect = raw.get("RedirectConfig") or {}
    sticky = (raw.get("ForwardConfig") or {}).get("TargetGroupStickinessConfig") or {}
    return Action(
        type=str(raw.get("Type", "")),
        forwards=_forwards(raw),
        status_code=str(fixed.get("StatusCode") or redirect.get("StatusCode") or ""),
        content_type=str(fixed.get("ContentType") or ""),
        message_body=str(fixed.get("MessageBody") or ""),
        redirect=_redirect(redirect) if redirect else "",
        order=int(raw.get("Order") or 0),
        sticky=bool(sticky.get("Enabled")),
        sticky_s=int(sticky.get("DurationSeconds") or 0),
        config=_without_secret(plain(raw)),
    )


def _without_secret(config: dict[str, Any]) -> dict[str, Any]:
    found = dict(config)
    for key, value in config.items():
        if isinstance(value, dict):
            found[key] = {k: v for k, v in value.items() if k != _WITHHELD}
    return found


def _forwards(action: dict[str, Any]) -> tuple[Forward, ...]:
    groups = (action.get("ForwardConfig") or {}).get("TargetGroups") or []
    if groups:
        return tuple(
            Forward(target_group=str(g["TargetGroupArn"]), weight=_weight(g)) for g in groups
        )
    single = action.get("TargetGroupArn")
    return (Forward(target_group=str(single)),) if single else ()


def _weight(group: dict[str, Any]) -> int:
    weight = group.get("Weight")
    return 1 if weight is None else int(weight)


def _redirect(raw: dict[str, Any]) -> str:
    protocol = raw.get("Protocol", "#{protocol}")
    host = raw.get("Host", "#{host}")
    port = raw.get("Port", "#{port}")
    path = str(raw.get("Path", "/#{path}"))
    return f"{protocol}://{host}:{port}{path}?{raw.get('Query', '#{query}')}"
