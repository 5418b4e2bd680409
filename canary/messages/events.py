"""EventBridge events for other programs, made from the incidents of a run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from canary.messages.event_types import CheckBroke, CheckFixed, Diagnosed, RunCompleted
from canary.messages.state import Event, Incident, Notified
from canary.model import Diagnosis, Frozen, Report, Result, Status
from canary.report.text import between, command, line
from canary.report.verdict import groups, reason, verdict

SOURCE = "hokusai.canary"
_BATCH = 10  # entries of one PutEvents call
_BATCH_BYTES = 200_000  # of all its entries; EventBridge refuses a call of more than 256 KiB whole
_LISTED = 50  # checks named in one event: an entry may have 256 KiB in all


def of_run(
    report: Report, before: Notified, after: tuple[Incident, ...], link: str
) -> tuple[Event, ...]:
    """Return the run's events: broken, fixed and diagnosed checks, then the run itself.

    The keys contain the id of the last reported run, so that two overlapping runs make the same
    keys.
    """
    known = {i.key: i for i in before.incidents}
    last = before.last_run
    everywhere = {c for i in before.incidents if i.audience == "platform" for c in i.checks}
    lasting = {c for i in after for c in i.checks}
    results = {r.check_id: r for r in report.results}
    found: list[Event] = []
    for incident in after:
        if incident.audience != "platform":
            continue
        old = known.get(incident.key)
        for name in incident.checks:
            if name not in everywhere:
                found.append(_broke(report, incident, results[name], link, last))
        found += [
            _fixed(report, incident, name, results, link, last)
            for name in sorted(set(old.checks if old else ()) - lasting)
        ]
        known_causes = causes_of(old) if old else set()
        found += [
            _diagnosed(report, incident, cause, link)
            for cause in report.diagnoses
            if (cause.cause, cause.service) in causes_of(incident) - known_causes
        ]
    return (*found, *(() if report.followed else (completed(report, link),)))


def entries(events: Iterable[Event], bus: str = "") -> list[list[dict[str, Any]]]:
    """Return PutEvents entries in batches, one for each call; `bus` "" is the default bus."""
    made = [
        {
            "Source": SOURCE,
            "DetailType": event.detail_type,
            "Detail": msgspec.json.encode({**event.detail, "key": event.key}).decode(),
            "Time": event.at,
            **({"EventBusName": bus} if bus else {}),
        }
        for event in events
    ]
    batches: list[list[dict[str, Any]]] = []
    room = 0
    for entry in made:
        size = sum(len(str(value).encode()) for value in entry.values())
        if not batches or len(batches[-1]) == _BATCH or size > room:
            batches.append([])
            room = _BATCH_BYTES
        batches[-1].append(entry)
        room -= size
    return batches


def _event(report: Report, key: str, detail: Frozen) -> Event:
    return Event(
        key=key,
        detail_type=type(detail).__name__,
        detail=msgspec.to_builtins(detail),
        at=report.run.finished_at,
    )


def _broke(report: Report, incident: Incident, result: Result, link: str, last: str) -> Event:
    detail = CheckBroke(
        run_id=report.run.id,
        environment=report.run.environment,
        check_id=result.check_id,
        title=line(result.title, 200),
        suite=result.suite,
        service=result.service,
        severity=result.severity,
        reason=reason(result),
        since=report.run.started_at,
        incident=incident.key,
        runbook=line(result.runbook, 300),
        report=link,
    )
    return _event(report, f"{incident.key}/{result.check_id}/broke@{last}", detail)


def _fixed(
    report: Report, incident: Incident, name: str, results: dict[str, Result], link: str, last: str
) -> Event:
    result = results.get(name)
    detail = CheckFixed(
        run_id=report.run.id,
        environment=report.run.environment,
        check_id=name,
        title=line(result.title if result else name, 200),
        broke_at=incident.opened_at,
        fixed_at=report.run.started_at,
        lasted=between(incident.opened_at, report.run.started_at),
        why=_why(result),
        incident=incident.key,
        report=link,
    )
    return _event(report, f"{incident.key}/{name}/fixed@{last}", detail)


def _why(result: Result | None) -> Literal["holds", "muted", "removed"]:
    if result is None:
        return "removed"
    return "holds" if result.status is Status.PASS else "muted"


def causes_of(incident: Incident) -> set[tuple[str, str]]:
    """Return the causes of an incident, each with its service."""
    further = {
        (cause, service) for cause, _, service in (f.partition(".") for f in incident.further)
    }
    return further | ({(incident.cause, incident.service)} if incident.cause else set())


def _diagnosed(report: Report, incident: Incident, cause: Diagnosis, link: str) -> Event:
    detail = Diagnosed(
        run_id=report.run.id,
        environment=report.run.environment,
        incident=incident.key,
        cause=cause.cause,
        service=cause.service,
        resource=line(cause.resource, 500),
        confidence=cause.confidence,
        summary=line(cause.summary, 500),
        explains=cause.explains[:_LISTED],
        inspect=tuple(command(c, 2_000) for c in cause.remedy.inspect[:10]),
        fix=tuple(command(c, 2_000) for c in cause.remedy.fix[:10]),
        report=link,
    )
    return _event(report, f"{incident.key}/{cause.cause}/diagnosed", detail)


def completed(report: Report, link: str) -> Event:
    """Return the event of the completed run."""
    found = groups(report)
    detail = RunCompleted(
        run_id=report.run.id,
        environment=report.run.environment,
        status=report.run.status,
        started_at=report.run.started_at,
        finished_at=report.run.finished_at,
        duration_ms=report.run.duration_ms,
        verdict=verdict(report).sentence,
        scores={name: score.percent for name, score in report.scores.items()},
        failed=tuple(r.check_id for r in found.failing[:_LISTED]),
        errored=tuple(r.check_id for r in found.unknown[:_LISTED]),
        causes=tuple(d.cause for d in report.diagnoses[:_LISTED]),
        report=link,
    )
    return _event(report, completed_key(report), detail)


def completed_key(report: Report) -> str:
    """Return the key of the run's own event; no other run sends it."""
    return f"{report.run.environment}/{report.run.id}/completed"
