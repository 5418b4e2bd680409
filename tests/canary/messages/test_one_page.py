"""One page an incident, one reminder an hour later, one message at its end: counted exactly.

Each test plays an environment minute by minute, with the history, the leases and the state as a
deployed canary has them, and lists what every channel got.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterable

import pytest
from msgspec.structs import replace

from canary.comparison import history as past
from canary.messages.channels import name_of, wants
from canary.messages.channels.topics import wants_mail, wants_page
from canary.messages.delivery import addressed, deliver
from canary.messages.incidents import REMINDERS, decide
from canary.messages.leases import StoreLeases
from canary.messages.state import Event, Message, Notified
from canary.model import Channel, CheckHistory, Diagnosis, Report, Result, Severity
from tests.canary.messages.test_grouping import diagnosis
from tests.canary.messages.test_leases import Memory
from tests.canary.support.made import report, result

START = dt.datetime(2026, 11, 22, 1, tzinfo=dt.UTC)
PAGER = Channel(kind="pagerduty", secret="pager")
WANTS: dict[str, Callable[[Message], bool]] = {
    "mail": wants_mail,
    "page": wants_page,
    "pager": lambda message: wants(PAGER, message),
}


class Night:
    """An environment that is looked at once a minute, and what its channels got."""

    def __init__(self, reminders: tuple[int, ...] = REMINDERS) -> None:
        self.state, self.history = Notified(), dict[str, CheckHistory]()
        self.minute, self.reminders = 0, reminders
        self.got: dict[str, list[str]] = {name: [] for name in WANTS}
        self.texts: list[str] = []
        self.refuse: dict[str, int] = {}  # channel -> how often it still fails
        self.hang: set[str] = set()  # channels that never answer
        self.leases = StoreLeases(Memory(), lambda: self.now)

    @property
    def now(self) -> dt.datetime:
        return START + dt.timedelta(minutes=self.minute)

    def made(self, results: Iterable[Result], causes: tuple[Diagnosis, ...] = ()) -> Report:
        """Return this minute's report, with the outcomes of the minutes before."""
        every, now = tuple(results), self.now.isoformat()
        self.history = past.updated(self.history, every, now, latency_valid=True)
        made = report(*every, history=self.history, diagnoses=causes)
        run = replace(made.run, id=f"{self.minute:05}", started_at=now, finished_at=now)
        return replace(made, run=run)

    def tell(self, made: Report, before: Notified | None = None) -> None:
        """Decide and deliver; `before` is the state that an overlapping run has read."""
        state = self.state if before is None else before
        outbox = addressed(decide(made, state, "https://r", self.reminders), WANTS)
        sends = {name: self._sender(name) for name in WANTS}
        at = self.now.isoformat()
        seconds = 0.3 if self.hang else 60.0
        done = deliver(outbox, sends, _accept, self.leases, at, seconds=seconds)
        self.state = done.state

    def _sender(self, name: str) -> Callable[[Message], str]:
        def send(message: Message) -> str:
            if name in self.hang:
                threading.Event().wait()
            if self.refuse.get(name, 0):
                self.refuse[name] -= 1
                raise ConnectionError("no route")
            self.got[name].append(message.kind)
            self.texts.append(message.text)
            return ""

        return send

    def run(self, pattern: str, causes: tuple[Diagnosis, ...] = (), checks: str = "a") -> None:
        """Look once a minute: "F" fails and "P" passes, all of the checks alike."""
        for status in pattern:
            failing = causes if status == "F" else ()
            self.tell(self.made((result(status, c) for c in checks), failing))
            self.minute += 1


def _accept(_events: Iterable[Event]) -> list[str]:
    return []


ONE = (diagnosis("one", "api", "a", "b"),)
WHOLE = {"mail": ["broke", "fixed"], "page": ["page", "fixed"], "pager": ["down", "fixed"]}


def test_an_outage_is_told_once_wakes_once_and_ends_once() -> None:
    night = Night()
    night.run("PPP" + "F" * 30 + "P" * 30, ONE)
    assert night.got == WHOLE


def test_an_outage_of_two_minutes_wakes_nobody_and_is_told() -> None:
    night = Night()
    night.run("PPP" + "FF" + "P" * 30, ONE)
    assert night.got == {"mail": ["broke", "fixed"], "page": [], "pager": []}


def test_people_are_reminded_after_an_hour_and_after_four_and_never_again() -> None:
    night = Night()
    night.run("F" * 60, ONE)
    assert night.got["mail"] == ["broke"]
    night.run("F" * 2, ONE)
    assert night.got["mail"] == ["broke", "still"]
    night.run("F" * 600, ONE)
    night.run("P" * 20)
    assert night.got == {
        "mail": ["broke", "still", "still", "fixed"],
        "page": ["page", "still", "still", "fixed"],
        "pager": ["down", "still", "still", "fixed"],
    }
    assert "still failing after 4 h" in night.texts[-6]


def test_an_environment_may_have_no_reminder() -> None:
    night = Night(reminders=())
    night.run("F" * 300 + "P" * 20, ONE)
    assert night.got == WHOLE


