"""A month of runs before a sample report, for the plots of its page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import msgspec

from canary.model import Report, Result, Status, parse_time
from canary.report.archive import Archive, update


def month(report: Report, bad: Mapping[int, Sequence[str]] | None = None) -> Archive:
    """Return an archive of 31 days up to the report's run, a run an hour, its latency uneven.

    `bad` names the checks that failed, by how many hours ago.
    """
    archive = Archive()
    last = parse_time(report.run.started_at)
    assert last is not None
    for ago in reversed(range(31 * 24)):
        moment = (last - dt.timedelta(hours=ago)).isoformat()
        run = msgspec.structs.replace(report.run, id=f"r{ago}", started_at=moment)
        failed = set((bad or {}).get(ago, ()))
        results = tuple(_of_hour(r, ago, r.check_id in failed) for r in report.results)
        archive = update(archive, msgspec.structs.replace(report, run=run, results=results))
    return archive


def _of_hour(result: Result, ago: int, failed: bool) -> Result:
    slower = result.duration_ms + ago * 7 % 23
    status = Status.FAIL if failed else result.status
    return msgspec.structs.replace(result, duration_ms=slower, status=status)
