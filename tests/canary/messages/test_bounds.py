"""What one event or message may hold: so many names, so many letters, so many entries."""

from __future__ import annotations

import threading

import msgspec
import pytest

from canary.messages import events
from canary.messages.delivery import _acquired
from canary.messages.forms import SUBJECT, ascii_subject
from canary.messages.incidents import decide
from canary.messages.leases import Lease
from canary.messages.state import Event, Message, Notified, Outbox
from canary.messages.texts import TEXT
from canary.model import Confidence, Diagnosis, Difference, MuteInForce, Remedy, Severity
from canary.report.text import line
from tests.canary.messages.test_grouping import event, incident, seen
from tests.canary.messages.test_incidents import at
from tests.canary.messages.test_leases import Memory, leases
from tests.canary.support.made import report, result

CHECKS = [f"a.c{n:02}" for n in range(60)]
WHOLE = tuple(f"{n}" * (2_000 if n else 1_900) for n in range(9))
COMMANDS = (*WHOLE, "9" * 2_001)
CAUSE = Diagnosis(
    cause="one", service="api", resource="r" * 600, confidence=Confidence.CERTAIN,
    summary="s" * 600, explains=tuple(CHECKS), evidence=(),
    remedy=Remedy(
        summary="m", inspect=(*COMMANDS, "one more"), fix=(*COMMANDS, "one", "two"),
    ),
)  # fmt: skip


def outbox() -> tuple[dict[str, Event], str]:
    """Return the last event of each kind, and the message, of an outage that is large in all."""
    failing = [result("F", c, title="t" * 300, reason="w" * 900, runbook="k" * 400) for c in CHECKS]
    errors = [result("E", f"b.c{n:02}") for n in range(55)]
    causes = (
        CAUSE,
        *(msgspec.structs.replace(CAUSE, cause=f"c{n}", explains=()) for n in range(55)),
    )
    made = at(report(*failing, *errors, diagnoses=causes), 1)
    found = decide(made, Notified(), "l" * 600)
    return {e.detail_type: e for e in found.events}, found.messages[0].text


def test_every_message_names_the_mutes_that_hold() -> None:
    mute = MuteInForce(what="web.*", until="2026-11-22T13:00+00:00", reason="it moves", by="alice")
    broken = at(report(result("F"), mutes=(mute,)), 1)
    (told,) = decide(broken, Notified(), "").messages
    line = "Muted: web.* until 22 Nov 2026 13:00 UTC by alice: it moves"
    assert line in told.text.splitlines()
    (free,) = decide(at(report(result("F")), 1), Notified(), "").messages
    assert "Muted" not in free.text


def test_an_event_names_at_most_fifty_of_each_and_cuts_long_texts() -> None:
    found, _ = outbox()
    broke, diagnosed = found["CheckBroke"].detail, found["Diagnosed"].detail
    assert broke["title"] == line("t" * 300, 200)
    assert broke["reason"] == line("w" * 900, 300)
    assert broke["runbook"] == line("k" * 400, 300)
    assert diagnosed["resource"] == line("r" * 600, 500)
    assert diagnosed["summary"] == line("s" * 600, 500)
    assert [len(diagnosed[k]) for k in ("explains", "inspect", "fix")] == [50, 10, 10]
    told = "# a text of 2,001 characters: the report in JSON has it"
    assert [*diagnosed["inspect"]] == [*diagnosed["fix"]] == [*WHOLE, told]
    completed = found["RunCompleted"].detail
    assert [len(completed[k]) for k in ("failed", "errored", "causes")] == [50, 50, 50]
    assert [*completed["failed"]] == CHECKS[:50]


def test_a_message_is_bounded_line_by_line_and_as_a_whole() -> None:
    _, text = outbox()
    lines = text.splitlines()
    assert lines[1] == f"Report: {line('l' * 600, 500)}"
    assert lines[3] == f"Cause (certain): {line('s' * 600, 300)}"
    assert lines[4] == f"  one in api, {line('r' * 600, 300)}"
    # twelve commands of 2,000 characters each: none of them, and never a part of one
    elsewhere = "  (too long for a message: the report has it)"
    assert lines[lines.index("Look:") + 1] == elsewhere
    assert lines[lines.index("Fix (CHANGES THE PLATFORM): m") + 1] == elsewhere
    assert "0" * 100 not in text
    first = next(n for n, row in enumerate(lines) if row.startswith("Failing in all: ")) + 1
    assert lines[first].startswith(f"  - {line('t' * 300, 120)}: ")
    assert lines[first + 5] == "  - and 55 more: see the report"
    assert lines[-2:] == [f"Runbook: {line('k' * 400, 300)}",
                          "Run run-01 of 22 Nov 2026 10:01 UTC."]  # fmt: skip
    assert (SUBJECT, TEXT) == (99, 16_000) and len(text) < TEXT