@pytest.mark.parametrize("period", range(2, 11))
def test_what_flaps_is_one_incident_with_one_reminder_and_one_end(period: int) -> None:
    """Half of each period fails, and also one minute of it alone."""
    for failing in {1, period // 2, period - 1}:
        night = Night()
        night.run(("F" * failing + "P" * (period - failing)) * (75 // period + 1), ONE)
        night.run("P" * 20)
        assert night.got["mail"] == ["broke", "still", "fixed"], (period, failing)
        woken = (night.got["page"], night.got["pager"])
        assert woken in (([], []), (["page", "still", "fixed"], ["down", "still", "fixed"]))


def test_overlapping_runs_tell_each_thing_once() -> None:
    """Each minute's run and the next one's have read the same state."""
    night = Night()
    for status in "P" + "F" * 62 + "P" * 14:
        before = night.state
        causes = ONE if status == "F" else ()
        night.tell(night.made([result(status, "a")], causes))
        night.minute += 1
        night.tell(night.made([result(status, "a")], causes), before)
        night.minute += 1
    assert night.got == {
        "mail": ["broke", "still", "fixed"],
        "page": ["page", "still", "fixed"],
        "pager": ["down", "still", "fixed"],
    }


@pytest.mark.parametrize("channel", ["mail", "page", "pager"])
def test_a_channel_that_fails_twice_gets_each_message_once_and_delays_no_other(
    channel: str,
) -> None:
    night = Night()
    night.refuse[channel] = 2
    night.run("F" * 10, ONE)
    assert night.refuse[channel] == 0
    night.run("P" * 20)
    assert night.got == WHOLE


def test_two_causes_at_once_are_one_incident() -> None:
    night = Night()
    both = (diagnosis("one", "api", "a"), diagnosis("two", "web", "b"))
    night.run("PP" + "F" * 10 + "P" * 20, both, checks="ab")
    assert night.got == WHOLE


def test_of_two_causes_the_end_of_one_is_not_the_end() -> None:
    night, both = Night(), (diagnosis("one", "api", "a"), diagnosis("two", "web", "b"))
    night.run("F" * 5, both, checks="ab")
    for _ in range(30):
        night.tell(night.made([result("P", "a"), result("F", "b")], both[1:]))
        night.minute += 1
    assert night.got == {"mail": ["broke"], "page": ["page"], "pager": ["down"]}
    night.run("P" * 20, checks="ab")
    assert night.got == WHOLE


def test_a_cause_that_changes_its_name_is_told_once_more_and_opens_nothing() -> None:
    night = Night()
    night.run("F" * 5, ONE)
    for turn in range(10):
        night.run("F", (diagnosis(f"other{turn % 2}", "web", "a", "b"),))
    night.run("F", (diagnosis("other0", "web", "a", "b"),), checks="ab")
    night.run("P" * 20, checks="ab")
    assert night.got == {
        "mail": ["broke", "diagnosed", "fixed"],
        "page": ["page", "fixed"],
        "pager": ["down", "diagnosed", "fixed"],
    }


def test_a_cause_that_is_found_later_is_told_once_to_those_who_were_woken() -> None:
    night = Night()
    night.run("F" * 5)
    assert night.got == {"mail": ["broke"], "page": [], "pager": ["down"]}
    night.run("F" * 5, ONE)
    night.run("P" * 20)
    assert night.got == {
        "mail": ["broke", "diagnosed", "fixed"],
        "page": ["page", "fixed"],
        "pager": ["down", "diagnosed", "fixed"],
    }


def test_what_is_not_critical_wakes_nobody() -> None:
    night = Night()
    for status in "F" * 10 + "P" * 20:
        night.tell(night.made([result(status, "a", severity=Severity.HIGH)]))
        night.minute += 1
    assert night.got == {"mail": ["broke", "fixed"], "page": [], "pager": []}


def test_no_way_out_of_the_canary_is_never_told_as_an_outage() -> None:
    """Eleven checks FAIL because no host answers, two cannot be judged: all of it is the canary."""
    night, names = Night(), "abcdefghijk"
    own = (diagnosis("canary-egress-blocked", "canary", *names, "x"),)
    for _ in range(70):
        unknown = [result("E", "x")]
        night.tell(night.made([*(result("F", c) for c in names), *unknown], own))
        night.minute += 1
    for _ in range(20):
        night.tell(night.made(result("P", c) for c in (*names, "x")))
        night.minute += 1
    assert night.got == {"mail": ["blind", "still", "sighted"], "page": [], "pager": []}
    assert all(text.startswith("[canary") for text in night.texts)
    first = night.texts[0].splitlines()
    assert first[0] == (
        "[canary] test: 12 checks cannot be judged: probably It is canary-egress-blocked"
    )
    assert first[3] == (
        "The canary is at fault here. The platform may be healthy: nothing is known of it."
    )


def test_a_platform_that_fails_before_the_canary_goes_blind_stays_one_incident() -> None:
    night = Night()
    night.run("F" * 5, ONE)
    own = (diagnosis("canary-egress-blocked", "canary", "a", "b"),)
    night.run("F" * 5, own, checks="ab")
    night.run("P" * 20, checks="ab")
    assert night.got == {**WHOLE, "mail": ["broke", "blind", "fixed", "sighted"]}


def test_a_blind_canary_reaches_a_pager_only_where_its_table_asks_for_it() -> None:
    asked = Channel(kind="pagerduty", secret="p", audience=("platform", "canary"))
    night = Night()
    night.tell(night.made([result("E", "a")]))
    (blind,) = decide(night.made([result("E", "a")]), Notified(), "").messages
    assert (wants(PAGER, blind), wants(asked, blind)) == (False, True)
    assert name_of(asked) == "pagerduty:p"
