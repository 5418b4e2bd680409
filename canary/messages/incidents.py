"""Decide which messages and events a run sends; an unchanged state sends nothing twice.

An incident holds all checks that one cause broke, or, without a proven cause, all checks of one
service that broke in one run. A check that fails later for the same cause joins it; that sends no
message unless the incident becomes more severe. A cause found later is reported once. An incident
is closed when all of its checks pass again. ERROR and SKIP close nothing: the canary did not see
that the check was fixed.
"""

from __future__ import annotations

import msgspec

from canary.messages import events, texts
from canary.messages.grouping import Group, groups, is_of, worst
from canary.messages.state import Event, Incident, Message, Notified, Outbox
from canary.model import (
    Change,
    Diagnosis,
    Frozen,
    Report,
    Severity,
    Status,
)

_PENDING = 50  # unsent messages kept; older ones are dropped, the report has them all
_PENDING_EVENTS = 1_000  # unsent events kept: an outage has one for each check


def decide(report: Report, state: Notified, link: str = "") -> Outbox:
    """Return the messages and events to send, and the state after them.

    The same run decided twice sends nothing new. A run that a newer one overtook sends only late
    messages and its own event: the changes that it saw are over.
    """
    if state.last_run > report.run.id:
        happened = (*state.pending_events, events.completed(report, link))
        return Outbox(messages=state.pending, events=happened, state=state)
    if state.last_run == report.run.id:
        return Outbox(messages=state.pending, events=state.pending_events, state=state)
    lasting, closed = _followed_up(report, state.incidents)
    kept, diagnosed = _diagnosed(report, lasting)
    keys = {i.key for i in kept}
    joined = [msgspec.structs.replace(i, checks=()) for i in lasting if i.key not in keys]
    changes = _opened(report, state, kept)
    new = [
        *(texts.closed(report, i, link, _undelivered(state, i)) for i in _fixed(report, closed)),
        *(texts.opened(report, i, link) for i in changes.opened),
        *(texts.worse(report, i, link) for i in changes.worse),
        *(texts.diagnosed(report, i, link) for i in diagnosed),
    ]
    happened = events.of_run(report, state, (*changes.kept, *closed, *joined), link)
    over = {i.key for i in closed}
    waiting = tuple(m for m in state.pending if m.key.rpartition("/")[0] not in over)
    return Outbox(
        messages=(*waiting, *new),
        events=(*state.pending_events, *happened),
        state=Notified(
            incidents=tuple(changes.kept),
            generations=changes.generations,
            last_run=report.run.id,
        ),
    )


def pending_after(outbox: Outbox, failed: set[str], at: str, held: set[str]) -> Notified:
    """Return the state to keep, given the keys that failed and those that another run sends."""
    pending = tuple(
        msgspec.structs.replace(m, attempts=m.attempts + 1, first_tried_at=m.first_tried_at or at)
        if m.key in failed
        else m
        for m in outbox.messages
        if m.key in failed | held
    )
    # RunCompleted is of no use after the next run; a broken or fixed check still is
    late: tuple[Event, ...] = tuple(
        msgspec.structs.replace(e, attempts=e.attempts + 1)
        for e in outbox.events
        if e.key in failed and e.detail_type != events.RunCompleted.__name__
    )
    return msgspec.structs.replace(
        outbox.state, pending=pending[-_PENDING:], pending_events=late[-_PENDING_EVENTS:]
    )


def _followed_up(
    report: Report, known: tuple[Incident, ...]
) -> tuple[list[Incident], list[Incident]]:
    """Return the open incidents, without the checks that are over, and the closed ones."""
    gone = {t.check_id for t in report.comparison.transitions if t.change is Change.REMOVED}
    gone |= {r.check_id for r in report.results if r.status is Status.PASS or r.muted}
    # removed while the history was lost: it has no transition, and its incident would never end
    present = {r.check_id for r in report.results} | set(report.history)
    gone |= {c for i in known for c in i.checks if c not in present}
    judged = gone | {r.check_id for r in report.results if r.status is Status.FAIL}
    kept: list[Incident] = []
    closed: list[Incident] = []
    for incident in known:
        over = judged if incident.audience == "canary" else gone
        left = tuple(c for c in incident.checks if c not in over)
        (kept if left else closed).append(msgspec.structs.replace(incident, checks=left))
    return kept, closed


