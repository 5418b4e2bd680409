"""Send what was decided, each key once, also when runs overlap; keep what could not be sent.

The doors are handed in. `claim` must be atomic across runs (a conditional write in the store):
of two runs that decided the same message only one gets True. A send that failed is released, so
that the next run may claim it again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from canary.messages.decide import settle
from canary.messages.state import Event, Message, Notified, Outbox
from canary.model import Frozen


class Ledger(Protocol):
    """Which keys were said, shared by all runs of an environment."""

    def claim(self, key: str) -> bool:
        """Take a key; False when another run has it or said it.

        A run that dies between claim and send leaves the key taken: rather silent once (the
        alarms do not depend on messages) than twice. An implementation may let such a claim lapse.
        """
        ...

    def release(self, key: str) -> None:
        """Give a key back whose send failed."""
        ...


class Delivery(Frozen, frozen=True, kw_only=True):
    """What came of it; `problems` go into the run's notes."""

    state: Notified
    sent: int = 0
    failed: int = 0
    problems: tuple[str, ...] = ()


def deliver(
    outbox: Outbox,
    send: Callable[[Message], None],
    put: Callable[[Sequence[Event]], Sequence[str]],
    ledger: Ledger,
    at: str,
) -> Delivery:
    """Send messages and events. `send` raises when it fails, `put` returns the keys that failed.

    Never raises for a send: what failed is in the state and in `problems`.
    """
    problems: list[str] = []
    failed: set[str] = set()
    mine = [m for m in outbox.messages if ledger.claim(m.key)]
    for message in mine:
        try:
            send(message)
        except Exception as error:  # noqa: BLE001 - the boundary: any failed send becomes a value
            ledger.release(message.key)
            failed.add(message.key)
            problems.append(f"message {message.key} could not be sent: {type(error).__name__}")
    events = [e for e in outbox.events if ledger.claim(e.key)]
    lost = _put(events, put, problems)
    for key in lost:
        ledger.release(key)
    failed |= lost
    return Delivery(
        state=settle(outbox, failed, at),
        sent=len(mine) + len(events) - len(failed),
        failed=len(failed),
        problems=tuple(problems),
    )


def _put(
    events: Sequence[Event],
    put: Callable[[Sequence[Event]], Sequence[str]],
    problems: list[str],
) -> set[str]:
    if not events:
        return set()
    try:
        lost = set(put(events))
    except Exception as error:  # noqa: BLE001 - the boundary: any failed call becomes a value
        lost = {e.key for e in events}
        problems.append(f"events could not be sent: {type(error).__name__}")
    else:
        problems += [f"event {key} was not accepted" for key in sorted(lost)]
    return lost
