"""The two topics: mail for tickets, and the cause for those whom an alarm has woken.

The attributes of a message let a subscription take a part of the messages (SNS, "Message
filtering"): those of one owner, of one audience.
"""

from __future__ import annotations

import json
from typing import Any

from canary.messages.channels import CHAT
from canary.messages.state import Message

CANARY = "canary"
"""The owner of the canary's own messages."""


def wants_mail(message: Message) -> bool:
    """Return whether the ticket topic wants a message."""
    return message.kind in CHAT


def wants_page(message: Message) -> bool:
    """Return whether the page topic wants a message.

    The alarm itself has told there that something is down: what is missing is the cause, once, a
    reminder, and at the end how long it lasted and what changed.
    """
    return message.kind == "page" or (message.kind in ("still", "fixed") and message.paged)


def attributes(message: Message) -> dict[str, dict[str, Any]]:
    """Return the attributes of a message, as SNS takes them."""
    texts = {"audience": message.audience, "kind": message.kind, "severity": message.severity.value}
    found = {name: {"DataType": "String", "StringValue": text} for name, text in texts.items()}
    owners = [CANARY] if message.audience == "canary" else [*message.owners]
    if owners:
        value = json.dumps(owners)
        found["owner"] = {"DataType": "String.Array", "StringValue": value}
    return found
