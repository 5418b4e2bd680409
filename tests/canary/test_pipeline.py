"""The main path as a whole: what is carried from run to run, and what a run says of itself."""

from __future__ import annotations

import msgspec

from canary.comparison.previous import Previous
from canary.conclude import run_status
from canary.model import Config, Explanation, Report, Status
from canary.pipeline import Asked, Parts, run_once
from canary.plan import Selection
from tests.canary.support import worlds

SCHEDULED = Asked(selection=Selection(due_only=True), carry_rest=True, budget_s=20)


def run(config: Config, before: Report | None = None) -> Report:
    """Carry a scheduled run out that follows another one."""
    parts = Parts(
        kinds=worlds.KINDS,
        doors=worlds.doors(config.environment),
        previous=lambda: Previous(report=before),
        deepen=lambda state, _: state,
        diagnose=lambda *_: Explanation(),
        within=lambda _, action: action(),
    )
    return run_once(config, parts, SCHEDULED)


def test_what_is_not_due_is_carried_and_every_check_has_its_result() -> None:
    config = worlds.config(worlds.check("api.one"), worlds.check("api.two", every=3600))
    first = run(config)
    second = run(config, first)
    assert [r.carried for r in first.results] == [False, False]
    assert [(r.check_id, r.carried) for r in second.results] == [
        ("api.one", True),
        ("api.two", True),
    ]
    assert {r.as_of for r in run(config, second).results} == {first.run.started_at}


def test_a_check_of_which_nothing_can_be_carried_runs_though_it_is_not_due() -> None:
    """Its history says that it passed a moment ago, and the report has lost the result."""
    config = worlds.config(worlds.check("api.one"), worlds.check("api.two", every=3600))
    first = run(config)
    torn = msgspec.structs.replace(first, results=first.results[:1])
    second = run(config, torn)
    assert [(r.check_id, r.carried) for r in second.results] == [
        ("api.one", True),
        ("api.two", False),
    ]


def test_a_run_that_judged_nothing_could_not_tell() -> None:
    """A suite of which every check is disabled: `run --suite` must not end with 0."""
    assert run_status(()) is Status.ERROR
    assert run(worlds.config()).run.status is Status.ERROR
