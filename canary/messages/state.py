"""The state of messages between runs: open incidents, unsent messages and events."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from canary.model import Frozen, Severity

STATE_SCHEMA = "hokusai-canary/notified/1"

Audience = Literal["platform", "canary"]  # of FAIL, of ERROR
Kind = Literal["broke", "worse", "diagnosed", "fixed", "blind", "sighted"]


class Incident(Frozen, frozen=True, kw_only=True):
    """A problem that was reported to people.

    `checks` are those that still fail, `ever` all that ever belonged to the incident. `identity`
    and `generation` make the key; two overlapping runs make the same key from the same state.
    """

    identity: str
    generation: int
    audience: Audience
    opened_at: str
    severity: Severity
    checks: tuple[str, ...]
    ever: tuple[str, ...]
    cause: str = ""  # "" as long as no cause is proven
    service: str = ""
    summary: str = ""

    @property
    def key(self) -> str:
        """Return the key by which repeated messages are recognized."""
        return f"{self.identity}#{self.generation}"


class Message(Frozen, frozen=True, kw_only=True):
    """A message to people; the same `key` is never sent twice."""

    key: str
    kind: Kind
    audience: Audience
    severity: Severity
    subject: str  # at most 99 printable ASCII characters (SNS, Publish: Subject)
    text: str
    link: str = ""
    attempts: int = 0  # sends that failed
    first_tried_at: str = ""


class Event(Frozen, frozen=True, kw_only=True):
    """An EventBridge event; `detail` is plain data."""

    key: str
    detail_type: str
    detail: dict[str, Any]
    at: str
    attempts: int = 0


class Notified(Frozen, frozen=True, kw_only=True):
    """The state kept between runs."""

    incidents: tuple[Incident, ...] = ()
    generations: dict[str, int] = msgspec.field(default_factory=dict)  # identity -> last used
    pending: tuple[Message, ...] = ()  # could not be sent; the next run tries again
    pending_events: tuple[Event, ...] = ()
    last_run: str = ""
    schema: str = STATE_SCHEMA


class Outbox(Frozen, frozen=True, kw_only=True):
    """Messages and events to send now, and the state once all of them were sent."""

    messages: tuple[Message, ...]
    events: tuple[Event, ...]
    state: Notified
