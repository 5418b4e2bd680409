"""An incident of an hour is one page, one reminder and one end, whatever happens in it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from canary.messages.state import Message
from canary.model import Diagnosis
from tests.canary.messages.test_grouping import diagnosis
from tests.canary.messages.test_one_page import ONE, Night
from tests.canary.support.made import result

HOUR = {
    "mail": ["broke", "still", "fixed"],
    "page": ["page", "still", "fixed"],
    "pager": ["down", "still", "fixed"],
}
"""What each channel gets of an incident that lasts for an hour."""
RENAMED = {
    **HOUR,
    **{
        name: [first, "diagnosed", "still", "fixed"]
        for name, first in (("mail", "broke"), ("pager", "down"))
    },
}
"""The same, where the cause has another name in its middle: those who follow it are told once."""
OTHER = (diagnosis("other", "web", "a", "b"),)
BOTH = (diagnosis("one", "api", "a"), diagnosis("two", "web", "b"))


class Timed(Night):
    """A night that also keeps the minute of each message."""

    def __init__(self) -> None:
        super().__init__()
        self.minutes: dict[str, list[int]] = {name: [] for name in self.got}

    def _sender(self, name: str) -> Callable[[Message], str]:
        send = super()._sender(name)

        def timed(message: Message) -> str:
            thread = send(message)
            self.minutes[name].append(self.minute)
            return thread

        return timed


def hour(night: Night, causes: tuple[Diagnosis, ...] = ONE, checks: str = "a") -> None:
    night.run("PP" + "F" * 65 + "P" * 20, causes, checks)


def test_an_hour_of_one_cause() -> None:
    night = Timed()
    hour(night)
    assert night.got == HOUR
    assert night.minutes == {"mail": [2, 62, 77], "page": [4, 62, 77], "pager": [4, 62, 77]}


def test_two_causes_at_once() -> None:
    night = Night()
    hour(night, BOTH, "ab")
    assert night.got == HOUR


def test_two_causes_of_which_the_first_ends_before_the_hour() -> None:
    night = Night()
    night.run("PP" + "F" * 30, BOTH, "ab")
    for _ in range(35):
        night.tell(night.made([result("P", "a"), result("F", "b")], BOTH[1:]))
        night.minute += 1
    night.run("P" * 20, checks="ab")
    assert night.got == HOUR


@pytest.mark.parametrize("at", [1, 3, 30, 59, 64])
def test_a_cause_that_changes_its_name_in_mid_incident(at: int) -> None:
    night = Night()
    night.run("PP" + "F" * at, ONE)
    night.run("F" * (65 - at), OTHER)
    night.run("P" * 20)
    assert sorted(night.got["mail"]) == sorted(RENAMED["mail"])
    assert night.got["page"] == RENAMED["page"]
    # a name that changed before anybody was woken is the only one that they hear
    assert sorted(night.got["pager"]) == sorted((RENAMED if at >= 3 else HOUR)["pager"])


def wakes(pattern: str) -> bool:
    """Return whether a critical check is down in a window: 3 of 3 runs, or 6 of 15."""
    often = max(pattern[n : n + 15].count("F") for n in range(len(pattern)))
    return "FFF" in pattern or often >= 6


@pytest.mark.parametrize("period", range(2, 11))
def test_what_flaps_wakes_once_where_it_is_down_in_a_window_and_else_nobody(period: int) -> None:
    woken: dict[int, bool] = {}
    for failing in range(1, period):
        pattern = ("F" * failing + "P" * (period - failing)) * (75 // period + 1)
        night = Night()
        night.run(pattern + "P" * 20, ONE)
        woken[failing] = wakes(pattern)
        assert night.got == (
            HOUR if woken[failing] else {"mail": HOUR["mail"], "page": [], "pager": []}
        )
    assert woken[period - 1], "what fails in most runs wakes somebody"


@pytest.mark.parametrize("at", range(3))
@pytest.mark.parametrize("channel", list(HOUR))
def test_a_channel_that_fails_twice_at_any_message_has_it_two_minutes_later(
    channel: str, at: int
) -> None:
    quiet, night = Timed(), Timed()
    hour(quiet)
    night.run("P" * 2)
    for n, status in enumerate("F" * 65 + "P" * 20, start=2):
        if n == quiet.minutes[channel][at]:
            night.refuse[channel] = 2
        night.run(status, ONE)
    assert night.got == HOUR
    late = [m + (2 if n == at else 0) for n, m in enumerate(quiet.minutes[channel])]
    assert night.minutes == {**quiet.minutes, channel: late}


def test_everything_at_once() -> None:
    """Two causes flap under changing names, overlapping runs read them, the pager fails twice."""
    night = Night()
    night.refuse["pager"] = 2
    for minute in range(100):
        before, fails = night.state, minute < 70 and minute % 4 < 3
        causes = (BOTH, OTHER)[minute // 10 % 2] if fails else ()
        for read in (None, before):
            results = [result("F" if fails else "P", check) for check in "ab"]
            night.tell(night.made(results, causes), read)
            night.minute += 1
    assert night.got["page"].count("page") == 1 and night.got["pager"].count("down") == 1
    for got in night.got.values():
        assert (got.count("still"), got.count("fixed"), got[-1]) == (1, 1, "fixed")
    assert night.got["mail"].count("broke") == 1
