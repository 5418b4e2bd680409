"""Delivery: each key once, also when runs overlap; what failed is kept, retried and reported."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from canary.adapters.aws.sns_eventbridge import put_entries
from canary.adapters.store.folder import FolderStore
from canary.adapters.store.protocol import StoreError
from canary.messages.channels.topics import wants_mail
from canary.messages.delivery import Delivery, addressed, deliver
from canary.messages.forms import retried
from canary.messages.incidents import decide
from canary.messages.leases import LEASE_S, MEMORY_S, Lease, StoreLeases
from canary.messages.state import Event, Message, Notified, Outbox
from canary.model import Report, Severity, Status
from canary.report.stored import load
from canary.report.text import ReportError
from tests.canary.messages.test_incidents import LINK, at
from tests.canary.support import report_samples as samples

NOW = "2026-11-22T10:00:05Z"


class Keys(StoreLeases):
    """The real leases over a folder, whose clock is set by hand and whose store can break."""

    def __init__(self, folder: Path) -> None:
        super().__init__(FolderStore(folder), lambda: self.now)
        self.now = dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC)
        self.broken = False

    def mark_sent(self, key: str) -> None:
        self._whole()
        super().mark_sent(key)

    def release(self, key: str) -> None:
        self._whole()
        super().release(key)

    def later(self, seconds: float) -> None:
        self.now += dt.timedelta(seconds=seconds)

    def _whole(self) -> None:
        if self.broken:
            raise StoreError("no route")


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path)


class Post:
    """A message service that can be out of order."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.events: list[Event] = []
        self.broken = False

    def send(self, message: Message) -> str:
        if self.broken:
            raise ConnectionError("no route")
        self.sent.append(message)
        return ""

    def put(self, events: Sequence[Event]) -> Sequence[str]:
        if self.broken:
            return [e.key for e in events]
        self.events += events
        return []


def mailed(outbox: Outbox, post: Post, keys: Keys) -> Delivery:
    """Deliver an outbox by mail alone."""
    made = addressed(outbox, {"mail": wants_mail})
    return deliver(made, {"mail": post.send}, post.put, keys, NOW, seconds=60)


def test_overlapping_runs_send_each_message_once(keys: Keys) -> None:
    post = Post()
    for minute in (1, 2):  # both read the same, empty state
        outbox = decide(at(samples.seed_day(), minute), Notified(), LINK)
        mailed(outbox, post, keys)
    assert len(post.sent) == 1
    assert len([e for e in post.events if e.detail_type == "CheckBroke"]) == 14
    assert len([e for e in post.events if e.detail_type == "RunCompleted"]) == 2


def test_a_run_that_a_newer_one_overtook_tells_nothing_of_what_is_over(keys: Keys) -> None:
    """Else an outage that both saw the beginning of is broken, fixed and broken to its readers."""
    post, state = Post(), Notified()
    for report in (at(samples.seed_day(), 2), at(samples.healthy(), 1), at(samples.seed_day(), 3)):
        outbox = decide(report, state, LINK)
        state = mailed(outbox, post, keys).state
    assert [m.kind for m in post.sent] == ["broke"]
    told = [e.detail_type for e in post.events]
    assert told.count("RunCompleted") == 3 and "CheckFixed" not in told
    assert state.last_run == "run-03"


def test_no_event_of_an_outage_of_many_checks_is_lost_while_the_bus_is_down(keys: Keys) -> None:
    post = Post()
    post.broken = True
    broken = at(all_failing(300), 1)
    state = mailed(decide(broken, Notified(), LINK), post, keys).state
    post.broken = False
    mailed(decide(at(broken, 2), state, LINK), post, keys)
    told = {e.detail["check_id"] for e in post.events if e.detail_type == "CheckBroke"}
    assert len(told) == len([e for e in state.pending_events if e.detail_type == "CheckBroke"])
    assert len(told) > 250


def all_failing(checks: int) -> Report:
    report = samples.many(checks)
    return msgspec.structs.replace(
        report,
        results=tuple(
            msgspec.structs.replace(r, status=Status.FAIL, severity=Severity.HIGH)
            for r in report.results
        ),
    )


class Throttled:
    """An event bus that takes the first call and refuses the second."""

    def __init__(self) -> None:
        self.calls = 0

    def put_events(self, Entries: list[dict[str, str]]) -> dict[str, list[dict[str, str]]]:  # noqa: N803
        self.calls += 1
        if self.calls > 1:
            raise ConnectionError("ThrottlingException")
        return {"Entries": [{"EventId": entry["n"]} for entry in Entries]}


def test_events_that_are_out_are_not_sent_again_where_a_later_call_fails() -> None:
    bus = Throttled()
    batches = [[{"n": str(10 * call + n)} for n in range(10)] for call in range(3)]
    assert put_entries(lambda: bus, batches) == list(range(10, 30))
    assert bus.calls == 2


def test_a_lost_state_does_not_repeat_what_was_said(keys: Keys) -> None:
    post = Post()
    mailed(decide(at(samples.seed_day(), 1), Notified(), LINK), post, keys)
    mailed(decide(at(samples.seed_day(), 2), Notified(), LINK), post, keys)
    assert len(post.sent) == 1


