"""Acme's own pager takes a JSON object with a text."""

from __future__ import annotations

from hokusai_canary.channels import PAGER, Given, Message, Post, Row, Severity, key, post


def form(message: Message, given: Given) -> Post:
    """Return the request that wakes Acme's people; the secret is `{"url": …, "token": …}`."""
    body = {"summary": message.subject, "text": message.text, "open": not message.over}
    return post(key(given, "url"), body, {"Authorization": f"Bearer {key(given, 'token')}"})


ROW = Row(form=form, kinds=PAGER, audience=("platform",), least=Severity.CRITICAL)
