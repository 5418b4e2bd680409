"""Accuse nobody of what was so while the failing checks were well.

A rule that says the same of the baseline, judged with that run's clock, names no cause: the
finding is POSSIBLE, and its fix becomes a decision. A change in the day before still accuses.
Where a check has no baseline, only what the cause can make and what nobody's answer contradicts
is explained.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import replace

import msgspec

from canary.control_plane.baselines import Baseline
from canary.control_plane.stable import stable
from canary.control_plane.state import PlatformState
from canary.diagnose.core.case import Case, Failures
from canary.diagnose.core.finding import Finding
from canary.diagnose.core.mechanisms import LATE, SHOWN_BY_STATE, answered, possible
from canary.diagnose.core.own_past import Judge, OwnPast, beside
from canary.model import Confidence, Evidence, Remedy

_ORDER = (Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE)


def accused(case: Case, findings: list[Finding], judge: Judge) -> list[Finding]:
    """Return the findings, each as sure as the platform's past and the answers allow."""
    past, own = _Past(case, judge), OwnPast(case, judge)
    return [
        finding if finding.always_report else _tested(case, past, trimmed)
        for finding in map(own.described, findings)
        for trimmed in [replace(finding, explained_failures=possible(finding))]
    ]


def _tested(case: Case, past: _Past, finding: Finding) -> Finding:
    """Return a finding after the tests of its past and of the answers."""
    if finding.cause not in SHOWN_BY_STATE or not finding.explained_failures:
        return finding
    held = past.held(finding)
    left = finding.explained_failures - held
    if not left:
        return _innocent(finding, *_since_when(past, finding))
    known = {f for f in left if f.check_id in case.baselines.of}
    if not known and (good := answered(case, finding)):
        said = f"{good.status} from the target", "no answer, if this were the cause"
        return _innocent(finding, Evidence(resource=good.url, seen=said[0], expected=said[1]), "")
    kept = replace(finding, explained_failures=left)
    if not past.came_late(kept):
        return kept
    late = past.by_the_day_before(kept)
    most = late.confidence if late.cause in LATE else Confidence.LIKELY
    return replace(late, confidence=_at_most(most, late.confidence), explained_failures=left)


def _explains(found: Finding, finding: Finding) -> bool:
    return found.explained_failures >= finding.explained_failures


def _at_most(most: Confidence, found: Confidence) -> Confidence:
    return max(most, found, key=_ORDER.index)


def _since_when(past: _Past, finding: Finding) -> tuple[Evidence, str]:
    at = past.well_at(finding)
    line = Evidence(
        resource=finding.resource, seen="the same while these checks passed", expected="", at=at
    )
    return line, at


def _innocent(finding: Finding, why: Evidence, at: str) -> Finding:
    """Return a finding that names no cause by itself: a person decides, and no fix is offered."""
    if at:
        summary = "Look for another cause first: this was so while all was well."
        decision = (
            f"It was so in the run of {at}, in which these checks passed. Decide whether it is"
            " as you want it, and change it only then."
        )
    else:
        summary = "Look for another cause first: an answer of this run contradicts it."
        decision = (
            f"{finding.service or finding.resource} answered in this run. Decide which is right:"
            " the environment file, or what AWS shows."
        )
    return replace(
        finding,
        confidence=Confidence.POSSIBLE,
        evidence=(why, *finding.evidence),
        remedy=Remedy(summary=summary, inspect=finding.remedy.inspect, decision=decision),
        held=True,
    )


