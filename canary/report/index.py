"""The index: one page over all environments, to which each run adds its entry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

import msgspec

from canary.model import Frozen, Report, Status, parse_time
from canary.report.archive import Archive
from canary.report.html import anchor, environment
from canary.report.page.days import SLO, Fact, Strip, facts, for_public, strips
from canary.report.page.public import effect_of, sentence
from canary.report.text import line
from canary.report.verdict import groups, in_order, verdict

INDEX_SCHEMA = "hokusai-canary/index/1"
_WORDS = {
    Status.FAIL: "failing",
    Status.ERROR: "could not tell",
    Status.SKIP: "could not tell",
    Status.PASS: "healthy",
}
_STATES = ("failing", "silent", "could not tell", "healthy")  # the most urgent first
_CLASSES = {"failing": "FAIL", "silent": "ERROR", "could not tell": "ERROR", "healthy": "PASS"}
SILENT_AFTER_S = 900  # an environment without a run for so long is shown as silent
GONE_AFTER_S = 31 * 86_400
PERIODS = 3  # an environment that runs rarely: silent after so many of its periods


class Entry(Frozen, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=False):
    """The latest run of one environment; `page` is a link relative to the index.

    Default values are left out, so that different versions can share a store.
    """

    environment: str
    run_id: str
    finished_at: str
    status: Status
    sentence: str
    scores: dict[str, float]
    failing: int
    causes: tuple[str, ...] = ()
    page: str = ""
    silent_after_s: int = SILENT_AFTER_S
    effect: str = ""  # what users cannot do, without a cause; "" while nothing fails
    strips: tuple[Strip, ...] = ()
    figures: tuple[Fact, ...] = ()


class Index(Frozen, frozen=True, kw_only=True):
    """All environments, by name."""

    entries: tuple[Entry, ...] = ()
    schema: str = INDEX_SCHEMA


def entry(
    report: Report, every_s: int = 0, archive: Archive | None = None, slo: float = SLO
) -> Entry:
    """Return a run's entry.

    `every_s` is the time between its runs, so that an environment that runs rarely is not silent.
    The archive adds strips and figures; `slo` is the goal of the error budget in percent.
    """
    judged = verdict(report)
    return Entry(
        environment=report.run.environment,
        run_id=report.run.id,
        finished_at=report.run.finished_at,
        status=judged.status,
        sentence=judged.sentence,
        scores={name: score.percent for name, score in report.scores.items()},
        failing=len(groups(report).failing),
        causes=tuple(line(d.summary, 200) for d in report.diagnoses[:3]),
        page=page_of(report.run.environment),
        silent_after_s=max(SILENT_AFTER_S, PERIODS * every_s),
        effect=effect_of(report),
        strips=strips(report, archive) if archive else (),
        figures=facts(report, archive, slo) if archive else (),
    )


def page_of(environment: str) -> str:
    """Return the name of an environment's latest page, a link relative to the index."""
    return f"latest/{anchor(environment)}.html"


def add(index: Index, new: Entry) -> Index:
    """Return the index with this entry; an older run never replaces a newer one.

    An environment that was removed is shown as silent for a month.
    """
    kept = {e.environment: e for e in index.entries if not _gone(e, new.finished_at)}
    known = kept.get(new.environment)
    if known is None or known.finished_at <= new.finished_at:
        kept[new.environment] = new
    return Index(entries=tuple(kept[name] for name in sorted(kept)))


def public(index: Index, linked: Collection[str] = ()) -> Index:
    """Return the index for users: no cause, no name of a resource, no command.

    What fails is said by what users cannot do. `linked` are the environments that have a public
    page of their own.
    """
    return msgspec.structs.replace(
        index,
        entries=tuple(
            msgspec.structs.replace(
                e,
                sentence=sentence(e.effect, e.status),
                causes=(),
                page=page_of(e.environment) if e.environment in linked else "",
                figures=for_public(e.figures),
            )
            for e in index.entries
        ),
    )


def render(index: Index, now: str) -> str:
    """Return the page; `now` (ISO 8601) decides which environments are silent."""
    states = {e.environment: _state(e, now) for e in index.entries}
    entries = sorted(
        index.entries,
        key=lambda e: (_STATES.index(states[e.environment]), e.environment),
    )
    counts = Counter(states.values())
    page = environment().get_template("index.html.j2")
    return page.render(
        entries=entries,
        states=states,
        scores={e.environment: in_order(e.scores) for e in entries},
        summary=", ".join(f"{counts[state]} {state}" for state in _STATES if counts[state]),
        worst=next((_CLASSES[s] for s in _STATES if counts[s]), ""),
        classes=_CLASSES,
        rare=any(e.silent_after_s > SILENT_AFTER_S for e in entries),
        now=now,
    )


def _state(item: Entry, now: str) -> str:
    age = _age(item, now)
    silent = age is None or age > item.silent_after_s
    return "silent" if silent else _WORDS[item.status]


def _gone(item: Entry, now: str) -> bool:
    age = _age(item, now)
    return age is not None and age > GONE_AFTER_S


def _age(item: Entry, now: str) -> float | None:
    """Return the seconds since its last run, None if a time cannot be read."""
    finished, present = parse_time(item.finished_at), parse_time(now)
    return (present - finished).total_seconds() if finished and present else None