def _fixed(report: Report, closed: list[Incident]) -> list[Incident]:
    """Return the closed incidents with a fixed check; the author of a mute needs no message."""
    holding = {r.check_id for r in report.results if r.status is Status.PASS}
    return [i for i in closed if i.audience == "canary" or set(i.ever) & holding]


def _diagnosed(report: Report, known: list[Incident]) -> tuple[list[Incident], list[Incident]]:
    """Return all incidents, and those whose cause was found in this run.

    Incidents that turn out to have the same cause become one.
    """
    kept: list[Incident] = []
    found: set[str] = set()
    for incident in known:
        diagnosis = None
        if not incident.cause and incident.audience == "platform":
            diagnosis = _explaining(report, incident.checks)
        if diagnosis is None:
            kept.append(incident)
            continue
        same = next((n for n, i in enumerate(kept) if is_of(i, diagnosis)), None)
        if same is not None:
            kept[same] = _joined(kept[same], incident.checks, incident.severity)
            continue
        explained = msgspec.structs.replace(
            incident,
            cause=diagnosis.cause,
            service=diagnosis.service,
            summary=diagnosis.summary,
        )
        found.add(explained.key)
        kept.append(explained)
    return kept, [i for i in kept if i.key in found]


def _explaining(report: Report, checks: tuple[str, ...]) -> Diagnosis | None:
    return next((d for d in report.diagnoses if set(checks) & set(d.explains)), None)


class _Changes(Frozen, frozen=True, kw_only=True):
    """All incidents, the new ones, and those that became more severe."""

    kept: tuple[Incident, ...]
    opened: tuple[Incident, ...]
    worse: tuple[Incident, ...]
    generations: dict[str, int]


def _opened(report: Report, state: Notified, known: list[Incident]) -> _Changes:
    """Open an incident for each new group, or add it to the open incident of the same cause."""
    kept = list(known)
    generations = dict(state.generations)
    opened: list[Incident] = []
    worse: list[Incident] = []
    for group in groups(report, known):
        place = next((n for n, i in enumerate(kept) if _same(i, group)), None)
        if place is None:
            identity = f"{report.run.environment}/{group.name}"
            generations[identity] = generations.get(identity, 0) + 1
            opened.append(_incident(report, identity, generations[identity], group))
            continue
        before = kept[place].severity
        severity = worst(r.severity for r in group.members)
        kept[place] = _joined(kept[place], tuple(r.check_id for r in group.members), severity)
        if kept[place].severity is not before and group.audience == "platform":
            worse.append(kept[place])
    return _Changes(
        kept=(*kept, *opened), opened=tuple(opened), worse=tuple(worse), generations=generations
    )


def _same(incident: Incident, group: Group) -> bool:
    """Return whether the group joins the incident: same cause, or both are ERROR results.

    Failures without a proven cause never join: they may be unrelated.
    """
    if incident.audience != group.audience:
        return False
    return group.audience == "canary" or (group.cause is not None and is_of(incident, group.cause))


def _incident(report: Report, identity: str, generation: int, group: Group) -> Incident:
    checks = tuple(r.check_id for r in group.members)
    cause = group.cause
    return Incident(
        identity=identity,
        generation=generation,
        audience=group.audience,
        opened_at=report.run.started_at,
        severity=worst(r.severity for r in group.members),
        checks=checks,
        ever=checks,
        cause=cause.cause if cause else "",
        service=cause.service if cause else group.members[0].service,
        summary=cause.summary if cause else "",
    )


def _joined(incident: Incident, new: tuple[str, ...], severity: Severity) -> Incident:
    return msgspec.structs.replace(
        incident,
        checks=(*incident.checks, *new),
        ever=tuple(dict.fromkeys((*incident.ever, *new))),
        severity=worst((incident.severity, severity)),
    )


def _undelivered(state: Notified, incident: Incident) -> Message | None:
    """Return the incident's first message if it was never delivered."""
    return next((m for m in state.pending if m.key == f"{incident.key}/broke"), None)
