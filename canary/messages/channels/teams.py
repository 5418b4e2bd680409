"""Teams: an Adaptive Card to the webhook of a workflow.

The secret is `{"url": …}`. Form: learn.microsoft.com, "Create incoming webhooks with Workflows" (it
answers no id, so there are no threads) and adaptivecards.io, "Container" (its style is the colour).
Text runs are shown as they are: no Markdown and no mention comes of a target's text.
"""

from __future__ import annotations

from typing import Any

from canary.messages.channels.form import Given, Post, body_of, buttons, head_of, key, post
from canary.messages.state import Message
from canary.model import Severity

TEXT = 16_000  # characters; Teams takes 28 KB in all
CARD = "application/vnd.microsoft.card.adaptive"
STYLES = {Severity.CRITICAL: "attention", Severity.HIGH: "warning", Severity.MEDIUM: "warning"}


def form(message: Message, given: Given) -> Post:
    """Return the request that posts a message."""
    return post(key(given, "url"), {"type": "message", "attachments": [_attachment(message)]})


def _attachment(message: Message) -> dict[str, Any]:
    text = body_of(message)
    if len(text) > TEXT:
        text = f"{text[:TEXT]}\n({len(text) - TEXT:,} characters are left out: see the report)"
    head = {"type": "Container", "style": style(message), "bleed": True, "items": [
        _run(head_of(message), weight="Bolder"),
    ]}  # fmt: skip
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": [head, _run(text, fontType="Monospace")],
        "actions": [
            {"type": "Action.OpenUrl", "title": title, "url": link}
            for title, link in buttons(message)
        ],
    }
    return {"contentType": CARD, "contentUrl": None, "content": card}


def style(message: Message) -> str:
    """Return the style of the card's head: its colour."""
    if message.over:
        return "good"
    return "accent" if message.audience == "canary" else STYLES.get(message.severity, "emphasis")


def _run(text: str, **more: str) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **more}]}
