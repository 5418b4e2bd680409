"""Sample reports: a healthy run, the seed day, a canary that could not tell, 300 checks."""

from __future__ import annotations

from typing import Any

import msgspec

from canary.model import (
    Change,
    CheckHistory,
    Comparison,
    Report,
    Result,
    Run,
    Score,
    Status,
    Step,
    Suite,
    Transition,
)
from tests.canary.support.report_causes import seed_diagnoses, seed_drift, seed_platform
from tests.canary.support.report_parts import (
    BEGAN,
    ENDPOINTS,
    FINISHED,
    INFRASTRUCTURE,
    ROUTES,
    STARTED,
    access,
    bad_gateway,
    check,
    exchange,
    failing,
    registration,
)


def _all() -> list[Result]:
    plain = [check(i, t, s, Suite.INFRASTRUCTURE) for i, t, s in INFRASTRUCTURE]
    return [
        *plain,
        *access(),
        registration(),
        *(check(i, t, s, Suite.ENDPOINTS) for i, t, s in ENDPOINTS),
    ]


def report(results: list[Result], **more: Any) -> Report:
    """Make a report of these results with scores, history and a run to match."""
    bad = [s for s in (Status.FAIL, Status.ERROR) if any(r.status is s for r in results)]
    run = Run(
        id="20261122T100000Z-7f3a", environment="development", started_at=STARTED,
        finished_at=FINISHED, duration_ms=3_940.0, version="0.1.0", trigger="schedule",
        status=bad[0] if bad else Status.PASS, critical_path_ms=3_310.0, requests=97,
    )  # fmt: skip
    usual: dict[str, Any] = {
        "run": run,
        "results": tuple(results),
        "scores": scores(results),
        "history": {r.check_id: history(r) for r in results},
        "comparison": Comparison(
            previous="20261122T095900Z-1b20", previous_at="2026-11-22T09:59:00Z"
        ),
        "platform": msgspec.to_builtins(seed_platform(healthy=not bad)),
        "old_figures": {
            "Infrastructure Health Score": "100 % (11/11 checks)",
            "Authentication Success Rate": "100 % (26/26 cases)",
            "Model Registration Success": "100 % (12/12 steps)",
            "Test Suite Success Rate": "100 % (4/4 suites)",
        },
    }
    return Report(**{**usual, **more})


def scores(results: list[Result]) -> dict[str, Score]:
    """Score each suite and all of it."""
    found = {}
    for name in (*Suite, "overall"):
        members = [r for r in results if name in (r.suite, "overall")]
        lost = tuple(r.check_id for r in members if r.status is not Status.PASS)
        held = len(members) - len(lost)
        if members:
            share = 100 * held / len(members)
            found[str(name)] = Score(passed=held, total=len(members), percent=share, lost=lost)
    return found


def history(result: Result) -> CheckHistory:
    """Give a check an hour of past: one blip, and a failure of 33 minutes where it fails."""
    letters = "P" * 20 + "F" + "P" * 39
    if result.status is Status.FAIL:
        letters = "P" * 27 + "F" * 33
    latency = tuple(18.0 + (i * 7) % 11 + (60 if i == 20 else 0) for i in range(letters.count("P")))
    return CheckHistory(
        outcomes=letters,
        first_attempts=letters,
        latency_ms=latency,
        since=BEGAN if result.status is Status.FAIL else "2026-11-21T08:00:00Z",
        last_run_at=STARTED,
        last_status=result.status,
    )


def healthy() -> Report:
    """Return a run in which everything holds, and nothing changed."""
    return report(_all())


def seed_day() -> Report:
    """Return 5 August 2025 as this canary would have told it."""
    broken: list[Result] = []
    for result in _all():
        if result.check_id in ("auth.health", "auth.targets"):
            result = bad_gateway(result, "https://auth.hokus.ai/health")
        elif result.check_id in ("registry.rules", "mlflow.proxy", "registry.models"):
            page = (
                "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n"
                "<h1>Not Found</h1>\n<p>The requested URL was not found on the server."
            )
            shown = exchange(
                ROUTES[0], 404, content_type="text/html", excerpt=page, server="werkzeug"
            )
            result = failing(result, ("status", "200", "404 text/html"), shown)
        broken.append(result)
    kept = [r for r in broken if r.suite not in (Suite.AUTHENTICATION, Suite.REGISTRATION)]
    results = [*kept, *access(auth_down=True), registration(broken=True)]
    lost = tuple(r.check_id for r in results if r.status is Status.FAIL)
    transitions = tuple(
        Transition(check_id=i, change=Change.STILL_FAILING if n else Change.BROKE,
                   before=Status.FAIL if n else Status.PASS, after=Status.FAIL, since=BEGAN)
        for n, i in enumerate(lost)
    )  # fmt: skip
    return report(
        results,
        diagnoses=seed_diagnoses(lost),
        comparison=Comparison(
            previous="20261122T092617Z-0c11",
            previous_at="2026-11-22T09:26:17Z",
            transitions=transitions,
            drift=seed_drift(),
        ),
        old_figures={
            "Infrastructure Health Score": "64 % (7/11 checks)",
            "Authentication Success Rate": "0 % (0/26 cases)",
            "Model Registration Success": "17 % (2/12 steps)",
            "Test Suite Success Rate": "0 % (0/4 suites)",
        },
    )


def could_not_tell() -> Report:
    """Return a run whose secret was missing and whose role may not read the control plane."""
    results = []
    for result in _all():
        why = ""
        if result.kind in ("access", "registration"):
            why = "the secret hokusai/canary/development/valid does not exist"
        elif result.check_id.endswith((".tasks", ".targets", ".rules")):
            why = "ecs:DescribeServices was denied to the canary's role"
        if why:
            steps = (Step(name="prepare", status=Status.ERROR, reason=why),)
            result = msgspec.structs.replace(
                result, status=Status.ERROR, reason=why, steps=steps, duration_ms=0.4
            )
        results.append(result)
    return report(results, platform=None, old_figures={})


def many(count: int = 300) -> Report:
    """Return a run of many checks, a fifth of them failing and some skipped."""
    results = []
    for number in range(count):
        made = check(
            f"registry.route-{number}", f"Registry serves route number {number}", "registry",
            tuple(Suite)[number % 4],
        )  # fmt: skip
        if number % 5 == 0:
            made = bad_gateway(made, f"https://registry.hokus.ai/route/{number}")
        elif number % 17 == 0:
            made = msgspec.structs.replace(
                made, status=Status.SKIP, reason="it needs registry.health, which failed", steps=()
            )
        results.append(made)
    lost = tuple(r.check_id for r in results if r.status is Status.FAIL)
    return report(results, diagnoses=seed_diagnoses(lost)[:1])
