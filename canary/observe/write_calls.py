"""Read who changed what a diagnosis names, from CloudTrail's event history: bounded, once.

LookupEvents is free, takes one attribute, and refuses the third call of a second in an account and
region. So one look-up asks for every write call of the time; only where there are more than one
page holds are single calls looked up. Events come within 15 minutes:
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
"""

from __future__ import annotations

import datetime as dt
import json
import re
import threading
import time
from collections.abc import Iterator
from typing import Any

import msgspec

from canary.control_plane.named_objects import Changed
from canary.control_plane.state import Unavailable
from canary.control_plane.write_calls import (
    WRITES,
    Audit,
    LookUp,
    Origin,
    WriteCall,
    changed_by,
    is_at_home,
    lookups,
    used_by,
)
from canary.model import Environment, Frozen, names
from canary.observe.calls import Clients, Permission, error_code, is_denied, when
from canary.observe.logs import scrub

ACTION = "cloudtrail:LookupEvents"
ACTIONS = (Permission(action=ACTION),)  # takes no narrower resource
MOST = 5
"""Look-ups of one run."""
APART_S = 0.5
"""Seconds between two look-ups: AWS allows two a second."""
LIMIT_S = 3.0
"""Seconds for all of them."""
PAGE = 50
_NAME = 80  # characters shown of a name of somebody else
_TOOL = re.compile(r"[A-Za-z0-9._+-]+(?:/[A-Za-z0-9._+-]+)?")


class Asked(Frozen, frozen=True, kw_only=True):
    """What to look up: the objects that changed, most important first, and the time."""

    wanted: tuple[Changed, ...]
    since: dt.datetime
    until: dt.datetime


class Pause:
    """The clock of the look-ups, which a test replaces."""

    monotonic = staticmethod(time.monotonic)
    sleep = staticmethod(time.sleep)


class WriteCalls:
    """Reads events one look-up after another; what was read by then can be had at any time."""

    def __init__(self, clients: Clients, environment: Environment, pause: Pause | None = None):
        self._clients, self._environment = clients, environment
        self._pause = pause or Pause()
        self._lock = threading.Lock()
        self._found: dict[str, WriteCall] = {}
        self._audit = Audit(problem="CloudTrail did not answer in time")
        self._asked = 0
        self._last = 0.0

    def audit(self) -> Audit:
        """Return what was read so far."""
        with self._lock:
            calls = tuple(sorted(self._found.values(), key=lambda c: (c.at, c.id), reverse=True))
            return msgspec.structs.replace(self._audit, calls=calls)

    def read(self, asked: Asked) -> None:
        """Look the objects up; a failure becomes the audit's problem."""
        end = self._pause.monotonic() + LIMIT_S
        try:
            token = self._look_up(asked, WRITES)
            if not token:
                self._is_done(whole=True)
                return
            for attribute in lookups(asked.wanted):
                if not self._may_go_on(end):
                    break
                self._look_up(asked, attribute)
            while token and self._may_go_on(end):
                token = self._look_up(asked, WRITES, token)
            self._is_done(whole=not token)
        except Exception as error:  # noqa: BLE001 - the reader's boundary: becomes a value
            code = error_code(error)
            refused = Unavailable(
                action=ACTION, resource="*", code=code, reason=str(error)[:300], denied=True
            )
            denied = refused if is_denied(code, error) else None
            self._is_done(whole=False, problem=f"{ACTION}: {code}", denied=denied)

    def _may_go_on(self, end: float) -> bool:
        return self._asked < MOST and self._pause.monotonic() + APART_S < end

    def _look_up(self, asked: Asked, attribute: LookUp, token: str = "") -> str:
        """Read one page, and return the token of the next one; "" where there is none."""
        now = self._pause.monotonic()
        if self._asked:
            self._pause.sleep(max(0.0, self._last + APART_S - now))
        self._asked, self._last = self._asked + 1, self._pause.monotonic()
        key, value = attribute
        page = self._clients.client("cloudtrail").lookup_events(
            LookupAttributes=[{"AttributeKey": key, "AttributeValue": value}],
            StartTime=asked.since,
            EndTime=asked.until,
            MaxResults=PAGE,
            **({"NextToken": token} if token else {}),
        )
        found = [c for e in page.get("Events", []) for c in write_call(e, self._environment)]
        with self._lock:
            self._found.update({call.id: call for call in found})
        return str(page.get("NextToken") or "")

    def _is_done(
        self, *, whole: bool, problem: str = "", denied: Unavailable | None = None
    ) -> None:
        with self._lock:
            self._audit = Audit(problem=problem, whole=whole, denied=denied)


def write_call(raw: dict[str, Any], environment: Environment) -> Iterator[WriteCall]:
    """Yield an event as a write call; none for one of another region or account, or unreadable."""
    try:
        event = json.loads(raw.get("CloudTrailEvent") or "{}")
        given = event.get("requestParameters") or {}
        identity = event.get("userIdentity") or {}
        region, account = event.get("awsRegion") or "", event.get("recipientAccountId") or ""
        if not is_at_home(region, account, environment.region, environment.account):
            return
        source = str(raw.get("EventSource") or event.get("eventSource") or "")
        who, caller, origin = _caller(identity, str(raw.get("Username") or ""), environment)
        parameters = given if isinstance(given, dict) else {}
        yield WriteCall(
            id=str(raw["EventId"]),
            name=shown(raw.get("EventName")),
            source=shown(source),
            at=when(raw.get("EventTime")),
            who=who,
            caller=caller,
            origin=origin,
            through=shown(identity.get("invokedBy")) if origin == "somebody" else "",
            address=shown(event.get("sourceIPAddress")),
            tool=_tool(str(event.get("userAgent") or "")),
            error=shown(event.get("errorCode")),
            changed=changed_by(source, parameters),
            uses=used_by(source, parameters),
        )
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
        return  # an event of a form that AWS does not document


def _caller(
    identity: dict[str, Any], username: str, environment: Environment
) -> tuple[str, str, Origin]:
    """Return who called, in words and as ARN, and whether this is somebody, AWS or the canary."""
    kind, arn = str(identity.get("type") or ""), str(identity.get("arn") or "")
    service = str(identity.get("invokedBy") or "")
    role, _, session = arn.partition(":assumed-role/")[2].partition("/")
    if kind == "AWSService" or role.startswith("AWSServiceRoleFor"):
        return f"AWS ({shown(service or role)})", shown(arn or service, 200), "AWS"
    if kind == "Root":
        return "the account's root user", shown(arn, 200), "somebody"
    own = names.role(environment.name, environment.region), names.own(environment.name)
    if (role, session) == own:  # Lambda names a session after its function
        return "the canary itself", shown(arn, 200), "canary"
    if role:
        return f"the role {shown(role)} (session {shown(session)})", shown(arn, 200), "somebody"
    name = str(identity.get("userName") or username or identity.get("principalId") or "")
    return shown(name) or "somebody unknown", shown(arn or name, 200), "somebody"


def _tool(agent: str) -> str:
    """Return the tool that a user agent names first, without versions of its parts."""
    if agent.endswith(".amazonaws.com") and "console" in agent:
        return "the AWS console"
    match = _TOOL.match(scrub(agent))
    return match[0][:_NAME] if match else ""


def shown(text: Any, most: int = _NAME) -> str:
    """Return a text of somebody else: masked, on one line, without quotes, bounded."""
    return " ".join(scrub(str(text or "")).replace("`", "'").split())[:most]
