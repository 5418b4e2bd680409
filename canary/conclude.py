"""Turn the outcome of a run into its report: judge it, compare it, explain its failures."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

import canary
from canary.comparison import history as past
from canary.comparison.baselines import remembered
from canary.comparison.drift import drift, without_moving
from canary.comparison.previous import pruned
from canary.comparison.states import failing
from canary.comparison.transitions import compare
from canary.control_plane.baselines import Baselines
from canary.control_plane.configured import unknown_names
from canary.control_plane.state import PlatformState
from canary.model import (
    CheckHistory,
    Comparison,
    Drift,
    Explanation,
    Report,
    Result,
    Run,
    Score,
    Status,
)
from canary.redaction.commands import with_typeable
from canary.report.score import old_figures, run_status, scores
from canary.runner import Outcome, Ports, RunStart
from canary.runner.changers import with_changers, with_makers
from canary.runner.earlier import earlier
from canary.runner.noting import Attempts

OnJudged = Callable[[Report], None]

PUBLISHING_S = 2.0
"""Seconds kept back from reading the control plane again."""
REFRESH_S = 10.0
"""Most seconds for reading the control plane again."""
EXPLAIN_S = 15.0
LEAST_EXPLAIN_S = 1.0
"""Most and least seconds for the diagnosis; it takes some 50 ms."""
NO_SCORES: dict[str, Score] = {}
NO_FIGURES: dict[str, str] = {}
NO_DRIFT: tuple[Drift, ...] = ()


def unpublished(_report: Report) -> None:
    """Publish nothing of a judged run."""


def conclude(
    ports: Ports, start: RunStart, outcome: Outcome, on_judged: OnJudged = unpublished
) -> Report:
    """Judge a run, hand the judged report to `on_judged`, and return the explained one.

    The results stand: a bug in scores, comparison or diagnosis is a note of the report, and one
    that concerns the past also sets the metric StateLost.
    """
    attempts, last = Attempts(), Attempts()
    judged = judge(start, outcome, attempts)
    on_judged(judged)
    # a state is named by what is published of it, so after redaction
    report = ports.redactor.clean(explain(ports, start, outcome, judged, attempts))
    report = with_typeable(report)
    named = last.run(
        "the state of the control plane could not be named",
        lambda: remembered(report, start.previous.report),
        report,
    )
    run = msgspec.structs.replace(named.run, notes=(*named.run.notes, *last.notes))
    return msgspec.structs.replace(named, run=run)


def judge(start: RunStart, outcome: Outcome, attempts: Attempts) -> Report:
    """Return the report as far as it is known before its failures are explained."""
    results = in_order(start, outcome)
    history, comparison = compared(start, outcome, results)
    run = Run(
        id=start.run_id,
        environment=start.config.environment.name,
        started_at=start.started.isoformat(timespec="seconds"),
        finished_at="",
        duration_ms=0.0,
        version=canary.__version__,
        trigger=start.request.trigger,
        status=run_status(results),
        critical_path_ms=outcome.critical_path_ms,
        requests=outcome.requests,
        cpu_starved=outcome.cpu_starved,
        scheduled_at=start.request.scheduled_at,
    )
    return Report(
        run=run,
        scores=attempts.run("no scores could be given", lambda: scores(results), NO_SCORES),
        results=results,
        residue=outcome.residue,
        old_figures=attempts.run(
            "no old figures could be given", lambda: old_figures(results), NO_FIGURES
        ),
        comparison=comparison,
        history=pruned(history, start.config) if start.request.whole else history,
    )


def compared(
    start: RunStart, outcome: Outcome, results: tuple[Result, ...]
) -> tuple[dict[str, CheckHistory], Comparison]:
    """Return history and comparison of a run; `comparison.note` lists the parts that failed."""
    report, attempts = start.previous.report, Attempts()
    known = report.history if report else {}
    now, valid = start.started.isoformat(timespec="seconds"), not outcome.cpu_starved
    history = attempts.run(
        "the history could not be continued",
        lambda: past.updated(known, results, now, latency_valid=valid),
        known,
    )
    comparison = attempts.run(
        "the run could not be compared with the previous one",
        lambda: compare(
            report,
            results,
            history,
            now=now,
            latency_valid=valid,
            narrowed=not start.request.whole,
        ),
        Comparison(),
    )
    return history, _noted(comparison, (start.previous.note, *attempts.notes))


def explain(
    ports: Ports, start: RunStart, outcome: Outcome, judged: Report, attempts: Attempts
) -> Report:
    """Return the judged report with diagnoses, drift and the end of the run."""
    end = outcome.times.end - PUBLISHING_S
    before, known = earlier(ports, start, outcome.state, judged, end, attempts)
    state = _refreshed(ports, start, outcome, attempts)
    explanation = _explanation(ports, start, judged, (before, known, state), end, attempts)
    attempts.notes += explanation.notes
    explanation, audit = with_changers(ports, start, judged, state, explanation, end, attempts)
    comparison = _with_drift(judged.comparison, start.previous.report, before, state)
    note = (comparison.note,) if comparison.note else ()
    run = msgspec.structs.replace(
        judged.run,
        finished_at=ports.clock.now().isoformat(timespec="seconds"),
        duration_ms=round((ports.clock.monotonic() - start.start) * 1000, 1),
        notes=(*note, *attempts.notes, *_without_time(outcome.results)),
    )
    report = msgspec.structs.replace(
        judged,
        run=run,
        diagnoses=explanation.diagnoses,
        unexplained=explanation.unexplained,
        platform=msgspec.to_builtins(state),
        comparison=comparison,
    )
    states = (before, known.incident.state if known.incident else None, state)
    return with_makers(report, start.previous.report, audit, states, attempts)


def _refreshed(
    ports: Ports, start: RunStart, outcome: Outcome, attempts: Attempts
) -> PlatformState:
    """Read again what failing services need, so that no diagnosis argues from an older state."""
    standing = (r for r in start.reused.values() if r.blocking)
    failing = frozenset(r.service for r in (*outcome.results, *standing) if r.status.is_bad)
    left = outcome.times.end - ports.clock.monotonic() - PUBLISHING_S
    if not failing or not start.plan.order:
        return outcome.state
    if left <= 0:
        attempts.notes.append("no time was left to read the control plane again after the failures")
        return outcome.state
    return attempts.run(
        "the control plane could not be read again",
        lambda: ports.within(
            min(left, REFRESH_S), lambda: ports.refresh_failing(outcome.state, failing)
        ),
        outcome.state,
    )


def _explanation(
    ports: Ports,
    start: RunStart,
    judged: Report,
    states: tuple[PlatformState | None, Baselines, PlatformState],
    end: float,
    attempts: Attempts,
) -> Explanation:
    """Diagnose a run; `states` are those of the previous run, of the baselines and of this run.

    `end` is the monotonic time by which it should be done; a little time it always has.
    """
    (before, known, state), results = states, judged.results
    well = not state.unavailable and all(r.status is Status.PASS for r in results)
    if well and not unknown_names(start.config.environment, state):
        return Explanation()  # nothing is wrong, and everything could be read
    if known.incident is not None:
        then = known.incident  # the platform stood like this until that run at least
        before = msgspec.structs.replace(then.state, read_at=then.at)
    environment, now = start.config.environment, ports.clock.now()
    seconds = max(min(end - ports.clock.monotonic(), EXPLAIN_S), LEAST_EXPLAIN_S)
    return attempts.run(
        "diagnosis failed",
        lambda: ports.diagnose(results, state, environment, before, now, known, seconds),
        Explanation(unexplained=failing(judged)),
    )


def _with_drift(
    comparison: Comparison,
    previous: Report | None,
    before: PlatformState | None,
    state: PlatformState,
) -> Comparison:
    attempts = Attempts()
    drifted = attempts.run(
        "the drift could not be computed",
        lambda: drift(before, state) if before is not None else NO_DRIFT,
        NO_DRIFT,
    )
    if previous is not None and previous.platform is None:
        drifted = without_moving(drifted)
    return _noted(
        msgspec.structs.replace(comparison, drift=drifted), (comparison.note, *attempts.notes)
    )


def _noted(comparison: Comparison, notes: Iterable[str]) -> Comparison:
    return msgspec.structs.replace(comparison, note="; ".join(filter(None, notes)))


def _without_time(results: tuple[Result, ...]) -> list[str]:
    late = [r.check_id for r in results if r.reason == "no time left in this run"]
    return [f"no time was left for {len(late)} checks: {', '.join(late)}"] if late else []


def in_order(start: RunStart, outcome: Outcome) -> tuple[Result, ...]:
    """Return this run's results and the reused ones, in the order of the configuration."""
    found = {**start.reused, **{r.check_id: r for r in outcome.results}}
    return tuple(found[c.id] for c in start.config.checks if c.id in found)
