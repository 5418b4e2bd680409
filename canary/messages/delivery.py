"""Send messages and events, each once over a channel, and keep what could not be sent.

A lease must be atomic across runs (a conditional write in the store): of two runs that decided the
same message only one acquires it. Each channel has its own lease on a message. The lease of a
failed send is released, so that the next run may acquire it. A message whose lease another run
holds stays pending for the next run. Channels are served side by side: one that hangs or fails
delays no other.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec

from canary.messages.incidents import name_of, pending_after
from canary.messages.leases import Lease, StoreLeases
from canary.messages.state import Event, Message, Notified, Outbox
from canary.model import Frozen

WITHOUT_THREADS, AT_ONCE = 3, 16
"""Keys that are not worth a thread; leases asked for at once (the pool of `adapters.aws`)."""
CHANNELS_S = 6.0
"""Seconds for all channels together, below the time that a run has for its messages."""
EVENTS = "events"
MAIL = "mail"
"""The channel of stored messages that name none: the only one there was."""

Send = Callable[[Message], str]
"""Sends one message and returns the channel's name for its thread, "" where it has none."""


class Delivery(Frozen, frozen=True, kw_only=True):
    """The result of a delivery; `problems` go into the run's notes."""

    state: Notified
    sent: int = 0
    failed: int = 0
    problems: tuple[str, ...] = ()


class _Post(msgspec.Struct, kw_only=True):
    """What became of one channel's messages, or of the events; filled by its thread."""

    wanted: tuple[str, ...]  # names of what is to be sent
    failed: set[str] = msgspec.field(default_factory=set)
    held: set[str] = msgspec.field(default_factory=set)
    threads: dict[str, str] = msgspec.field(default_factory=dict)
    problems: list[str] = msgspec.field(default_factory=list)
    sent: int = 0
    done: bool = False


def addressed(outbox: Outbox, wants: Mapping[str, Callable[[Message], bool]]) -> Outbox:
    """Return the outbox with each new message once for each channel that wants it.

    A message that waits keeps its channel; that of a channel which is no more is dropped.
    """
    messages: list[Message] = []
    for message in outbox.messages:
        if message.channel or message.attempts:
            kept = message.channel or MAIL
            messages += [_over(message, kept)] if kept in wants else []
        else:
            messages += [_over(message, name) for name, want in wants.items() if want(message)]
    return msgspec.structs.replace(outbox, messages=tuple(messages))


def _over(message: Message, channel: str) -> Message:
    return msgspec.structs.replace(message, channel=channel)


def deliver(
    outbox: Outbox,
    channels: Mapping[str, Send],
    put: Callable[[Sequence[Event]], Sequence[str]],
    leases: StoreLeases,
    at: str,
    without_lease: frozenset[str] = frozenset(),
    *,
    seconds: float = CHANNELS_S,
) -> Delivery:
    """Send addressed messages and events. A send raises when it fails, `put` returns what failed.

    `without_lease` has the keys that no other run can send. Never raises: what could not be sent is
    in the state and in `problems`.
    """
    posts: dict[str, _Post] = {}
    jobs: list[Callable[[], None]] = []
    for name in dict.fromkeys(m.channel for m in outbox.messages):
        own = [m for m in outbox.messages if m.channel == name]
        post = posts[name] = _Post(wanted=tuple(map(name_of, own)))
        jobs.append(_job(_messages, own, channels[name], leases, post))
    events = posts[EVENTS] = _Post(wanted=tuple(e.key for e in outbox.events))
    jobs.append(_job(_events, outbox.events, put, leases, events, without_lease))
    _side_by_side(jobs, seconds)
    for name, post in posts.items():
        if not post.done:  # its thread may still send: the next run asks the leases
            left = set(post.wanted) - post.failed
            (post.failed if name == EVENTS else post.held).update(left)
            post.problems.append(
                f"{name} did not end within {seconds:.0f} s: the next run asks again"
            )
    return _delivery(outbox, list(posts.values()), at)


