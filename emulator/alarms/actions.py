"""Run the actions of an alarm and record them in its history."""

from __future__ import annotations

import json
from typing import Any

from emulator.alarms.authority import refusal
from emulator.alarms.messages import Change, event_detail, notification, subject
from emulator.alarms.moto_alarms import note
from emulator.alarms.reasons import iso
from emulator.aws.inside import client
from emulator.settings import ACCOUNT


def announce(change: Change) -> None:
    """Record a change of state and send its event, whether or not the alarm has actions."""
    data = {"oldState": {"stateValue": change.old}, "newState": {"stateValue": change.new}}
    summary = f"Alarm updated from {change.old} to {change.new}"
    note(change.alarm, "StateUpdate", summary, json.dumps({"version": "1.0", **data}))
    entry = {
        "Source": "aws.cloudwatch",
        "DetailType": "CloudWatch Alarm State Change",
        "Resources": [change.alarm.alarm_arn],
        "Detail": json.dumps(event_detail(change)),
    }
    client("events", change.region).put_events(Entries=[entry])


def act(change: Change) -> None:
    """Run the actions of the new state; record a failure in the history without a retry."""
    alarm = change.alarm
    if not alarm.actions_enabled:
        return
    actions = {
        "ALARM": alarm.alarm_actions,
        "OK": alarm.ok_actions,
        "INSUFFICIENT_DATA": alarm.insufficient_data_actions,
    }[change.new]
    for arn in actions or ():
        failure = _run(arn, change)
        data = json.dumps({"actionState": "Failed" if failure else "Succeeded", "error": failure})
        if failure:
            note(
                alarm, "Action", f"Failed to execute action {arn}. Received error: {failure}", data
            )
        else:
            note(alarm, "Action", f"Successfully executed action {arn}", data)


def _run(arn: str, change: Change) -> str:
    service = arn.split(":")[2]
    if service == "sns":
        if denied := refusal(arn, change.alarm.alarm_arn, change.region):
            return denied
        call: Any = client("sns", change.region).publish
        parameters = {"TopicArn": arn, "Subject": subject(change), "Message": notification(change)}
    elif service == "lambda":
        call = client("lambda", change.region).invoke
        payload = json.dumps(_lambda_payload(change))
        parameters = {"FunctionName": arn, "InvocationType": "Event", "Payload": payload}
    else:
        return f"the emulator runs no actions of {service}"
    try:
        call(**parameters)
    except Exception as error:
        return str(error)
    return ""


def _lambda_payload(change: Change) -> dict[str, Any]:
    return {
        "source": "aws.cloudwatch",
        "alarmArn": change.alarm.alarm_arn,
        "accountId": ACCOUNT,
        "time": iso(change.at),
        "region": change.region,
        "alarmData": event_detail(change),
    }
