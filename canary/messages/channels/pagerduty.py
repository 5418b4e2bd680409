"""PagerDuty by its Events API v2.

The secret is `{"routing_key": …}`, the service's key. Form: developer.pagerduty.com, "Send an Alert
Event" and "PD-CEF". `dedup_key` is the incident: what is told later joins it without waking anybody
again, and its end resolves it. `url` is `https://events.eu.pagerduty.com/v2/enqueue` in the
European service region.
"""

from __future__ import annotations

from typing import Any

from canary.messages.channels.form import Given, Post, body_of, buttons, head_of, key, post
from canary.messages.state import Message
from canary.model import Severity

API = "https://events.pagerduty.com/v2/enqueue"
SUMMARY, KEY = 1_024, 255  # characters
DETAILS = 100_000  # characters; an event may have 512 KB
SEVERITIES = {
    Severity.CRITICAL: "critical",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "info",
}


def form(message: Message, given: Given) -> Post:
    """Return the request that triggers, adds to or resolves an incident's alert."""
    event: dict[str, Any] = {
        "routing_key": key(given, "routing_key"),
        "event_action": "resolve" if message.over else "trigger",
        "dedup_key": message.incident[-KEY:],
    }
    if not message.over:
        event |= _trigger(message)
    return post(given.url or API, event)


def _trigger(message: Message) -> dict[str, Any]:
    own = message.audience == "canary"
    return {
        "client": "Hokusai Canary",
        **({"client_url": message.link} if message.link.startswith("https://") else {}),
        "links": [{"href": link, "text": title} for title, link in buttons(message)],
        "payload": {
            "summary": head_of(message)[:SUMMARY],
            "source": f"canary of {message.environment}",
            # nothing is known to be broken while the canary is blind
            "severity": "warning" if own else SEVERITIES[message.severity],
            "timestamp": message.at,
            "component": message.service,
            "group": message.environment,
            "class": message.cause or ("canary-blind" if own else "not proven"),
            "custom_details": {
                "text": body_of(message)[:DETAILS],
                "owner": ", ".join(message.owners),
            },
        },
    }
