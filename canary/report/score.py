"""Scores: on a healthy platform every score is 100 %, and no fault ever raises a score.

Each check that runs in the environment is one point. Only PASS wins it; FAIL, ERROR and SKIP lose
it, and the score names the check. A check that the environment disables is not counted.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from canary.model import Result, Score, Status, Step, Suite, spared

OVERALL = "overall"
OLD_FIGURES = (
    "Infrastructure Health Score",
    "Authentication Success Rate",
    "Model Registration Success",
    "Test Suite Success Rate",
)
NOTE = "the old report's headings, counted under the new rules: only a pass counts"


def scores(results: Iterable[Result]) -> dict[str, Score]:
    """Return the score of each suite that has checks, and of all checks."""
    every = tuple(results)
    by_suite = {s.value: [r for r in every if r.suite is s] for s in Suite}
    named = {name: score(found) for name, found in by_suite.items() if found}
    return {**named, OVERALL: score(every)}


def score(results: Iterable[Result]) -> Score:
    """Return the score of these results, with the checks that did not pass."""
    every = tuple(results)
    lost = tuple(r.check_id for r in every if r.status is not Status.PASS)
    passed = len(every) - len(lost)
    return Score(passed=passed, total=len(every), percent=percent(passed, len(every)), lost=lost)


def percent(passed: int, total: int) -> float:
    """Return a percentage with one decimal that is 100 only when all passed."""
    if passed == total:
        return 100.0
    return min(round(100.0 * passed / total, 1), 99.9)


def old_figures(results: Iterable[Result]) -> dict[str, str]:
    """Return the four figures of the hand-written report, counted by this project's rules."""
    every = tuple(results)
    figures = (
        _share(every, Suite.INFRASTRUCTURE, "checks passed"),
        _share(every, Suite.AUTHENTICATION, "tests passed"),
        _stages(every),
        _scripts(every),
    )
    return {**dict(zip(OLD_FIGURES, figures, strict=True)), "Rule": NOTE}


def _share(results: tuple[Result, ...], suite: Suite, what: str) -> str:
    found = [r for r in results if r.suite is suite]
    return _figure(sum(r.status is Status.PASS for r in found), len(found), what)


def _figure(passed: int, total: int, what: str) -> str:
    return f"{percent(passed, total)}% ({passed}/{total} {what})" if total else "not measured"


STAGES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("local model creation", ("local", "create model")),
    ("experiment creation", ("experiment",)),
    ("model logging", ("run", "param", "metric", "tag", "artifact")),
    ("model registration", ("registered", "version", "register")),
)
"""The four stages of the old report, and the words in the names of their steps."""


def stage_of(step: str) -> str:
    """Return the stage that a step of the registration flow belongs to, "" for none."""
    name = step.lower()
    later = STAGES[3]
    if any(word in name for word in later[1]):  # "registered model tags" is not logging
        return later[0]
    return next((stage for stage, words in STAGES if any(w in name for w in words)), "")


def _stages(results: tuple[Result, ...]) -> str:
    flows = [r for r in results if r.kind == "registration"]
    if not flows:
        return "not measured"
    steps = [s for r in flows for s in r.steps if not s.always]
    won = sum(_stage_holds(stage, steps) for stage, _ in STAGES)
    return _figure(won, len(STAGES), "stages passed")


def _stage_holds(stage: str, steps: list[Step]) -> bool:
    mine = [s for s in steps if stage_of(s.name) == stage]
    return bool(mine) and all(s.status is Status.PASS for s in mine)


def _of(*suites: Suite) -> Callable[[Result], bool]:
    return lambda result: result.suite in suites


SCRIPTS: tuple[tuple[str, Callable[[Result], bool]], ...] = (
    ("infrastructure health", _of(Suite.INFRASTRUCTURE)),
    ("authentication", _of(Suite.AUTHENTICATION)),
    ("model registration flow", _of(Suite.REGISTRATION)),
    ("endpoint availability", _of(Suite.ENDPOINTS)),
    ("MLflow routing", lambda r: r.kind == "listener_rule" or r.service == "mlflow"),
    ("health endpoints", lambda r: r.kind == "dependency" or "health" in r.check_id),
    ("authenticated registration", _of(Suite.AUTHENTICATION, Suite.REGISTRATION)),
    ("real registration", lambda r: r.kind == "registration"),
    ("MLflow proxy integration", lambda r: r.service in ("registry", "mlflow")),
)
"""The nine scripts of the old runner, and the checks that replace each of them."""


def _scripts(results: tuple[Result, ...]) -> str:
    won = 0
    for _, mine in SCRIPTS:
        found = [r for r in results if mine(r)]
        won += bool(found) and all(r.status is Status.PASS for r in found)
    return _figure(won, len(SCRIPTS), "test scripts passed")


def run_status(results: Iterable[Result], unseen: Collection[str] = ()) -> Status:
    """Return FAIL, then ERROR, then PASS; a muted check does not count, a skip proves nothing.

    Nor does a run without any check. A blocking check that was spared leaves nothing unknown. Of a
    check in `unseen` the canary did not see the platform: its failure is ERROR.
    """
    every = tuple(results)
    left_out = spared(every)
    counted = [r for r in every if r.check_id not in left_out]
    own = {r.check_id for r in counted if r.status is Status.FAIL} & set(unseen)
    awake = [r for r in counted if not r.muted]
    found = {Status.ERROR if r.check_id in own else r.status for r in awake}
    if not counted:
        return Status.ERROR
    if Status.FAIL in found:
        return Status.FAIL
    return Status.ERROR if found & {Status.ERROR, Status.SKIP} else Status.PASS
