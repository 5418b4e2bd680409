"""The doors for messages: SNS topics and the event bus, and a ledger in the store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from canary.adapters.store import Store

CLAIMS = "claims/"


class StoreLedger:
    """Which messages were said, shared by all runs: an object that only one run can create."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def claim(self, key: str) -> bool:
        """Take a key; False when another run has it or said it."""
        return self._store.create(_name(key), b"{}")

    def release(self, key: str) -> None:
        """Give a key back whose send failed."""
        self._store.delete(_name(key))


def _name(key: str) -> str:
    plain = "".join(c if c.isalnum() or c in "-._/" else "_" for c in key)
    return f"{CLAIMS}{plain}.json"


def publish_text(sns: Callable[[], Any], topic: str, subject: str, text: str) -> None:
    """Send one message to a topic."""
    sns().publish(TopicArn=topic, Subject=subject, Message=text)


def put_entries(
    events: Callable[[], Any], batches: Sequence[Sequence[dict[str, Any]]]
) -> list[int]:
    """Put entries in batches of at most ten; return the positions that were not accepted.

    A 200 with failed entries is normal for PutEvents, so each entry's own answer is looked at.
    """
    failed: list[int] = []
    position = 0
    for batch in batches:
        answer = events().put_events(Entries=list(batch))
        for entry in answer.get("Entries", []):
            if entry.get("ErrorCode"):
                failed.append(position)
            position += 1
    return failed
