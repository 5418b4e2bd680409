"""A blocking check keeps its cadence through an outage, and is never reported as unknown."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import pytest

from canary.adapters.clock import SystemClock
from canary.cli.run import status_of
from canary.comparison.previous import Previous
from canary.control_plane.state import PlatformState
from canary.metrics.measure import measure
from canary.model import CheckHistory, Config, Load, Report, Service, Severity, Status, spared
from canary.observe.edge.failed import Failed
from canary.pipeline import run_once
from canary.plan import Selection
from canary.report.score import run_status
from canary.report.summary import summary
from canary.runner import RunRequest
from tests.canary.support import made, worlds
from tests.canary.support.worlds import check

SCHEDULED = RunRequest(
    selection=Selection(due_only=True), trigger="schedule", reuse_rest=True, budget_s=20
)


class LaterClock(SystemClock):
    """A clock that is some minutes ahead."""

    def __init__(self, minutes: int) -> None:
        self._ahead = dt.timedelta(minutes=minutes)

    def now(self) -> dt.datetime:
        return worlds.NOW + self._ahead


@dataclass
class Minutes:
    """Scheduled runs, one a minute, of one light and one blocking check."""

    reports: list[Report] = field(default_factory=list)

    def run(
        self, light: str, blocking: str, request: RunRequest = SCHEDULED, **changes: object
    ) -> Report:
        config = Config(
            environment=worlds.environment(services={"api": Service(url="http://127.0.0.1:9")}),
            checks=(
                check("api.light", light),
                check(
                    "api.document", blocking, load=Load.BLOCKING, every=300, needs=("api.light",)
                ),
            ),
        )
        before = self.reports[-1] if self.reports else None
        ports = worlds.ports(
            config.environment,
            previous=lambda: Previous(report=before),
            clock=LaterClock(len(self.reports)),
            **changes,
        )
        self.reports.append(run_once(ports, config, request))
        return self.reports[-1]

    def story(self) -> str:
        """Return the document's outcome in each run, in small letters where it is reused."""
        found = [next(r for r in m.results if r.blocking) for m in self.reports]
        return "".join(r.status.value[0].lower() if r.reused else r.status.value[0] for r in found)


@pytest.mark.parametrize(("kind", "letter"), [("fails", "F"), ("breaks", "E")])
def test_through_ten_runs_of_an_outage_the_document_is_asked_twice(kind: str, letter: str) -> None:
    minutes = Minutes()
    for _ in range(10):
        minutes.run("passes", kind)
    assert minutes.story() == (letter + letter.lower() * 4) * 2
    assert all(report.run.status.value[0] == letter for report in minutes.reports)


def test_while_its_light_check_fails_it_is_tried_in_each_run_and_asked_in_none() -> None:
    minutes = Minutes()
    for _ in range(4):
        minutes.run("fails", "fails")
    assert minutes.story() == "SSSS"
    minutes.run("passes", "passes")  # never asked before: due at once
    for _ in range(4):
        minutes.run("passes", "fails")
    assert minutes.story() == "SSSSPpppp"
    minutes.run("fails", "fails")  # due again, and not asked
    minutes.run("passes", "fails")
    minutes.run("passes", "passes")
    assert minutes.story() == "SSSSPppppSFf"
    reasons = [r.reason for m in minutes.reports for r in m.results if r.status is Status.SKIP]
    assert set(reasons) == {"not asked: api.light failed, and this check would block the service"}


def test_a_document_asked_before_the_outage_stands_until_it_is_due() -> None:
    minutes = Minutes()
    minutes.run("passes", "passes")
    for _ in range(6):
        minutes.run("fails", "passes")
    assert minutes.story() == "PppppSS"
    minutes.run("passes", "passes")
    assert minutes.story() == "PppppSSP"


def test_a_person_who_asks_gets_it_under_the_same_conditions() -> None:
    asks = RunRequest(budget_s=20)
    minutes = Minutes()
    minutes.run("passes", "passes")
    minutes.run("passes", "passes", asks)
    minutes.run("fails", "passes", asks)
    assert minutes.story() == "PPS"


def test_what_was_spared_is_no_lost_knowledge() -> None:
    """The light check is muted: its failure is known, and so is what the document would say."""
    need = made.result("F", "api.light", muted="until then: known", severity=Severity.HIGH)
    document = made.result("S", "api.document", load=Load.BLOCKING, needs=("api.light",))
    light = made.result("S", "api.other", needs=("api.light",))
    well = made.result("P", "api.well")
    assert spared((need, document, light, well)) == {"api.document"}
    assert run_status((need, document, well)) is Status.PASS
    assert run_status((need, light, well)) is Status.ERROR
    told = summary(made.report(need, document, light, well))
    assert (told["skipped"], told["not_asked"]) == (["api.other"], ["api.document"])


@pytest.mark.parametrize("status", ["P", "E", "S"])
def test_a_document_that_no_failure_speaks_for_is_unknown(status: str) -> None:
    """Its light check was slow, could not be judged or was skipped: nobody knows what is wrong."""
    need = made.result(status, "api.light", muted="until then: known")
    document = made.result("S", "api.document", load=Load.BLOCKING, needs=("api.light",))
    assert spared((need, document)) == frozenset()
    assert run_status((need, document)) is Status.ERROR


def points(report: Report) -> dict[tuple[str, ...], float]:
    return {(p.metric, *(v for _, v in p.dimensions[1:])): p.value for p in measure(report)}


def test_a_reused_result_is_no_second_datapoint() -> None:
    minutes = Minutes()
    for _ in range(6):
        minutes.run("passes", "fails")
    found = [points(r).get(("CheckFailed", "api.document")) for r in minutes.reports]
    assert found == [1.0, None, None, None, None, 1.0]


def test_an_error_is_counted_in_every_run_once_it_came_twice() -> None:
    minutes = Minutes()
    for _ in range(8):
        minutes.run("passes", "breaks")
    found = [points(r)["ChecksErrored",] for r in minutes.reports]
    assert found == [1, 0, 0, 0, 0, 1, 1, 1]


def test_a_blocking_check_is_down_after_two_failures_and_up_after_two_passes() -> None:
    document = made.result("P", "api.document", load=Load.BLOCKING, severity=Severity.HIGH)

    def down(outcomes: str) -> float:
        known = {"api.document": CheckHistory(outcomes=outcomes)}
        return points(made.report(document, history=known))["ChecksDown",]

    assert [down(o) for o in ("PF", "FPF", "FF", "FSF", "FFP", "FFPP")] == [0, 0, 1, 1, 1, 0]


def test_what_a_standing_failure_needs_is_read_again_for_its_diagnosis() -> None:
    asked: list[Failed] = []

    def refresh(state: PlatformState, failing: Failed, _seconds: float) -> PlatformState:
        asked.append(failing)
        return state

    minutes = Minutes()
    for _ in range(3):
        minutes.run("passes", "fails", refresh_failing=refresh)
    assert minutes.story() == "Fff"
    assert [failed.services for failed in asked] == [frozenset({"api"})] * 3


@pytest.mark.parametrize(("status", "exits"), [("F", 0), ("P", 3)])
def test_a_document_that_was_spared_does_not_fail_a_run_on_its_severity(
    status: str, exits: int
) -> None:
    """The failing light check is muted; where it passed slowly, the document is unknown."""
    need = made.result(status, "api.light", muted="until then: known")
    document = made.result("S", "api.document", load=Load.BLOCKING, needs=("api.light",))
    assert status_of(made.report(need, document), "low") == exits
