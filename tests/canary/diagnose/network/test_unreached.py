"""504 of a load balancer is a closed way or a slow target of its own, and no other service's."""

from __future__ import annotations

import pytest

from canary.control_plane.state import PlatformState
from canary.diagnose import diagnose
from canary.model import Confidence, Diagnosis, Result, Status, Step, Timing
from canary.observe import WITHOUT_CLUSTER
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

HEALTH, READY = f"{faults.AUTH}/health", f"{faults.REGISTRY}/health"


def late(url: str, seconds: float = 3, principal: str = "") -> Result:
    service = "auth" if url.startswith(faults.AUTH) else "registry"
    seen = p.page(url, 504, timing=Timing(total_ms=seconds * 1000), principal=principal)
    return p.failed(f"{service}.{len(url)}", service, seen)


def passed(url: str) -> Result:
    step = Step(name="step", status=Status.PASS, evidence=(p.answer(url, 200, "{}"),))
    return p.result("registry.live", "registry", step, status=Status.PASS)


def named(*results: Result, state: PlatformState = WITHOUT_CLUSTER) -> list[Diagnosis]:
    before = None if state is WITHOUT_CLUSTER else state
    verdict = diagnose(list(results), state, p.environment(faults.NAMES), before, p.NOW)
    assert verdict.unexplained == ()
    return list(verdict.diagnoses)


FAR = "the target is not reached within 10 s"
SLOW = "the target does not answer within the idle timeout"
WAY = (
    "Look at the security groups, network ACLs and routes between load balancer and targets, also"
    " for the way back."
)
LOGS = "Look at the logs of auth and registry, and at what they wait for."


@pytest.mark.parametrize(
    ("seconds", "cause", "says", "looks"),
    [
        (10.2, "security-group-blocked", FAR, WAY),
        (60.1, "latency-degraded", SLOW, LOGS),
        (3, "security-group-blocked", f"{FAR}, or {SLOW.replace('the target', 'it')}",
         f"{WAY} {LOGS}"),
    ],
)  # fmt: skip
def test_both_load_balancers_at_once_are_one_finding_and_no_service_s_fault(
    seconds: float, cause: str, says: str, looks: str
) -> None:
    (found,) = named(late(HEALTH, seconds), late(READY, seconds), late(faults.PROXY, seconds))
    assert (found.cause, found.confidence) == (cause, Confidence.POSSIBLE)
    assert found.summary == (
        f"All requests to auth.hokus.ai and registry.hokus.ai get 504 of the load balancer: {says}."
    )
    assert found.remedy.fix == ()
    assert found.remedy.decision == (
        "2 load balancers at once: begin with what they share, such as the network ACLs and routes"
        f" of their subnets, or that all need cache and database. {looks}"
    )
    assert len(found.explains) == 3


@pytest.mark.parametrize(
    ("seconds", "cause", "means"),
    [
        ((8.9, 10.0), "security-group-blocked", f"{FAR}, or {SLOW.replace('the target', 'it')}"),
        ((9.1, 10.9), "security-group-blocked", FAR),
        ((11.0, 11.0), "security-group-blocked", FAR),
        ((11.005, 11.5), "latency-degraded", SLOW),
        ((10.2, 60.1), "security-group-blocked", f"{FAR}, or {SLOW.replace('the target', 'it')}"),
        ((11.5, 11.2), "latency-degraded", SLOW),
    ],
)
def test_only_a_wait_of_ten_seconds_each_time_is_the_connection(
    seconds: tuple[float, float], cause: str, means: str
) -> None:
    """A second more or less is the canary's own; a longer one is the idle timeout."""
    (found,) = named(late(HEALTH, seconds[0]), late(READY, seconds[1]))
    assert found.cause == cause
    assert found.summary.endswith(f" of the load balancer: {means}.")


def test_hosts_of_services_that_the_file_does_not_know_share_nothing_that_is_known() -> None:
    results = [
        p.failed(f"ghost.{host}", "ghost", p.page(f"https://{host}.example/health", 504))
        for host in ("a", "b")
    ]
    (found,) = named(*results)
    assert found.resource == "a.example, b.example"
    assert found.remedy.decision.startswith(
        "2 load balancers at once: begin with what they share, such as the network ACLs and routes"
        f" of their subnets. {WAY} "
    )


@pytest.mark.parametrize(("url", "service"), [(HEALTH, "auth"), (READY, "registry")])
def test_one_load_balancer_is_a_finding_of_its_service(url: str, service: str) -> None:
    (found,) = named(late(url))
    assert (found.cause, found.service) == ("security-group-blocked", service)
    assert found.remedy.decision.startswith(WAY)
    assert "at once" not in found.remedy.decision


def test_an_answer_of_a_target_shows_that_the_way_is_open() -> None:
    """Requests with a key wait for the auth service, and others do not."""
    live = passed(f"{faults.REGISTRY}/live")
    (found,) = named(late(HEALTH), late(faults.PROXY, principal="valid"), live)
    assert (found.cause, len(found.explains)) == ("auth-service-down", 2)
    assert "the way to a target is closed, or a slow target" in found.summary
    without_key = named(late(HEALTH), late(faults.PROXY), live)
    assert [(d.cause, d.service) for d in without_key] == [
        ("latency-degraded", "registry"), ("security-group-blocked", "auth"),
    ]  # fmt: skip


def test_a_service_that_names_the_auth_service_follows_from_it() -> None:
    told = p.failed("registry.valid-key", "registry", faults.auth_unavailable())
    (found,) = named(late(HEALTH), told, late(faults.PROXY))
    assert (found.cause, found.service, len(found.explains)) == ("auth-service-down", "auth", 3)


def test_where_targets_are_healthy_each_service_is_slow_by_itself() -> None:
    found = named(late(HEALTH), late(READY), state=p.healthy())
    assert [(d.cause, d.service, len(d.explains)) for d in found] == [
        ("latency-degraded", "auth", 1), ("latency-degraded", "registry", 1),
    ]  # fmt: skip


def test_other_answers_of_the_load_balancer_are_another_matter() -> None:
    other = p.failed("auth.other", "auth", p.page(f"{faults.AUTH}/other", 503))
    assert "All requests to" not in " ".join(d.summary for d in named(late(HEALTH), other))


def test_a_request_that_the_canary_gave_up_is_explained_too() -> None:
    silent = p.failed("auth.silent", "auth", p.none(f"{faults.AUTH}/silent", "read-timeout"))
    (found,) = named(late(HEALTH), silent)
    assert (found.cause, len(found.explains)) == ("security-group-blocked", 2)
