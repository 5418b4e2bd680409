"""Decide which messages and events a run sends; an unchanged state sends nothing twice.

An incident holds all checks that broke in one run, and those that fail later for one of its causes.
It sends one message when it opens, at most one more that names a cause found (or found to be
another) later, a reminder where the environment asks for one, and one at its end. It is over when
all of its checks have passed for `SETTLE_S`: what flaps is one incident. ERROR and SKIP end
nothing: the canary did not see that the check was fixed.
"""

from __future__ import annotations

import msgspec

from canary.messages import events, lasting, texts
from canary.messages.event_types import RunCompleted
from canary.messages.grouping import BLIND, Group, groups, is_of, worst
from canary.messages.state import Event, Incident, Message, Notified, Outbox
from canary.model import Frozen, Report, Severity
from canary.report import headline

_PENDING = 200  # unsent messages kept, of all channels; older ones are dropped
_PENDING_EVENTS = 1_000  # unsent events kept: an outage has one for each check
REMINDERS = (60, 240)  # minutes


def decide(
    report: Report, state: Notified, link: str = "", reminders: tuple[int, ...] = REMINDERS
) -> Outbox:
    """Return the messages and events to send, and the state after them.

    The same run decided twice sends nothing new. A run that a newer one overtook sends only late
    messages and its own event: the changes that it saw are over. `reminders` are in minutes.
    """
    if state.last_run > report.run.id:
        own = () if report.followed else (events.completed(report, link),)
        happened = (*state.pending_events, *own)
        return Outbox(messages=state.pending, events=happened, state=state)
    if state.last_run == report.run.id:
        return Outbox(messages=state.pending, events=state.pending_events, state=state)
    messages, incidents, changes = _changed(report, state, link, reminders)
    kept, closed = incidents
    over = {i.key for i in closed}
    waiting = tuple(m for m in state.pending if m.key.rpartition("/")[0] not in over)
    return Outbox(
        messages=(*waiting, *messages),
        events=(*state.pending_events, *events.of_run(report, state, (*kept, *closed), link)),
        state=Notified(
            incidents=tuple(kept),
            generations=changes.generations,
            # a run of a part never overtakes one of the whole environment
            last_run=state.last_run if report.followed else report.run.id,
            threads={k: v for k, v in state.threads.items() if k.partition(" ")[2] not in over},
        ),
    )


def _changed(
    report: Report, state: Notified, link: str, reminders: tuple[int, ...]
) -> tuple[list[Message], tuple[list[Incident], list[Incident]], _Changes]:
    """Return the run's new messages, the open and the closed incidents, and the changes."""
    open_ones, closed = lasting.followed_up(report, state.incidents)
    explained, diagnosed = lasting.with_causes(report, open_ones)
    changes = _opened(report, state, explained)
    paged, rang, named = lasting.with_page(report, changes.kept)
    kept, late = lasting.with_reminders(report, paged, reminders)
    now = {i.key: i for i in kept}
    messages = [
        *(texts.closed(report, i, link, _undelivered(state, i)) for i in closed if i.quiet_since),
        *(texts.opened(report, now[i.key], link) for i in changes.opened),
        *(texts.worse(report, now[i.key], link) for i in changes.worse),
        *(texts.diagnosed(report, now[i.key], link) for i in diagnosed),
        *(texts.down(report, now[i.key], link) for i in rang),
        *(texts.named(report, now[i.key], link) for i in named),
        *(texts.still(report, i, link) for i in late),
    ]
    return messages, (kept, closed), changes


def pending_after(outbox: Outbox, failed: set[str], at: str, held: set[str]) -> Notified:
    """Return the state to keep, given the names that failed and those that another run sends.

    The name of a message is that of its lease: its channel and its key.
    """
    pending = tuple(
        msgspec.structs.replace(m, attempts=m.attempts + 1, first_tried_at=m.first_tried_at or at)
        if name_of(m) in failed
        else m
        for m in outbox.messages
        if name_of(m) in failed | held
    )
    # RunCompleted is of no use after the next run; a broken or fixed check still is
    late: tuple[Event, ...] = tuple(
        msgspec.structs.replace(e, attempts=e.attempts + 1)
        for e in outbox.events
        if e.key in failed and e.detail_type != RunCompleted.__name__
    )
    return msgspec.structs.replace(
        outbox.state, pending=pending[-_PENDING:], pending_events=late[-_PENDING_EVENTS:]
    )


