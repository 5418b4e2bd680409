"""The state of messages between runs: open incidents, unsent messages and events."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from canary.model import Confidence, Frozen, Severity

STATE_SCHEMA = "hokusai-canary/notified/1"

Audience = Literal["platform", "canary"]  # of FAIL, of ERROR
Kind = Literal["broke", "worse", "diagnosed", "down", "page", "still", "fixed", "blind", "sighted"]


class Incident(Frozen, frozen=True, kw_only=True):
    """A problem that was reported to people: all that broke in one run, and what joined it.

    `checks` are those that still fail, `ever` all that ever belonged to the incident. `identity`
    and `generation` make the key; two overlapping runs make the same key from the same state. No
    cause is part of it, because a cause may change its name while the incident lasts.
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
    confidence: Confidence | None = None  # of the cause
    further: tuple[str, ...] = ()  # "cause.service" of other causes that broke checks with it
    headline: str = ""  # what fails and why, as it was told first
    quiet_since: str = ""  # when its last check passed again; "" while one fails
    reminded: int = 0  # minutes of the last reminder
    followed_up: bool = False  # the one message after the first that names the cause was made
    paged: bool = False  # a critical check was down in its window, so that its alarm rang
    named: bool = False  # who was woken was told the cause

    @property
    def key(self) -> str:
        """Return the key by which repeated messages are recognized."""
        return f"{self.identity}#{self.generation}"


class Message(Frozen, frozen=True, kw_only=True):
    """A message to people; the same `key` is never sent twice over a channel."""

    key: str
    kind: Kind
    audience: Audience
    severity: Severity
    subject: str  # at most 99 printable ASCII characters (SNS, Publish: Subject)
    text: str
    link: str = ""
    attempts: int = 0  # sends that failed
    first_tried_at: str = ""
    channel: str = ""  # over which it goes; "": not addressed yet, in a stored one mail
    incident: str = ""  # the incident's key, under which a pager and a chat join its messages
    environment: str = ""
    headline: str = ""  # what fails and why, uncut
    cause: str = ""
    service: str = ""
    runbook: str = ""
    owners: tuple[str, ...] = ()
    paged: bool = False  # the alarm of its incident rang
    at: str = ""  # start of the run that made it

    @property
    def over(self) -> bool:
        """Return whether it tells that its incident is over."""
        return self.kind in ("fixed", "sighted")


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
    # channel and incident -> what the channel calls its thread
    threads: dict[str, str] = msgspec.field(default_factory=dict)
    schema: str = STATE_SCHEMA


class Outbox(Frozen, frozen=True, kw_only=True):
    """Messages and events to send now, and the state once all of them were sent."""

    messages: tuple[Message, ...]
    events: tuple[Event, ...]
    state: Notified