def _delivery(outbox: Outbox, posts: list[_Post], at: str) -> Delivery:
    failed = {key for post in posts for key in post.failed}
    held = {key for post in posts for key in post.held}
    state = pending_after(outbox, failed, at, held)
    threads = {**state.threads, **{k: v for post in posts for k, v in post.threads.items()}}
    return Delivery(
        state=msgspec.structs.replace(state, threads=threads),
        sent=sum(post.sent for post in posts),
        failed=len(failed),
        problems=tuple(problem for post in posts for problem in post.problems),
    )


def _job(
    action: Callable[..., None], items: Sequence[object], *others: object
) -> Callable[[], None]:
    return lambda: action(items, *others)


def _side_by_side(jobs: list[Callable[[], None]], seconds: float) -> None:
    """Carry out all jobs at once, and wait for them so long together."""
    # daemons: a channel that hangs must not keep the process from ending
    threads = [threading.Thread(target=job, daemon=True, name="channel") for job in jobs]
    end = time.monotonic() + seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))


def _messages(messages: Sequence[Message], send: Send, leases: StoreLeases, post: _Post) -> None:
    """Send one channel's messages in their order."""
    found = _leased(leases, [name_of(m) for m in messages], post)
    for message in messages:
        name = name_of(message)
        if found[name] is Lease.ACQUIRED:
            _send(message, name, send, leases, post)
    post.done = True


def _leased(leases: StoreLeases, names: Sequence[str], post: _Post) -> dict[str, Lease]:
    """Return the leases on names; where the store refuses, all of them wait for the next run."""
    try:
        found = _acquired(leases, names)
    except Exception as error:  # noqa: BLE001 - the boundary: no lease, nothing is sent
        post.problems.append(f"no lease could be had: {type(error).__name__}: {error}")
        post.held |= set(names)
        return dict.fromkeys(names, Lease.HELD)
    post.held |= {name for name, lease in found.items() if lease is Lease.HELD}
    return found


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


def _send(message: Message, name: str, send: Send, leases: StoreLeases, post: _Post) -> None:
    """Send one message and update its lease."""
    try:
        thread = send(message)
    except Exception as error:  # noqa: BLE001 - the boundary: any failed send becomes a value
        # its type alone: the text of an error may hold an address that is a secret
        post.problems.append(f"message {name} could not be sent: {type(error).__name__}")
        post.failed.add(name)
        _noted(leases.release, name, post.problems)
        return
    post.sent += 1
    if thread:
        post.threads[thread_name(message)] = thread
    _noted(leases.mark_sent, name, post.problems)


def thread_name(message: Message) -> str:
    """Return under which name the state keeps a channel's thread of an incident."""
    return f"{message.channel} {message.incident}"


def _noted(note: Callable[[str], None], key: str, problems: list[str]) -> None:
    """Update a lease; where that fails, the lease expires by itself."""
    try:
        note(key)
    except Exception as error:  # noqa: BLE001 - the boundary: the send itself is over
        problems.append(f"the lease on {key} could not be updated: {type(error).__name__}: {error}")


def _events(
    wanted: Sequence[Event],
    put: Callable[[Sequence[Event]], Sequence[str]],
    leases: StoreLeases,
    post: _Post,
    without_lease: frozenset[str],
) -> None:
    """Send the events: programs get each at most once, and the state keeps what was lost."""
    leased = [e.key for e in wanted if e.key not in without_lease]
    try:
        found = _acquired(leases, leased, as_sent=True)
    except Exception as error:  # noqa: BLE001 - the boundary: no lease, no event but the run's own
        post.problems.append(f"no lease could be had: {type(error).__name__}: {error}")
        post.failed |= set(leased)
        found = dict.fromkeys(leased, Lease.HELD)
    found |= dict.fromkeys(without_lease, Lease.ACQUIRED)
    events = [e for e in wanted if found[e.key] is Lease.ACQUIRED]
    lost = _put(events, put, post.problems)
    post.failed |= lost
    for key in sorted(lost - without_lease):
        _noted(leases.release, key, post.problems)
    post.sent += len(events) - len(lost)
    post.done = True


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
