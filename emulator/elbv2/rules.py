"""Read, refuse and show listener rules as the ELBv2 API does.

moto takes one value in the short form of a condition, none that is a regular expression, and any
action; it shows rules in the order in which they were made, and each only in the form in which it
was given. Limits: "Quotas for your Application Load Balancers"; the API's RuleCondition and Action.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

from emulator.elbv2 import values
from emulator.elbv2.values import wrong as _wrong

Json = dict[str, Any]

CONFIGS = {
    "host-header": "HostHeaderConfig",
    "path-pattern": "PathPatternConfig",
    "http-header": "HttpHeaderConfig",
    "http-request-method": "HttpRequestMethodConfig",
    "query-string": "QueryStringConfig",
    "source-ip": "SourceIpConfig",
}
SHORT = ("host-header", "path-pattern")  # fields that may also be given as plain Values
REPEATABLE = ("http-header", "query-string")
MOST_VALUES = 5
MOST_PRIORITY = 50_000
LONGEST_BODY = 1024
DECIDING = ("forward", "redirect", "fixed-response")


@functools.cache
def install() -> None:
    """Replace moto's reading and showing of rules; call once."""
    from moto.elbv2.models import ELBv2Backend, FakeAction, FakeListener

    _take_both_forms(FakeAction)
    _validate(ELBv2Backend)
    _protect_default_rules(ELBv2Backend)
    # moto means to keep them in order and throws the sorted list away
    FakeListener.rules = property(
        lambda self: {
            rule.arn: rule
            for rule in [
                *sorted(self._non_default_rules.values(), key=lambda one: int(one.priority)),
                *self._default_rule.values(),
            ]
        }
    )


def _take_both_forms(action: Any) -> None:
    """Store a forward to one group in both of the API's forms, as DescribeRules shows it."""
    begin = action.__init__

    def made(self: Any, data: Json) -> None:
        data = dict(data)
        groups = (data.get("ForwardConfig") or {}).get("TargetGroups") or []
        if data.get("Type") == "forward" and data.get("TargetGroupArn") and not groups:
            only = {"TargetGroupArn": data["TargetGroupArn"], "Weight": 1}
            data["ForwardConfig"] = {**(data.get("ForwardConfig") or {}), "TargetGroups": [only]}
        elif len(groups) == 1 and not data.get("TargetGroupArn"):
            data["TargetGroupArn"] = groups[0]["TargetGroupArn"]
        begin(self, data)

    action.__init__ = made


def _validate(backend: Any) -> None:
    create, modify, check = backend.create_rule, backend.modify_rule, backend._validate_actions

    def create_rule(
        self: Any, listener_arn: str, conditions: list[Json], priority: Any, *rest: Any, **more: Any
    ) -> Any:
        if not conditions:
            raise _wrong("A condition must be specified")
        if int(priority) > MOST_PRIORITY:
            raise _wrong(
                f"1 validation error detected: Value '{priority}' at 'priority' failed to satisfy "
                f"constraint: Member must have value less than or equal to {MOST_PRIORITY}"
            )
        rule = create(self, listener_arn, conditions, priority, *rest, **more)
        rule.conditions = shown(conditions)
        return rule

    def modify_rule(
        self: Any, rule_arn: str, conditions: list[Json] | None, *rest: Any, **more: Any
    ) -> Any:
        rule = modify(self, rule_arn, conditions or [], *rest, **more)
        if conditions:
            rule.conditions = shown(conditions)
        return rule

    def validate_actions(self: Any, actions: list[Any]) -> None:
        check(self, actions)
        refuse_actions([one.data for one in actions])

    backend.create_rule, backend.modify_rule = create_rule, modify_rule
    backend._validate_conditions = lambda _, conditions: refuse_conditions(conditions)
    backend._validate_actions = validate_actions


def _protect_default_rules(backend: Any) -> None:
    from moto.elbv2.exceptions import ELBClientError

    modify, delete = backend.modify_rule, backend.delete_rule

    def refuse(self: Any, arn: str, done: str) -> None:
        for balancer in list(self.load_balancers.values()):
            for listener in list(balancer.listeners.values()):
                if any(rule.arn == arn for rule in listener._default_rule.values()):
                    text = f"Default rule '{arn}' cannot be {done}"
                    raise ELBClientError("OperationNotPermitted", text)

    def modify_rule(self: Any, rule_arn: str, *rest: Any, **more: Any) -> Any:
        refuse(self, rule_arn, "modified")
        return modify(self, rule_arn, *rest, **more)

    def delete_rule(self: Any, arn: str) -> None:
        refuse(self, arn, "deleted")
        delete(self, arn)

    backend.modify_rule, backend.delete_rule = modify_rule, delete_rule


