"""Payloads for incoming webhooks of Slack and Teams; the texts are escaped for each."""

from __future__ import annotations

from typing import Any

from canary.messages.state import Message
from canary.messages.wording import retried
from canary.report.text import clip, line

_SLACK_SECTION = 2_900  # Slack takes 3,000 characters in a section's text
_SLACK_HEADER = 150
_TEAMS_TEXT = 6_000  # Teams takes 28 KB in all


def slack(message: Message) -> dict[str, Any]:
    """Return a Slack payload: `text` for notifications, blocks for the channel."""
    header = clip(message.subject, _SLACK_HEADER - 30)
    body = _cut(_slack_escaped(retried(message)))
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": header, "emoji": False}},
        # A fence of backticks in the text would end the block: an apostrophe stands for each.
        {"type": "section", "text": {"type": "mrkdwn", "text": f"```{body.replace('`', 'ˋ')}```"}},
    ]
    if message.link.startswith("https://"):
        link = f"<{_slack_escaped(line(message.link, 500)).replace('|', '%7C')}|Report>"
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": link}})
    return {"text": _slack_escaped(message.subject), "blocks": blocks}


def teams(message: Message) -> dict[str, Any]:
    """Return a Teams payload (a workflow's webhook): an Adaptive Card in fixed-width text."""
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [
            {"type": "TextBlock", "text": _teams_escaped(message.subject), "weight": "Bolder",
             "wrap": True},
            # A RichTextBlock shows text as it is: no Markdown, no links, no mentions.
            {"type": "RichTextBlock", "inlines": [
                {"type": "TextRun", "text": clip(retried(message), _TEAMS_TEXT),
                 "fontType": "Monospace"}]},
        ],
    }  # fmt: skip
    if message.link.startswith("https://"):
        url = line(message.link, 500)
        card["actions"] = [{"type": "Action.OpenUrl", "title": "Report", "url": url}]
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    return {"type": "message", "attachments": [attachment]}


def _slack_escaped(text: str) -> str:
    """Escape what Slack reads as control: &, < and > (mentions and links are within <>)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _cut(escaped: str) -> str:
    """Cut escaped text to Slack's limit, never within an entity."""
    if len(escaped) <= _SLACK_SECTION:
        return escaped
    kept = escaped[:_SLACK_SECTION]
    start = kept.rfind("&")
    return (kept if ";" in kept[start:] else kept[:start]) + " …"


def _teams_escaped(text: str) -> str:
    return "".join(f"\\{c}" if c in "\\`*_[]()<>#" else c for c in text)
