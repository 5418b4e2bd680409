"""Who made an answer: the counters decide where nothing else does, and stand in the evidence."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from canary.control_plane.edge.counters import Counter
from canary.control_plane.state import PlatformState
from canary.diagnose.balancer.told import with_counters
from canary.diagnose.core.case import Case
from canary.diagnose.core.failures import collect
from canary.diagnose.core.finding import Finding
from canary.diagnose.core.symptoms import Symptom
from canary.diagnose.core.who_answered import attributed
from canary.model import Evidence, Exchange, Remedy, Status
from tests.canary.diagnose.balancer.test_meanings import (
    BALANCER,
    Change,
    all_of,
    attribute,
    counted,
    diagnosed,
    same,
)
from tests.canary.support import own_answers as made
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

SILENT = attribute("routing.http.response.server.enabled", "false")
OWN_502 = counted("HTTPCode_ELB_502_Count")
UNNAMED = made.own(faults.PROXY, 502, answered_by="target", server="")


def symptom(answer: Exchange, change: Change) -> Symptom:
    environment = p.environment(faults.NAMES)
    results = (p.failed("registry.proxy", "registry", answer),)
    (found,) = collect(attributed(results, environment, change(p.healthy())), environment)
    return found.symptom


def test_a_page_without_a_name_is_the_balancer_s_where_it_is_silent_and_counted() -> None:
    assert symptom(UNNAMED, all_of(SILENT, OWN_502)) is Symptom.BALANCER_502


@pytest.mark.parametrize(
    ("answer", "change"),
    [
        (UNNAMED, same),
        (UNNAMED, SILENT),  # not counted yet: unknown
        (UNNAMED, OWN_502),
        (UNNAMED, all_of(SILENT, counted("HTTPCode_Target_5XX_Count"))),
        (UNNAMED, all_of(SILENT, counted("HTTPCode_ELB_503_Count"))),
        (p.replace(UNNAMED, server="uvicorn"), all_of(SILENT, OWN_502)),
        (p.replace(UNNAMED, excerpt="<h1>502 of the application</h1>"), all_of(SILENT, OWN_502)),
    ],
)
def test_else_it_is_the_target_s(answer: Exchange, change: Change) -> None:
    assert symptom(answer, change) is Symptom.APP_5XX


def test_a_silent_balancer_of_another_service_says_nothing() -> None:
    other = p.replace(UNNAMED, url=f"{faults.AUTH}/health")
    assert symptom(other, all_of(SILENT, OWN_502)) is Symptom.APP_5XX


def test_the_counters_of_a_gateway_s_answer_stand_in_the_evidence() -> None:
    change = all_of(OWN_502, counted("TargetConnectionErrorCount", 9))
    found = diagnosed(made.own(faults.PROXY, 502), change(p.healthy()))
    lines = {e.resource: e.seen for d in found for e in d.evidence}
    assert lines[f"{BALANCER.name} HTTPCode_ELB_502_Count"] == "4 in 15 min"
    assert lines["a load balancer's 502"] == (
        "The target refuses the connection, or cannot be reached."
    )


def test_without_counters_nothing_is_added() -> None:
    found = diagnosed(made.own(faults.PROXY, 502), p.healthy())
    assert not [e for d in found for e in d.evidence if "a load balancer's" in e.resource]


def asked(change: Change, *answers: Exchange, **result: Any) -> list[str]:
    """Return who answered each of these, by a check of the registry."""
    one = p.failed("registry.proxy", "registry", answers[0], **result)
    steps = (p.replace(one.steps[0], evidence=answers),)
    (found,) = attributed((p.replace(one, steps=steps),), p.environment(faults.NAMES),
                          change(p.healthy()))  # fmt: skip
    return [e.answered_by for s in found.steps for e in s.evidence]


def test_each_answer_of_a_check_is_looked_at_by_itself() -> None:
    both = all_of(SILENT, OWN_502)
    named = p.replace(UNNAMED, server="uvicorn")
    mine = p.replace(UNNAMED, answered_by="balancer")
    assert asked(both, UNNAMED, named, mine) == ["balancer", "target", "balancer"]
    assert asked(both, p.replace(UNNAMED, answered_by="")) == [""]
    assert asked(SILENT, UNNAMED) == asked(OWN_502, UNNAMED) == asked(same, UNNAMED) == ["target"]
    assert asked(both, p.replace(UNNAMED, url="https://elsewhere.example/x")) == ["target"]


def test_a_check_that_passed_is_left_as_it_is() -> None:
    assert asked(all_of(SILENT, OWN_502), UNNAMED, status=Status.PASS) == ["target"]


def test_only_the_service_s_own_balancer_counts() -> None:
    """Another one is silent, too, and counted its own answers."""
    other = next(b for b in p.healthy().load_balancers if "auth" in b.name)

    def silent(state: PlatformState) -> PlatformState:
        option = {"routing.http.response.server.enabled": "false"}
        state = p.change(state, "load_balancers", other.arn, attributes=option)
        known = Counter(load_balancer=other.name, metric="HTTPCode_ELB_502_Count", total=4.0,
                        minutes=15)  # fmt: skip
        return p.replace(state, counters=(*state.counters, known))

    assert asked(silent, UNNAMED) == ["target"]
    assert asked(silent, p.replace(UNNAMED, url=f"{faults.AUTH}/x")) == ["balancer"]
    assert asked(all_of(silent, SILENT), UNNAMED) == ["target"]


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        (OWN_502, [("HTTPCode_ELB_502_Count", "4 in 15 min")]),
        (counted("HTTPCode_Target_5XX_Count", 7), [("HTTPCode_Target_5XX_Count", "7 in 15 min")]),
        (all_of(OWN_502, counted("HTTPCode_Target_5XX_Count", 7)),
         [("HTTPCode_ELB_502_Count", "4 in 15 min"), ("HTTPCode_Target_5XX_Count", "7 in 15 min")]),
        (counted("HTTPCode_ELB_503_Count"), []),
        (same, []),
    ],
)  # fmt: skip
def test_the_counters_are_added_once_to_what_is_known(
    change: Change, lines: list[tuple[str, str]]
) -> None:
    state = change(p.healthy())
    result = p.failed("registry.proxy", "registry", made.own(faults.PROXY, 502))
    case = Case(results=(result,), state=state, environment=p.environment(faults.NAMES),
                previous=None, now=p.NOW)  # fmt: skip
    known = Evidence(resource="r", seen="s", expected="", at="")
    finding = Finding(
        cause="targets-unhealthy", service="registry", resource="r", summary="s",
        evidence=(known, known), remedy=Remedy(summary="s", decision="d"),
        explained_failures=frozenset(case.failures),
    )  # fmt: skip
    found = with_counters(case, finding)
    own = [(f"{BALANCER.name} {metric}", text) for metric, text in lines]
    begins = [("r", "s")] if state.counters else [("r", "s")] * 2
    assert [(e.resource, e.seen) for e in found.evidence] == [*begins, *own]
    other = dataclasses.replace(finding, explained_failures=frozenset())
    assert with_counters(case, other) is other


def test_the_counters_are_those_of_the_first_answer_of_a_balancer() -> None:
    """What else a finding explains does not choose the counter, nor a later answer."""
    seen = (
        p.failed("registry.a", "registry", p.none(faults.PROXY, "reset")),
        p.failed("registry.b", "registry", made.own(faults.PROXY, 502)),
        p.failed("registry.c", "registry", made.own(faults.PROXY, 504)),
    )
    state = all_of(OWN_502, counted("HTTPCode_ELB_504_Count", 9))(p.healthy())
    case = Case(results=seen, state=state, environment=p.environment(faults.NAMES),
                previous=None, now=p.NOW)  # fmt: skip
    finding = Finding(
        cause="targets-unhealthy", service="registry", resource="r", summary="s", evidence=(),
        remedy=Remedy(summary="s", decision="d"), explained_failures=frozenset(case.failures),
    )  # fmt: skip
    assert [(e.resource, e.seen) for e in with_counters(case, finding).evidence] == [
        (f"{BALANCER.name} HTTPCode_ELB_502_Count", "4 in 15 min")
    ]


def test_another_silent_balancer_makes_no_page_of_this_one_its_own() -> None:
    """The registry's balancer counts its own answers and names itself: this one is a target's."""
    other = next(b for b in p.healthy().load_balancers if "auth" in b.name)
    option = {"routing.http.response.server.enabled": "false"}
    state = OWN_502(p.change(p.healthy(), "load_balancers", other.arn, attributes=option))
    assert asked(lambda _: state, UNNAMED) == ["target"]
