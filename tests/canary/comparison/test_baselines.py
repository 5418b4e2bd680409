"""What each check remembers of the platform while it was well, and what a diagnosis gets of it."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest

from canary.comparison.baselines import STATES, baselines, named_states, remembered, wanted
from canary.comparison.history import updated
from canary.comparison.states import StateError, StoredState, decode, encode, state_of
from canary.control_plane.state import LogLine, PlatformState, Unavailable
from canary.model import CheckHistory, Drift, Kept, Report
from tests.canary.support import made
from tests.canary.support import platforms as p

NOW = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)


def ago(hours: float) -> str:
    return (NOW - dt.timedelta(hours=hours)).isoformat(timespec="seconds")


def ran(
    outcomes: str, before: CheckHistory | None = None, platform: PlatformState | None = None
) -> Report:
    """Return the report of a run after which a check has these outcomes, its last one included."""
    kept = msgspec.structs.replace(before or CheckHistory(), outcomes=outcomes)
    found = made.report(
        made.result(outcomes[-1]),
        history={"api.it": kept},
        platform=msgspec.to_builtins(p.healthy() if platform is None else platform),
    )
    return remembered(found, None)


KNOWN = CheckHistory(baseline="before", baseline_at="t")


@pytest.mark.parametrize(
    ("outcomes", "is_well"),
    [("PPP", True), ("FPPP", True), ("P", False), ("PP", False), ("PPF", False), ("PPPF", False),
     ("PPPE", False), ("PPSP", False), ("PPPFP", False), ("PPPFPP", False), ("PPPFPPP", True)],
)  # fmt: skip
def test_a_baseline_is_the_state_of_the_last_run_that_was_the_third_pass(
    outcomes: str, is_well: bool
) -> None:
    report = ran(outcomes, KNOWN)
    kept = report.history["api.it"]
    new = (report.platform_state, "t0")
    assert (kept.baseline, kept.baseline_at) == (new if is_well else ("before", "t"))


def test_outcomes_that_follow_keep_the_baseline() -> None:
    kept = updated({"api.it": KNOWN}, [made.result("F")], "t9", latency_valid=True)["api.it"]
    assert (kept.baseline, kept.baseline_at, kept.outcomes) == ("before", "t", "F")


def test_a_reused_result_says_nothing_of_the_present_state() -> None:
    kept = msgspec.structs.replace(KNOWN, outcomes="PPP")
    platform = msgspec.to_builtins(p.healthy())
    reused = made.result("P", reused=True)
    report = made.report(reused, history={"api.it": kept}, platform=platform)
    assert remembered(report, None).history["api.it"] == kept


@pytest.mark.parametrize(("denied", "is_well"), [(True, True), (False, False)])
def test_a_reading_with_a_gap_is_a_baseline_only_where_the_gap_is_a_denial(
    denied: bool, is_well: bool
) -> None:
    gap = Unavailable(action="a", resource="*", code="c", reason="r", denied=denied)
    kept = ran("PPP", KNOWN, p.replace(p.healthy(), unavailable=(gap,))).history["api.it"]
    assert (kept.baseline != "before") is is_well


def test_a_history_of_an_earlier_version_is_read_as_before() -> None:
    old = b'{"outcomes": "PPF", "since": "t1", "last_run_at": "t2", "last_status": "FAIL"}'
    found = msgspec.json.decode(old, type=CheckHistory)
    assert (found.outcomes, found.baseline, found.baseline_at) == ("PPF", "", "")


def failing(since: float, at: float | None = None, name: str = "") -> CheckHistory:
    """Return the history of a check that fails since so many hours, well so many hours ago."""
    return CheckHistory(since=ago(since), baseline=name, baseline_at="" if at is None else ago(at))


def first(history: dict[str, CheckHistory]) -> str:
    return wanted(history, history, ago(0))[0]


def test_the_incident_is_judged_by_the_newest_state_before_its_first_failure() -> None:
    history = {
        "late": failing(0.5, 0.6, "during"),  # passed for a while after the others had broken
        "one": failing(1.0, 1.1, "well"),
        "two": failing(1.0, 5.0, "older"),
    }
    assert first(history) == "one"
    assert wanted(history, history, ago(0))[1] == ("one", "late", "two")


def test_a_check_that_still_passed_in_the_first_failing_run_is_no_baseline_of_the_incident() -> (
    None
):
    history = {
        "late": failing(0.9, 1.0, "during"),  # a kept answer or connection served it once more
        "one": failing(1.0, 1.1, "well"),
    }
    assert first(history) == "one"
    assert first({"late": history["late"], "one": failing(1.0)}) == "late"


def test_a_check_that_fails_for_weeks_does_not_choose_the_state_of_an_incident() -> None:
    chronic = failing(24 * 20, 24 * 21, "weeks ago")
    assert first({"chronic": chronic, "one": failing(1.0, 1.1, "well")}) == "one"
    assert first({"chronic": chronic, "new": failing(0.1)}) == ""  # "new" was never well
    assert first({"chronic": chronic}) == "chronic"
    assert first({"never": failing(24 * 20), "one": failing(1.0, 1.1, "well")}) == "one"


def test_a_check_that_was_never_well_does_not_hide_the_state_of_the_others() -> None:
    assert first({"never": failing(2.0), "one": failing(1.0, 1.1, "well")}) == "one"
    assert first({"never": failing(2.0), "broke": failing(3.0, 3.1, "older"),
                  "one": failing(1.0, 1.1, "well")}) == "broke"  # fmt: skip


def test_an_outage_of_many_hours_keeps_its_state_and_no_failure_wants_none() -> None:
    assert first({"one": failing(23.0, 23.1, "well"), "two": failing(22.0, 22.1, "no")}) == "one"
    assert first({"one": failing(50.0, 50.1, "well")}) == "one"
    assert wanted({"one": KNOWN}, (), ago(0)) == ("", ())


def test_at_most_three_states_are_read_each_once_and_one_that_is_lost_is_a_note() -> None:
    history = {f"c{n}": failing(1.0, 1.0 + n, f"state-{n // 2}") for n in range(10)}
    asked = list[str]()

    def read(name: str) -> PlatformState:
        asked.append(name)
        if name == "state-1":
            raise StateError("it is not in the store")
        return PlatformState(read_at=name)

    found, problems = baselines(history, history, ago(0), read)
    assert len(asked) == len(set(asked)) == STATES and asked[0] == "state-0"
    assert problems == ("the state state-1 could not be read: it is not in the store",)
    assert found.incident is not None and found.incident.state.read_at == "state-0"
    assert {(c, b.reference, b.at) for c, b in found.of.items()} == {
        ("c0", "state-0", ago(1.0)), ("c1", "state-0", ago(2.0)),
        ("c4", "state-2", ago(5.0)), ("c5", "state-2", ago(6.0)),
    }  # fmt: skip


def test_once_a_day_the_baseline_is_kept_for_later_and_two_are_enough() -> None:
    known = CheckHistory(outcomes="PPP")
    kept = list[tuple[str, ...]]()
    for hour in (0, 1, 23, 24, 30, 48, 300):
        at = (NOW + dt.timedelta(hours=hour)).isoformat()
        report = made.report(
            made.result("P"), history={"api.it": known}, platform=msgspec.to_builtins(p.healthy())
        )
        run = msgspec.structs.replace(report.run, started_at=at)
        known = remembered(msgspec.structs.replace(report, run=run), None).history["api.it"]
        kept.append(tuple(day.at[5:13] for day in known.day_before))
    assert kept == [
        ("11-22T12",), ("11-22T12",), ("11-22T12",), ("11-22T12", "11-23T12"),
        ("11-22T12", "11-23T12"), ("11-23T12", "11-24T12"), ("11-24T12", "12-05T00"),
    ]  # fmt: skip


def test_the_day_before_is_read_too_and_is_named_so_that_it_does_not_expire() -> None:
    days = (Kept(state="day", at=ago(30)), Kept(state="later", at=ago(6)))
    known = CheckHistory(baseline="well", baseline_at=ago(1), since=ago(0.9), day_before=days)
    history = {"one": known, "two": msgspec.structs.replace(known, day_before=())}
    found, problems = baselines(history, history, ago(0), lambda n: PlatformState(read_at=n))
    assert (problems, sorted(found.of)) == ((), ["one", "two"])
    assert {c: (b.state.read_at, b.at) for c, b in found.day_before.items()} == {
        "one": ("day", ago(30))
    }
    assert named_states(made.report(history=history)) == ("day", "later", "well")


def test_a_state_is_written_again_when_another_day_begins() -> None:
    def run_at(at: str, before: Report | None) -> Report:
        report = made.report(made.result("P"), platform=msgspec.to_builtins(p.healthy()))
        run = msgspec.structs.replace(report.run, started_at=at)
        return remembered(msgspec.structs.replace(report, run=run), before)

    one = run_at("2026-11-22T10:00:00+00:00", None)
    kept = msgspec.structs.replace(one, state_kept_at=one.run.started_at)
    assert one.state_kept_at == ""
    assert run_at("2026-11-22T10:01:00+00:00", kept).state_kept_at == one.run.started_at
    assert run_at("2026-11-23T00:00:00+00:00", kept).state_kept_at == ""
    other = msgspec.structs.replace(kept, platform_state="another")
    assert run_at("2026-11-22T10:01:00+00:00", other).state_kept_at == ""


def test_what_a_person_changed_is_carried_on_and_what_aws_moved_is_not() -> None:
    def drifted(attribute: str, before: str, after: str, at: str = "now") -> Drift:
        return Drift(resource="r", attribute=attribute, before=before, after=after, at=at)

    kept = drifted("action", "a", "b")
    moving = (
        drifted("number of targets", "1", "3"), drifted("instances", "a", "b"),
        drifted("state", "active", "active_impaired"), drifted("desired count", "1", "3"),
    )  # fmt: skip
    down = drifted("desired count", "3", "0")
    report = made.report(made.result("P"), platform=msgspec.to_builtins(p.healthy()))
    comparison = msgspec.structs.replace(report.comparison, drift=(kept, *moving, down))
    report = msgspec.structs.replace(report, comparison=comparison)
    old = tuple(drifted("action", str(n), "", "then") for n in range(20))
    found = remembered(report, made.report(changes=old)).changes
    assert found == (kept, down, *old[:8])
    named = tuple(msgspec.structs.replace(d, by="alice") for d in old)  # who made them is known now
    again = remembered(msgspec.structs.replace(report, changes=named), made.report(changes=old))
    assert again.changes == (kept, down, *named[:8])
    assert remembered(report, None).changes == (kept, down)


def stored() -> StoredState:
    report = ran("F", platform=p.replace(p.healthy(), logs={"auth": (LogLine(at="", message=""),)}))
    found = state_of(report)
    assert found is not None
    return found


def test_a_state_is_read_back_by_its_name_without_the_lines_of_logs() -> None:
    state = stored()
    assert state.failing == ("api.it",) and state.platform.logs == {}
    assert decode(encode(state), state.reference) == state.platform == p.healthy()


def edited(**changes: object) -> bytes:
    return encode(msgspec.structs.replace(stored(), **changes))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (None, "not in the store"),
        (b"", "no stored state"),
        (b"\xff\xfe", "no stored state"),
        (b"[]", "no stored state"),
        (edited(failing=()), "does not fit its name"),
        (edited(platform=p.change(p.healthy(), "security_groups", "sg-auth", ingress=())),
         "does not fit its name"),
    ],
)  # fmt: skip
def test_a_state_that_is_missing_damaged_or_edited_is_refused(data: bytes | None, why: str) -> None:
    with pytest.raises(StateError, match=why):
        decode(data, stored().reference)
