"""The main path: plan, observe and probe, judge, explain, and return a report to publish.

Everything that a run touches is an argument; `wiring` makes it for the function and the CLI.
"""

from __future__ import annotations

import secrets

from canary.comparison.previous import reused_results
from canary.conclude import OnJudged, conclude, unpublished
from canary.model import Config, Report
from canary.plan import make_plan
from canary.runner import Ports, Progress, RunRequest, RunStart, carry_out
from canary.runner.muted import muted_anew, mutes_of
from canary.runner.ports import OnProgress, quiet


def new_run_id(moment: str) -> str:
    """Return an id that sorts by time to the millisecond; `moment` is ISO 8601 in UTC.

    An id of an earlier version, which had no milliseconds, sorts before the ids of its second.
    """
    stamp = moment[:19].replace("-", "").replace(":", "").lower()
    fraction = moment[20:23] if moment[19:20] == "." else ""
    return f"{stamp}{fraction.ljust(3, '0')}-{secrets.token_hex(3)}"


def run_once(
    ports: Ports,
    config: Config,
    request: RunRequest,
    on_judged: OnJudged = unpublished,
    on_progress: OnProgress = quiet,
) -> Report:
    """Carry one run out and return its report.

    `on_judged` gets the report before its failures are explained: with results and scores, but
    without diagnoses and drift. The metrics that wake people are published from it.
    """
    start = begin(ports, config, request)
    outcome = carry_out(ports, start, on_progress)
    on_progress(Progress(phase="diagnose"))
    return conclude(ports, start, outcome, on_judged)


def begin(ports: Ports, config: Config, request: RunRequest) -> RunStart:
    """Read the previous report and plan the run."""
    start, started = ports.clock.monotonic(), ports.clock.now()
    previous = ports.previous()
    report = previous.report
    have = {r.check_id for r in report.results} if report else set()
    # a check without a result that could be reused counts as unknown
    known = {i: h for i, h in report.history.items() if i in have} if report else {}
    plan = make_plan(config, ports.kinds, known, started, request.selection, request.budget_s)
    muted = mutes_of(ports, config, started, previous)
    return RunStart(
        config=config,
        request=request,
        run_id=new_run_id(started.isoformat()),
        started=started,
        start=start,
        previous=previous,
        plan=plan,
        reused=muted_anew(reused_results(report, plan.not_due), muted) if request.whole else {},
        muted=muted,
    )
