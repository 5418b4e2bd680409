"""What a kind of channel says of itself: how it is written to, and what it wants to hear."""

from __future__ import annotations

from collections.abc import Callable

from canary.messages.channels.form import Given, Post
from canary.messages.state import Message
from canary.model import Frozen, Severity

CHAT = frozenset({"broke", "worse", "diagnosed", "still", "fixed", "blind", "sighted"})
"""What is written into a room: every message but those for who was woken."""
PAGER = frozenset({"down", "diagnosed", "still", "fixed", "blind", "sighted"})
"""What wakes people: not the first failing run, but the moment in which the alarm rings."""


class Row(Frozen, frozen=True, kw_only=True):
    """One kind of channel."""

    form: Callable[[Message, Given], Post]
    kinds: frozenset[str] = CHAT
    audience: tuple[str, ...] = ("platform", "canary")
    least: Severity = Severity.LOW
