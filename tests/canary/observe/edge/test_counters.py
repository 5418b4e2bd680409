"""CloudWatch's counters: one call, by balancer and group, and what is absent is unknown."""

from __future__ import annotations

import datetime as dt

import pytest

from canary.control_plane.edge.counters import (
    BALANCER,
    TARGET,
    Counter,
    counted,
    made_by_balancer,
    made_by_targets,
)
from canary.control_plane.state import ErrorCounts, LoadBalancer, TargetGroup
from canary.observe import balancers, targets
from canary.observe.calls import Reader
from canary.observe.edge import metrics
from tests.canary.observe.edge.conftest import NOW
from tests.canary.support.moto_platform import Recorder, environment


@pytest.fixture(scope="module")
def front(aws: str) -> tuple[tuple[LoadBalancer, ...], tuple[TargetGroup, ...]]:
    """The balancer and its groups, of which CloudWatch counted a few answers."""
    reader = Reader(Recorder(aws), environment())
    found = balancers.read(reader)
    groups = targets.read(reader, found)
    balancer = {"Name": "LoadBalancer", "Value": found[0].arn.partition(":loadbalancer/")[2]}
    own = next(g for g in groups if g.load_balancers)
    group = {"Name": "TargetGroup", "Value": own.arn.rpartition(":")[2]}
    data = [
        ("HTTPCode_ELB_4XX_Count", [balancer], 3.0, 4),
        ("HTTPCode_ELB_4XX_Count", [balancer], 2.0, 3),
        ("HTTPCode_ELB_502_Count", [balancer], 7.0, 2),
        ("HTTPCode_ELB_5XX_Count", [balancer], 9.0, 2),
        ("HTTPCode_Target_2XX_Count", [balancer], 40.0, 2),
        ("HTTPCode_Target_2XX_Count", [balancer, group], 39.0, 2),
        ("TargetConnectionErrorCount", [balancer, group], 5.0, 2),
        ("HTTPCode_ELB_503_Count", [balancer], 6.0, 60),  # an hour ago
    ]
    Recorder(aws).client("cloudwatch").put_metric_data(
        Namespace="AWS/ApplicationELB",
        MetricData=[
            {"MetricName": name, "Dimensions": at, "Value": value,
             "Timestamp": NOW - dt.timedelta(minutes=ago)}
            for name, at, value, ago in data
        ],
    )  # fmt: skip
    return found, groups


Front = tuple[tuple[LoadBalancer, ...], tuple[TargetGroup, ...]]


def test_what_was_counted_is_told_and_nothing_else(aws: str, front: Front) -> None:
    recorder = Recorder(aws)
    found = metrics.read(Reader(recorder, environment()), *front, NOW)
    assert {(c.target_group, c.metric): c.total for c in found} == {
        ("", "HTTPCode_ELB_4XX_Count"): 5.0,
        ("", "HTTPCode_ELB_502_Count"): 7.0,
        ("", "HTTPCode_ELB_5XX_Count"): 9.0,
        ("", "HTTPCode_Target_2XX_Count"): 40.0,
        ("tg-0", "HTTPCode_Target_2XX_Count"): 39.0,
        ("tg-0", "TargetConnectionErrorCount"): 5.0,
    }
    assert {c.load_balancer for c in found} == {"front"}
    newest = counted(found, "front", "HTTPCode_ELB_4XX_Count")
    assert newest is not None
    assert newest.newest[:16] == (NOW - dt.timedelta(minutes=3)).isoformat()[:16]
    assert sum(recorder.requests.values()) == 1


def test_the_counts_of_5xx_say_what_is_unknown(aws: str, front: Front) -> None:
    found = metrics.read(Reader(Recorder(aws), environment()), *front, NOW)
    assert metrics.errors(found) == (
        ErrorCounts(load_balancer="front", balancer_5xx=9.0, target_5xx=None, minutes=15),
    )
    assert metrics.errors(()) == ()


def test_denied_is_unknown(aws: str, front: Front) -> None:
    reader = Reader(Recorder(aws, denied="cloudwatch:GetMetricData"), environment())
    assert metrics.read(reader, *front, NOW) == ()
    assert [u.denied for u in reader.unavailable()] == [True]


def test_more_than_one_call_takes_is_bounded_and_said(aws: str, front: Front) -> None:
    (balancer,), groups = front
    own = next(g for g in groups if g.load_balancers)
    recorder = Recorder(aws)
    reader = Reader(recorder, environment())
    metrics.read(reader, (balancer,), (own,) * 100, NOW)
    assert [(b.limit, b.unit) for b in reader.bounds()] == [(500, "metrics")]
    assert sum(recorder.requests.values()) == 1


def counter(metric: str, total: float = 1.0) -> Counter:
    return Counter(load_balancer="lb", metric=metric, total=total, minutes=15)


def test_the_narrowest_counter_of_a_status_is_chosen() -> None:
    both = (counter("HTTPCode_ELB_5XX_Count"), counter("HTTPCode_ELB_502_Count"))
    assert made_by_balancer(both, "lb", 502) == both[1]
    assert made_by_balancer(both, "lb", 561) == both[0]
    assert made_by_balancer(both, "lb", 403) is None
    assert made_by_balancer(both, "another", 502) is None
    assert made_by_balancer((counter("HTTPCode_ELB_502_Count", 0.0),), "lb", 502) is None
    assert made_by_targets((counter("HTTPCode_Target_4XX_Count"),), "lb", 403) is not None
    assert made_by_targets(both, "lb", 502) is None


def test_all_of_the_counters_are_asked_for() -> None:
    assert len({*BALANCER, *TARGET}) == 14