def values_of(condition: Json) -> list[Any]:
    """Return a condition's plain and regular expressions, from either form of the API."""
    config = condition.get(CONFIGS.get(condition.get("Field", ""), "")) or {}
    return [
        *(config.get("Values") or condition.get("Values") or []),
        *(config.get("RegexValues") or condition.get("RegexValues") or []),
    ]


def shown(conditions: Iterable[Json]) -> list[Json]:
    """Return conditions as DescribeRules shows them: hosts and paths in both forms."""
    found = []
    for condition in conditions:
        field = condition["Field"]
        if field in SHORT:
            values = condition.get("Values")
            config = condition.get(CONFIGS[field]) or ({"Values": values} if values else {})
            plain = {"Values": config["Values"]} if config.get("Values") else {}
            condition = {**condition, **plain, CONFIGS[field]: config}
        found.append(condition)
    return found


def refuse_conditions(conditions: list[Json]) -> None:
    """Raise the error of CreateRule and ModifyRule for invalid conditions."""
    seen: set[str] = set()
    for condition in conditions:
        field = str(condition.get("Field") or "")
        _refuse_condition(field, condition)
        if field in seen and field not in REPEATABLE:
            raise _wrong(f"A rule can only have one '{field}' condition")
        seen.add(field)
    if sum(len(values_of(condition)) for condition in conditions) > MOST_VALUES:
        raise _wrong(f"A rule can only have '{MOST_VALUES}' condition values")


def _refuse_condition(field: str, condition: Json) -> None:
    from moto.elbv2.exceptions import InvalidConditionFieldError

    config_name = CONFIGS.get(field)
    if config_name is None:
        raise InvalidConditionFieldError(field)
    config = condition.get(config_name)
    if condition.get("Values") and field not in SHORT:
        raise _wrong(f"The 'Values' field is not compatible with '{field}'")
    # the same twice is what DescribeRules shows, and what is written back from there
    if condition.get("Values") and config and condition["Values"] != config.get("Values"):
        raise _wrong(
            f"You cannot provide both Values and '{config_name}' for a condition of type '{field}'"
        )
    if field not in SHORT and config is None:
        raise _wrong(f"A '{config_name}' must be specified with '{field}'")
    if not values_of(condition):
        raise _wrong("A condition value must be specified")
    longest = 40 if field == "http-request-method" else 128
    for value in values_of(condition):
        _refuse_value(field, value, longest)
    expressions = (config or {}).get("RegexValues") or condition.get("RegexValues") or []
    for value in (config or {}).get("Values") or condition.get("Values") or []:
        values.refuse_plain(field, str(value))
    for value in expressions:
        values.refuse_expression(str(value))
    header = str((config or {}).get("HttpHeaderName") or "")
    values.refuse_header(header)
    if len(header) > 40:
        raise _wrong("The 'HttpHeaderName' value is too long; the limit is '40'")


def _refuse_value(field: str, value: Any, longest: int) -> None:
    if field == "query-string" and isinstance(value, dict):
        if "Value" not in value:
            raise _wrong("A 'Value' must be specified in 'QueryStringKeyValuePair'")
        texts = [str(value.get("Key") or ""), str(value["Value"])]
    else:
        texts = [str(value)]
    if not texts[-1]:
        raise _wrong("A condition value cannot be empty")
    if any(len(text) > longest for text in texts):
        raise _wrong(f"The '{field}' value is too long; the limit is '{longest}'")


def refuse_actions(actions: list[Json]) -> None:
    """Raise AWS's error for actions without exactly one that decides, or without a target."""
    deciding = [one for one in actions if one.get("Type") in DECIDING]
    if not actions:
        return  # a change of the conditions alone
    if len(deciding) != 1:
        raise _invalid("You must specify exactly one forward, redirect or fixed-response action")
    redirect = deciding[0].get("RedirectConfig")
    own = {"Protocol": "#{protocol}", "Host": "#{host}", "Port": "#{port}", "Path": "/#{path}"}
    if redirect is not None and all(redirect.get(k) in (None, v) for k, v in own.items()):
        raise _invalid("The redirect configuration is not valid because it creates a loop.")
    values.refuse_redirect(redirect or {})
    values.refuse_groups((deciding[0].get("ForwardConfig") or {}).get("TargetGroups") or [])
    body = (deciding[0].get("FixedResponseConfig") or {}).get("MessageBody") or ""
    if len(body) > LONGEST_BODY:
        raise _wrong(f"The 'MessageBody' value is too long; the limit is '{LONGEST_BODY}'")


def _invalid(text: str) -> Exception:
    from moto.elbv2.exceptions import InvalidLoadBalancerActionException

    return InvalidLoadBalancerActionException(text)
