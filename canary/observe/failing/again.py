"""Read the control plane once more after failures, in a time of its own.

With it comes what only failures need. What has not come by then is unread, and an `Unavailable`
says so. Of what every run reads, the state that this run has read already stands then: it was so
moments ago, and is not absent.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from canary.control_plane.dependencies import closure
from canary.control_plane.state import EVERYTHING, NOT_IN_TIME, PlatformState, Unavailable
from canary.model import Environment
from canary.observe import vpc
from canary.observe.calls import Permission, Reader, in_order
from canary.observe.edge import after_failures, dns_records, metrics, web_acls
from canary.observe.edge.failed import Failed
from canary.observe.failing import services
from canary.observe.reading.base import Base, Part, Reading
from canary.observe.reading.deadline import Deadline
from canary.observe.threads import begin_optional

PARTS: dict[str, tuple[Permission, ...]] = {
    **services.PARTS,
    "counters": metrics.ACTIONS,
    "web_acls": web_acls.ACTIONS,
    "dns": dns_records.ACTIONS,
    "network": tuple(p for p in vpc.ACTIONS if p.action != "ec2:DescribeSubnets"),
}
"""What only failures need: fields of the state, with the actions that read them alone."""
Fields = dict[str, Any]


def read(
    reader: Reader,
    state: PlatformState,
    wanted: frozenset[str],
    failed: Failed,
    redact: Callable[[str], str],
    seconds: float,
) -> PlatformState:
    """Return the control plane as it is now, read in so many seconds; see this module."""
    deadline, now = Deadline(seconds), dt.datetime.now(dt.UTC)
    base = Base(reader, known=state)
    edge = after_failures.begin_edge(reader, base, failed, now)
    own = services.begin_own(reader, base, wanted, now, redact, deadline)
    way = begin_optional(
        "network", PARTS["network"], None,
        lambda r: vpc.read(r, _front(base), deadline.of_parts()), reader,
    )  # fmt: skip
    fields: Fields = {}
    stood: list[Part] = []
    for part in base.parts():
        there = _is_read(reader, part, deadline)
        fields |= part.fields() if there else {n: getattr(state, n) for n in part.names}
        stood += () if there else (part,)
    fields |= {"network": way.by(deadline, reader), **edge.fields(deadline, reader)}
    fields |= own.fields(deadline, reader)
    old = _gaps(state, stood)
    return PlatformState(
        **fields,
        read_at=state.read_at if "ecs_services" in _names(stood) else _text(now),
        refreshed_services=tuple(sorted(wanted)),
        unavailable=in_order({*reader.unavailable(), *old.unavailable}),
        bounds=(*reader.bounds(), *old.bounds),
        unread=tuple(sorted({*reader.unread(), *old.unread})),
    )


def not_again(
    state: PlatformState, environment: Environment, failing: Iterable[str], why: str
) -> PlatformState:
    """Return a state that could not be read again: what only failures need is unread."""
    if not environment.cluster:
        return state
    gaps = tuple(
        Unavailable(action=action, resource="*", code=NOT_IN_TIME, reason=why)
        for action in sorted({p.action for actions in PARTS.values() for p in actions})
    )
    return msgspec.structs.replace(
        state,
        refreshed_services=tuple(sorted(closure(environment, *failing))),
        unavailable=in_order({*state.unavailable, *gaps}),
        unread=tuple(sorted({*state.unread, *PARTS})),
    )


def _text(moment: dt.datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _front(base: Base) -> PlatformState:
    """Return what names the platform's VPCs and prefix lists."""
    return PlatformState(
        load_balancers=base.front.result(),
        subnets=base.nets.result(),
        security_groups=base.guards.result(),
    )


def _is_read(reader: Reader, part: Part, deadline: Deadline) -> bool:
    """Return whether all readings of a part have ended well in time; else they are noted."""
    missed = [_is_missed(reader, reading, deadline) for reading in part.readings]
    return not any(missed)


def _is_missed(reader: Reader, reading: Reading, deadline: Deadline) -> bool:
    try:
        deadline.result(reading.future)
    except TimeoutError:
        deadline.note(reader, reading.actions)
    except Exception as error:  # noqa: BLE001 - a reader's bug is a reading that is missing
        for action in sorted({p.action for p in reading.actions}):
            reader.note(action, "*", f"ReaderFailed: {type(error).__name__}", error)
    else:
        return False
    return True


def _names(parts: Iterable[Part]) -> set[str]:
    return {name for part in parts for name in part.names}


def _gaps(state: PlatformState, stood: list[Part]) -> PlatformState:
    """Return what is unknown of the parts that are taken from a state."""
    names = _names(stood)
    actions = {p.action for part in stood for r in part.readings for p in r.actions}
    actions |= {EVERYTHING} if stood else set()
    return PlatformState(
        unavailable=tuple(u for u in state.unavailable if u.action in actions),
        bounds=tuple(b for b in state.bounds if b.action in actions),
        unread=tuple(n for n in names if n in state.unread or not state.read_at),
    )
