"""Send messages and events, each key once, and keep what could not be sent.

A lease must be atomic across runs (a conditional write in the store): of two runs that decided the
same message only one acquires it. The lease of a failed send is released, so that the next run may
acquire it. A message whose lease another run holds stays pending for the next run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from canary.messages.incidents import pending_after
from canary.messages.leases import Lease, StoreLeases
from canary.messages.state import Event, Message, Notified, Outbox
from canary.model import Frozen

WITHOUT_THREADS, AT_ONCE = 3, 16
"""Keys that are not worth a thread; leases asked for at once (the pool of `adapters.aws`)."""


class Delivery(Frozen, frozen=True, kw_only=True):
    """The result of a delivery; `problems` go into the run's notes."""

    state: Notified
    sent: int = 0
    failed: int = 0
    problems: tuple[str, ...] = ()


def deliver(
    outbox: Outbox,
    send: Callable[[Message], None],
    put: Callable[[Sequence[Event]], Sequence[str]],
    leases: StoreLeases,
    at: str,
    without_lease: frozenset[str] = frozenset(),
) -> Delivery:
    """Send messages and events. `send` raises when it fails, `put` returns the keys that failed.

    `without_lease` has the keys that no other run can send. Never raises for a failed send: it is
    in the state and in `problems`. An error of the leases before anything was sent goes to the
    caller, whose next run decides the same again.
    """
    problems: list[str] = []
    found = _acquired(leases, [m.key for m in outbox.messages])
    messages = [m for m in outbox.messages if found[m.key] is Lease.ACQUIRED]
    failed = {m.key for m in messages if not _send(m, send, leases, problems)}
    # programs get each event at most once: a lost one is in the report and in the state
    leased = [e.key for e in outbox.events if e.key not in without_lease]
    of_events = dict.fromkeys(without_lease, Lease.ACQUIRED)
    of_events |= _acquired(leases, leased, as_sent=True)
    events = [e for e in outbox.events if of_events[e.key] is Lease.ACQUIRED]
    lost = _put(events, put, problems)
    for key in sorted(lost - without_lease):
        _noted(leases.release, key, problems)
    failed |= lost
    held = {key for key, lease in found.items() if lease is Lease.HELD}
    return Delivery(
        state=pending_after(outbox, failed, at, held),
        sent=len(messages) + len(events) - len(failed),
        failed=len(failed),
        problems=tuple(problems),
    )


def _acquired(
    leases: StoreLeases, keys: Sequence[str], *, as_sent: bool = False
) -> dict[str, Lease]:
    """Ask for every lease, many at once: each is a write, and an outage has hundreds of events."""

    def acquire(key: str) -> Lease:
        return leases.acquire(key, as_sent=as_sent)

    wanted = list(dict.fromkeys(keys))
    if len(wanted) <= WITHOUT_THREADS:
        return {key: acquire(key) for key in wanted}
    with ThreadPoolExecutor(AT_ONCE, "leases") as pool:
        return dict(zip(wanted, pool.map(acquire, wanted), strict=True))


def _send(
    message: Message, send: Callable[[Message], None], leases: StoreLeases, problems: list[str]
) -> bool:
    """Send one message, update its lease, and return whether it was sent."""
    try:
        send(message)
    except Exception as error:  # noqa: BLE001 - the boundary: any failed send becomes a value
        problems.append(f"message {message.key} could not be sent: {type(error).__name__}")
        _noted(leases.release, message.key, problems)
        return False
    _noted(leases.mark_sent, message.key, problems)
    return True


def _noted(note: Callable[[str], None], key: str, problems: list[str]) -> None:
    """Update a lease; where that fails, the lease expires by itself."""
    try:
        note(key)
    except Exception as error:  # noqa: BLE001 - the boundary: the send itself is over
        problems.append(f"the lease on {key} could not be updated: {type(error).__name__}: {error}")


def _put(
    events: Sequence[Event],
    put: Callable[[Sequence[Event]], Sequence[str]],
    problems: list[str],
) -> set[str]:
    """Send the events and return the keys that failed."""
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
