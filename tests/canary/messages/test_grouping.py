"""Which failures are one group, who is told, and how a state goes on from run to run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
import pytest

from canary.messages.delivery import Delivery, deliver
from canary.messages.grouping import Group, groups, is_of, worst
from canary.messages.incidents import decide, pending_after
from canary.messages.leases import StoreLeases
from canary.messages.state import Event, Incident, Message, Notified, Outbox
from canary.model import (
    Change,
    CheckHistory,
    Comparison,
    Confidence,
    Diagnosis,
    Remedy,
    Result,
    Severity,
    Transition,
)
from tests.canary.messages.test_incidents import at
from tests.canary.messages.test_leases import Memory, leases
from tests.canary.support.made import report, result


def diagnosis(cause: str, service: str, *explains: str) -> Diagnosis:
    return Diagnosis(
        cause=cause, service=service, resource="r", confidence=Confidence.LIKELY,
        summary=f"It is {cause}.", explains=explains, evidence=(),
        remedy=Remedy(summary="Mend it.", decision="Mend it."),
    )  # fmt: skip


def incident(checks: Iterable[str], audience: str = "platform", **more: object) -> Incident:
    return Incident(
        **{  # type: ignore[arg-type]
            "identity": "i", "generation": 1, "audience": audience, "opened_at": "t",
            "severity": Severity.LOW, "checks": tuple(checks), "ever": tuple(checks), **more,
        }
    )  # fmt: skip


def seen(failing: str, errors: str = "", passing: str = "", **more: object) -> tuple[Result, ...]:
    rows = [("F", failing), ("E", errors), ("P", passing)]
    return tuple(result(s, c, **more) for s, checks in rows for c in checks)


def names(found: Sequence[Group]) -> list[tuple[str, str, str]]:
    return [(g.name, g.audience, "".join(r.check_id for r in g.members)) for g in found]


def test_failures_are_grouped_by_cause_then_by_service_and_errors_apart() -> None:
    made = report(
        *seen("abc", service="web"), *seen("de", "xy", service="api"), *seen("", passing="p"),
        diagnoses=(diagnosis("one", "web", "b", "d", "p"), diagnosis("two", "api", "b", "x"),
                   diagnosis("three", "web", "c")),
    )  # fmt: skip
    assert names(groups(made, [])) == [
        ("one.web", "platform", "bd"),
        ("three.web", "platform", "c"),
        ("unexplained.web", "platform", "a"),
        ("unexplained.api", "platform", "e"),
        ("canary-blind", "canary", "xy"),
    ]
    assert [g.cause.cause if g.cause else "" for g in groups(made, [])] == [
        "one", "three", "", "", "",
    ]  # fmt: skip


def test_what_is_reported_already_or_muted_makes_no_group() -> None:
    made = report(*seen("abc", "xyz"), result("F", "m", muted="known"))
    known = [incident("a"), incident("bx", "canary")]
    assert names(groups(made, known)) == [
        ("unexplained.api", "platform", "bc"), ("canary-blind", "canary", "yz")
    ]  # fmt: skip
    assert names(groups(report(*seen("", "x")), [incident("x", "canary")])) == []
    assert names(groups(report(*seen("", "x")), [incident("x")])) == []


@pytest.mark.parametrize(
    ("outcomes", "told"),
    [("FF", True), ("PFPFF", False), ("PFPFFF", True), ("PFPF", False), ("PPPPF", True)],
)
def test_a_flapping_check_is_settled_after_three_failures(outcomes: str, told: bool) -> None:
    made = report(*seen("a"), history={"a": CheckHistory(outcomes=outcomes)})
    assert bool(groups(made, [])) is told


def test_an_incident_is_of_a_cause_in_a_service() -> None:
    known = incident("a", cause="one", service="web")
    assert is_of(known, diagnosis("one", "web"))
    assert not is_of(known, diagnosis("one", "api")) and not is_of(known, diagnosis("two", "web"))
    assert worst([Severity.LOW, Severity.HIGH, Severity.MEDIUM]) is Severity.HIGH
    assert worst([Severity.LOW, Severity.MEDIUM]) is Severity.MEDIUM


def run(number: int, *results: Result, state: Notified, **more: object) -> Outbox:
    history = {r.check_id: CheckHistory() for r in results}
    return decide(at(report(*results, history=history, **more), number), state)


def test_a_further_failure_of_the_cause_joins_and_one_of_another_service_does_not() -> None:
    cause = diagnosis("one", "web", "a", "b", "c")
    first = run(1, *seen("a", passing="bc", severity=Severity.LOW), state=Notified(),
                diagnoses=(cause,))  # fmt: skip
    (opened,) = first.state.incidents
    assert opened == incident(
        "a", identity="test/web", opened_at="2026-11-22T10:01:00Z", cause="one",
        service="web", summary="It is one.", confidence=Confidence.LIKELY,
        headline="requests to api fail: probably It is one",
    )  # fmt: skip
    second = run(2, *seen("ab", passing="c", severity=Severity.LOW), state=first.state,
                 diagnoses=(cause,))  # fmt: skip
    assert (second.messages, second.state.incidents[0].checks) == ((), ("a", "b"))
    third = run(3, *seen("b", passing="ac", severity=Severity.LOW), state=second.state)
    assert (third.messages, third.state.incidents[0].checks) == ((), ("b",))
    assert third.state.incidents[0].ever == ("a", "b")
    graver = run(4, *seen("bc", severity=Severity.HIGH), state=third.state, diagnoses=(cause,))
    assert [(m.kind, m.severity, m.key) for m in graver.messages] == [
        ("worse", "high", "test/web#1/worse-high")
    ]
    causes = (diagnosis("one", "web", "a", "b"), diagnosis("one", "api", "c"))
    other = run(4, *seen("bc"), state=third.state, diagnoses=causes)
    assert [i.key for i in other.state.incidents] == ["test/web#1", "test/api#1"]
    assert other.state.generations == {"test/web": 1, "test/api": 1}


def test_failures_without_a_cause_join_nothing() -> None:
    first = run(1, *seen("a", passing="b"), state=Notified())
    second = run(2, *seen("ab"), state=first.state)
    assert [m.key for m in second.messages] == ["test/api#2/broke"]
    assert [i.checks for i in second.state.incidents] == [("a",), ("b",)]


def test_another_check_that_flaps_holds_no_message_back() -> None:
    flaky = Transition(check_id="b", change=Change.FLAKY, before=None, after=None, since="t")
    broke = Transition(check_id="a", change=Change.BROKE, before=None, after=None, since="t")
    made = report(*seen("ab"), comparison=Comparison(transitions=(broke, flaky)))
    assert names(groups(made, [])) == [("unexplained.api", "platform", "a")]


def test_errors_join_in_silence_and_their_end_needs_a_judgement() -> None:
    first = run(1, *seen("", "x", passing="y", severity=Severity.LOW), state=Notified())
    second = run(2, *seen("", "xy"), state=first.state)
    assert (second.messages, second.state.incidents[0].checks) == ((), ("x", "y"))
    skipped = run(3, result("S", "x"), result("S", "y"), state=second.state)
    assert skipped.state.incidents == second.state.incidents
    failed = run(4, *seen("xy"), state=second.state)
    assert [m.kind for m in failed.messages] == ["broke"]
    over = run(14, *seen("xy"), state=failed.state)
    assert [m.kind for m in over.messages] == ["sighted"]


def test_a_mute_closes_in_silence_and_a_pass_beside_it_is_told() -> None:
    opened = run(1, *seen("ab"), state=Notified()).state
    muted = [result("F", c, muted="known") for c in "ab"]
    assert run(2, *muted, state=opened).messages == ()
    half = run(2, muted[0], result("P", "b"), state=opened)
    over = run(12, muted[0], result("P", "b"), state=half.state)
    assert (half.messages, [m.kind for m in over.messages]) == ((), ["fixed"])
    assert over.state.incidents == ()


def test_a_run_that_is_decided_again_or_was_overtaken_keeps_what_waits() -> None:
    state = run(5, *seen("a"), state=Notified()).state
    waiting = Message(key="k", kind="broke", audience="platform", severity=Severity.LOW,
                      subject="s", text="t")  # fmt: skip
    late = Event(key="e", detail_type="CheckBroke", detail={}, at="t")
    state = msgspec.structs.replace(state, pending=(waiting,), pending_events=(late,))
    again = run(5, *seen("ab"), state=state)
    assert (again.messages, again.events, again.state) == ((waiting,), (late,), state)
    older = run(4, *seen("ab"), state=state)
    assert (older.messages, older.state) == ((waiting,), state)
    assert [e.key for e in older.events] == ["e", "test/run-04/completed"]
    newer = run(6, *seen("a"), state=state)
    assert [m.key for m in newer.messages] == ["k"]
    assert [e.key for e in newer.events] == ["e", "test/run-06/completed"]


def event(key: str, kind: str) -> Event:
    return Event(key=key, detail_type=kind, detail={}, at="t")


def outbox(messages: int, events: int) -> Outbox:
    return Outbox(
        messages=tuple(
            Message(key=f"m{n}", kind="broke", audience="platform", severity=Severity.LOW,
                    subject="s", text="t")
            for n in range(messages)
        ),
        events=(
            *(event(f"e{n}", "CheckBroke") for n in range(events)), event("end", "RunCompleted"),
        ),
        state=Notified(last_run="r"),
    )  # fmt: skip


def test_what_failed_and_what_another_run_holds_waits_with_its_attempts() -> None:
    made = outbox(3, 2)
    state = pending_after(made, {"m0", "e1", "end"}, "now", {"m2"})
    assert [(m.key, m.attempts, m.first_tried_at) for m in state.pending] == [
        ("m0", 1, "now"), ("m2", 0, "")
    ]  # fmt: skip
    assert [(e.key, e.attempts) for e in state.pending_events] == [("e1", 1)]
    again = pending_after(
        msgspec.structs.replace(made, messages=state.pending), {"m0"}, "later", set()
    )
    assert [(m.attempts, m.first_tried_at) for m in again.pending] == [(2, "now")]
    many = pending_after(
        outbox(210, 1001), {f"{k}{n}" for k in "me" for n in range(1001)}, "", set()
    )
    assert [m.key for m in many.pending] == [f"m{n}" for n in range(10, 210)]
    assert [e.key for e in many.pending_events] == [f"e{n}" for n in range(1, 1001)]


def sent(
    made: Outbox, *refused: str, without: str = "end", store: Memory | None = None
) -> Delivery:
    def send(message: Message) -> str:
        if message.key in refused:
            raise ConnectionError("no route")
        return ""

    def put(events: Sequence[Event]) -> Sequence[str]:
        return [e.key for e in events if e.key in refused]

    held: StoreLeases = leases(store or Memory())
    return deliver(made, {"": send}, put, held, "now", frozenset({without}))


def test_a_delivery_counts_what_went_and_says_what_did_not() -> None:
    assert sent(outbox(2, 2)) == Delivery(state=Notified(last_run="r"), sent=5)
    half = sent(outbox(2, 2), "m1", "e0", "end")
    assert (half.sent, half.failed) == (2, 3)
    assert half.problems == (
        "message m1 could not be sent: ConnectionError",
        "event e0 was not accepted",
        "event end was not accepted",
    )
    assert sent(Outbox(messages=(), events=(), state=Notified())) == Delivery(state=Notified())


def test_the_lease_of_what_was_refused_is_free_and_no_other() -> None:
    store = Memory()
    first = sent(outbox(5, 5), "m1", "e0", "end", store=store)
    assert (first.sent, first.failed) == (8, 3)
    second = sent(outbox(5, 5), store=store)
    assert second.sent == 3  # m1, e0 and the run's own event
    assert "claims/end.json" not in store.objects
    held = Memory()
    leases(held).acquire("m0")
    assert [m.key for m in sent(outbox(2, 0), store=held).state.pending] == ["m0"]


def test_an_event_counts_as_sent_at_once_and_no_call_is_made_for_none() -> None:
    store, calls = Memory(), list[int]()

    def put(events: Sequence[Event]) -> Sequence[str]:
        calls.append(len(events))
        return []

    deliver(outbox(0, 1), {}, put, leases(store), "now", frozenset({"end"}))
    assert b'"said":true' in store.objects["claims/e0.json"]
    nothing = Outbox(messages=(), events=(), state=Notified())
    deliver(nothing, {}, put, leases(store), "now", frozenset())
    assert calls == [2]


def test_all_events_are_lost_where_the_call_fails() -> None:
    def refuse(events: Sequence[Event]) -> Sequence[str]:
        raise TimeoutError

    found = deliver(outbox(0, 2), {"": lambda m: ""}, refuse, leases(Memory()), "now", frozenset())
    assert (found.sent, found.failed, found.problems) == (
        0, 3, ("events could not be sent: TimeoutError",),
    )  # fmt: skip
