"""How open incidents go on: over, explained, waking somebody, reminding somebody."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from canary.comparison.blindness import is_own, unseen_checks
from canary.comparison.history import is_down
from canary.comparison.windows import window_of
from canary.messages.grouping import is_of
from canary.messages.state import Incident
from canary.model import (
    Change,
    Confidence,
    Diagnosis,
    Report,
    Result,
    Severity,
    Status,
    parse_time,
)
from canary.report import headline

SETTLE_S = 600
"""Seconds for which all checks must pass before an incident is over: as long as the page rings on,
and longer than the silence of what fails once in ten minutes."""
_SURE = (Confidence.POSSIBLE, Confidence.LIKELY, Confidence.CERTAIN)


def followed_up(
    report: Report, known: tuple[Incident, ...]
) -> tuple[list[Incident], list[Incident]]:
    """Return the open incidents, without the checks that are over, and the closed ones.

    A closed incident without `quiet_since` ended by mutes: their author needs no message.
    """
    gone = {t.check_id for t in report.comparison.transitions if t.change is Change.REMOVED}
    gone |= {r.check_id for r in report.results if r.status is Status.PASS or r.muted}
    # removed while the history was lost: it has no transition, and its incident would never end
    present = {r.check_id for r in report.results} | set(report.history)
    if not report.followed:  # which looked at a part alone
        gone |= {c for i in known for c in i.checks if c not in present}
    failed = {r.check_id for r in report.results if r.status is Status.FAIL}
    judged = gone | (failed - unseen_checks(report.diagnoses))
    holding = {r.check_id for r in report.results if r.status is Status.PASS}
    kept: list[Incident] = []
    closed: list[Incident] = []
    for incident in known:
        over = judged if incident.audience == "canary" else gone
        left = tuple(c for c in incident.checks if c not in over)
        after = msgspec.structs.replace(incident, checks=left)
        if not left and not after.quiet_since and _ended(incident, holding):
            after = msgspec.structs.replace(after, quiet_since=report.run.started_at)
        (kept if left or _settling(report, after) else closed).append(after)
    return kept, closed


def _ended(incident: Incident, holding: set[str]) -> bool:
    """Return whether something was fixed, and not only muted or removed."""
    return incident.audience == "canary" or bool(set(incident.ever) & holding)


def _settling(report: Report, incident: Incident) -> bool:
    """Return whether an incident without failing checks may begin again, or nobody can tell."""
    if not incident.quiet_since:
        return False
    unknown = {r.check_id for r in report.results if r.status is Status.ERROR}
    if incident.audience == "platform" and unknown & set(incident.ever):
        return True
    seconds = elapsed(incident.quiet_since, report.run.started_at)
    return seconds is not None and seconds < SETTLE_S


def elapsed(start: str, end: str) -> float | None:
    """Return the seconds between two times, None where one of them is no time."""
    first, last = parse_time(start), parse_time(end)
    return (last - first).total_seconds() if first and last else None


def with_causes(report: Report, known: list[Incident]) -> tuple[list[Incident], list[Incident]]:
    """Return all incidents with their causes, and those whose cause is to be told now.

    A cause that is found is told, and one that turns out to be another, if that is as sure; both
    once at most. Two incidents with one cause are told of it once.
    """
    kept: list[Incident] = []
    found_now: list[Incident] = []
    for incident in known:
        found = _new_cause(report, incident)
        if found is None:
            kept.append(incident)
            continue
        news = not incident.followed_up and not _is_less_sure(found, incident)
        explained = msgspec.structs.replace(
            incident,
            cause=found.cause,
            service=found.service,
            summary=found.summary,
            confidence=found.confidence,
            headline=_headline(report, incident, found),
            followed_up=incident.followed_up or news,
        )
        if news and not any(is_of(i, found) for i in kept):
            found_now.append(explained)
        kept.append(explained)
    return kept, found_now


def _new_cause(report: Report, incident: Incident) -> Diagnosis | None:
    """Return the cause of what fails in an incident if that is not one of those it has."""
    if incident.audience == "canary":
        return None
    found = explaining(report, incident.checks)
    if not found or any(_has(incident, d) for d in found):
        return None
    return found[0]


def explaining(report: Report, checks: Iterable[str]) -> tuple[Diagnosis, ...]:
    """Return the causes in the platform that explain some of the checks."""
    wanted = set(checks)
    return tuple(d for d in report.diagnoses if wanted & set(d.explains) and not is_own(d))


def _has(incident: Incident, cause: Diagnosis) -> bool:
    return is_of(incident, cause) or f"{cause.cause}.{cause.service}" in incident.further


def _is_less_sure(found: Diagnosis, incident: Incident) -> bool:
    before = incident.confidence
    return before is not None and _SURE.index(found.confidence) < _SURE.index(before)


def _headline(report: Report, incident: Incident, first: Diagnosis) -> str:
    causes = (first, *(d for d in explaining(report, incident.checks) if d is not first))
    return headline.headline_of(members(report, incident.checks), causes)


def members(report: Report, checks: Iterable[str]) -> list[Result]:
    """Return the results of the checks in the report's order."""
    wanted = set(checks)
    return [r for r in report.results if r.check_id in wanted]


def with_page(
    report: Report, known: Iterable[Incident]
) -> tuple[list[Incident], list[Incident], list[Incident]]:
    """Return all incidents, those that begin to wake people, and those to name a cause for.

    An incident wakes people when a critical check of it is down in its window, as its alarm does.
    Who is woken is told the cause once, as soon as it is known.
    """
    kept: list[Incident] = []
    rang: list[Incident] = []
    named: list[Incident] = []
    for incident in known:
        begins = not incident.paged and _wakes(report, incident)
        paged = incident.paged or begins
        names = paged and not incident.named and bool(incident.cause and incident.checks)
        after = msgspec.structs.replace(incident, paged=paged, named=incident.named or names)
        kept.append(after)
        rang += [after] if begins else []
        named += [after] if names else []
    return kept, rang, named


def _wakes(report: Report, incident: Incident) -> bool:
    if incident.audience == "canary":
        return False
    critical = (r for r in members(report, incident.checks) if r.severity is Severity.CRITICAL)
    return any(
        is_down(report.history[r.check_id], window_of(r.severity, r.load, r.alarm))
        for r in critical
        if not r.muted and r.check_id in report.history
    )


def with_reminders(
    report: Report, known: Iterable[Incident], reminders: tuple[int, ...]
) -> tuple[list[Incident], list[Incident]]:
    """Return all incidents, and those that last so long that people are reminded now.

    A reminder that came due while no run was made is told with the next one, both as one.
    """
    kept: list[Incident] = []
    late: list[Incident] = []
    for incident in known:
        lasted = elapsed(incident.opened_at, report.run.started_at) or 0.0
        due = max((m for m in reminders if m * 60 <= lasted), default=0)
        if due > incident.reminded and incident.checks:
            reminded = msgspec.structs.replace(incident, reminded=due)
            late.append(reminded)
            kept.append(reminded)
        else:
            kept.append(incident)
    return kept, late
