"""Opsgenie by its Alert API.

The secret is `{"api_key": …}` of an API integration. Form: docs.opsgenie.com, "Alert API" (Create
Alert, Add Note, Close Alert; Jira Service Management keeps it). `alias` is the incident: what is
told later becomes a note of its alert, and its end closes it. `url` is
`https://api.eu.opsgenie.com` in the European service region.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from canary.messages.channels.form import Given, Post, body_of, head_of, key, post
from canary.messages.state import Message
from canary.model import Severity

API = "https://api.opsgenie.com"
MESSAGE, ALIAS, DESCRIPTION, NOTE = 130, 512, 15_000, 25_000  # characters
PRIORITIES = {
    Severity.CRITICAL: "P1",
    Severity.HIGH: "P2",
    Severity.MEDIUM: "P3",
    Severity.LOW: "P4",
}
FIRST = frozenset({"down", "blind"})


def form(message: Message, given: Given) -> Post:
    """Return the request that creates, adds to or closes an incident's alert."""
    headers = {"Authorization": f"GenieKey {key(given, 'api_key')}"}
    alerts = f"{(given.url or API).rstrip('/')}/v2/alerts"
    if message.kind in FIRST:
        return post(alerts, _alert(message), headers)
    action = "close" if message.over else "notes"
    place = f"{alerts}/{quote(message.incident[-ALIAS:], safe='')}/{action}?identifierType=alias"
    note = f"{head_of(message)}\n{message.link}\n\n{body_of(message)}"[:NOTE]
    return post(place, {"note": note, "source": _source(message)}, headers)


def _alert(message: Message) -> dict[str, Any]:
    head = head_of(message)
    return {
        "message": head if len(head) <= MESSAGE else f"{head[: MESSAGE - 3]}...",
        "alias": message.incident[-ALIAS:],
        "description": f"{message.link}\n\n{body_of(message)}"[:DESCRIPTION],
        "priority": "P3" if message.audience == "canary" else PRIORITIES[message.severity],
        "source": _source(message),
        "entity": message.service,
        "tags": ["canary", message.environment, *message.owners][:20],
        "details": {"cause": message.cause or "not proven", "report": message.link},
    }


def _source(message: Message) -> str:
    return f"canary of {message.environment}"[:100]
