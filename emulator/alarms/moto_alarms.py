"""Extend moto's alarms with AWS's life cycle and the calls that moto lacks."""

from __future__ import annotations

import functools
from datetime import UTC, datetime
from typing import Any

from emulator.alarms import mutes, refusals

UNCHECKED = "Unchecked: Initial alarm creation"
_COMPOSITE = {
    "actions_suppressor": "ActionsSuppressor",
    "actions_suppressor_wait_period": "ActionsSuppressorWaitPeriod",
    "actions_suppressor_extension_period": "ActionsSuppressorExtensionPeriod",
}
_LASTING = (
    "state_value",
    "state_reason",
    "state_reason_data",
    "state_updated_timestamp",
    "state_transitioned_timestamp",
    "actions_suppressed_by",
    "history_items",
)


@functools.cache
def install() -> None:
    """Patch moto once: initial state, kept state on update, composites, history, mute rules."""
    from moto.cloudwatch.models import CloudWatchBackend
    from moto.cloudwatch.responses import CloudWatchResponse

    backend: Any = CloudWatchBackend
    original, delete = backend.put_metric_alarm, backend.delete_alarms

    def put_metric_alarm(self: Any, name: str, *rest: Any, **named: Any) -> Any:
        if not named.get("rule"):
            refusals.refuse(named)
        before = self.alarms.get(name)
        alarm = original(self, name, *rest, **named)
        begin(alarm, before)
        return alarm

    def delete_alarms(self: Any, alarm_names: list[str]) -> None:
        refusals.refuse_deletion(self, alarm_names)
        delete(self, alarm_names)

    backend.put_metric_alarm, backend.delete_alarms = put_metric_alarm, delete_alarms
    response: Any = CloudWatchResponse
    response.put_composite_alarm = _put_composite_alarm
    response.describe_alarm_history = _describe_alarm_history
    mutes.install(response)


def begin(alarm: Any, before: Any) -> None:
    """Give a new alarm INSUFFICIENT_DATA; a changed alarm keeps its state."""
    alarm.state_value = "INSUFFICIENT_DATA"
    alarm.state_reason = UNCHECKED
    alarm.state_transitioned_timestamp = alarm.state_updated_timestamp
    alarm.history_items = []
    for attribute in _LASTING if before is not None else ():
        if hasattr(before, attribute):
            setattr(alarm, attribute, getattr(before, attribute))
    verb = "created" if before is None else "updated"
    note(alarm, "ConfigurationUpdate", f'Alarm "{alarm.name}" {verb}', "{}")


def put_composite(backend: Any, parameters: dict[str, Any]) -> Any:
    """Make or change a composite alarm; raises moto's ValidationError for a bad rule."""
    from moto.cloudwatch.exceptions import ValidationError

    from alarm_evaluator import RuleError, children, parse_rule

    try:
        named = children(parse_rule(parameters["AlarmRule"]))
    except RuleError as error:
        raise ValidationError(f"AlarmRule: {error}") from error
    for child in named:
        if child.rsplit(":", 1)[-1] not in backend.alarms:
            raise ValidationError(f"Could not save the composite alarm as alarm {child} is missing")
    alarm = backend.put_metric_alarm(
        parameters["AlarmName"],
        *(None,) * 7,
        parameters.get("AlarmDescription"),
        [],
        parameters.get("AlarmActions") or [],
        ok_actions=parameters.get("OKActions") or [],
        insufficient_data_actions=parameters.get("InsufficientDataActions") or [],
        actions_enabled=parameters.get("ActionsEnabled", True),
        rule=parameters["AlarmRule"],
        tags=parameters.get("Tags"),
    )
    for attribute, parameter in _COMPOSITE.items():
        setattr(alarm, attribute, parameters.get(parameter))
    return alarm


def note(alarm: Any, kind: str, summary: str, data: str) -> None:
    """Add an item to an alarm's history."""
    alarm.history_items.append(
        {
            "AlarmName": alarm.name,
            "AlarmType": "CompositeAlarm" if alarm.rule else "MetricAlarm",
            "Timestamp": datetime.now(UTC).replace(tzinfo=None),
            "HistoryItemType": kind,
            "HistorySummary": summary,
            "HistoryData": data,
        }
    )


def _put_composite_alarm(self: Any) -> Any:
    from moto.core.responses import EmptyResult

    put_composite(self.cloudwatch_backend, self._get_params())
    return EmptyResult()


def _describe_alarm_history(self: Any) -> Any:
    from moto.core.responses import ActionResult

    wanted, kind = self._get_param("AlarmName"), self._get_param("HistoryItemType")
    items = [
        item
        for alarm in self.cloudwatch_backend.describe_alarms()
        if wanted in (None, alarm.name)
        for item in getattr(alarm, "history_items", [])
        if kind in (None, item["HistoryItemType"])
    ]
    newest_first = self._get_param("ScanBy") != "TimestampAscending"
    items.sort(key=lambda item: item["Timestamp"], reverse=newest_first)
    return ActionResult({"AlarmHistoryItems": items[: self._get_param("MaxRecords") or 100]})