def test_a_subject_of_ninety_nine_characters_is_whole() -> None:
    assert ascii_subject("x" * 99) == "x" * 99
    assert ascii_subject("x" * 100) == "x" * 96 + "..."
    assert ascii_subject("a…b–c’d⟨e⟩") == "a...b-c'd<e>"
    assert ascii_subject("-x") == "Canary: -x"


def test_ten_entries_are_one_call_and_each_has_its_key() -> None:
    many = [event(f"k{n}", "CheckBroke") for n in range(21)]
    batches = events.entries(many)
    assert [len(b) for b in batches] == [10, 10, 1]
    assert batches[0][0] == {
        "Source": "hokusai.canary", "DetailType": "CheckBroke", "Time": "t",
        "Detail": '{"key":"k0"}',
    }  # fmt: skip
    assert events.entries(many[:1], "bus")[0][0]["EventBusName"] == "bus"
    assert events.entries([]) == []


def test_a_call_is_full_at_its_bytes() -> None:
    def of(size: int) -> Event:
        """Return an event whose entry has so many bytes."""
        bare = Event(key="k", detail_type="T", detail={"x": ""}, at="t")
        ((entry,),) = events.entries([bare])
        missing = size - sum(len(str(v).encode()) for v in entry.values())
        return msgspec.structs.replace(bare, detail={"x": "y" * missing})

    assert [len(b) for b in events.entries([of(100_000), of(100_000), of(200)])] == [2, 1]
    assert [len(b) for b in events.entries([of(100_000), of(100_001)])] == [1, 1]
    assert [len(b) for b in events.entries([of(300_000), of(200)])] == [1, 1]


def test_a_check_that_ends_says_why() -> None:
    known = Notified(incidents=(incident(("p", "m", "g")),), last_run="run-00")
    made = report(
        result("P", "p", title="t" * 300),
        result("F", "m", muted="known", title="Muted"),
        result("P", "q"),
    )
    told = decide(at(made, 1), known, "").events
    fixed = {e.detail["check_id"]: e.detail for e in told if e.detail_type == "CheckFixed"}
    assert {c: (d["why"], d["title"]) for c, d in fixed.items()} == {
        "p": ("holds", line("t" * 300, 200)), "m": ("muted", "Muted"), "g": ("removed", "g"),
    }  # fmt: skip


def test_what_the_canary_cannot_judge_makes_no_event_but_that_of_the_run() -> None:
    found = decide(at(report(*seen("", "x")), 1), Notified(), "")
    assert [e.detail_type for e in found.events] == ["RunCompleted"]
    quiet = decide(at(report(*seen("", "", "x")), 2), found.state, "")
    assert [e.detail_type for e in quiet.events] == ["RunCompleted"]
    over = decide(at(report(*seen("", "", "x")), 12), quiet.state, "")
    assert [e.detail_type for e in over.events] == ["RunCompleted"]
    assert [m.kind for m in over.messages] == ["sighted"]


def test_an_event_of_each_cause_is_sent_once() -> None:
    def kinds(number: int, state: Notified) -> tuple[list[str], Notified]:
        cause = msgspec.structs.replace(CAUSE, explains=("a",))
        found = decide(at(report(*seen("a"), diagnoses=(cause,)), number), state, "")
        return [e.detail_type for e in found.events], found.state

    first, state = kinds(1, Notified())
    assert first == ["CheckBroke", "Diagnosed", "RunCompleted"]
    assert kinds(2, state)[0] == ["RunCompleted"]
    unknown = Notified(incidents=(incident("a"),), last_run="run-00")
    assert kinds(1, unknown)[0] == ["Diagnosed", "RunCompleted"]


def test_what_is_stored_between_runs_has_these_names() -> None:
    message = Message(
        key="m", kind="broke", audience="canary", severity=Severity.LOW, subject="s", text="t"
    )
    state = Notified(
        incidents=(incident("a"),), pending=(message,), pending_events=(event("e", "T"),)
    )
    assert msgspec.json.decode(msgspec.json.encode(state)) == {
        "incidents": [{
            "identity": "i", "generation": 1, "audience": "platform", "opened_at": "t",
            "severity": "low", "checks": ["a"], "ever": ["a"], "cause": "", "service": "",
            "summary": "", "confidence": None, "further": [], "headline": "", "quiet_since": "",
            "reminded": 0, "followed_up": False, "paged": False, "named": False,
        }],
        "generations": {},
        "pending": [{
            "key": "m", "kind": "broke", "audience": "canary", "severity": "low", "subject": "s",
            "text": "t", "link": "", "attempts": 0, "first_tried_at": "", "channel": "",
            "incident": "", "environment": "", "headline": "", "cause": "", "service": "",
            "runbook": "", "owners": [], "paged": False, "at": "",
        }],
        "pending_events": [
            {"key": "e", "detail_type": "T", "detail": {}, "at": "t", "attempts": 0}
        ],
        "last_run": "",
        "threads": {},
        "schema": "hokusai-canary/notified/1",
    }  # fmt: skip
    assert incident("a").key == "i#1"


