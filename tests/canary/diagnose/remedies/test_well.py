"""Objects as they were: in the baseline, else in a previous run in which nothing failed."""

from __future__ import annotations

from typing import Any

from canary.control_plane.baselines import Baseline, Baselines
from canary.control_plane.state import IamRole, PlatformState
from canary.diagnose.core.case import Case
from canary.diagnose.remedies import well
from tests.canary.support import platforms as p

NAMES = p.Names()
HEALTHY = p.healthy()
EMPTY = PlatformState()


def case(previous: PlatformState | None = None, incident: PlatformState | None = None) -> Case:
    known: dict[str, Any] = {}
    if incident is not None:
        known = {
            "baselines": Baselines(incident=Baseline(reference="r", state=incident, at=p.ago(5)))
        }
    return Case(
        results=(), state=EMPTY, environment=p.environment(NAMES), previous=previous, now=p.NOW,
        **known,
    )  # fmt: skip


def test_the_baseline_comes_before_the_previous_run() -> None:
    assert well.well(case(HEALTHY, EMPTY)) is EMPTY
    assert well.well(case(EMPTY, HEALTHY)) is HEALTHY
    assert well.well(case(HEALTHY)) is HEALTHY
    assert well.well(case()) is None


def test_a_previous_run_with_failures_tells_nothing() -> None:
    failed = p.replace(HEALTHY, refreshed_services=("auth",))
    assert well.well(case(failed)) is None
    assert well.well(case(failed, HEALTHY)) is HEALTHY


def test_each_kind_of_object_is_found_by_its_name_and_no_other() -> None:
    balancer, group = HEALTHY.load_balancers[1], HEALTHY.target_groups[2]
    listener, guard = balancer.listeners[1], HEALTHY.security_groups[3]
    rule, service = listener.rules[2], HEALTHY.ecs_services[1]
    known = case(HEALTHY)
    assert well.balancer(known, balancer.arn) is balancer
    assert well.listener(known, listener.arn) is listener
    assert well.rule(known, rule.arn) is rule
    assert well.group(known, group.arn) is group
    assert well.security_group(known, guard.id) is guard
    assert well.service(known, service.name) is service
    for found in (well.balancer, well.listener, well.rule, well.group, well.security_group,
                  well.service):  # fmt: skip
        assert found(known, "none") is None
        assert found(case(), balancer.arn) is None


def test_a_listener_that_was_created_anew_is_known_by_its_port() -> None:
    balancer = HEALTHY.load_balancers[1]
    secure = balancer.listeners[1]
    anew = p.replace(secure, arn="anew")
    state = p.change(
        HEALTHY, "load_balancers", balancer.arn, listeners=(balancer.listeners[0], anew)
    )
    of = Case(
        results=(), state=state, environment=p.environment(NAMES), previous=HEALTHY, now=p.NOW
    )
    assert well.listener(of, "anew") is secure
    moved = p.replace(anew, port=8443)
    other = p.change(HEALTHY, "load_balancers", balancer.arn, listeners=(moved,))
    of = Case(
        results=(), state=other, environment=p.environment(NAMES), previous=HEALTHY, now=p.NOW
    )
    assert well.listener(of, "anew") is None
    of = Case(results=(), state=state, environment=p.environment(NAMES), previous=EMPTY, now=p.NOW)
    assert well.listener(of, "anew") is None


def test_names_of_cloud_map_and_roles_are_found_as_they_were() -> None:
    roles = (IamRole(arn="r1"), IamRole(arn="r2"))
    of = case(p.replace(HEALTHY, roles=roles))
    assert well.role(of, "r2") is roles[1] and well.role(of, "r3") is None
    assert well.discovery(of, "mlflow.hokusai.local") is HEALTHY.discovery[2]
    assert well.discovery(of, "none") is None
    assert well.role(case(), "r2") is None and well.discovery(case(), "x") is None
