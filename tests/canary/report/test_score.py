"""Scores: a hundred on a healthy platform, and no fault ever raises one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from canary.model import Suite
from canary.report.score import old_figures, scores
from tests.canary.support.made import result


def test_a_healthy_platform_scores_a_hundred_and_a_lost_point_names_its_check() -> None:
    found = scores([result(), result("S", "api.a"), result("E", "api.b"), result("F", "api.c")])
    assert found["overall"].percent == 25.0
    assert found["endpoints"].lost == ("api.a", "api.b", "api.c")
    assert scores([result()])["overall"].percent == 100.0


@given(
    st.lists(st.sampled_from("PFES"), min_size=1, max_size=60),
    st.integers(0, 59),
    st.sampled_from("FES"),
)
def test_no_fault_ever_raises_a_score(letters: list[str], where: int, fault: str) -> None:
    suites, kinds = list(Suite), ["registration", "dependency", "access", "listener_rule"]
    make = lambda found: [  # noqa: E731 - the same results twice, one letter apart
        result(s, f"api.n{n}", suite=suites[n % 4], kind=kinds[n % 4]) for n, s in enumerate(found)
    ]
    broken = list(letters)
    broken[where % len(letters)] = fault
    before, after = scores(make(letters)), scores(make(broken))
    assert all(after[s].percent <= before[s].percent for s in before)
    assert (after["overall"].percent == 100.0) == (not after["overall"].lost)
    ok, bad = old_figures(make(letters)), old_figures(make(broken))
    assert all(_figure(bad[k]) <= _figure(ok[k]) for k in ok if "%" in ok[k])


def _figure(text: str) -> float:
    return float(text.partition("%")[0])