def name_of(message: Message) -> str:
    """Return the name of the lease on a message: each channel has its own."""
    return f"{message.channel}/{message.key}" if message.channel else message.key


class _Changes(Frozen, frozen=True, kw_only=True):
    """All incidents, the new ones, and those that became more severe."""

    kept: tuple[Incident, ...]
    opened: tuple[Incident, ...]
    worse: tuple[Incident, ...]
    generations: dict[str, int]


def _opened(report: Report, state: Notified, known: list[Incident]) -> _Changes:
    """Add each new group to the open incident that it belongs to, or open one for all others."""
    kept = list(known)
    generations = dict(state.generations)
    worse: list[Incident] = []
    new: dict[str, list[Group]] = {}
    for group in groups(report, known):
        place = next((n for n, i in enumerate(kept) if _same(i, group)), None)
        if place is None:
            new.setdefault(group.audience, []).append(group)
            continue
        before = kept[place].severity
        severity = worst(r.severity for r in group.members)
        kept[place] = _joined(kept[place], tuple(r.check_id for r in group.members), severity)
        if kept[place].severity is not before and group.audience == "platform":
            worse.append(kept[place])
    opened: list[Incident] = []
    for together in new.values():
        identity = _identity(report, together[0])
        generations[identity] = generations.get(identity, 0) + 1
        opened.append(_incident(report, identity, generations[identity], together))
    return _Changes(
        kept=(*kept, *opened), opened=tuple(opened), worse=tuple(worse), generations=generations
    )


def _same(incident: Incident, group: Group) -> bool:
    """Return whether the group joins the incident.

    It does for one of its causes, for a cause that explains what fails in it, whatever the cause is
    called by now, and for a check that failed in it before. Other failures never join without a
    proven cause: they may be unrelated.
    """
    if incident.audience != group.audience:
        return False
    if group.audience == "canary" or {r.check_id for r in group.members} & set(incident.ever):
        return True
    cause = group.cause
    return cause is not None and (
        is_of(incident, cause)
        or f"{cause.cause}.{cause.service}" in incident.further
        or bool(set(cause.explains) & set(incident.checks))
    )


def _identity(report: Report, first: Group) -> str:
    """Return the name of an incident without its number; no cause is part of it.

    Of two overlapping runs one may have proven the cause and the other not.
    """
    service = first.cause.service if first.cause else first.members[0].service
    return f"{report.run.environment}/{BLIND if first.audience == 'canary' else service}"


def _incident(report: Report, identity: str, generation: int, together: list[Group]) -> Incident:
    members = tuple(r for group in together for r in group.members)
    checks = tuple(r.check_id for r in members)
    causes = [group.cause for group in together if group.cause]
    cause = causes[0] if causes else None
    own = together[0].audience == "canary"
    return Incident(
        identity=identity,
        generation=generation,
        audience=together[0].audience,
        opened_at=report.run.started_at,
        severity=worst(r.severity for r in members),
        checks=checks,
        ever=checks,
        cause=cause.cause if cause else "",
        service=cause.service if cause else members[0].service,
        summary=cause.summary if cause else "",
        confidence=cause.confidence if cause else None,
        further=tuple(f"{c.cause}.{c.service}" for c in causes[1:]),
        headline=texts.blindness(members, cause) if own else headline.headline_of(members, causes),
    )


def _joined(incident: Incident, new: tuple[str, ...], severity: Severity) -> Incident:
    return msgspec.structs.replace(
        incident,
        checks=tuple(dict.fromkeys((*incident.checks, *new))),
        ever=tuple(dict.fromkeys((*incident.ever, *new))),
        severity=worst((incident.severity, severity)),
        quiet_since="",
    )


def _undelivered(state: Notified, incident: Incident) -> tuple[str, ...]:
    """Return the channels over which the incident's first message was never delivered."""
    lost = (m for m in state.pending if m.key == f"{incident.key}/broke")
    return tuple(dict.fromkeys(m.channel or "mail" for m in lost))
