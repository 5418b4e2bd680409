"""What people are told: on change only, once, with cause, first command and link."""

from __future__ import annotations

import msgspec
import pytest

from canary.messages.incidents import decide, pending_after
from canary.messages.state import Notified, Outbox
from canary.model import Change, Report, Severity, Status, Transition
from canary.report.stored import dump, load
from tests.canary.support import report_samples as samples
from tests.canary.support.report_hostile import hostile
from tests.canary.support.report_parts import BEGAN

LINK = "https://reports.example.com/latest/development.html"


def at(report: Report, minute: int) -> Report:
    """Return the report as a run of another minute."""
    run = msgspec.structs.replace(
        report.run,
        id=f"run-{minute}",
        started_at=f"2026-11-22T10:{minute:02}:00Z",
        finished_at=f"2026-11-22T10:{minute:02}:04Z",
    )
    return msgspec.structs.replace(report, run=run)


def after(*reports: Report) -> Outbox:
    """Decide run by run, all sends good, and return the last outbox."""
    state = Notified()
    for minute, report in enumerate(reports):
        outbox = decide(at(report, minute), state, LINK)
        state = pending_after(outbox, set(), "2026-11-22T10:00:05Z", set())
    return outbox


def with_status(report: Report, status: Status, *checks: str) -> Report:
    """Return the report with some checks in another status, and nothing diagnosed."""
    results = tuple(
        msgspec.structs.replace(r, status=status, reason="it was made so", steps=())
        if r.check_id in checks
        else r
        for r in report.results
    )
    return msgspec.structs.replace(report, results=results)


def kinds(outbox: Outbox) -> list[str]:
    return [m.kind for m in outbox.messages]


def test_a_healthy_first_run_says_nothing() -> None:
    assert after(samples.healthy()).messages == ()


def test_one_cause_is_one_message_however_many_checks_it_breaks() -> None:
    outbox = after(samples.healthy(), samples.seed_day())
    assert kinds(outbox) == ["broke", "broke"]
    assert len(samples.seed_day().diagnoses) == 2


def test_the_same_state_is_never_told_again() -> None:
    assert after(samples.seed_day(), samples.seed_day(), samples.seed_day()).messages == ()


def test_deciding_on_the_same_run_twice_sends_nothing_more() -> None:
    report = at(samples.seed_day(), 1)
    first = pending_after(decide(report, Notified(), LINK), set(), "", set())
    assert decide(report, first, LINK).messages == ()


def test_a_message_names_what_broke_the_cause_the_first_command_and_the_link() -> None:
    message = after(samples.seed_day()).messages[0]
    assert message.subject.startswith("BROKE development: Auth's new revision listens")
    for part in (
        "Auth answers its health check: status is 502, expected 200",
        "port-mismatch in auth",
        "First command:\n  aws ecs describe-services --cluster hokusai-development",
        f"Report: {LINK}",
    ):
        assert part in message.text


def test_when_fixed_the_message_says_what_and_how_long() -> None:
    outbox = after(samples.seed_day(), samples.seed_day(), samples.healthy())
    assert kinds(outbox) == ["fixed", "fixed"]
    assert outbox.messages[0].subject.startswith("FIXED development after 2 min: Auth's new")
    assert "Auth answers its health check" in outbox.messages[0].text


def test_an_error_goes_to_the_canarys_own_people_and_once() -> None:
    outbox = after(samples.could_not_tell())
    assert [(m.kind, m.audience) for m in outbox.messages] == [("blind", "canary")]
    assert after(samples.could_not_tell(), samples.could_not_tell()).messages == ()
    assert kinds(after(samples.could_not_tell(), samples.healthy())) == ["sighted"]


def test_a_check_that_cannot_be_judged_is_not_fixed() -> None:
    failed = with_status(samples.healthy(), Status.FAIL, "auth.health")
    unknown = with_status(samples.healthy(), Status.ERROR, "auth.health")
    assert "fixed" not in kinds(after(failed, unknown))
    assert kinds(after(failed, unknown, samples.healthy())) == ["fixed"]


def test_a_failure_that_the_canary_could_not_see_before_is_told() -> None:
    unknown = with_status(samples.healthy(), Status.ERROR, "auth.health")
    failed = with_status(samples.healthy(), Status.FAIL, "auth.health")
    assert sorted(kinds(after(unknown, failed))) == ["broke", "sighted"]


def test_a_skipped_check_is_neither_broken_nor_fixed() -> None:
    skipped = with_status(samples.healthy(), Status.SKIP, "auth.health")
    assert after(skipped).messages == ()
    failed = with_status(samples.healthy(), Status.FAIL, "auth.health")
    assert after(failed, skipped).messages == ()


def test_failures_without_a_cause_are_one_message_a_service_and_say_not_proven() -> None:
    broken = with_status(
        samples.healthy(), Status.FAIL, "auth.health", "auth.redirect", "registry.live"
    )
    outbox = after(broken)
    assert kinds(outbox) == ["broke", "broke"]
    assert "Cause: not proven." in outbox.messages[0].text


