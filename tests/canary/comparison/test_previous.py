"""What a run takes over from the one before, and when it takes nothing."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest

from canary.comparison.previous import (
    Previous,
    left_behind,
    previous_state,
    pruned,
    rate_limited,
    read_previous,
    reused_results,
)
from canary.comparison.states import failing, is_well, state_of
from canary.control_plane.state import PlatformState
from canary.model import (
    Assertion,
    Check,
    CheckHistory,
    Config,
    Environment,
    Exchange,
    Report,
    Residue,
    Severity,
    Status,
    Step,
    Suite,
)
from tests.canary.support import platforms as p
from tests.canary.support.made import report, result

NOON = dt.datetime(2026, 11, 29, 12, 0, tzinfo=dt.UTC)


def started(at: dt.datetime) -> Report:
    found = report()
    run = msgspec.structs.replace(found.run, started_at=at.isoformat())
    return msgspec.structs.replace(found, run=run)


def read(data: bytes | None, found: Report) -> Previous:
    return read_previous(lambda: data, lambda seen: {b"it": found}[seen], NOON)


def test_the_stored_report_is_the_previous_one_and_a_first_run_has_none() -> None:
    found = started(NOON - dt.timedelta(minutes=1))
    assert read(b"it", found) == Previous(report=found)
    assert read(None, found) == Previous()


def test_a_report_that_cannot_be_read_is_a_note() -> None:
    assert read(b"other", started(NOON)) == Previous(
        note="the previous report could not be read: b'other'"
    )

    def refused() -> bytes:
        raise OSError("no route")

    found = read_previous(refused, lambda data: started(NOON), NOON)
    assert found == Previous(note="the previous report could not be read: no route")


def test_a_report_from_the_future_is_not_used() -> None:
    tomorrow = NOON + dt.timedelta(days=1)
    assert read(b"it", started(tomorrow)) == Previous(
        note="the latest report is from the future (2026-11-30T12:00:00+00:00): it is not used"
    )


def test_the_last_results_of_other_checks_are_reused_with_their_time() -> None:
    known = report(
        result("P", "api.a"), result("F", "api.b", reused=True, as_of="t-9"), result("P", "api.c")
    )
    assert reused_results(None, ["api.a"]) == {}
    assert reused_results(known, ["api.a", "api.b", "api.new"]) == {
        "api.a": result("P", "api.a", reused=True, as_of="t0"),
        "api.b": result("F", "api.b", reused=True, as_of="t-9"),
    }


def test_what_the_previous_run_could_not_remove_is_known() -> None:
    rows = (
        Residue(kind="run", name="one", removed=False),
        Residue(kind="run", name="two", removed=True),
    )
    assert left_behind(report(residue=rows)) == {"one"}
    assert left_behind(None) == left_behind(report()) == frozenset()


def limited(status: int, *assertions: tuple[str, bool], **more: object) -> Report:
    """Return a report whose one step got a status under a principal, with these assertions."""
    seen = Exchange(
        method="GET", url="https://api.example.com/x?y", status=status,
        **{"principal": "reader", "header_form": "bearer", **more},  # type: ignore[arg-type]
    )  # fmt: skip
    made = tuple(
        Assertion(subject="status", expected="200", actual=actual, holds=holds)
        for actual, holds in assertions
    )
    step = Step(name="s", status=Status.FAIL, assertions=made, evidence=(seen,))
    return report(result("F", steps=(step,)))


ORIGIN = "https://api.example.com"


def test_a_client_that_got_an_unexpected_429_is_known() -> None:
    assert rate_limited(None) == frozenset()
    assert rate_limited(limited(429, ("200", True), ("429", False))) == {(ORIGIN, "reader")}
    assert rate_limited(limited(429, ("429 Too Many", False))) == {(ORIGIN, "reader")}
    assert rate_limited(limited(429, ("429", True))) == frozenset()  # the check expects it
    assert rate_limited(limited(429, ("200", False))) == frozenset()
    assert rate_limited(limited(200, ("429", False))) == frozenset()
    nobody = limited(429, ("429", False), principal="", header_form="")
    temporary = limited(429, ("429", False), principal="")
    assert len(rate_limited(nobody) | rate_limited(temporary)) == 2
    reused = msgspec.structs.replace(nobody.results[0], reused=True)
    assert rate_limited(report(reused)) == frozenset()


def test_the_state_is_that_of_the_report_or_the_one_that_it_names() -> None:
    platform = p.healthy()
    whole = report(platform=msgspec.to_builtins(platform), platform_state="name")
    by_name = report(platform_state="name")

    def stored(name: str) -> PlatformState:
        return PlatformState(read_at=name)

    assert previous_state(None, stored) is None
    assert previous_state(whole, stored) == previous_state(whole) == platform
    assert previous_state(by_name, stored) == PlatformState(read_at="name")
    assert previous_state(by_name) is None
    assert previous_state(report(), stored) is None
    assert previous_state(report(platform={"load_balancers": 7}), stored) is None


def test_the_history_of_a_check_that_is_gone_is_dropped() -> None:
    environment = Environment(
        name="test", account="123456789012", region="us-east-1", cluster="", services={}
    )  # fmt: skip
    check = Check(
        id="api.it", title="It holds", kind="endpoint", suite=Suite.ENDPOINTS, service="api",
        severity=Severity.LOW, runbook="docs/x.md",
    )  # fmt: skip
    kept = {"api.it": CheckHistory(outcomes="P")}
    config = Config(environment=environment, checks=(check,))
    assert pruned({**kept, "api.gone": CheckHistory()}, config) == kept
    assert pruned(kept, Config(environment=environment, checks=())) == {}


def test_a_run_is_well_where_nothing_failed_and_all_was_judged_or_skipped() -> None:
    seen = report(*(result(s, f"api.{s}") for s in "SPFE"))
    assert failing(seen) == ("api.E", "api.F")
    assert not is_well(seen) and not is_well(report(result("E")))
    assert is_well(report(result("P"), result("S", "api.s"))) and is_well(report())


@pytest.mark.parametrize("platform", [None, msgspec.to_builtins(p.healthy())])
def test_a_state_is_that_of_a_run_that_read_one(platform: object) -> None:
    found = state_of(report(result("F"), result("P", "api.b"), platform=platform))
    if platform is None:
        assert found is None
    else:
        assert found is not None and found.failing == ("api.it",)
        assert (found.platform.logs, found.platform.errors) == ({}, ())
