"""AWS hangs while a failing run reads: the reading ends in its time, and what is late is unread."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from canary.control_plane.state import NOT_IN_TIME, PlatformState
from canary.observe import observe, refresh_failing
from canary.observe.failing.again import PARTS, not_again
from tests.canary.observe.edge.conftest import FAILED
from tests.canary.support.moto_platform import Recorder, environment
from tests.canary.support.servers.cloud import Cloud, Fault, serving_cloud, slow

BASE = (
    *("load_balancers", "target_groups", "ecs_services", "task_definitions", "security_groups"),
    *("subnets", "discovery", "namespaces", "certificates", "roles", "missing_services"),
)


@pytest.fixture(scope="module")
def cloud(aws: str) -> Iterator[Cloud]:
    """The small platform behind a front that can make each of AWS's services hang."""
    with serving_cloud() as found:
        yield found
        found.mend()


@pytest.fixture(scope="module")
def first(cloud: Cloud) -> PlatformState:
    """The first reading of the run, and all clients made."""
    clients = Recorder(cloud.url)
    return usual(clients, observe(clients, environment()))


def usual(clients: Recorder, state: PlatformState) -> PlatformState:
    found = refresh_failing(clients, environment(), state, ["api"], failed=FAILED, seconds=20.0)
    assert NOT_IN_TIME not in {u.code for u in found.unavailable}
    return state


@pytest.fixture(scope="module")
def whole(cloud: Cloud, first: PlatformState) -> PlatformState:
    clients = Recorder(cloud.url)
    return refresh_failing(clients, environment(), first, ["api"], failed=FAILED, seconds=20.0)


@pytest.fixture(scope="module")
def seconds(cloud: Cloud, whole: PlatformState) -> float:
    """Return six times what this machine needs now: of that, what does not hang is read.

    Three at least: other tests may begin meanwhile.
    """
    begun = time.monotonic()
    usual(Recorder(cloud.url), whole)
    return max(6 * (time.monotonic() - begun), 3.0)


def with_late(cloud: Cloud, first: PlatformState, seconds: float, *services: str) -> PlatformState:
    """Return what is read while these services hang; it must end in its time."""
    cloud.faults.update(dict.fromkeys(services, slow(60.0)))
    begun = time.monotonic()
    try:
        clients = Recorder(cloud.url)
        return refresh_failing(
            clients, environment(), first, ["api"], failed=FAILED, seconds=seconds
        )
    finally:
        took = time.monotonic() - begun
        cloud.mend()
        assert took < 1.5 * seconds, (took, seconds)


def late(state: PlatformState) -> set[str]:
    """Return the services, as IAM's actions spell them, that were late."""
    return {u.action.partition(":")[0] for u in state.unavailable if u.code == NOT_IN_TIME}


HANGING = {
    # service as in a signature -> fields that are unread, and services of actions that were late
    "logs": ({"logs"}, {"logs"}),
    "secretsmanager": ({"secrets"}, {"secretsmanager", "ssm"}),
    "application-autoscaling": ({"scaling"}, {"application-autoscaling"}),
    "rds": ({"stores"}, {"rds"}),
    "monitoring": ({"counters"}, {"cloudwatch"}),
}


@pytest.mark.slow
@pytest.mark.parametrize("service", HANGING)
def test_what_is_late_costs_its_own_part_alone(
    cloud: Cloud, seconds: float, first: PlatformState, whole: PlatformState, service: str
) -> None:
    found = with_late(cloud, first, seconds, service)
    unread, actions = HANGING[service]
    assert (set(found.unread) - set(whole.unread), late(found)) == (unread, actions)
    kept = {*PARTS, *BASE} - unread - {"stores", "network"}
    assert {k: getattr(found, k) for k in kept} == {k: getattr(whole, k) for k in kept}
    assert not any(u.denied for u in found.unavailable)
    assert found.refreshed_services == ("api", "cache", "database")


@pytest.mark.slow
def test_what_answers_slowly_but_in_time_is_read(
    cloud: Cloud, first: PlatformState, whole: PlatformState
) -> None:
    for service in HANGING:
        cloud.faults[service] = slow(0.02)
    clients = Recorder(cloud.url)
    found = refresh_failing(clients, environment(), first, ["api"], failed=FAILED, seconds=20.0)
    cloud.mend()
    assert (late(found), found.unread) == (set(), whole.unread)