def test_a_failed_send_is_reported_retried_once_and_says_that_it_is_late(keys: Keys) -> None:
    post = Post()
    post.broken = True
    first = mailed(decide(at(samples.seed_day(), 1), Notified(), LINK), post, keys)
    assert first.sent == 0 and first.failed == len(first.problems) > 2
    assert "could not be sent: ConnectionError" in first.problems[0]
    post.broken = False
    outbox = decide(at(samples.seed_day(), 2), first.state, LINK)
    second = mailed(outbox, post, keys)
    assert ["\n(Late: " in retried(m) for m in post.sent] == [True]
    assert second.state.pending == () and second.state.pending_events == ()
    assert [e.detail_type for e in post.events].count("CheckBroke") == 14
    third = decide(at(samples.seed_day(), 3), second.state, LINK)
    assert mailed(third, post, keys).sent == 1  # its own RunCompleted


def test_what_is_over_before_it_could_be_told_is_one_message(keys: Keys) -> None:
    post = Post()
    post.broken = True
    first = mailed(decide(at(samples.seed_day(), 1), Notified(), LINK), post, keys)
    state = mailed(decide(at(samples.healthy(), 2), first.state, LINK), post, keys).state
    post.broken = False
    mailed(decide(at(samples.healthy(), 12), state, LINK), post, keys)
    assert [m.kind for m in post.sent] == ["fixed"]
    assert "could not be delivered by: mail." in post.sent[0].text


def test_events_that_a_call_refused_are_retried(keys: Keys) -> None:
    post = Post()

    def refuse_all(_events: Sequence[Event]) -> Sequence[str]:
        raise TimeoutError

    outbox = decide(at(samples.seed_day(), 1), Notified(), LINK)
    made = addressed(outbox, {"mail": wants_mail})
    delivery = deliver(made, {"mail": post.send}, refuse_all, keys, NOW)
    kept = {e.detail_type for e in delivery.state.pending_events}
    assert kept == {"CheckBroke", "Diagnosed"}
    assert "events could not be sent: TimeoutError" in delivery.problems


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a stored Notified: Input data was truncated"),
        (b"[]", "not a stored Notified: Expected `object`, got `array`"),
        (b'{"schema":"other/2"}', "written by another version: schema 'other/2'"),
    ],
)
def test_a_state_that_cannot_be_read_says_why(data: bytes, message: str) -> None:
    with pytest.raises(ReportError, match=message.replace("[", "\\[")):
        load(data, Notified)


def test_the_state_kept_is_bounded(keys: Keys) -> None:
    post = Post()
    post.broken = True
    report = at(all_failing(1_200), 1)
    delivery = mailed(decide(report, Notified(), LINK), post, keys)
    assert len(delivery.state.pending_events) == 1_000
    assert len(msgspec.json.encode(delivery.state)) < 1_500_000


def test_a_run_that_died_before_it_sent_silences_nothing_for_good(keys: Keys) -> None:
    post = Post()
    outbox = decide(at(samples.seed_day(), 1), Notified(), LINK)
    made = addressed(outbox, {"mail": wants_mail}).messages
    for message in made:  # and there the run ended
        keys.acquire(f"mail/{message.key}")
    keys.later(60)
    second = mailed(decide(at(samples.seed_day(), 2), Notified(), LINK), post, keys)
    assert (post.sent, second.problems) == ([], ())
    assert len(second.state.pending) == len(made)
    keys.later(LEASE_S)
    third = decide(at(samples.seed_day(), 3), second.state, LINK)
    assert mailed(third, post, keys).state.pending == ()
    assert [m.key for m in post.sent] == [m.key for m in made]


def test_a_claim_that_cannot_be_given_back_is_reported_and_lapses(keys: Keys) -> None:
    post = Post()
    post.broken = keys.broken = True
    first = mailed(decide(at(samples.seed_day(), 1), Notified(), LINK), post, keys)
    assert len(first.state.pending) == 1
    assert any("could not be updated: StoreError: no route" in p for p in first.problems)
    post.broken = keys.broken = False
    keys.later(LEASE_S)
    again = decide(at(samples.seed_day(), 2), first.state, LINK)
    mailed(again, post, keys)
    assert len(post.sent) == 1


def test_an_incident_is_told_though_its_number_was_used_before_the_state_was_lost(
    keys: Keys,
) -> None:
    post = Post()
    for minute in (1, 2):
        outbox = decide(at(samples.seed_day(), minute), Notified(), LINK)
        mailed(outbox, post, keys)
        keys.later(MEMORY_S)
    assert len(post.sent) == 2


class Slow(Keys):
    """Leases in a bucket: each write takes its time."""

    def acquire(self, key: str, *, as_sent: bool = False) -> Lease:
        time.sleep(0.03)
        return super().acquire(key, as_sent=as_sent)


def test_an_outage_of_many_checks_is_told_within_the_time_of_a_run(tmp_path: Path) -> None:
    post, keys = Post(), Slow(tmp_path)
    outbox = decide(at(all_failing(300), 1), Notified(), LINK)
    began = time.monotonic()
    delivery = mailed(outbox, post, keys)
    assert time.monotonic() - began < 4  # canary.publish gives all messages of a run eight
    assert len(post.events) == len(outbox.events) > 250
    assert delivery.failed == 0
