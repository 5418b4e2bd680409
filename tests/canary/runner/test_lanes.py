"""Who may call an origin with a key, moment by moment, on a clock that is set by hand."""

from __future__ import annotations

import msgspec
import pytest

from canary.model import RunLimits, Severity
from canary.probes.access import AccessSpec, Case
from canary.runner.rate_limit import LEAST_BACKOFF_S, PATIENCE_S
from canary.runner.turns import (
    LATE_SHARE,
    PROBING_SHARE,
    PROMPT_SHARE,
    Place,
    Turn,
    Turns,
    _class,
    _Lane,
    _limits_time,
)
from tests.canary.runner.test_turns import Waits, asks, wait
from tests.canary.support.servers.toolbox import ManualClock
from tests.canary.support.worlds import check as made_check

LATE = 1.0  # half of the two seconds that the environment calls slow


class Origin:
    """One origin whose calls are begun and ended by hand."""

    def __init__(self, concurrency: int = 3, until: float = 30.0) -> None:
        self.clock = ManualClock()
        limits = RunLimits(slow_ms=2000, concurrency=concurrency)
        self.turns = Turns(self.clock, limits, 0.0, until)

    def begin(self, number: int = 0, *, first: bool = True, **more: object) -> Turn:
        found = self.turns.take("o", asks(number, **more), first=first, on_wait=wait)
        assert isinstance(found, Turn)
        return found

    def refused(self, number: int = 9) -> str:
        found = self.turns.take("o", asks(number), first=True, on_wait=wait)
        assert isinstance(found, str)
        return found

    def waits(self) -> bool:
        """Return whether the next call waits for a late origin."""
        try:
            self.turns.give_back(self.begin(99), bad=False)
        except Waits:
            return True
        return False

    def call(self, took_s: float, *, bad: bool = False) -> None:
        turn = self.begin()
        self.clock.at += took_s
        self.turns.give_back(turn, bad=bad)


def test_the_shares_are_those_of_the_decision() -> None:
    assert (LATE_SHARE, PROMPT_SHARE, PROBING_SHARE) == (0.5, 0.25, 0.5)
    assert (PATIENCE_S, LEAST_BACKOFF_S) == (3, 1)


@pytest.mark.parametrize(("took_s", "waits"), [(0.5, False), (0.99, False), (1.0, True)])
def test_after_a_late_call_one_goes_at_a_time(took_s: float, waits: bool) -> None:
    origin = Origin()
    origin.call(took_s)
    origin.begin(1)
    assert origin.waits() is waits


def test_side_by_side_means_as_many_as_the_run_has_slots() -> None:
    origin = Origin(concurrency=2)
    origin.call(0.1)
    origin.begin(1)
    second = origin.begin(2)
    origin.clock.at = 1.2  # the third sees that the first is late, and waits
    assert origin.waits()
    origin.turns.give_back(second, bad=False)
    assert origin.waits()


def test_two_origins_know_nothing_of_each_other() -> None:
    origin = Origin()
    origin.call(2.0)
    origin.begin(1)
    other = origin.turns.take("other", asks(2), first=True, on_wait=wait)
    assert isinstance(other, Turn) and (other.origin, other.number) == ("other", 2)


@pytest.mark.parametrize(
    ("began", "ended", "waits"),
    [
        (0.2, 1.4, True),  # it came only with the end of the call with a key: held up
        (0.9, 1.0, False),  # prompt, half a second before the end
        (0.9, 1.2, True),  # a third of a second is not prompt
        (0.3, 0.5, True),  # answered before the call with a key was late: shows nothing
    ],
)
def test_what_a_call_without_a_key_shows(began: float, ended: float, waits: bool) -> None:
    origin = Origin()
    turn = origin.begin()
    origin.clock.at = max(ended, 1.0) if began >= 0.9 else ended
    origin.turns.answered_without_key("o", began)
    origin.clock.at = max(origin.clock.at, 1.5)
    origin.turns.give_back(turn, bad=False)
    origin.begin(1)
    assert origin.waits() is waits


def test_a_document_that_others_overtook_was_not_held_up() -> None:
    origin = Origin()
    turn = origin.begin()
    origin.clock.at = 1.1
    origin.turns.answered_without_key("o", began=1.0)  # prompt
    origin.turns.answered_without_key("o", began=0.0)  # slow by itself: one overtook it
    origin.clock.at = 1.6
    origin.turns.give_back(turn, bad=False)
    origin.begin(1)
    assert not origin.waits()


