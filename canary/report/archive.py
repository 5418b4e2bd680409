"""The archive: hourly and daily counts of each check, and its incidents.

A report holds the last 60 outcomes; the archive holds a month in a few kilobytes. A run reads it
from the store, calls `update`, and writes it back. A lost archive only removes plots.
"""

from __future__ import annotations

import datetime as dt

import msgspec

from canary.model import Diagnosis, Frozen, Report, Result, Status, parse_time
from canary.report.headline import cause

ARCHIVE_SCHEMA = "hokusai-canary/archive/1"
HOURS, DAYS, INCIDENTS = 24, 31, 200  # how much is kept
CAUSE = 160  # characters of an incident's cause


class Bucket(Frozen, frozen=True, kw_only=True):
    """An hour or a day of one check. `start` is ISO 8601 UTC; latency is the mean of passes."""

    start: str
    passed: int = 0
    failed: int = 0
    unknown: int = 0
    latency_ms: float = 0.0


class CheckArchive(Frozen, frozen=True, kw_only=True):
    """The last 24 hours and 31 days of one check, oldest first; hours without a run are absent."""

    hours: tuple[Bucket, ...] = ()
    days: tuple[Bucket, ...] = ()


class CheckIncident(
    Frozen, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=False
):
    """A time during which a check did not pass; `ended` is "" while it lasts.

    `cause` is the first that was named while it lasted, "" where none was.
    """

    check_id: str
    status: Status
    began: str
    ended: str = ""
    cause: str = ""


class Archive(Frozen, frozen=True, kw_only=True):
    """The archive of one environment."""

    last_run: str = ""
    checks: dict[str, CheckArchive] = msgspec.field(default_factory=dict)
    incidents: tuple[CheckIncident, ...] = ()  # oldest first
    schema: str = ARCHIVE_SCHEMA


def update(archive: Archive, report: Report, *, with_reused: bool = False) -> Archive:
    """Return the archive with this run added; a run that it already holds changes nothing.

    `with_reused` counts results of earlier runs, too: where not each run is added, a check of every
    five minutes would else be missed each time.
    """
    at = parse_time(report.run.started_at)
    if at is None or archive.last_run == report.run.id:
        return archive
    counted = [r for r in report.results if with_reused or not r.reused]
    ran = [r for r in counted if r.status is not Status.SKIP]
    checks = {c.check_id for c in report.results}
    kept = {name: value for name, value in archive.checks.items() if name in checks}
    for result in ran:
        kept[result.check_id] = _add(kept.get(result.check_id, CheckArchive()), result, at)
    return Archive(
        last_run=report.run.id,
        checks=kept,
        incidents=_incidents(
            archive.incidents, ran, report.run.started_at, _named(report.diagnoses)
        ),
    )


class SharedIncident(Frozen, frozen=True, kw_only=True):
    """SharedIncident of several checks that began and ended in the same runs."""

    status: Status
    checks: tuple[str, ...]
    began: str
    ended: str
    cause: str = ""


def happened(archive: Archive, most: int = 30) -> tuple[SharedIncident, ...]:
    """Return the latest incidents, newest first, grouped by begin and end."""
    found: dict[tuple[str, str, Status], list[CheckIncident]] = {}
    for incident in reversed(archive.incidents):
        key = (incident.began, incident.ended, incident.status)
        found.setdefault(key, []).append(incident)
    return tuple(
        SharedIncident(
            status=status,
            checks=tuple(one.check_id for one in same),
            began=began,
            ended=ended,
            cause=next((one.cause for one in same if one.cause), ""),
        )
        for (began, ended, status), same in list(found.items())[:most]
    )


def _named(diagnoses: tuple[Diagnosis, ...]) -> dict[str, str]:
    """Map a check to the cause that explains it, in words."""
    return {check: cause(d)[:CAUSE] for d in reversed(diagnoses) for check in d.explains}


def _add(archive: CheckArchive, result: Result, at: dt.datetime) -> CheckArchive:
    hour = at.replace(minute=0, second=0, microsecond=0)
    return CheckArchive(
        hours=_count(archive.hours, hour, result, dt.timedelta(hours=HOURS)),
        days=_count(archive.days, hour.replace(hour=0), result, dt.timedelta(days=DAYS)),
    )


def _count(
    buckets: tuple[Bucket, ...], start: dt.datetime, result: Result, reach: dt.timedelta
) -> tuple[Bucket, ...]:
    oldest = (start - reach).isoformat()
    key = start.isoformat()
    kept = {b.start: b for b in buckets if b.start > oldest}
    kept[key] = _counted(kept.get(key, Bucket(start=key)), result)
    return tuple(kept[name] for name in sorted(kept))


def _counted(bucket: Bucket, result: Result) -> Bucket:
    if result.status is Status.FAIL:
        return msgspec.structs.replace(bucket, failed=bucket.failed + 1)
    if result.status is Status.ERROR:
        return msgspec.structs.replace(bucket, unknown=bucket.unknown + 1)
    passed = bucket.passed + 1
    mean = bucket.latency_ms + (result.duration_ms - bucket.latency_ms) / passed
    return msgspec.structs.replace(bucket, passed=passed, latency_ms=round(mean, 1))


def _incidents(
    known: tuple[CheckIncident, ...], ran: list[Result], at: str, causes: dict[str, str]
) -> tuple[CheckIncident, ...]:
    """Open an incident for each check that stopped passing; end it when the check passes."""
    status = {r.check_id: r.status for r in ran}
    kept = []
    lasting = set()
    for incident in known:
        if incident.ended:
            kept.append(incident)
        elif status.get(incident.check_id) is Status.PASS:
            kept.append(msgspec.structs.replace(incident, ended=at))
        else:
            lasting.add(incident.check_id)
            found = incident.cause or causes.get(incident.check_id, "")
            kept.append(msgspec.structs.replace(incident, cause=found))
    kept += [
        CheckIncident(check_id=name, status=state, began=at, cause=causes.get(name, ""))
        for name, state in status.items()
        if state is not Status.PASS and name not in lasting
    ]
    return tuple(kept[-INCIDENTS:])