class _Past:
    """What the rules say of the platform as it was while the failing checks were well."""

    def __init__(self, case: Case, judge: Judge) -> None:
        self._case, self._judge = case, judge
        self._said: dict[int, dict[tuple[str, str], list[Finding]]] = {}

    def held(self, finding: Finding) -> Failures:
        """Return the failures of a finding whose checks passed although it was so already."""
        known = self._case.baselines
        return frozenset(
            f
            for f in finding.explained_failures
            if (well := known.of.get(f.check_id))
            and self._was(finding, f.check_id, well)
            and self._older_than_a_day(finding, f.check_id)
        )

    def came_late(self, finding: Finding) -> bool:
        """Return whether it was so while each of its checks was well: only the day before differs.

        Checks fail one after the other: one that failed at once proves what changed.
        """
        known = self._case.baselines.of
        checks = {f.check_id for f in finding.explained_failures if f.check_id in known}
        return bool(checks) and all(self._was(finding, c, known[c]) for c in checks)

    def by_the_day_before(self, finding: Finding) -> Finding:
        """Return a late finding as the rules tell it beside the platform of the day before.

        The platform before the first failure had the fault: it shows neither change nor way back.
        """
        days = self._case.baselines.day_before
        check = min(f.check_id for f in finding.explained_failures if f.check_id in days)
        again = [
            found
            for found in self._judge(beside(self._case, days[check]))
            if found.cause == finding.cause
            and (found.resource == finding.resource or _explains(found, finding))
        ]
        same = [found for found in again if found.resource == finding.resource]
        return next(iter(same or again), finding)

    def well_at(self, finding: Finding) -> str:
        """Return when the checks of a finding passed last, although it was so."""
        known = self._case.baselines.of
        checks = {f.check_id for f in finding.explained_failures}
        return max((known[c].at for c in checks if c in known), default="")

    def _older_than_a_day(self, finding: Finding, check: str) -> bool:
        """Return whether it was so a day before; a day that is unknown does not accuse."""
        before = self._case.baselines.day_before.get(check)
        return before is None or self._was(finding, check, before)

    def _was(self, finding: Finding, check: str, well: Baseline) -> bool:
        """Return whether the same was said of a state, for a failure of the same check."""
        key = finding.cause, finding.resource
        return any(
            check in {f.check_id for f in before.explained_failures}
            and self._unchanged(finding, before, well.state)
            for before in self._findings(well).get(key, ())
        )

    def _unchanged(self, now: Finding, before: Finding, state: PlatformState) -> bool:
        """Return whether the same is said, of an object that nobody edited since.

        A line with a time of its own is an event: a task that stopped since then accuses.
        """
        read = {"", self._case.state.read_at}
        events = {line for line in now.evidence if line.at not in read}
        one, two = _object(self._case.state, now.resource), _object(state, now.resource)
        same = now.summary == before.summary or _is_host(state, now.resource)
        resolved = _resolves(self._case.state, now.resource) == _resolves(state, now.resource)
        return same and resolved and one == two and events <= set(before.evidence)

    def _findings(self, well: Baseline) -> Mapping[tuple[str, str], list[Finding]]:
        read_once = id(well.state)  # checks share the readings that they share by name
        if read_once not in self._said:
            found: dict[tuple[str, str], list[Finding]] = {}
            for finding in self._judge(_case_of(self._case, well)):
                key = finding.cause, finding.resource
                found.setdefault(key, []).append(finding)
            self._said[read_once] = found
        return self._said[read_once]


def _case_of(case: Case, well: Baseline) -> Case:
    """Return the failures of this run over the platform of an earlier one, at its time."""
    try:
        now = dt.datetime.fromisoformat(well.at)
    except ValueError:
        now = case.now
    return replace(case, state=well.state, previous=None, now=now)


def _is_host(state: PlatformState, resource: str) -> bool:
    """Return whether a resource is a public name, whose addresses change by themselves."""
    return any(h.host == resource for h in state.hosts)


def _resolves(state: PlatformState, resource: str) -> bool | None:
    """Return whether a public name had addresses when it was read, None for anything else."""
    return next((bool(h.addresses) for h in state.hosts if h.host == resource), None)


def _object(state: PlatformState, resource: str) -> object:
    """Return the stable part of what has this ARN, id or name, None for nothing."""
    return next((stable(found) for found in _objects(state) if resource in _names(found)), None)


def _objects(state: PlatformState) -> Iterable[msgspec.Struct]:
    """Yield the objects of the control plane that a finding may name."""
    for balancer in state.load_balancers:
        ports = tuple(msgspec.structs.replace(x, rules=()) for x in balancer.listeners)
        yield msgspec.structs.replace(balancer, listeners=ports)
        for listener in balancer.listeners:
            yield listener
            yield from listener.rules
    yield from state.target_groups
    yield from state.ecs_services
    yield from state.task_definitions
    yield from state.security_groups
    yield from state.discovery
    yield from state.hosts
    if network := state.network:
        yield from (*network.acls, *network.route_tables)
        yield from (*network.nat_gateways, *network.endpoints)


def _names(found: msgspec.Struct) -> set[str]:
    names = (getattr(found, field, "") for field in ("arn", "id", "name", "host"))
    return {str(n) for n in names if n}
