"""What people are told: on change only, once, with cause, first command and link."""

from __future__ import annotations

import msgspec
import pytest

from canary.messages.channels.topics import wants_mail
from canary.messages.incidents import decide, pending_after
from canary.messages.state import Notified, Outbox
from canary.model import Change, Followed, Report, Severity, Status, Transition
from canary.report.stored import dump, load
from tests.canary.support import report_samples as samples
from tests.canary.support.report_hostile import hostile
from tests.canary.support.report_parts import BEGAN

LINK = "https://reports.example.com/latest/development.html"


def at(report: Report, minute: int) -> Report:
    """Return the report as a run of another minute."""
    clock = f"2026-11-22T{10 + minute // 60}:{minute % 60:02}"
    run = msgspec.structs.replace(
        report.run,
        id=f"run-{minute:02}",
        started_at=f"{clock}:00Z",
        finished_at=f"{clock}:04Z",
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
    """Return the kinds of the messages by mail; pagers and who was woken get others."""
    return [m.kind for m in outbox.messages if wants_mail(m)]


def settled(report: Report) -> list[Report]:
    """Return a report as often as it takes until an incident is over."""
    return [report] * 11


def test_a_healthy_first_run_says_nothing() -> None:
    assert after(samples.healthy()).messages == ()


def test_what_breaks_at_once_is_one_message_however_many_checks_and_causes_it_has() -> None:
    outbox = after(samples.healthy(), samples.seed_day())
    assert kinds(outbox) == ["broke"]
    first, second = samples.seed_day().diagnoses
    text = outbox.messages[0].text
    assert f"Cause (likely): {first.summary}" in text
    assert f"Another cause: {second.summary} ({second.cause} in {second.service}, certain;" in text
    assert text.count("Fix (CHANGES THE PLATFORM)") == 1


def test_the_same_state_is_never_told_again() -> None:
    assert after(samples.seed_day(), samples.seed_day(), samples.seed_day()).messages == ()


def test_deciding_on_the_same_run_twice_sends_nothing_more() -> None:
    report = at(samples.seed_day(), 1)
    first = pending_after(decide(report, Notified(), LINK), set(), "", set())
    assert decide(report, first, LINK).messages == ()


def test_a_message_says_what_is_broken_and_why_then_the_link_then_what_to_do() -> None:
    message = after(samples.seed_day()).messages[0]
    first, second, blank, *rest = message.text.splitlines()
    assert first == (
        "[critical] development: registration and sign-in fail: probably Auth's new revision"
        " listens on another port than its target group probes; 1 more cause"
    )
    assert (second, blank) == (f"Report: {LINK}", "")
    assert message.subject == first[:96] + "..."
    titles = ("Look:", "Decide:", "Fix (CHANGES THE PLATFORM):", "Verify:", "Another cause:")
    found = [line for line in rest if line.startswith(titles)]
    assert [line.partition(":")[0] + ":" for line in found] == [*titles]
    assert rest[rest.index("Look:") + 1].startswith("  aws ecs describe-services --cluster hoku")


def test_a_problem_is_over_after_ten_quiet_minutes_and_the_message_says_how_long() -> None:
    well = samples.healthy()
    assert kinds(after(samples.seed_day(), samples.seed_day(), *[well] * 10)) == []
    outbox = after(samples.seed_day(), samples.seed_day(), *settled(well))
    assert kinds(outbox) == ["fixed"]
    assert outbox.messages[0].subject.startswith("[over] development after 2 min: registration")
    assert "It lasted 2 min: from 22 Nov 2026 10:00 UTC to 22 Nov 2026 10:02 UTC." in (
        outbox.messages[0].text
    )
    assert "  - Auth answers its health check" in outbox.messages[0].text
    assert kinds(after(samples.seed_day(), *settled(well), well)) == []


def test_an_error_goes_to_the_canarys_own_people_and_once() -> None:
    outbox = after(samples.could_not_tell())
    assert [(m.kind, m.audience) for m in outbox.messages] == [("blind", "canary")]
    assert after(samples.could_not_tell(), samples.could_not_tell()).messages == ()
    assert kinds(after(samples.could_not_tell(), *settled(samples.healthy()))) == ["sighted"]


def test_a_check_that_cannot_be_judged_is_not_fixed() -> None:
    failed = with_status(samples.healthy(), Status.FAIL, "auth.health")
    unknown = with_status(samples.healthy(), Status.ERROR, "auth.health")
    assert "fixed" not in kinds(after(failed, unknown))
    assert kinds(after(failed, *settled(unknown))) == []
    assert kinds(after(failed, unknown, *settled(samples.healthy()))) == ["fixed"]


def test_a_failure_that_the_canary_could_not_see_before_is_told() -> None:
    unknown = with_status(samples.healthy(), Status.ERROR, "auth.health")
    failed = with_status(samples.healthy(), Status.FAIL, "auth.health")
    assert kinds(after(unknown, failed)) == ["broke"]
    assert kinds(after(unknown, *settled(failed))) == ["sighted"]


def test_a_skipped_check_is_neither_broken_nor_fixed() -> None:
    skipped = with_status(samples.healthy(), Status.SKIP, "auth.health")
    assert after(skipped).messages == ()
    failed = with_status(samples.healthy(), Status.FAIL, "auth.health")
    assert after(failed, skipped).messages == ()


def test_failures_without_a_cause_are_one_message_and_say_not_proven() -> None:
    broken = with_status(
        samples.healthy(), Status.FAIL, "auth.health", "auth.redirect", "registry.live"
    )
    outbox = after(broken)
    assert kinds(outbox) == ["broke"]
    assert "Cause: not proven." in outbox.messages[0].text


def test_a_cause_found_later_is_told_once() -> None:
    seed = samples.seed_day()
    unexplained = msgspec.structs.replace(seed, diagnoses=())
    assert kinds(after(unexplained, seed)) == ["diagnosed"]
    assert after(unexplained, seed, seed).messages == ()


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
    again = after(seed, *settled(well), seed)
    assert kinds(again) == ["broke"] and not first & {m.key for m in again.messages}


def test_every_subject_is_short_printable_ascii() -> None:
    for report in (samples.seed_day(), samples.could_not_tell(), hostile()):
        for message in after(report).messages:
            assert len(message.subject) <= 99
            assert message.subject.isascii() and message.subject.isprintable()
            assert message.subject[0] == "["


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


def test_a_run_that_follows_a_change_tells_what_broke_and_overtakes_no_whole_run() -> None:
    change = Followed(service="registry", event="E", id="1", at="2026-11-22T10:00:50Z")
    whole, broken = at(samples.healthy(), 0), at(samples.seed_day(), 2)
    first = pending_after(decide(whole, Notified(), LINK), set(), "t", set())
    failing = tuple(r for r in broken.results if r.status is Status.FAIL)
    part = msgspec.structs.replace(broken, results=failing, followed=(change,))
    told = decide(part, first, LINK)
    assert kinds(told) == kinds(decide(broken, first, LINK)) == ["broke"]
    assert "RunCompleted" not in [e.detail_type for e in told.events]
    assert told.state.last_run == "run-00"
    state = pending_after(told, set(), "t", set())
    # what a part did not look at is not over, and the next whole run says nothing twice
    nothing = msgspec.structs.replace(part, results=failing[:1], history={})
    assert decide(nothing, state, LINK).state.incidents == state.incidents
    assert kinds(decide(at(samples.seed_day(), 1), state, LINK)) == []
