"""What a check's steps make of it, in words, and what follows for others."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import pytest

from canary.model import Load, Result, Severity, Status, Step, Suite
from canary.probes.base.api import BLOCKED, NO_TIME
from canary.runner import outcomes
from tests.canary.support import worlds
from tests.canary.support.made import result

P, F, E, S = Status.PASS, Status.FAIL, Status.ERROR, Status.SKIP


def step(name: str, status: Status, reason: str = "", **more: object) -> Step:
    return Step(name=name, status=status, reason=reason, **more)  # type: ignore[arg-type]


def judged(*steps: Step) -> tuple[Status, str]:
    found = outcomes.result(worlds.check(), steps, duration_ms=1, started_ms=1)
    return found.status, found.reason


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((), (E, "the probe recorded no step")),
        ((step("a", P),), (P, "")),
        ((step("a", P, "well"), step("b", P)), (P, "")),
        ((step("a", F, "wrong"),), (F, "wrong")),
        ((step("a", F),), (F, "a")),
        ((step("a", P), step("b", F, "wrong"), step("c", F, "too")), (F, "b: wrong")),
        ((step("a", P), step("b", E)), (E, "b")),
        ((step("a", S, "not now"), step("b", P)), (P, "")),
        ((step("a", P), step("b", S, NO_TIME), step("c", S, NO_TIME)), (E, f"b: {NO_TIME}")),
        ((step("a", P), step("b", S, f"{BLOCKED}: x")), (S, f"b: {BLOCKED}: x")),
        ((step("a", S, f"{BLOCKED}: x"), step("b", P), step("c", S, f"{NO_TIME} y")),
         (E, f"c: {NO_TIME} y")),
        ((step("a", P), step("b", S, f"not {BLOCKED}")), (P, "")),
        ((step("a", P, f"{BLOCKED}: x"),), (P, "")),
        ((step("a", F, "wrong"), step("b", S, NO_TIME)), (F, "a: wrong")),
        ((step("a", S, "why"), step("b", S, "too")), (S, "a: why")),
    ],
)  # fmt: skip
def test_the_worst_step_decides_and_what_was_cut_short_is_no_pass(
    steps: tuple[Step, ...], expected: tuple[Status, str]
) -> None:
    assert judged(*steps) == expected


CHECK = worlds.check(
    "api.it", "fails", needs=("api.a",), load=Load.BLOCKING, severity=Severity.LOW, every=300
)


def test_a_result_has_all_of_its_check() -> None:
    steps = (step("a", P, attempts=1), step("b", F, "wrong", attempts=3))
    assert outcomes.result(CHECK, steps, duration_ms=1.239, started_ms=7.128, muted="m") == Result(
        check_id="api.it", title="It holds", suite=Suite.ENDPOINTS, kind="fails", service="api",
        severity=Severity.LOW, status=F, reason="b: wrong", runbook="docs/x.md", duration_ms=1.24,
        started_ms=7.13, attempts=3, muted="m", needs=("api.a",), load=Load.BLOCKING, steps=steps,
    )  # fmt: skip


def test_a_check_that_was_not_tried_says_why() -> None:
    found = outcomes.skipped(CHECK, "no time left in this run", 5.0, "m")
    assert (found.status, found.reason, found.muted) == (S, "no time left in this run", "m")
    assert (found.duration_ms, found.started_ms) == (0, 5)
    assert found.steps == (step("not tried", S, "no time left in this run"),)


@dataclass
class Left:
    """A job as it stands when its time is over."""

    waiting_for: str = ""
    waits_for_target: bool = False
    waiting_since: float = 4.0
    started: float = 1.0
    by_run: bool = False

    def cut_by_run(self) -> bool:
        return self.by_run


@pytest.mark.parametrize(
    ("job", "status", "reason", "ms"),
    [
        (Left("GET /x", True), F, "no answer to GET /x within 2.5 s", 2500),
        (Left("GET /x", True, by_run=True), F, "no answer to GET /x within 2.5 s", 2500),
        (Left("GET /x", True, 4.01, by_run=True), E, "waiting for GET /x", 2490),
        (Left("the secret of x"), E, "waiting for the secret of x", 2500),
        (Left(), E, "busy in the canary itself", 0),
        (Left("", True), E, "busy in the canary itself", 0),  # it was answered
    ],
)
def test_what_did_not_return_is_the_targets_fault_only_if_it_was_waited_for_long_enough(
    job: Left, status: Status, reason: str, ms: float
) -> None:
    found = outcomes.out_of_time(job, 6.5, 2.5)  # type: ignore[arg-type]
    assert (found.name, found.status) == ("out of time", status)
    assert found.reason == f"out of time after 5.5 s: {reason}"
    assert found.duration_ms == pytest.approx(ms)


def ended(**changes: Result) -> dict[str, Result]:
    return {r.check_id: r for r in changes.values()}


def test_a_blocking_check_needs_quick_passes_of_this_run() -> None:
    says = outcomes.NOT_ASKED.format
    assert says("x") == "not asked: x, and this check would block the service"
    known = ended(a=result("P", "api.a", duration_ms=2000))
    assert outcomes.not_asked(CHECK, known) == ""
    assert outcomes.not_asked(CHECK, {}) == says("api.a has no result of this run")
    for status, word in (("F", "failed"), ("E", "could not be judged"), ("S", "was skipped")):
        bad = ended(a=result(status, "api.a"))
        assert outcomes.not_asked(CHECK, bad) == says(f"api.a {word}")
    slow = ended(a=result("P", "api.a", duration_ms=2001))
    assert outcomes.not_asked(CHECK, slow) == says("api.a took 2.0 s")


def test_after_a_blocking_check_that_failed_slowly_no_other_is_asked() -> None:
    needed = result("P", "api.a")

    def told(status: str, ms: float, load: Load) -> str:
        other = result(status, "api.doc", duration_ms=ms, load=load)
        return outcomes.not_asked(CHECK, ended(a=needed, b=other))

    assert told("F", 3000, Load.BLOCKING) == outcomes.NOT_ASKED.format("api.doc failed after 3.0 s")
    assert told("F", 2000, Load.BLOCKING) == told("P", 3000, Load.BLOCKING) == ""
    assert told("F", 3000, Load.LIGHT) == ""


def test_every_bad_need_is_named() -> None:
    known = {"a": result("F", "a"), "b": result("P", "b"), "c": result("E", "c")}
    muted = {n: result(s, n, muted="until then") for n, s in zip("def", "FES", strict=True)}
    assert outcomes.blocked_by(("a", "b", "c", "later"), known) == (
        "needs a, which failed; needs c, which could not be judged"
    )
    assert outcomes.blocked_by(("d", "e", "f"), known | muted) == ""  # a mute blinds nothing
    assert outcomes.blocked_by(("b", "later"), known) == outcomes.blocked_by((), known) == ""


def ran(name: str, ms: float, *needs: str, **more: object) -> Result:
    made = step("s", P, started_ms=10, duration_ms=ms)
    return result("P", name, needs=needs, steps=(made,), **more)


def test_the_critical_path_has_the_longest_chain_and_each_blocking_check() -> None:
    chain = [ran("a", 100), ran("b", 50, "a"), ran("c", 120)]
    assert outcomes.critical_path_ms(chain) == 150
    assert outcomes.critical_path_ms([*chain, ran("d", 40.126, "a", load=Load.BLOCKING)]) == 190.13
    both = [ran("d", 40, load=Load.BLOCKING), ran("e", 20, load=Load.BLOCKING)]
    assert outcomes.critical_path_ms(both) == 60
    assert outcomes.critical_path_ms([msgspec.structs.replace(chain[0], reused=True)]) == 0
    assert outcomes.critical_path_ms([]) == 0


@pytest.mark.parametrize(
    ("spans", "longest"),
    [
        ([], 0),
        ([(0, 100)], 100),
        ([(0, 100), (100, 50)], 150),
        ([(0, 100), (99.5, 50)], 150),  # half a millisecond is no overlap
        ([(0, 100), (99, 50)], 100),
        ([(0, 100), (10, 20), (30, 20), (50, 70)], 110),
        ([(0, 10), (0, 100), (10, 20)], 100),
        ([(50, 10), (0, 40), (45, 80)], 120),
    ],
)
def test_steps_that_overlap_count_once(spans: list[tuple[float, float]], longest: float) -> None:
    steps = tuple(step("s", P, started_ms=at, duration_ms=ms) for at, ms in spans)
    assert outcomes.longest_sequence_ms(steps) == longest