def test_an_end_without_a_time_and_without_a_title_is_told_by_what_is_known() -> None:
    past = incident((), ever=("gone", "q"), quiet_since="2026-11-22T09:00:00Z", headline="it fails")
    known = Notified(incidents=(past,), last_run="run-00")
    (message,) = decide(at(report(result("P", "q")), 1), known, "").messages
    assert message.subject == "[over] test after an unknown time: it fails"
    assert message.text.splitlines()[-3:-1] == ["  - gone", "  - It holds"]


def kinds_of(found: Outbox) -> list[tuple[str, str]]:
    return [(e.detail_type, e.detail.get("check_id", "")) for e in found.events]


def test_what_the_canary_could_not_judge_breaks_and_is_fixed_like_any_other() -> None:
    blind = incident("a", "canary", identity="blind")
    broken = decide(at(report(*seen("a")), 1), Notified(incidents=(blind,)), "")
    assert kinds_of(broken) == [("CheckBroke", "a"), ("RunCompleted", "")]
    gone = Notified(incidents=(incident("a", identity="one"),), last_run="run-00")
    unknown = decide(at(report(*seen("", "x", "a")), 1), gone, "")
    assert kinds_of(unknown) == [("CheckFixed", "a"), ("RunCompleted", "")]
    both = decide(at(report(*seen("", "a")), 1), gone, "")
    assert kinds_of(both) == [("RunCompleted", "")]  # it may fail on: nobody can tell


def test_only_the_incident_whose_first_message_was_lost_says_so() -> None:
    known = tuple(incident(c, identity=c) for c in "ab")
    lost = Message(
        key="b#1/broke", kind="broke", audience="platform", severity=Severity.LOW, subject="s",
        text="t",
    )  # fmt: skip
    state = Notified(incidents=known, pending=(lost,), last_run="run-00")
    quiet = decide(at(report(*seen("", passing="ab")), 1), state, "").state
    quiet = msgspec.structs.replace(quiet, pending=(lost,))
    told = decide(at(report(*seen("", passing="ab")), 11), quiet, "").messages
    assert {m.key: "could not be delivered by: mail." in m.text for m in told} == {
        "a#1/fixed": False, "b#1/fixed": True,
    }  # fmt: skip


@pytest.mark.parametrize(("keys", "threads"), [(3, {"MainThread"}), (4, {"leases"})])
def test_up_to_three_leases_are_asked_for_without_a_thread(keys: int, threads: set[str]) -> None:
    class Watched(Memory):
        def put_if_absent(self, name: str, data: bytes) -> bool:
            seen_in.add(threading.current_thread().name.partition("_")[0])
            return super().put_if_absent(name, data)

    seen_in: set[str] = set()
    wanted = [f"k{n}" for n in range(keys)]
    found = _acquired(leases(Watched()), [*wanted, wanted[0]])
    assert (found, seen_in) == (dict.fromkeys(wanted, Lease.ACQUIRED), threads)


def told(environment: str, cause: Diagnosis | None = None) -> list[str]:
    """Return the lines of the message about a failure in an environment."""
    made = at(report(*seen("a"), diagnoses=(cause,) if cause else ()), 1)
    run = msgspec.structs.replace(made.run, environment=environment)
    (message,) = decide(msgspec.structs.replace(made, run=run), Notified(), "").messages
    return [message.subject, *message.text.splitlines()]


def test_the_name_of_an_environment_is_cut_after_sixty_characters() -> None:
    for length in (59, 60, 61, 70):
        subject, first, *_ = told("e" * length)
        what = "requests to api fail; no cause is proven"
        assert first == f"[critical] {line('e' * length, 60)}: {what}"
        assert subject == ascii_subject(first)


REMEDY = Remedy(
    summary="mend it", inspect=("look", "look again"), fix=("mend", "and again"),
    verify=("verify",), undo=("undo",), irreversible="A key is gone.",
    difference=(Difference(resource="rule", before="", after="{}"),),
)  # fmt: skip


def test_what_to_do_is_look_fix_undo_and_verify_each_whole() -> None:
    cause = msgspec.structs.replace(CAUSE, explains=("a",), remedy=REMEDY)
    lines = told("test", cause)
    start = lines.index("Look:")
    assert lines[start : lines.index("", start)] == [
        "Look:", "  look", "  look again",
        "Fix (CHANGES THE PLATFORM): mend it", "  mend", "  and again",
        "  changes rule: not there becomes {}",
        "Undo the fix:", "  undo",
        "Without a way back: A key is gone.",
        "Verify:", "  verify",
    ]  # fmt: skip


def test_a_decision_is_told_with_the_command_that_it_allows() -> None:
    remedy = Remedy(summary="m", decision="Choose a key.", decision_command="store it")
    lines = told("test", msgspec.structs.replace(CAUSE, explains=("a",), remedy=remedy))
    start = lines.index("Decide: Choose a key.")
    assert lines[start + 1 : start + 3] == [
        "Type, once decided (CHANGES THE PLATFORM):", "  store it",
    ]  # fmt: skip
    assert not any(row.startswith(("Look", "Fix", "Verify")) for row in lines)
