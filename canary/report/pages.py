"""The pages that a run writes into the store, beside its report.

    latest/<environment>.html   the page of the latest run, with the last day and month
    badges/<environment>.svg    its badge
    archive/<environment>.json  the data of the plots, see archive.py
    index.json, index.html      all environments that share the store

Badge and index are written when they say something else, and every five minutes (refresh.py); in
the profile `lean` page and archive are, too. Its plots then count each check every five minutes.

The caller passes the present files as bytes; a file that cannot be read is started anew, with a
note. If two environments write the index at the same time, one entry may be lost until the next
run.
"""

from __future__ import annotations

from canary.model import Frozen, Profile, Report
from canary.report import archive, badge, html, index, refresh
from canary.report.page.days import SLO
from canary.report.stored import State, dump, load
from canary.report.text import ReportError

INDEX = "index.json"
BY_HAND = "command line"
"""The trigger of a run that a person started, see canary/cli/run.py."""


def archive_name(environment: str) -> str:
    """Return the name under which an environment's archive is kept."""
    return f"archive/{html.anchor(environment)}.json"


class Pages(Frozen, frozen=True, kw_only=True):
    """Texts by file name, and notes on files that could not be read."""

    files: dict[str, str]
    notes: tuple[str, ...] = ()


def pages(
    report: Report,
    archived: bytes | None = None,
    indexed: bytes | None = None,
    *,
    now: str = "",
    every_s: int = 0,
    profile: Profile = Profile.FULL,
    slo: float = SLO,
) -> Pages:
    """Return the files to write after this run; `now` (ISO 8601) defaults to the end of the run.

    `every_s` is the time between the runs of this environment, 0 if it is not known; `slo` is the
    goal of its error budget in percent.
    """
    notes: list[str] = []
    sampled = bool(refresh.PAGES[profile].every_s)
    memory = archive.update(_read(archived, archive.Archive, notes), report, with_reused=sampled)
    before = _read(indexed, index.Index, notes)
    entry = index.entry(report, every_s=every_s, archive=memory, slo=slo)
    named = {e.environment: e for e in before.entries}
    due = refresh.is_due(named.get(entry.environment), entry)
    # nobody promised the next run of a command line
    late = 0 if report.run.trigger == BY_HAND else entry.silent_after_s
    name = html.anchor(report.run.environment)
    files = dict[str, str]()
    if due or not sampled:
        files[archive_name(report.run.environment)] = dump(memory)
        files[f"latest/{name}.html"] = html.render(report, memory, late, slo)
    if due:
        known = index.add(before, entry)
        files[f"badges/{name}.svg"] = badge.render(report)
        files[INDEX] = dump(known)
        files["index.html"] = index.render(known, now or report.run.finished_at)
    return Pages(files=files, notes=tuple(notes))


def _read(data: bytes | None, kind: type[State], notes: list[str]) -> State:
    if data is None:
        return kind()
    try:
        return load(data, kind)
    except ReportError as error:
        notes.append(f"started anew, because it was {error}")
        return kind()
