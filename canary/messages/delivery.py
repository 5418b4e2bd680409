"""Send what was decided, each key once, also when runs overlap; keep what could not be sent.

The doors are handed in. `claim` must be atomic across runs (a conditional write in the store):
of two runs that decided the same message only one gets it. A send that failed is released, so
that the next run may claim it again; what another run is about to say is looked at again then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from canary.messages.incidents import settle
from canary.messages.leases import Claim
from canary.messages.state import Event, Message, Notified, Outbox
from canary.model import Frozen

ALONE, AT_ONCE = 3, 16
"""Keys that are not worth a thread, and claims under way at once (the pool of `adapters.aws`)."""


class Ledger(Protocol):
    """Which keys were said, shared by all runs of an environment."""

    def claim(self, key: str, *, final: bool = False) -> Claim:
        """Take a key; `final`: it counts as said at once."""
        ...

    def said(self, key: str) -> None:
        """Note that what was claimed is out."""
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

    Never raises for a send: what failed is in the state and in `problems`. What the ledger raises
    before anything was sent goes to the caller, whose next run decides the same again.
    """
    problems: list[str] = []
    claims = _claims(ledger, [m.key for m in outbox.messages])
    mine = [m for m in outbox.messages if claims[m.key] is Claim.MINE]
    failed = {m.key for m in mine if not _said(m, send, ledger, problems)}
    # programs get each event at most once: a lost one is in the report and in the state
    taken_events = _claims(ledger, [e.key for e in outbox.events], final=True)
    events = [e for e in outbox.events if taken_events[e.key] is Claim.MINE]
    lost = _put(events, put, problems)
    for key in sorted(lost):
        _noted(ledger.release, key, problems)
    failed |= lost
    taken = {key for key, claim in claims.items() if claim is Claim.TAKEN}
    return Delivery(
        state=settle(outbox, failed, at, taken),
        sent=len(mine) + len(events) - len(failed),
        failed=len(failed),
        problems=tuple(problems),
    )


def _claims(ledger: Ledger, keys: Sequence[str], *, final: bool = False) -> dict[str, Claim]:
    """Take every key, many at once: an outage of 300 checks has as many events, each a write."""
    wanted = list(dict.fromkeys(keys))
    if len(wanted) <= ALONE:
        return {key: ledger.claim(key, final=final) for key in wanted}
    with ThreadPoolExecutor(AT_ONCE, "claims") as pool:
        return dict(
            zip(wanted, pool.map(lambda key: ledger.claim(key, final=final), wanted), strict=True)
        )


def _said(
    message: Message, send: Callable[[Message], None], ledger: Ledger, problems: list[str]
) -> bool:
    """Send one message and note what became of it; return whether it is out."""
    try:
        send(message)
    except Exception as error:  # noqa: BLE001 - the boundary: any failed send becomes a value
        problems.append(f"message {message.key} could not be sent: {type(error).__name__}")
        _noted(ledger.release, message.key, problems)
        return False
    _noted(ledger.said, message.key, problems)
    return True


def _noted(note: Callable[[str], None], key: str, problems: list[str]) -> None:
    """Note what became of a claim; where that fails, the lease ends by itself."""
    try:
        note(key)
    except Exception as error:  # noqa: BLE001 - the boundary: the send itself is over
        problems.append(f"the claim on {key} could not be noted: {type(error).__name__}: {error}")


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
