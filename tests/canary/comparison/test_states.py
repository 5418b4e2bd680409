"""A stored state: what is kept of a reading, and what is refused as none."""

from __future__ import annotations

import msgspec
import pytest

from canary.comparison.baselines import baselines, named_states, remembered, wanted
from canary.comparison.states import StateError, StoredState, decode, encode, state_of
from canary.control_plane.state import Condition, ErrorCounts, LogLine, PlatformState
from canary.model import CheckHistory, Kept
from tests.canary.comparison.test_baselines import KNOWN, ago, failing
from tests.canary.support import platforms as p
from tests.canary.support.made import report, result


def test_lines_and_counts_of_logs_are_left_out() -> None:
    counts = ErrorCounts(load_balancer="web", balancer_5xx=1.0, target_5xx=2.0, minutes=5)
    full = p.replace(p.healthy(), logs={"auth": (LogLine(at="", message="m"),)}, errors=(counts,))
    found = state_of(report(result("F"), platform=msgspec.to_builtins(full)))
    assert found is not None and found.platform == p.healthy()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (None, "it is not in the store"),
        (b"", "it is no stored state: Input data was truncated"),
        (b'{"platform": {"read_at": "\xff"}}', "it is no stored state: .*"),
        (b'{"x": ' + b"[" * 100_000, "it is no stored state: .*"),
        (encode(state_of(report(platform={}))), "its content does not fit its name"),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_state_of_its_name_says_why(data: bytes | None, why: str) -> None:
    with pytest.raises(StateError, match=f"^{why}$"):
        decode(data, "another-name")


def test_two_states_of_the_day_before_are_read_and_a_lost_one_is_left_out() -> None:
    history = {
        f"c{n}": CheckHistory(
            since="2026-11-22T11:00:00+00:00", baseline="well",
            baseline_at="2026-11-22T10:00:00+00:00",
            day_before=(Kept(state=f"day-{n}", at="2026-11-21T10:00:00+00:00"),),
        )
        for n in range(3)
    }  # fmt: skip

    def read(name: str) -> PlatformState:
        if name == "day-0":
            raise StateError("it is gone")
        return PlatformState(read_at=name)

    found, problems = baselines(history, history, "2026-11-22T12:00:00+00:00", read)
    assert {c: b.reference for c, b in found.of.items()} == dict.fromkeys(history, "well")
    assert {c: b.reference for c, b in found.day_before.items()} == {"c2": "day-2"}
    assert problems == ("the state day-0 could not be read: it is gone",)


def nested(depth: int) -> bytes:
    """Return a state in which a rule's condition is nested so deep."""
    edge = p.healthy().load_balancers[0]
    strange = Condition(field="query-string", values=(), config={"deep": "here"})
    rule = msgspec.structs.replace(edge.listeners[1].rules[0], conditions=(strange,))
    listener = msgspec.structs.replace(edge.listeners[1], rules=(rule,))
    edge = msgspec.structs.replace(edge, listeners=(listener,))
    found = encode(StoredState(platform=p.replace(p.healthy(), load_balancers=(edge,))))
    return found.replace(b'"here"', b"[" * depth + b"]" * depth)


def test_a_state_that_is_nested_too_deep_is_refused() -> None:
    with pytest.raises(StateError, match="it is no stored state"):
        decode(nested(100_000), "x")


def test_a_run_that_kept_no_state_remembers_nothing_new() -> None:
    bare = report(result("P"), history={"api.it": KNOWN})
    assert remembered(bare, report(platform_state="before")) is bare


def test_a_history_without_times_is_older_than_any_that_has_them() -> None:
    timeless = CheckHistory(baseline="old")
    assert wanted({"old": timeless}, ["old"], ago(0)) == ("", ("old",))
    history = {"old": timeless, "one": failing(1.0, 1.1, "well")}
    assert wanted(history, history, ago(0)) == ("one", ("one", "old"))


def test_the_states_that_are_named_are_known_once_each() -> None:
    history = {n: CheckHistory(baseline=n[0]) for n in ("b1", "a1", "b2")} | {"x": CheckHistory()}
    assert named_states(report(history=history)) == ("a", "b")


def test_a_check_without_a_history_has_no_baseline_and_of_equals_the_name_decides() -> None:
    history = {c: failing(1.0, 1.1, "well") for c in "ba"} | {"c": failing(1.0, 2.0, "older")}
    assert wanted(history, ["c", "new", "b", "a"], ago(0)) == ("b", ("b", "a", "c"))


def test_a_state_that_is_baseline_and_day_before_is_read_once() -> None:
    days = (Kept(state="well", at=ago(30)), Kept(state="other", at=ago(6)))
    known = msgspec.structs.replace(failing(1.0, 1.1, "well"), day_before=days)
    asked: list[str] = []

    def read(name: str) -> PlatformState:
        asked.append(name)
        return PlatformState(read_at=name)

    found, _ = baselines({"one": known}, ["one"], ago(0), read)
    assert (asked, found.day_before["one"].state.read_at) == (["well"], "well")
