"""Groups of checks that newly fail, put together by the cause that is known."""

from __future__ import annotations

from collections.abc import Iterable

from canary.comparison.blindness import is_own, unseen_checks
from canary.comparison.windows import DOWN_CRITICAL, is_flapping
from canary.messages.state import Audience, Incident
from canary.model import (
    SEVERITY_ORDER,
    Change,
    Diagnosis,
    Frozen,
    Report,
    Result,
    Severity,
    Status,
)

BLIND = "canary-blind"


class Group(Frozen, frozen=True, kw_only=True):
    """Checks that newly fail, for one reason as far as is known."""

    name: str
    audience: Audience
    members: tuple[Result, ...]
    cause: Diagnosis | None = None


def groups(report: Report, known: list[Incident]) -> list[Group]:
    """Return the groups that are not reported yet, the most important cause first."""
    reported = {check for i in known if i.audience == "platform" for check in i.checks}
    told = {check for i in known for check in i.checks}
    awake = (r for r in report.results if not r.muted and not r.waits)
    fresh = [r for r in awake if r.check_id not in reported]
    # a check of an open incident flaps within it; its silence would end the incident
    open_checks = {check for i in known for check in i.ever}
    failing = [
        r
        for r in fresh
        if r.status is Status.FAIL and (r.check_id in open_checks or not _unsettled(report, r))
    ]
    found: list[Group] = []
    unseen: list[Result] = []
    blind = unseen_checks(report.diagnoses)
    for cause in report.diagnoses:
        members = tuple(r for r in failing if r.check_id in cause.explains)
        failing = [r for r in failing if r.check_id not in cause.explains]
        if is_own(cause):
            unseen += [r for r in members if r.check_id in blind]
            failing += [r for r in members if r.check_id not in blind]
        elif members:
            name = f"{cause.cause}.{cause.service}"
            found.append(Group(name=name, audience="platform", members=members, cause=cause))
    for service in dict.fromkeys(r.service for r in failing):
        members = tuple(r for r in failing if r.service == service)
        found.append(Group(name=f"unexplained.{service}", audience="platform", members=members))
    unseen += [r for r in fresh if r.status is Status.ERROR]
    unknown = tuple(r for r in unseen if r.check_id not in told)
    if unknown:
        own = _own_cause(report, unknown)
        found.append(Group(name=BLIND, audience="canary", members=unknown, cause=own))
    return found


def _own_cause(report: Report, members: tuple[Result, ...]) -> Diagnosis | None:
    ids = {r.check_id for r in members}
    return next((d for d in report.diagnoses if is_own(d) and ids & set(d.explains)), None)


def _unsettled(report: Report, result: Result) -> bool:
    """Return whether a flaky check has not failed for long enough to send a message."""
    kept = report.history.get(result.check_id)
    outcomes = kept.outcomes if kept else ""
    if outcomes.endswith("F" * DOWN_CRITICAL.runs):
        return False
    # only the run in which the outcome changed has the transition
    return is_flapping(outcomes) or any(
        t.check_id == result.check_id and t.change is Change.FLAKY
        for t in report.comparison.transitions
    )


def is_of(incident: Incident, diagnosis: Diagnosis) -> bool:
    """Return whether an incident has this cause in this service."""
    return incident.cause == diagnosis.cause and incident.service == diagnosis.service


def worst(severities: Iterable[Severity]) -> Severity:
    """Return the most severe one."""
    return min(severities, key=SEVERITY_ORDER.index)
