"""What another run may still need is never touched, and nothing more is made beside it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from canary.model import Status
from canary.probes.registration.age import NEEDED_TAG, clocks_differ_s, has_ended
from tests.canary.probes.test_registration import PREFIX, failing, post
from tests.canary.probes.test_registration_orphans import Refusing, clear, experiment
from tests.canary.support.relayed_flow import CREATE, MODELS, NOTHING, Relay, Verdict, alive, flow
from tests.canary.support.servers.meddler import Meddling
from tests.canary.support.servers.mlflow import Mlflow
from tests.canary.support.servers.toolbox import FixedClock

NAME = f"{PREFIX}beside-full"
HEALTHY = Refusing()


@pytest.fixture(autouse=True)
def empty(mlflow: Mlflow) -> Iterator[None]:
    yield
    clear(mlflow)


def beside(mlflow: Mlflow, needed: str = "") -> None:
    """Plant a model that another run has made just now."""
    tags = [{"key": NEEDED_TAG, "value": needed}] if needed else []
    post(mlflow, CREATE, name=NAME, tags=tags)


@pytest.mark.parametrize("needed", ["", "50"])
def test_beside_an_object_that_stays_nothing_is_made_and_it_is_not_touched(
    mlflow: Mlflow, needed: str
) -> None:
    beside(mlflow, needed)
    relay = Relay(HEALTHY)
    one = flow(mlflow, relay, "stays-1", seconds=3.0)
    assert (one.status("orphaned models"), one.reason("orphaned models")) == (
        Status.ERROR,
        f"objects of another run stand that may be under way (registered model: 1, one is {NAME});"
        " this run waited for them, did not touch them, and makes no more",
    )
    assert one.reason("registered model") == "needs orphaned models, which did not pass"
    assert (relay.count(MODELS), relay.count(CREATE), one.residue) == (1, 0, [])
    assert one.status("artifact get") is one.status("residue") is Status.PASS
    assert alive(mlflow) == {**NOTHING, "models": 1}


def test_a_run_that_may_be_under_way_is_not_touched_either(mlflow: Mlflow) -> None:
    tag = {"key": "canary_name", "value": NAME}
    start = int(dt.datetime.now(dt.UTC).timestamp() * 1000)
    post(mlflow, "runs/create", experiment_id=experiment(mlflow), start_time=start, tags=[tag])
    relay = Relay(HEALTHY)
    one = flow(mlflow, relay, "stays-2", seconds=3.0)
    assert one.status("orphaned runs") is Status.ERROR
    assert (relay.count("mlflow/runs/create"), relay.count("runs/delete")) == (0, 1)  # the proof
    assert (alive(mlflow), one.residue) == ({**NOTHING, "runs": 1}, [])


def test_an_object_that_its_run_removes_meanwhile_blocks_nothing(mlflow: Mlflow) -> None:
    beside(mlflow, "50")
    looks: list[str] = []

    def ends(method: str, path: str) -> Verdict:
        if "registered-models/search" in path:
            looks.append(path)
            if len(looks) == 2:
                clear(mlflow)
        return Meddling.PASS

    one = flow(mlflow, Relay(ends), "goes-1")
    assert {s.status for s in one.steps} == {Status.PASS}, failing(one)
    assert (alive(mlflow), one.residue) == (NOTHING, [])


def test_what_the_previous_run_reported_is_tried_at_once(mlflow: Mlflow) -> None:
    beside(mlflow, "50")
    refused = flow(mlflow, Relay(Refusing(MODELS)), "told-1", left_behind=frozenset({NAME}))
    assert refused.status("orphaned models") is Status.FAIL
    assert "it stays" in refused.reason("orphaned models")
    assert [(r.name, r.removed) for r in refused.residue] == [(NAME, False)]
    one = flow(mlflow, Relay(HEALTHY), "told-2", left_behind=frozenset({NAME}))
    assert {s.status for s in one.steps} == {Status.PASS}, failing(one)
    assert [(r.name, r.removed) for r in one.residue] == [(NAME, True)]
    assert alive(mlflow) == NOTHING


def test_a_canary_whose_clock_is_wrong_takes_nothing_from_a_run_under_way(mlflow: Mlflow) -> None:
    beside(mlflow, "50")
    ahead = FixedClock(dt.datetime.now(dt.UTC) + dt.timedelta(minutes=10))
    one = flow(mlflow, Relay(HEALTHY), "ahead-1", clock=ahead, seconds=3.0)
    assert one.status("orphaned models") is Status.ERROR
    assert alive(mlflow) == {**NOTHING, "models": 1}


def test_a_run_says_of_its_objects_how_long_it_may_need_them(mlflow: Mlflow) -> None:
    noted: list[tuple[int, int]] = []

    def count(method: str, path: str) -> Verdict:
        if path.endswith("model-versions/create"):
            # 30 s less what is over, 6 s of reserve, 5 s of margin, and what the clocks differ
            row = f"key='{NEEDED_TAG}' and value in ('39', '40', '41', '42', '43')"
            own = "run_uuid in (select run_uuid from tags where value like '%-says-1-full')"
            models = mlflow.rows("registered_model_tags", f"{row} and name like '%-says-1-full'")
            noted.append((models, mlflow.rows("tags", f"{row} and {own}")))
        return Meddling.PASS

    flow(mlflow, Relay(count), "says-1", seconds=29.9)
    assert noted == [(1, 1)]


@pytest.mark.parametrize(
    ("age", "tag", "off", "ended"),
    [
        (59, "50", 0, True),
        (50, "50", 0, False),
        (59, "50", 10, False),
        (61, "50", 10, True),
        (1800, "", 0, False),
        (1801, "", 0, True),
        (1801, "99999", 0, True),
        (1801, "50", 5000, True),
        (60, "0x1", 0, False),
        (60, ["1"], 0, False),
        (-60, "0", 0, False),
    ],
)
def test_a_run_has_ended_when_its_time_is_over_or_the_object_is_old(
    age: float, tag: object, off: float, ended: bool
) -> None:
    assert has_ended(age, tag, limit_s=1800, clock_off_s=off) is ended


@pytest.mark.parametrize(
    ("date", "seconds"),
    [
        ("Mon, 23 Nov 2026 10:00:00 GMT", 0),
        ("Mon, 23 Nov 2026 10:01:00 GMT", 60),
        ("Mon, 23 Nov 2026 09:59:00 GMT", 60),
        ("", 0),
        ("yesterday", 0),
        ("Mon, 99 Nov 2026 10:00:00 GMT", 0),
    ],
)
def test_the_difference_of_the_clocks_is_read_from_the_answers_date(
    date: str, seconds: float
) -> None:
    assert clocks_differ_s(dt.datetime(2026, 11, 23, 10, tzinfo=dt.UTC), date) == seconds
