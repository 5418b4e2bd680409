"""What earlier runs left is removed a few at a time, and what stays blocks its kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from canary.probes.base.api import NoTimeError, OtherRunError
from canary.probes.base.recorder import StepFailedError
from canary.probes.registration import orphans
from canary.probes.registration.client import MODEL, RUN
from canary.probes.registration.orphans import Found, Sweep
from tests.canary.probes.recorded_mlflow import Memory, model, old_run
from tests.canary.probes.test_registration_parts import Bench, answering
from tests.canary.support.servers.toolbox import ManualClock

OLD = "synthetic-canary-m"
WHY = "orphan of an earlier run"


class Sweeping(Bench):
    """A flow that may remove models, and objects of earlier runs that its steps find."""

    def __init__(self, *names: str, refused: str = "", most: int = 20, **more: Any) -> None:
        super().__init__(**more)
        self.flow.proved = {MODEL}
        self.there, self.refused, self.left_s = list(names), refused, 8.0
        self.tried: list[str] = []
        self.one = self.step(cleaning=False)
        self.sweep = Sweep(step=self.one, kind=MODEL, most=most, find=list)
        self.flow.context = msgspec.structs.replace(
            self.context, remaining=lambda _cleanup: self.left_s
        )

    def found(self, ended: bool = True) -> list[Found]:
        return [Found(name=n, remove=self.removal(n), ended=ended) for n in self.there]

    def removal(self, name: str) -> Callable[[], None]:
        def remove() -> None:
            self.tried.append(name)
            if name == self.refused:
                self.one.call("GET", "runs/get", accept=(418,))

        return remove

    @property
    def note(self) -> str:
        return self.one.facts.get("note", "")


def test_each_is_removed_once_and_told() -> None:
    work = Sweeping("a", "b" * 201)
    assert work.sweep.remove(work.found())
    work.sweep.report()
    work.sweep.report()  # nothing new
    assert (work.tried, work.flow.attempts) == (["a", "b" * 201], 2)
    assert work.left() == [(MODEL, "a", True, WHY), (MODEL, "b" * 200, True, WHY)]
    assert work.one.facts == {"removed": "2"}
    assert not work.sweep.remove([])


def test_after_a_refusal_none_is_tried_and_the_rest_blocks_its_kind() -> None:
    work = Sweeping("a", "b", "c", refused="b", memory=Memory(answering(("runs/get", {"x": 1}))))
    with pytest.raises(StepFailedError):
        work.sweep.remove(work.found())
    assert (work.tried, work.flow.attempts) == (["a", "b"], 2)
    stays = "orphan that could not be removed; 2 of this kind"
    assert work.left() == [(MODEL, "a", True, WHY), (MODEL, "b", False, stays)]
    subject = "number of objects that could not be removed (registered model)"
    shown = '2, one is b (the removal got 200 {"x": 1})'
    assert work.flow.standing == {MODEL: f"{subject} is {shown}"}
    (lost,) = work.one.assertions
    assert (lost.subject, lost.expected, lost.actual) == (subject, "0", shown)


def test_without_a_proof_nothing_is_tried() -> None:
    work = Sweeping("a", "c" * 201)
    work.flow.proved = set()
    with pytest.raises(StepFailedError):
        work.sweep.remove(work.found()[1:])
    assert (work.tried, work.flow.attempts) == ([], 0)
    assert work.left() == [(MODEL, "c" * 200, False, "orphan that could not be removed")]
    shown = f"1, one is {'c' * 200} (this run has no proof that it can remove one)"
    assert work.one.assertions[0].actual == shown
    of_runs = Sweep(step=work.one, kind=RUN, most=20, find=list)
    work.flow.proved = {RUN}  # its artifacts cannot be removed
    with pytest.raises(StepFailedError):
        of_runs.remove(work.found())
    work.flow.proved = {RUN, "artifact", MODEL}
    assert of_runs.remove(work.found())


@pytest.mark.parametrize(
    ("most", "before", "tried", "note"),
    [
        (2, 0, ["a", "b"], "2 are left to later runs"),
        (4, 0, ["a", "b", "c", "d"], ""),
        (4, 3, ["a"], "3 are left to later runs"),
        (4, 4, [], "4 are left to later runs"),
    ],
)
def test_a_run_tries_so_many_of_all_kinds(
    most: int, before: int, tried: list[str], note: str
) -> None:
    work = Sweeping(*"abcd", most=most)
    work.flow.attempts = before
    assert work.sweep.remove(work.found()) is bool(tried)
    assert (work.tried, work.note) == (tried, note)


def test_half_of_the_time_is_kept_for_the_flow_itself() -> None:
    work = Sweeping("a", "b", "c")
    found = work.found()
    work.left_s = 4.0
    assert work.sweep.remove(found[:1])
    work.left_s = 3.9
    assert not work.sweep.remove(found[1:])
    assert (work.tried, work.note) == (["a"], "2 are left to later runs")
    late = Sweeping("a")
    late.left_s = 3.9
    with pytest.raises(NoTimeError) as ended:
        late.sweep.remove(late.found())
    assert str(ended.value) == "no time left to remove what earlier runs left"
    assert late.tried == []


@pytest.mark.parametrize(("patient", "left_s"), [(False, 8.0), (True, 4.9)])
def test_an_object_of_a_run_that_may_be_under_way_is_not_waited_for_without_time(
    patient: bool, left_s: float
) -> None:
    work = Sweeping()
    work.left_s = left_s
    with pytest.raises(OtherRunError) as ended:
        work.sweep.wait({"z", "b" * 201}, patient)
    assert str(ended.value) == (
        "objects of another run stand that may be under way (registered model: 2, one is "
        f"{'b' * 200}); this run waited for them, did not touch them, and makes no more"
    )


def finding(*looks: list[Found]) -> Callable[[], list[Found]]:
    """Return what finds one list after the other, and nothing at the end."""
    rest: Iterator[list[Found]] = iter(looks)
    return lambda: next(rest, [])


def test_what_is_listed_again_after_its_removal_stands() -> None:
    work = Sweeping("a")
    work.sweep.find = finding(work.found(), work.found())
    with pytest.raises(StepFailedError):
        work.sweep.carry_out()
    why = "it is still listed after a removal that was answered as done"
    assert work.one.assertions[0].actual == f"1, one is a ({why})"
    assert (work.tried, [r.removed for r in work.residue]) == (["a"], [False])


def test_what_ended_is_removed_before_the_others_are_waited_for() -> None:
    work = Sweeping("old", "new")
    old, new = work.found()
    young = msgspec.structs.replace(new, ended=False)
    work.left_s = 4.5  # enough to remove, too little to wait
    work.sweep.find = finding([old, young], [young], [young])
    with pytest.raises(OtherRunError):
        work.sweep.carry_out()
    assert (work.tried, work.left()) == (["old"], [(MODEL, "old", True, WHY)])


def test_an_object_of_a_run_that_may_be_under_way_is_waited_for_for_ten_seconds() -> None:
    work, clock, looks = Sweeping("new"), ManualClock(100.0), list[float]()
    work.flow.context = msgspec.structs.replace(work.flow.context, clock=clock)
    moments = iter((109.9, 110.0))

    def find() -> list[Found]:
        clock.at = next(moments)
        looks.append(clock.at)
        return work.found(ended=False)

    work.sweep.find = find
    with pytest.raises(OtherRunError):
        work.sweep.carry_out()
    assert (looks, work.tried, work.left()) == ([109.9, 110.0], [], [])
    work.flow.context = msgspec.structs.replace(work.flow.context, clock=ManualClock())
    work.sweep.find = finding(work.found(ended=False), [])  # it has gone after a second
    work.sweep.carry_out()
    assert (work.tried, work.left(), work.one.facts) == ([], [], {"removed": "0"})


@pytest.mark.parametrize(
    ("minutes", "needed", "ended"),
    [(29.9, "", False), (30.1, "", True), (1.1, "60", True), (0.9, "60", False)],
)
def test_a_run_has_ended_after_half_an_hour_or_after_the_time_that_it_told(
    minutes: float, needed: str, ended: bool
) -> None:
    one = Bench().step()
    assert orphans._model(one, model("m", minutes, needed)).ended is ended
    assert orphans._model(one, {"name": "m", "creation_timestamp": None}).ended is False


def test_what_the_run_before_told_has_ended_and_the_own_objects_are_left_alone() -> None:
    told = Sweeping(left_behind=frozenset({"x" * 200, "r"}))
    found = orphans._model(told.one, model("x" * 250, 0))
    assert (found.name, found.ended) == ("x" * 250, True)
    row = {"run_id": "r", "start_time": None, "tags": {}}
    assert orphans._run(told.one, row).ended
    assert not orphans._run(told.one, {**row, "run_id": "s"}).ended
    one = Bench(Memory(models={}, runs={}))
    one.flow.proved = {MODEL, RUN, "artifact"}
    own = f"{one.flow.name}-x"
    one.memory.models = {n: model(n, 99) for n in (own, OLD)}
    one.memory.runs = {"x": old_run("x", 99), "y": old_run("y", 99)}
    one.memory.runs["x"]["data"]["tags"][0]["value"] = own
    orphans.models(one.step())
    orphans.runs(one.step())
    assert ([*one.memory.models], [*one.memory.runs]) == ([own], ["x"])


@pytest.mark.parametrize(
    ("limit", "with_run", "models"),
    [(0, True, 0), (1, True, 1), (2, True, 1), (3, True, 2), (3, False, 3)],
)
def test_of_the_attempts_of_a_run_one_is_left_for_the_runs(
    limit: int, with_run: bool, models: int
) -> None:
    one = Bench(Memory(models={f"{OLD}{n}": model(f"{OLD}{n}", 99) for n in range(9)}))
    one.flow.proved = {MODEL}
    one.flow.janitor_limit, one.flow.with_run = limit, with_run
    orphans.models(one.step())
    assert len(one.memory.models) == 9 - models