def test_a_cause_found_later_is_told_once() -> None:
    seed = samples.seed_day()
    unexplained = msgspec.structs.replace(seed, diagnoses=())
    assert set(kinds(after(unexplained, seed))) == {"diagnosed"}
    assert after(unexplained, seed, seed).messages == ()
    told = after(unexplained, seed).messages
    assert len({m.text for m in told}) == len(told) == 2


def test_a_further_check_of_a_known_cause_joins_in_silence() -> None:
    seed = samples.seed_day()
    first = with_status(seed, Status.PASS, "auth.access-valid")
    assert after(first, seed).messages == ()


def test_an_incident_that_becomes_more_severe_is_told() -> None:
    seed = samples.seed_day()
    mild = tuple(msgspec.structs.replace(r, severity=Severity.LOW) for r in seed.results)
    first = with_status(msgspec.structs.replace(seed, results=mild), Status.PASS, "auth.health")
    outbox = after(first, seed)
    assert kinds(outbox) == ["worse"]
    assert outbox.messages[0].severity is Severity.CRITICAL
    assert after(first, seed, seed).messages == ()


def test_a_muted_failure_wakes_nobody_and_its_mute_is_not_a_fix() -> None:
    failed = with_status(samples.healthy(), Status.FAIL, "auth.health")
    muted = msgspec.structs.replace(
        failed,
        results=tuple(
            msgspec.structs.replace(r, muted="known" if r.check_id == "auth.health" else "")
            for r in failed.results
        ),
    )
    assert after(muted).messages == ()
    assert after(failed, muted).messages == ()
    assert kinds(after(failed, muted, failed)) == ["broke"]


def test_a_flaky_check_is_told_only_when_it_stays_broken() -> None:
    failed = with_status(samples.healthy(), Status.FAIL, "auth.health")
    flaky = msgspec.structs.replace(
        failed.comparison,
        transitions=(
            Transition(check_id="auth.health", change=Change.FLAKY, before=Status.PASS,
                       after=Status.FAIL, since=BEGAN),
        ),
    )  # fmt: skip
    restless = msgspec.structs.replace(failed, comparison=flaky)
    assert after(restless).messages == ()
    kept = msgspec.structs.replace(restless.history["auth.health"], outcomes="PFPFFF")
    lasting = msgspec.structs.replace(restless, history={"auth.health": kept})
    assert kinds(after(lasting)) == ["broke"]


@pytest.mark.parametrize(
    ("outcomes", "told"),
    [("PPPPF", True), ("PFPFPF", False), ("PFPFPFF", False), ("PFPFPFFF", True)],
)
def test_a_flaky_check_is_no_news_in_its_second_failing_run(outcomes: str, told: bool) -> None:
    """Of the second run no transition says that the check is flaky: its history does."""
    report = samples.seed_day()
    comparison = msgspec.structs.replace(report.comparison, transitions=())
    history = {c: msgspec.structs.replace(h, outcomes=outcomes) for c, h in report.history.items()}
    later = msgspec.structs.replace(report, comparison=comparison, history=history)
    assert bool(after(later).messages) is told


def test_a_narrowed_run_does_not_fix_what_it_did_not_look_at() -> None:
    narrow = msgspec.structs.replace(samples.healthy(), results=samples.healthy().results[:1])
    assert after(samples.seed_day(), narrow).messages == ()


def test_two_overlapping_runs_derive_the_same_keys() -> None:
    state = after(samples.healthy()).state
    one = decide(at(samples.seed_day(), 5), state, LINK)
    two = decide(at(samples.seed_day(), 6), state, LINK)
    assert [m.key for m in one.messages] == [m.key for m in two.messages]
    assert [e.key for e in one.events[:-1]] == [e.key for e in two.events[:-1]]


def test_the_same_failure_a_second_time_is_a_new_incident() -> None:
    seed, well = samples.seed_day(), samples.healthy()
    first = {m.key for m in after(seed).messages}
    assert not first & {m.key for m in after(seed, well, seed).messages}


def test_every_subject_is_short_printable_ascii() -> None:
    for report in (samples.seed_day(), samples.could_not_tell(), hostile()):
        for message in after(report).messages:
            assert len(message.subject) <= 99
            assert message.subject.isascii() and message.subject.isprintable()
            assert message.subject[0].isalnum()


def test_the_state_survives_the_store() -> None:
    state = after(samples.seed_day()).state
    assert load(dump(state), Notified) == state


def test_an_incident_of_a_check_that_is_gone_ends_though_nothing_tells_of_its_removal() -> None:
    """The report before was lost; an open incident without an end would swallow the next one."""
    opened = after(samples.seed_day()).state
    names = {c for i in opened.incidents for c in i.checks}
    healthy = samples.healthy()
    left = tuple(r for r in healthy.results if r.check_id not in names)
    history = {c: h for c, h in healthy.history.items() if c not in names}
    later = msgspec.structs.replace(at(healthy, 2), results=left, history=history)
    assert decide(later, opened, LINK).state.incidents == ()
