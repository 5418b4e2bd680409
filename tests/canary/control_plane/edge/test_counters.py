"""Counters of CloudWatch: which are read, and which of them tells who made an answer."""

from __future__ import annotations

import pytest

from canary.control_plane.edge.counters import (
    BALANCER,
    TARGET,
    Counter,
    counted,
    made_by_balancer,
    made_by_targets,
)


def counter(metric: str, total: float = 3, balancer: str = "lb", group: str = "") -> Counter:
    return Counter(load_balancer=balancer, target_group=group, metric=metric, total=total,
                   minutes=15)  # fmt: skip


def test_the_counters_are_those_of_aws() -> None:
    """AWS, "CloudWatch metrics for your Application Load Balancer"."""
    assert BALANCER == (
        "HTTPCode_ELB_4XX_Count", "HTTPCode_ELB_5XX_Count", "HTTPCode_ELB_500_Count",
        "HTTPCode_ELB_502_Count", "HTTPCode_ELB_503_Count", "HTTPCode_ELB_504_Count",
        "RejectedConnectionCount", "ClientTLSNegotiationErrorCount",
    )  # fmt: skip
    assert TARGET == (
        "HTTPCode_Target_2XX_Count", "HTTPCode_Target_3XX_Count", "HTTPCode_Target_4XX_Count",
        "HTTPCode_Target_5XX_Count", "TargetConnectionErrorCount", "TargetTLSNegotiationErrorCount",
    )  # fmt: skip


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_code_with_a_counter_of_its_own_is_told_by_it_first(status: int) -> None:
    own, both = counter(f"HTTPCode_ELB_{status}_Count"), counter("HTTPCode_ELB_5XX_Count", 9)
    assert made_by_balancer([both, own], "lb", status) == own
    assert made_by_balancer([both], "lb", status) == both
    assert made_by_balancer([counter(own.metric, 0), both], "lb", status) == both
    assert made_by_balancer([counter(own.metric, 0)], "lb", status) is None


@pytest.mark.parametrize("status", [501, 505, 561])
def test_other_codes_are_told_by_their_class(status: int) -> None:
    odd, both = counter(f"HTTPCode_ELB_{status}_Count"), counter("HTTPCode_ELB_5XX_Count")
    assert made_by_balancer([odd, both], "lb", status) == both
    assert made_by_balancer([odd], "lb", status) is None


@pytest.mark.parametrize(
    ("found", "known"),
    [
        (counter("HTTPCode_Target_4XX_Count"), True),
        (counter("HTTPCode_Target_4XX_Count", 0), False),
        (counter("HTTPCode_Target_5XX_Count"), False),
        (counter("HTTPCode_Target_4XX_Count", balancer="other"), False),
        (counter("HTTPCode_Target_4XX_Count", group="g"), False),
    ],
)
def test_answers_of_targets(found: Counter, known: bool) -> None:
    assert made_by_targets([found], "lb", 403) == (found if known else None)


def test_a_counter_of_a_group_is_asked_for_by_its_group() -> None:
    of_all, of_group = (
        counter("TargetConnectionErrorCount"),
        counter("TargetConnectionErrorCount", group="g"),
    )
    assert counted([of_all, of_group], "lb", "TargetConnectionErrorCount", "g") == of_group
    assert counted([of_all, of_group], "lb", "TargetConnectionErrorCount") == of_all
    assert counted([of_group], "lb", "TargetConnectionErrorCount") is None
