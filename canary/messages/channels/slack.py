"""Slack: an incoming webhook, or a bot that keeps one thread for each incident.

The secret is `{"url": …}` of a webhook, or `{"token": …, "channel": …}` of a bot with the right
`chat:write`. Forms: docs.slack.dev, "Sending messages using incoming webhooks" (a webhook answers
no id, so it has no threads), "chat.postMessage", and "Legacy: secondary message attachments" (the
only bar with a colour). &, < and > are Slack's own: a target's text becomes no mention and no link.
"""

from __future__ import annotations

import json
from typing import Any

from canary.messages.channels.form import (
    Given,
    Post,
    RefusedError,
    body_of,
    buttons,
    head_of,
    key,
    parts,
    post,
)
from canary.messages.state import Message
from canary.model import Severity

API = "https://slack.com/api/chat.postMessage"
SECTION = 2_900  # characters of a section's text, after escapes; Slack takes 3,000
SECTIONS = 6
OVER, BLIND = "#1e8e3e", "#6750a4"
COLOURS = {
    Severity.CRITICAL: "#b3261e",
    Severity.HIGH: "#e8710a",
    Severity.MEDIUM: "#f2b600",
    Severity.LOW: "#5f6368",
}


def form(message: Message, given: Given) -> Post:
    """Return the request that posts a message."""
    if "token" not in given.secret:
        return post(key(given, "url"), payload(message))
    body = {**payload(message), "channel": key(given, "channel")}
    if given.thread:
        # who reads the room still sees its end
        body |= {"thread_ts": given.thread, "reply_broadcast": message.over}
    headers = {"Authorization": f"Bearer {key(given, 'token')}"}
    return post(given.url or API, body, headers, _thread)


def payload(message: Message) -> dict[str, Any]:
    """Return the message with a bar in its severity's colour, and its buttons."""
    shown = [_code(part) for part in parts(_plain(body_of(message)), SECTION)]
    if len(shown) > SECTIONS:
        left = len(shown) - SECTIONS
        shown = [*shown[:SECTIONS], f"{left} parts of this text are left out: see the report."]
    blocks = [_section(f"*{_plain(head_of(message))}*"), *map(_section, shown)]
    found = [
        {"type": "button", "text": {"type": "plain_text", "text": title}, "url": link}
        for title, link in buttons(message)
    ]
    if found:
        blocks.append({"type": "actions", "elements": found})
    attachment = {"color": colour(message), "blocks": blocks}
    return {"text": _plain(message.subject), "attachments": [attachment]}


def colour(message: Message) -> str:
    """Return the colour of a message: green for an end, violet for the canary's own blindness."""
    if message.over:
        return OVER
    return BLIND if message.audience == "canary" else COLOURS[message.severity]


def _plain(text: str) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("`", "\u02cb")


def _code(text: str) -> str:
    return f"```{text}```"


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def _thread(answer: bytes) -> str:
    """Return the `ts` of a posted message; Slack refuses with status 200 and "ok": false."""
    try:
        found = json.loads(answer)
    except ValueError as error:
        raise RefusedError("the answer is not JSON") from error
    if not isinstance(found, dict) or found.get("ok") is not True:
        raise RefusedError("the answer is not ok")
    return str(found.get("ts", ""))
