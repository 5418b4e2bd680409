"""Turn the outcome of a run into its report: judge it, compare it, explain its failures."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

import canary
from canary.comparison import history as past
from canary.comparison.baselines import remembered
from canary.comparison.blindness import unseen_checks, without_blind
from canary.comparison.drift import drift, without_moving
from canary.comparison.previous import pruned
from canary.comparison.rollouts import NO_ROLLOUTS, explained_by
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
from canary.runner.noting import Attempts, without_time
from canary.runner.outcomes import in_order
from canary.runner.round import after_failures

OnJudged = Callable[[Report], None]

PUBLISHING_S = 2.0
"""Seconds kept back from all readings after the probes."""
EXPLAIN_S, LEAST_EXPLAIN_S = 15.0, 1.0
"""Most and least seconds for the diagnosis; it takes some 50 ms."""
NO_SCORES: dict[str, Score] = {}
NO_FIGURES: dict[str, str] = {}
NO_DRIFT: tuple[Drift, ...] = ()
NOTHING_UNSEEN = frozenset[str]()


def unpublished(_report: Report) -> None:
    """Publish nothing of a judged run."""


def conclude(
    ports: Ports, start: RunStart, outcome: Outcome, on_judged: OnJudged = unpublished
) -> Report:
    """Judge a run, hand the judged report to `on_judged`, and return the explained one.

    The results stand: a bug in scores, comparison or diagnosis is a note of the report, and one
    that concerns the past also sets the metric StateLost.
    """
    attempts, last = Attempts(start.muted.notes), Attempts()
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
    found = in_order(start.reused, outcome.results, start.config.checks)
    found = attempts.run("blindness is unknown", lambda: without_blind(found, outcome.state), found)
    given = found, start.config, outcome.state, start.started, start.previous
    unknown = found, NO_ROLLOUTS
    results, rollouts = attempts.run("rollouts are unknown", lambda: explained_by(*given), unknown)
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
        rollouts=rollouts,
        followed=start.request.followed,
        mutes=start.muted.shown,
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
        lambda: past.updated(known, results, now, latency_valid=valid, aside=start.request.aside),
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
    seen = after_failures(ports, start, outcome, judged, end, attempts)
    before, known, state = seen.before, seen.known, seen.state
    explanation = _explanation(ports, start, judged, (before, known, state), end, attempts)
    attempts.notes += explanation.notes
    until = min(end, ports.clock.monotonic() + seen.left_s)
    explanation, audit = with_changers(ports, start, judged, state, explanation, until, attempts)
    comparison = _with_drift(judged.comparison, start.previous.report, before, state)
    own = attempts.run("status", lambda: unseen_checks(explanation.diagnoses), NOTHING_UNSEEN)
    run = msgspec.structs.replace(
        judged.run,
        status=run_status(judged.results, own),
        finished_at=ports.clock.now().isoformat(timespec="seconds"),
        duration_ms=round((ports.clock.monotonic() - start.start) * 1000, 1),
        notes=(*filter(None, (comparison.note,)), *attempts.notes, *without_time(outcome.results)),
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


def _explanation(
    ports: Ports,
    start: RunStart,
    judged: Report,
    states: tuple[PlatformState | None, Baselines, PlatformState],
    end: float,
    attempts: Attempts,
) -> Explanation:
    """Diagnose a run by its states: of the previous run, of the baselines, and its own.

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
