"""The thread that a channel gives an incident is kept until the incident is over."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from canary.messages.channels.topics import wants_mail
from canary.messages.delivery import CHANNELS_S, addressed, deliver
from canary.messages.incidents import decide
from canary.messages.lasting import with_reminders
from canary.messages.state import Message, Notified, Outbox
from canary.publish import LAST_S
from tests.canary.messages.test_channel_forms import MESSAGE
from tests.canary.messages.test_delivery import NOW, Keys, Post
from tests.canary.messages.test_incidents import LINK, at
from tests.canary.messages.test_one_page import Night
from tests.canary.support import report_samples as samples

ROOM, OTHER = "slack:room", "slack:other"


def told(outbox: Outbox, folder: Path, **threads: str) -> Notified:
    """Deliver to two rooms that answer the thread of their name."""
    names = {"room": ROOM, "other": OTHER}
    made = addressed(outbox, {names[n]: wants_mail for n in threads})
    sends: dict[str, Callable[[Message], str]] = {
        names[name]: (lambda _message, thread=thread: thread) for name, thread in threads.items()
    }
    return deliver(made, sends, Post().put, Keys(folder), NOW, seconds=60).state


def test_each_room_keeps_its_own_thread(tmp_path: Path) -> None:
    outbox = decide(at(samples.seed_day(), 1), Notified(), LINK)
    (incident,) = outbox.state.incidents
    state = told(outbox, tmp_path, room="1.5", other="2.5")
    assert state.threads == {f"{ROOM} {incident.key}": "1.5", f"{OTHER} {incident.key}": "2.5"}
    again = told(decide(at(samples.seed_day(), 2), state, LINK), tmp_path, room="9.9", other="")
    assert again.threads == state.threads


def test_a_channel_without_threads_leaves_none(tmp_path: Path) -> None:
    outbox = decide(at(samples.seed_day(), 1), Notified(), LINK)
    assert told(outbox, tmp_path, room="").threads == {}


def test_the_thread_of_what_is_over_is_forgotten_and_no_other() -> None:
    night = Night()
    night.run("F" * 3)
    (incident,) = night.state.incidents
    kept = {f"{ROOM} {incident.key}": "1.5", f"{ROOM} shop/else#1": "3.5"}
    night.state = replace(night.state, threads=kept)
    night.run("F")
    assert night.state.threads == kept
    night.run("P" * 20)
    assert night.state.incidents == () and night.state.threads == {f"{ROOM} shop/else#1": "3.5"}


def test_an_incident_of_which_no_check_fails_reminds_nobody() -> None:
    night = Night()
    night.run("F" * 3)
    (incident,) = night.state.incidents
    failing = replace(incident, opened_at="2026-01-01T00:00:00+00:00")
    quiet = replace(failing, checks=())
    made = at(samples.seed_day(), 1)
    kept, late = with_reminders(made, (failing, quiet), (60, 240))
    reminded = replace(failing, reminded=240)
    assert (kept, late) == ([reminded, quiet], [reminded])
    assert with_reminders(made, (reminded,), (60, 240)) == ([reminded], [])


def test_all_channels_end_before_the_run_does() -> None:
    assert 5.0 < CHANNELS_S < LAST_S


def test_a_message_that_waits_keeps_its_channel() -> None:
    waits = replace(MESSAGE, kind="broke", channel=ROOM, attempts=1)
    old = replace(MESSAGE, kind="broke", attempts=2)  # stored before channels had names
    outbox = Outbox(messages=(waits, old), events=(), state=Notified())
    found = addressed(outbox, {"mail": wants_mail, OTHER: wants_mail})
    assert [m.channel for m in found.messages] == ["mail"]
    both = addressed(outbox, {"mail": wants_mail, ROOM: wants_mail})
    assert [(m.channel, m.attempts) for m in both.messages] == [(ROOM, 1), ("mail", 2)]
