"""What a run leaves behind: a pure list of effects, and the thin executor of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from canary.adapters.store.protocol import run_name
from canary.metrics.measure import Point
from canary.model import Frozen, Report, Status


class Keep(Frozen, frozen=True, kw_only=True):
    """Write bytes into the store; `once`: never replace what is there."""

    name: str
    data: bytes
    once: bool = False


class KeepPage(Frozen, frozen=True, kw_only=True):
    """Render the report as a page and keep it; rendered only here, where a failure is a value."""

    report: Report


class MakeLatest(Frozen, frozen=True, kw_only=True):
    """Make the report the latest one, unless a newer run's is."""

    data: bytes


class KeepLatestPages(Frozen, frozen=True, kw_only=True):
    """Keep the page of the latest run, its badge, the archive and the status index.

    Left out when the report did not become the latest one.
    """

    report: Report


class Emit(Frozen, frozen=True, kw_only=True):
    """Publish metrics."""

    points: tuple[Point, ...]
    run_id: str


class Say(Frozen, frozen=True, kw_only=True):
    """Write one event into the canary's own log."""

    message: str
    fields: dict[str, Any]


class Notify(Frozen, frozen=True, kw_only=True):
    """Tell people and programs what changed."""

    report: Report


Effect = Keep | KeepPage | MakeLatest | KeepLatestPages | Emit | Say | Notify


class Sinks(Frozen, frozen=True, kw_only=True):
    """Where effects go."""

    keep: Callable[[Keep], None]
    page: Callable[[Report], None]
    point: Callable[[bytes], bool]
    latest_pages: Callable[[Report], Iterable[str]]
    """Report -> what is to be said of pages that had to be begun anew or left out."""
    emit: Callable[[Emit], None]
    say: Callable[[Say], None]
    whole: Callable[[str, str], None]
    """Message, long text: the log takes the report in full when the store does not."""
    notify: Callable[[Report], Iterable[str]]
    """Report -> what could not be told."""


class Published(msgspec.Struct, kw_only=True):
    """What became of the effects."""

    problems: list[str] = msgspec.field(default_factory=list)
    kept: bool = False  # the report lies in the store
    logged: bool = False  # the report stands in the log instead
    emitted: bool = False
    pointed: bool = False  # the report is the latest one

    @property
    def anywhere(self) -> bool:
        """Return whether anybody can learn of this run at all."""
        return self.kept or self.logged or self.emitted


def effects(
    report: Report,
    data: bytes,
    points: tuple[Point, ...],
    *,
    latest: bool,
) -> tuple[Effect, ...]:
    """Return what to do, in order: metrics first, since they wake people, pages last.

    A run keeps a page of its own where something changed; an unchanged run has nothing new to
    show beyond the latest page, which every run writes anew.
    """
    found: list[Effect] = [Emit(points=points, run_id=report.run.id)] if points else []
    found += [
        Say(message="run finished", fields=summary(report)),
        Keep(name=run_name(report.run.id), data=data, once=True),
    ]
    if latest and report.comparison.transitions:
        found.append(KeepPage(report=report))
    if latest:
        found += [MakeLatest(data=data), Notify(report=report), KeepLatestPages(report=report)]
    return tuple(found)


def summary(report: Report, place: str = "") -> dict[str, Any]:
    """Return the small form of a report, without secrets and evidence."""
    failed = [r.check_id for r in report.results if r.status is Status.FAIL]
    undecided = [r.check_id for r in report.results if r.status is Status.ERROR]
    return {
        "run_id": report.run.id,
        "environment": report.run.environment,
        "status": report.run.status.value,
        "duration_ms": report.run.duration_ms,
        "scores": {name: score.percent for name, score in report.scores.items()},
        "failed": failed,
        "errors": undecided,
        "skipped": [r.check_id for r in report.results if r.status is Status.SKIP],
        "diagnoses": [
            {
                "cause": d.cause,
                "service": d.service,
                "resource": d.resource,
                "confidence": d.confidence.value,
                "explains": list(d.explains),
            }
            for d in report.diagnoses
        ],
        "unexplained": list(report.unexplained),
        "notes": list(report.run.notes),
        "report": f"{place}/{run_name(report.run.id)}" if place else "",
    }


def publish(todo: Iterable[Effect], sinks: Sinks) -> Published:
    """Carry the effects out; one that fails does not keep the others from being tried."""
    done = Published()
    for effect in todo:
        try:
            _one(effect, sinks, done)
        except Exception as error:  # noqa: BLE001 - the boundary: an effect's failure is a value
            done.problems.append(f"{type(effect).__name__}: {type(error).__name__}: {error}")
            if isinstance(effect, Keep) and effect.once:
                _log_whole(effect, sinks, done)
    return done


def _one(effect: Effect, sinks: Sinks, done: Published) -> None:
    match effect:
        case Keep():
            sinks.keep(effect)
            done.kept = done.kept or effect.once
        case KeepPage():
            sinks.page(effect.report)
        case MakeLatest():
            done.pointed = sinks.point(effect.data)
            if not done.pointed:
                done.problems.append("a newer run is the latest one, this run is kept beside it")
        case KeepLatestPages():
            if done.pointed:
                done.problems += sinks.latest_pages(effect.report)
        case Emit():
            sinks.emit(effect)
            done.emitted = True
        case Say():
            sinks.say(effect)
        case Notify():
            done.problems += sinks.notify(effect.report)


def _log_whole(effect: Keep, sinks: Sinks, done: Published) -> None:
    """Nothing is lost: a report that cannot be stored stands in the log, completely."""
    try:
        sinks.whole("report that could not be stored", effect.data.decode())
        done.logged = True
    except Exception as error:  # noqa: BLE001 - the last resort; the caller raises if all failed
        done.problems.append(f"log: {type(error).__name__}: {error}")