CORE = {"load_balancers", "target_groups", "ecs_services", "task_definitions", "missing_services"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("service", "actions"),
    [("elasticloadbalancing", {"elasticloadbalancing", "acm"}), ("ecs", {"ecs", "iam"})],
)
def test_balancers_and_tasks_stay_as_this_run_read_them_where_either_is_late(
    cloud: Cloud, seconds: float, first: PlatformState, service: str, actions: set[str]
) -> None:
    """They are compared with each other: a half of each reading would be a change that none saw."""
    found = with_late(cloud, first, seconds, service)
    assert {k: getattr(found, k) for k in CORE} == {k: getattr(first, k) for k in CORE}
    assert found.read_at == first.read_at
    assert not set(found.unread) & {*BASE}, "it was read, some seconds before"
    assert actions <= late(found)
    told = {u.action for u in found.unavailable if u.code == NOT_IN_TIME}
    assert ("ecs:DescribeServices" in told) is (service == "ecs")
    assert ("elasticloadbalancing:DescribeRules" in told) is (service != "ecs")


def test_several_that_are_late_at_once_cost_the_time_of_one_and_the_rest_is_read(
    cloud: Cloud, seconds: float, first: PlatformState, whole: PlatformState
) -> None:
    services = ("ec2", "logs", "rds", "secretsmanager", "monitoring", "servicediscovery", "acm")
    found = with_late(cloud, first, seconds, *services)
    assert set(found.unread) - set(whole.unread) == {
        *("logs", "stores", "secrets", "counters", "network"),
    }
    names = {"ec2", "logs", "rds", "secretsmanager", "cloudwatch", "servicediscovery", "acm"}
    assert names <= late(found)
    kept = {*CORE, "rollouts", "scaling", "roles", "web_acls"}
    assert {k: getattr(found, k) for k in kept} == {k: getattr(whole, k) for k in kept}
    stood = {"security_groups", "subnets", "discovery", "namespaces", "certificates"}
    assert {k: getattr(found, k) for k in stood} == {k: getattr(first, k) for k in stood}


def only(*actions: str) -> Fault:
    """Hang where the request names one of these actions of a query protocol."""
    hang = slow(60.0)

    def fault(environ: dict[str, Any], start: Any, moto: Any) -> Any:
        body = environ["wsgi.input"].read()
        environ["wsgi.input"] = io.BytesIO(body)
        named = any(f"Action={action}&".encode() in body for action in actions)
        return hang(environ, start, moto) if named else moto(environ, start)

    return fault


def test_what_is_late_in_a_part_leaves_the_rest_of_the_part(
    cloud: Cloud, seconds: float, first: PlatformState, whole: PlatformState
) -> None:
    cloud.faults |= {"ec2": only("DescribeNatGateways"), "rds": only("DescribeEvents")}
    clients = Recorder(cloud.url)
    found = refresh_failing(clients, environment(), first, ["api"], failed=FAILED, seconds=seconds)
    cloud.mend()
    assert found.network is not None and whole.network is not None
    assert found.network == msgspec.structs.replace(
        whole.network, nat_gateways=(), unread=("nat_gateways",)
    )
    assert {s.id: s.unread for s in found.stores} == {
        s.id: ("events",) if s.is_database else () for s in whole.stores
    }
    assert found.unread == whole.unread
    told = {(u.action, u.resource) for u in found.unavailable if u.code == NOT_IN_TIME}
    assert told == {("ec2:DescribeNatGateways", "*"), ("rds:DescribeEvents", "platform-db")}


def test_where_nothing_was_read_before_what_is_late_is_unread(cloud: Cloud, seconds: float) -> None:
    found = with_late(cloud, PlatformState(), seconds, "ecs", "acm", "servicediscovery")
    assert {*CORE, "certificates", "discovery", "namespaces"} <= set(found.unread)
    assert (found.ecs_services, found.missing_services, found.certificates) == ((), (), ())
    assert "security_groups" in found.unread, "whose groups these are is not known"
    assert "missing_log_groups" not in found.unread and "hosts" not in found.unread


@pytest.mark.slow
def test_gaps_of_the_first_reading_stay_where_its_parts_stay(cloud: Cloud, seconds: float) -> None:
    blind = Recorder(cloud.url, denied="acm:ListCertificates")
    first = observe(blind, environment())
    found = with_late(cloud, first, seconds, "acm")
    assert "certificates" in found.unread
    codes = {u.code for u in found.unavailable if u.action == "acm:ListCertificates"}
    assert codes == {"AccessDeniedException", NOT_IN_TIME}
    read_again = with_late(cloud, first, seconds, "logs")
    assert "certificates" not in read_again.unread


def test_a_state_that_could_not_be_read_again_has_no_part_that_only_failures_need(
    first: PlatformState,
) -> None:
    found = not_again(first, environment(), ["api"], "no time was left")
    assert set(found.unread) == {*PARTS} and found.refreshed_services == (
        "api", "cache", "database",
    )  # fmt: skip
    told = {u.action for u in found.unavailable}
    assert told == {p.action for actions in PARTS.values() for p in actions}
    assert {(u.code, u.denied) for u in found.unavailable} == {(NOT_IN_TIME, False)}
    outside = msgspec.structs.replace(environment(), cluster="")
    assert not_again(first, outside, ["api"], "no time was left") == first
