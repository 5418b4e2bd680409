"""Whose turn is next at a late origin, how long a place waited, and moments to the very instant."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from canary.model import RunLimits, Severity
from canary.runner.turns import Place, Turn, Turns, _Lane
from tests.canary.runner.test_lanes import Origin
from tests.canary.runner.test_turns import Waits, asks, wait
from tests.canary.support.servers.toolbox import ManualClock

CRITICAL = {"severity": Severity.CRITICAL}


@pytest.mark.parametrize(
    ("more", "bad", "first", "overtakes"),
    [
        ({"limit_ms": 300}, False, True, True),
        ({"limit_ms": 300}, False, False, False),  # it has judged the time before
        (CRITICAL, True, True, True),
        (CRITICAL, False, True, False),  # no page is at stake where it answers well
        ({}, True, True, False),
    ],
)
def test_what_judges_the_time_and_what_pages_overtake_a_call_that_waits_longer(
    more: dict[str, object], bad: bool, first: bool, overtakes: bool
) -> None:
    origin = Origin()
    origin.call(2.0, bad=bad)
    turn, taken = origin.begin(1), list[Turn | str]()

    def come_later() -> None:
        """While another call waits, end the one under way, and ask for the next turn."""
        origin.turns.give_back(turn, bad=bad)
        taken.append(origin.turns.take("o", asks(7, **more), first=first, on_wait=wait))  # type: ignore[arg-type]
        raise Waits

    with pytest.raises(Waits):
        origin.turns.take("o", asks(2), first=True, on_wait=come_later)
    assert [isinstance(t, Turn) for t in taken] == ([True] if overtakes else [])


def test_a_place_is_queued_while_it_waits_and_tells_how_long_it_did() -> None:
    origin, seen = Origin(until=6.0), list[bool]()
    origin.call(2.0)
    turn = origin.begin(1)

    def waits() -> None:
        seen.append(place.queued)
        origin.clock.at = 3.99  # a call of two seconds that begins before 4.0 has its time
        origin.turns.give_back(turn, bad=False)

    place = Place(origin.turns, origin.clock, asks(2), waits)
    assert (place.take("o"), place.queued, seen) == ("", False, [True])
    assert place.waited_s == pytest.approx(1.99)
    place.end(bad=False)
    assert (place.take("o"), seen) == ("", [True])
    assert place.waited_s == pytest.approx(1.99)


def test_a_place_that_gets_no_turn_waits_no_longer() -> None:
    origin, told = Origin(until=6.0), list[str]()
    origin.call(2.0)
    turn = origin.begin(1)

    def stops() -> None:
        origin.clock.at = 3.999
        origin.turns.close()
        told.append("it waits")

    place = Place(origin.turns, origin.clock, asks(2), stops)
    assert place.take("o") == "held back: the run was stopped"
    assert (place.queued, told) == (False, ["it waits"])
    place.end(bad=True)  # it has no turn to give back
    origin.turns.give_back(turn, bad=False)


def test_a_check_that_has_judged_the_time_overtakes_nobody_again() -> None:
    origin, said = Origin(), list[str]()
    place = Place(origin.turns, origin.clock, asks(7, limit_ms=300), wait)
    assert place.take("o") == ""
    place.end(bad=False)
    origin.call(2.0)
    turn = origin.begin(1)

    def come_later() -> None:
        origin.turns.give_back(turn, bad=False)
        said.append(place.take("o"))

    with pytest.raises(Waits):
        origin.turns.take("o", asks(2), first=True, on_wait=come_later)
    assert said == []


def test_late_calls_that_harm_nobody_may_take_all_the_time() -> None:
    origin = Origin()
    turn = origin.begin()
    origin.clock.at = 1.5
    origin.turns.answered_without_key("o", began=1.375)
    origin.clock.at = 2.0
    origin.turns.give_back(turn, bad=False)
    origin.clock.at = 29.0  # late calls one at a time would have ended at 17
    assert isinstance(origin.begin(1), Turn) and isinstance(origin.begin(2), Turn)


def late_after(took_s: float) -> Origin:
    origin = Origin()
    origin.call(took_s)
    origin.begin(1)
    return origin


def overtaken_at(prompt_began: float) -> Origin:
    """Return an origin whose slow document one that began later overtook."""
    origin = Origin()
    turn = origin.begin()
    origin.clock.at = prompt_began + 0.25
    origin.turns.answered_without_key("o", began=prompt_began)
    origin.clock.at = 1.125
    origin.turns.answered_without_key("o", began=0.0)
    origin.clock.at = 1.25
    origin.turns.answered_without_key("o", began=1.125)
    origin.clock.at = 1.75
    origin.turns.give_back(turn, bad=False)
    origin.begin(1)
    return origin


def held_up_for(beside_s: float) -> Origin:
    """Return an origin whose call without a key took a second, so long beside one with a key."""
    origin = Origin()
    origin.clock.at = 1.0 - beside_s
    turn = origin.begin()
    origin.clock.at = 1.0
    origin.turns.answered_without_key("o", began=0.0)
    origin.clock.at = 1.25
    origin.turns.answered_without_key("o", began=1.125)
    origin.clock.at = 1.75
    origin.turns.give_back(turn, bad=False)
    origin.begin(1)
    return origin


@pytest.mark.parametrize(
    ("made", "moment", "waits"),
    [
        (held_up_for, 1.0, True),
        (held_up_for, 0.75, False),
        (late_after, 0.9995, False),
        (late_after, 1.0, True),
        (overtaken_at, 0.25, False),  # a quarter of a second after it is later
        (overtaken_at, 0.125, True),
    ],
)
def test_the_instant_decides(made: Callable[[float], Origin], moment: float, waits: bool) -> None:
    assert made(moment).waits() is waits


def test_the_first_late_call_begins_the_time_that_late_calls_may_take() -> None:
    origin = Origin()  # fifteen seconds
    origin.call(2.0)
    origin.call(3.0)
    origin.clock.at = 17.1
    assert origin.refused().startswith("held back: o took 3.0 s")


@pytest.mark.parametrize(
    ("lane", "at", "seconds"),
    [
        (_Lane(), 2.0, 28.0),  # until no check is asked any more
        (_Lane(under_way={1: 2.0, 2: 2.5}), 2.25, 0.75),  # until one of them is late
        (_Lane(under_way={1: 2.0}), 3.5, 0.0),
        (_Lane(took_s=2.0, late_since=2.0, answered=True), 3.0, 14.0),
        (_Lane(took_s=20.0, late_since=2.0, answered=True), 3.0, 7.0),
        (_Lane(took_s=2.0, late_since=2.0, meanwhile={1: 4.0, 2: 5.0}), 4.0, 0.25),
        (_Lane(took_s=2.0, late_since=2.0, meanwhile={1: 4.0}, calm=True), 4.0, 13.0),
        (_Lane(took_s=2.0, answered=True, calm=True, under_way={1: 4.0}), 4.5, 0.5),
        (_Lane(took_s=2.0, answered=True, calm=True, held_up=True, under_way={1: 4.0}), 4.5, 10.5),
    ],
)
def test_a_call_that_waits_looks_again_when_something_can_have_changed(
    lane: _Lane, at: float, seconds: float
) -> None:
    clock = ManualClock(at)
    turns = Turns(clock, RunLimits(slow_ms=2000), 0.0, 30.0)
    assert turns._patience_s(lane) == pytest.approx(seconds + 0.001)
