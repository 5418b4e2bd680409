"""Everything that a run found -> its report. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from canary.attempts import Attempts
from canary.comparison.against import Against
from canary.control_plane.state import PlatformState
from canary.model import Config, Explanation, Frozen, Report, Result, Run, Score, Status
from canary.report.score import old_figures, scores
from canary.runner import Outcome

NO_SCORES: dict[str, Score] = {}
NO_FIGURES: dict[str, str] = {}


class Facts(Frozen, frozen=True, kw_only=True):
    """What is known of the run itself."""

    id: str
    environment: str
    started_at: str
    finished_at: str
    duration_ms: float
    version: str
    trigger: str
    scheduled_at: str = ""


def assemble(
    facts: Facts,
    results: tuple[Result, ...],
    outcome: Outcome,
    explained: Explanation,
    against: Against,
    state: PlatformState,
    attempts: Attempts,
) -> Report:
    """Return the report; what could not be made of it until here is among its notes."""
    scored = attempts.of("no scores could be given", lambda: scores(results), NO_SCORES)
    old = attempts.of("no old figures could be given", lambda: old_figures(results), NO_FIGURES)
    before = against.comparison.note
    run = Run(
        id=facts.id,
        environment=facts.environment,
        started_at=facts.started_at,
        finished_at=facts.finished_at,
        duration_ms=round(facts.duration_ms, 1),
        version=facts.version,
        trigger=facts.trigger,
        status=run_status(results),
        critical_path_ms=outcome.critical_path_ms,
        requests=outcome.requests,
        starved=outcome.starved,
        scheduled_at=facts.scheduled_at,
        notes=(*((before,) if before else ()), *attempts.notes, *_skips(outcome.results)),
    )
    return Report(
        run=run,
        scores=scored,
        results=results,
        diagnoses=explained.diagnoses,
        unexplained=explained.unexplained,
        residue=outcome.residue,
        platform=msgspec.to_builtins(state),
        old_figures=old,
        comparison=against.comparison,
        history=against.history,
    )


def run_status(results: Iterable[Result]) -> Status:
    """Return FAIL, then ERROR, then PASS; a muted check does not count, a skip proves nothing.

    Nor does a run that holds no check at all.
    """
    every = tuple(results)
    found = {r.status for r in every if not r.muted} if every else {Status.SKIP}
    if Status.FAIL in found:
        return Status.FAIL
    return Status.ERROR if found & {Status.ERROR, Status.SKIP} else Status.PASS


def _skips(results: tuple[Result, ...]) -> list[str]:
    late = [r.check_id for r in results if r.reason == "no time left in this run"]
    return [f"no time was left for {len(late)} checks: {', '.join(late)}"] if late else []


def in_order(config: Config, outcome: Outcome, carried: dict[str, Result]) -> tuple[Result, ...]:
    """Return this run's results and the carried ones, in the order of the configuration."""
    found = {**carried, **{r.check_id: r for r in outcome.results}}
    return tuple(found[c.id] for c in config.checks if c.id in found)
