"""The mutes of a run: asked once, spread over its checks, and never worth the run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from canary.comparison.previous import Previous
from canary.model import Result
from canary.model.mutes import Mute, StoredMute
from canary.mutes.in_force import Stored
from canary.runner.muted import Muted, muted_anew, mutes_of
from canary.runner.noting import Attempts, without_time
from tests.canary.support import made, worlds

NOW = dt.datetime(2026, 11, 30, 12, tzinfo=dt.UTC)
OF_FILE = Mute(check="api.one", until=dt.date(2026, 12, 1), reason="a known fault")
OF_STORE = StoredMute(
    check="api.two", since="2026-11-30T11:00:00+00:00", until="2026-11-30T13:00:00+00:00",
    reason="somebody works on it", by="alice",
)  # fmt: skip
CONFIG = worlds.config(
    *(worlds.check(f"api.{name}") for name in ("one", "two", "three")), mutes=(OF_FILE,)
)
ONE = "until 2026-12-01: a known fault"
TWO = "until 2026-11-30T13:00+00:00 by alice: somebody works on it"


def mutes(stored: Callable[[dt.datetime], Stored], previous: Previous | None = None) -> Muted:
    ports = worlds.ports(CONFIG.environment, mutes=stored)
    return mutes_of(ports, CONFIG, NOW, previous or Previous())


def kept(_: dt.datetime) -> Stored:
    return Stored(mutes=(OF_STORE,), notes=("one is refused",))


def test_mutes_of_the_file_and_of_the_store_are_spread_over_the_checks() -> None:
    found = mutes(kept)
    assert found.checks == {"api.one": ONE, "api.two": TWO}
    assert [(m.what, m.by) for m in found.shown] == [("api.one", ""), ("api.two", "alice")]
    assert found.notes == ("one is refused",)


def test_a_store_that_just_failed_is_not_asked_again_and_its_mutes_do_not_hold() -> None:
    def hang(_: dt.datetime) -> Stored:
        raise AssertionError("it was asked")

    found = mutes(hang, Previous(note="the store did not answer"))
    assert found.checks == {"api.one": ONE}
    assert found.notes == (
        "the stored mutes were not read, as the store did not answer: none of them holds",
    )
    there = Previous(report=made.report(), note="it is old")
    assert mutes(kept, there).checks == {"api.one": ONE, "api.two": TWO}


def test_mutes_that_cannot_be_told_cost_no_run() -> None:
    def breaks(_: dt.datetime) -> Stored:
        raise LookupError("no such bucket")

    assert mutes(breaks) == Muted(
        notes=("the mutes could not be told, none holds: LookupError: no such bucket",)
    )


def test_results_of_an_earlier_run_have_the_mutes_of_this_one() -> None:
    results: dict[str, Result] = {
        name: made.result("F", name, muted="until yesterday: old") for name in ("api.one", "x")
    }
    anew = muted_anew(results, Muted(checks={"api.one": ONE}))
    assert {name: r.muted for name, r in anew.items()} == {"api.one": ONE, "x": ""}


def test_what_fails_is_noted_and_costs_its_own_part_alone() -> None:
    attempts = Attempts(["one"])
    assert attempts.run("it could not be read", lambda: 1 // 0, 7) == 7
    assert attempts.run("unused", lambda: 3, 7) == 3
    assert attempts.notes == [
        "one",
        "it could not be read: ZeroDivisionError: integer division or modulo by zero",
    ]


def test_checks_for_which_no_time_was_left_are_one_note() -> None:
    late = [made.result("S", f"api.{n}", reason="no time left in this run") for n in "ab"]
    other = made.result("S", "api.c", reason="needs api.a")
    assert without_time((late[0], other, late[1])) == [
        "no time was left for 2 checks: api.a, api.b"
    ]
    assert without_time((other,)) == []
