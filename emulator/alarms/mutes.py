"""Alarm mute rules, which hold back actions while evaluation continues."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from emulator.alarms.backend import backend_of
from emulator.schedule_expressions import Expression, parse
from emulator.settings import ACCOUNT

_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?")


def install(response: Any) -> None:
    """Add the calls to moto's CloudWatch."""
    response.put_alarm_mute_rule = _put
    response.get_alarm_mute_rule = _get
    response.delete_alarm_mute_rule = _delete
    response.list_alarm_mute_rules = _list


def put(region: str, rule: dict[str, Any]) -> str:
    """Store a rule given by the parameters of PutAlarmMuteRule; return its ARN."""
    schedule = rule["Rule"]["Schedule"]
    parse(schedule["Expression"], fields=5)
    duration(schedule["Duration"])
    arn = f"arn:aws:cloudwatch:{region}:{ACCOUNT}:alarm-mute-rule:{rule['Name']}"
    kept = {**rule, "AlarmMuteRuleArn": arn, "LastUpdatedTimestamp": datetime.now(UTC)}
    _rules(region)[rule["Name"]] = kept
    return arn


def remove(region: str, name: str) -> None:
    """Forget a rule."""
    _rules(region).pop(name, None)


def muted(region: str, alarm: str, now: float) -> bool:
    """Return whether a rule mutes an alarm's actions at a time in epoch seconds."""
    moment = datetime.fromtimestamp(now, UTC)
    return any(
        alarm in (rule.get("MuteTargets") or {}).get("AlarmNames", []) and active(rule, moment)
        for rule in _rules(region).values()
    )


def active(rule: dict[str, Any], now: datetime) -> bool:
    """Return whether a rule's window is open."""
    if (start := rule.get("StartDate")) and now < _aware(start):
        return False
    if (expire := rule.get("ExpireDate")) and now >= _aware(expire):
        return False
    schedule = rule["Rule"]["Schedule"]
    expression: Expression = parse(schedule["Expression"], fields=5)
    length = duration(schedule["Duration"])
    return expression.fires_between(now - length, now, schedule.get("Timezone") or "UTC")


def duration(text: str) -> timedelta:
    """Return an ISO 8601 duration of days, hours and minutes; raises ValueError."""
    match = _DURATION.fullmatch(text)
    if match is None or not any(match.groups()):
        raise ValueError(f"no duration: {text}")
    days, hours, minutes = (int(group or 0) for group in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes)


def _rules(region: str) -> dict[str, dict[str, Any]]:
    """Return the rules, which moto's backend holds so that a reset removes them."""
    kept: dict[str, dict[str, Any]] = vars(backend_of(region)).setdefault("mute_rules", {})
    return kept


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _put(self: Any) -> Any:
    from moto.cloudwatch.exceptions import ValidationError
    from moto.core.responses import EmptyResult

    try:
        put(self.region, self._get_params())
    except ValueError as error:
        raise ValidationError(str(error)) from error
    return EmptyResult()


def _get(self: Any) -> Any:
    from moto.cloudwatch.exceptions import ResourceNotFoundException
    from moto.core.responses import ActionResult

    rule = _rules(self.region).get(self._get_param("AlarmMuteRuleName"))
    if rule is None:
        raise ResourceNotFoundException
    status = "ACTIVE" if active(rule, datetime.now(UTC)) else "SCHEDULED"
    return ActionResult({**rule, "Status": status})


def _delete(self: Any) -> Any:
    from moto.core.responses import EmptyResult

    remove(self.region, self._get_param("AlarmMuteRuleName"))
    return EmptyResult()


def _list(self: Any) -> Any:
    from moto.core.responses import ActionResult

    rules = [
        {
            "AlarmMuteRuleArn": rule["AlarmMuteRuleArn"],
            "Status": "ACTIVE" if active(rule, datetime.now(UTC)) else "SCHEDULED",
        }
        for rule in _rules(self.region).values()
    ]
    return ActionResult({"AlarmMuteRuleSummaries": rules})
