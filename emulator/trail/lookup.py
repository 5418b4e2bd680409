"""Answer LookupEvents, which moto lacks.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
"""

from __future__ import annotations

import functools
import json
import time
from typing import Any

from emulator.trail import history
from emulator.trail.history import Call

MOST = 50
ATTRIBUTES = {
    *("EventId", "EventName", "ReadOnly", "Username", "ResourceType", "ResourceName"),
    *("EventSource", "AccessKeyId"),
}


class Refused(Exception):  # noqa: N818 - an answer of the service
    """A refusal of CloudTrail, with its code."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@functools.cache
def install() -> None:
    """Give moto's CloudTrail the operation; call once."""
    from moto.cloudtrail.responses import CloudTrailResponse

    def lookup_events(self: Any) -> Any:
        time.sleep(history.SWITCHES.answer_after_s)
        try:
            return json.dumps(answer(json.loads(self.body or "{}"), self.region))
        except Refused as refused:
            body = json.dumps({"__type": refused.code, "message": str(refused)})
            return 400, {"status": 400}, body

    CloudTrailResponse.lookup_events = lookup_events  # type: ignore[attr-defined]


def answer(asked: dict[str, Any], region: str) -> dict[str, Any]:
    """Return one page of events, newest first; raises Refused."""
    if history.throttled(region):
        raise Refused("ThrottlingException", "Rate exceeded")
    attribute = _attribute(asked.get("LookupAttributes") or [])
    start, end = asked.get("StartTime"), asked.get("EndTime")
    if start is not None and end is not None and float(start) > float(end):
        raise Refused("InvalidTimeRangeException", "The start time is after the end time.")
    most = int(asked.get("MaxResults", MOST))
    if not 1 <= most <= MOST:
        raise Refused("InvalidMaxResultsException", f"MaxResults is from 1 to {MOST}.")
    found = [
        call
        for call in history.calls(region)
        if (start is None or call.at >= int(float(start)))
        and (end is None or call.at <= float(end))
        and matches(call, *attribute)
    ]
    found = _behind(found, asked.get("NextToken"))
    page = {"Events": [told(call) for call in found[:most]]}
    return page | ({"NextToken": found[most - 1].event_id} if len(found) > most else {})


def _attribute(given: list[dict[str, Any]]) -> tuple[str, str]:
    if len(given) > 1:
        raise Refused("InvalidLookupAttributesException", "Only one attribute can be given.")
    if not given:
        return "", ""
    key, value = str(given[0].get("AttributeKey")), str(given[0].get("AttributeValue"))
    if key not in ATTRIBUTES:
        raise Refused("InvalidLookupAttributesException", f"{key} is no attribute.")
    return key, value


def matches(call: Call, key: str, value: str) -> bool:
    """Return whether a call has an attribute's value; "" is no attribute."""
    has = {
        "": {value},
        "EventId": {call.event_id},
        "EventName": {call.name},
        "EventSource": {call.source},
        "Username": {call.username},
        "AccessKeyId": {call.key_id},
        "ReadOnly": {"false"},
        "ResourceType": {kind for kind, _ in call.resources},
        "ResourceName": {name for _, name in call.resources},
    }
    return value in has[key]


def _behind(found: list[Call], token: str | None) -> list[Call]:
    """Return the calls behind the last one of the page before."""
    if not token:
        return found
    ids = [call.event_id for call in found]
    if token not in ids:
        raise Refused("InvalidNextTokenException", "The token is of another look-up.")
    return found[ids.index(token) + 1 :]


def told(call: Call) -> dict[str, Any]:
    """Return a call as LookupEvents tells it."""
    return {
        "EventId": call.event_id,
        "EventName": call.name,
        "ReadOnly": "false",
        "AccessKeyId": call.key_id,
        "EventTime": call.at,
        "EventSource": call.source,
        "Username": call.username,
        "Resources": [{"ResourceType": t, "ResourceName": n} for t, n in call.resources],
        "CloudTrailEvent": json.dumps(call.event),
    }