def test_a_slow_document_with_half_a_call_beside_it_was_not_held_up() -> None:
    origin = Origin()
    origin.call(0.1)
    origin.clock.at = 1.0
    turn = origin.begin()
    origin.clock.at = 1.5
    origin.turns.answered_without_key("o", began=0.3)  # half a second beside the call with a key
    origin.clock.at = 2.1
    origin.turns.answered_without_key("o", began=2.0)
    origin.clock.at = 2.5
    origin.turns.give_back(turn, bad=False)
    origin.begin(1)
    assert not origin.waits()


def test_one_that_was_held_up_counts_more_than_one_that_was_answered() -> None:
    origin = Origin()
    turn = origin.begin()
    origin.clock.at = 1.3
    origin.turns.answered_without_key("o", began=0.1)
    origin.clock.at = 1.4
    origin.turns.answered_without_key("o", began=1.3)
    origin.clock.at = 1.8
    origin.turns.give_back(turn, bad=False)
    origin.begin(1)
    assert origin.waits()


@pytest.mark.parametrize(("end", "later", "waits"), [(1.5, 0.0, False), (1.375, 2.0, True)])
def test_an_answer_shows_something_a_quarter_of_a_second_before_the_end(
    end: float, later: float, waits: bool
) -> None:
    origin = Origin()
    turn = origin.begin()
    origin.clock.at = 1.25
    origin.turns.answered_without_key("o", began=1.125)
    origin.clock.at = end
    origin.turns.give_back(turn, bad=False)
    origin.clock.at += later  # what it did not show then, it does not show afterwards
    origin.begin(1)
    assert origin.waits() is waits


def test_a_call_under_way_is_late_after_a_second() -> None:
    origin = Origin()
    origin.call(0.25)
    origin.begin(1)
    origin.clock.at = 1.25
    assert origin.waits()


def test_an_answer_of_an_origin_without_a_call_with_a_key_is_nothing() -> None:
    origin = Origin()
    origin.turns.answered_without_key("o", began=0.0)
    origin.call(0.1)
    assert not origin.waits()


@pytest.mark.parametrize(("at", "over"), [(13.9, False), (14.1, True)])
def test_late_calls_take_half_of_the_time_from_the_first_late_one(at: float, over: bool) -> None:
    origin = Origin(until=24.0)
    origin.call(2.0)
    origin.clock.at = at
    if not over:
        origin.begin(1)
        return
    assert origin.refused() == (
        "held back: o took 2.0 s for a call with a key; such calls go one at a time,"
        " and this one had no turn"
    )


def test_the_last_late_call_has_the_time_that_it_takes() -> None:
    origin = Origin(until=6.0)
    origin.call(2.5)
    origin.clock.at = 3.4
    turn = origin.begin(1)
    origin.clock.at = 3.45
    origin.turns.give_back(turn, bad=False)
    origin.clock.at = 3.55
    assert origin.refused().startswith("held back: o took 2.5 s")


def test_what_was_held_up_is_said() -> None:
    origin = Origin(until=6.0)
    turn = origin.begin()
    origin.clock.at = 2.0
    origin.turns.answered_without_key("o", began=0.0)
    origin.turns.give_back(turn, bad=False)
    origin.clock.at = 5.0
    assert origin.refused() == (
        "held back: o took 2.0 s for a call with a key and answered no other meanwhile;"
        " such calls go one at a time, and this one had no turn"
    )


def test_a_run_that_stops_gives_no_turn() -> None:
    origin = Origin()
    origin.turns.close()
    assert origin.refused() == "held back: the run was stopped"


def test_a_place_gives_its_turn_back_once() -> None:
    origin = Origin(concurrency=1)
    place = Place(origin.turns, origin.clock, asks(2), wait)
    assert (place.take("o"), place.queued, place.waited_s) == ("", False, 0)
    place.end(bad=False)
    place.end(bad=False)  # a second time is nothing
    assert place.take("o") == ""
    place.end(bad=False)
    origin.turns.close()
    assert place.take("o") == "held back: the run was stopped"


def test_the_time_of_a_check_is_limited_by_its_spec_or_by_a_case_of_it() -> None:
    case = Case(status=(200,))
    plain = made_check("api.m", kind="access", spec=AccessSpec(cases=(case,)))
    limited = msgspec.structs.replace(case, limit_ms=1)
    matrix = made_check("api.m", kind="access", spec=AccessSpec(cases=(case, limited)))
    assert [_limits_time(c) for c in (asks(1), asks(1, limit_ms=1), plain, matrix)] == [
        False, True, False, True,
    ]  # fmt: skip
    severe, lane = asks(1, severity=Severity.CRITICAL), _Lane(bad=True)
    assert _class(matrix, True, lane) == 0 and _class(matrix, False, lane) == 2
    assert _class(severe, True, lane) == 1 and _class(severe, False, lane) == 2
    assert _class(severe, True, _Lane()) == _class(asks(1), True, lane) == 2
