"""The auth service is down: who shows it, what follows, and which 504 are another matter."""

from __future__ import annotations

from typing import Any

from canary.control_plane.state import PlatformState
from canary.diagnose.access.auth_service import behaviour, key_validations, service_down
from canary.diagnose.core.finding import Finding
from canary.model import Confidence, Result, Status, Step
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p
from tests.canary.support.routed import HEALTHY, NAMES, case
from tests.canary.support.scenes.ecs import on_revision
from tests.canary.support.told_scenes import denied, deployment, deployments

AUTH, REGISTRY = faults.AUTH, faults.REGISTRY
VALIDATE = f"{AUTH}/api/v1/keys/validate"
MLFLOW_UI = f"{REGISTRY}/mlflow/"
FAR = " The balancer's 504 means that the way to a target is closed, or a slow target."
BROKE = " The balancer's 502 means that a target is registered and refuses or breaks off."


def lost(check: str, url: str, status: int, **more: Any) -> Result:
    service = "auth" if url.startswith(AUTH) else "registry"
    return p.failed(check, service, p.page(url, status, **more))


def passed(url: str, principal: str = "", status: Status = Status.PASS, code: int = 200) -> Result:
    seen = p.answer(url, code, "{}", principal=principal)
    step = Step(name="step", status=status, evidence=(seen,))
    return p.result(f"passed.{url}", "auth", step, status=status)


def down(*results: Result, state: PlatformState = HEALTHY) -> list[Finding]:
    return [*service_down(case(state, HEALTHY, *results))]


def explained(finding: Finding) -> set[str]:
    return {f.check_id for f in finding.explained_failures}


def test_what_the_auth_service_answers_tells_how_it_is_down() -> None:
    def said(*statuses: int) -> str:
        results = [lost(f"auth.{s}", f"{AUTH}/{s}", s) for s in statuses]
        (found,) = down(*results)
        assert (found.cause, found.service) == ("auth-service-down", "auth")
        assert (found.confidence, found.shown_failures) == (Confidence.LIKELY, 0)
        assert found.resource == HEALTHY.ecs_services[0].arn
        return found.summary

    assert said(503) == "The auth service does not answer."
    assert said(502) == "The auth service does not answer." + BROKE
    assert said(502, 504) == "The auth service does not answer." + BROKE + FAR
    broken = p.failed("auth.x", "auth", p.answer(f"{AUTH}/x", 500, "no"))
    (found,) = down(broken)
    assert found.summary == "The auth service answers with errors."
    (both,) = down(broken, lost("auth.503", f"{AUTH}/503", 503))
    assert both.summary == "The auth service does not answer."


def test_where_callers_alone_tell_of_it_it_is_possible() -> None:
    told = p.failed("registry.key", "registry", faults.auth_unavailable())
    (found,) = down(told)
    assert (found.confidence, explained(found)) == (Confidence.POSSIBLE, {"registry.key"})
    bare = p.replace(HEALTHY, ecs_services=())
    assert [f.resource for f in down(told, state=bare)] == [f"auth.{NAMES.domain}"]
    assert down(passed(f"{AUTH}/health")) == []
    assert down(lost("registry.ui", f"{REGISTRY}/health", 503)) == []


def test_a_key_that_it_validated_shows_that_it_is_there() -> None:
    told = p.failed("registry.key", "registry", faults.auth_unavailable())
    assert down(told, passed(VALIDATE, "valid")) == []
    for other in (
        passed(VALIDATE),  # no key was judged
        passed(f"{REGISTRY}/health", "valid"),  # by another one
        passed(VALIDATE, "revoked", code=401),
    ):
        assert [explained(f) for f in down(told, other)] == [{"registry.key"}]
    failed = passed(VALIDATE, "valid", Status.FAIL)
    assert len(down(told, failed)) == 1
    steps = [e.url for _, e in key_validations(case(HEALTHY, None, passed(VALIDATE, "valid")))]
    assert steps == [VALIDATE]


SICK = lost("auth.health", f"{AUTH}/health", 503)
PROXY = lost("registry.proxy", faults.PROXY, 504, principal="valid")
OPEN = lost("registry.open", f"{REGISTRY}/health", 504)


def test_a_504_elsewhere_follows_where_something_leads_back_to_the_auth_service() -> None:
    (alone,) = down(SICK, PROXY, OPEN)
    assert explained(alone) == {"auth.health"}
    # its service answers by itself: requests with a key wait for the auth service
    (beside,) = down(SICK, PROXY, OPEN, passed(f"{REGISTRY}/live"))
    assert explained(beside) == {"auth.health", "registry.proxy"}
    # its service names the auth service
    told = p.failed("registry.key", "registry", faults.auth_unavailable())
    (named,) = down(SICK, PROXY, OPEN, told)
    assert explained(named) == {"auth.health", "registry.proxy", "registry.open", "registry.key"}
    # an answer of the balancer is none of the service
    page = Step(name="s", status=Status.PASS, evidence=(p.page(f"{REGISTRY}/live", 404),))
    balancers = p.result("page", "registry", page, status=Status.PASS)
    assert [explained(f) for f in down(SICK, PROXY, balancers)] == [{"auth.health"}]


def test_its_own_504_counts_unless_nothing_but_load_balancers_tells() -> None:
    own = lost("auth.late", f"{AUTH}/health", 504)
    (found,) = down(own, PROXY)
    assert (explained(found), found.summary) == (
        {"auth.late"}, "The auth service does not answer." + FAR,
    )  # fmt: skip
    unread = denied("elasticloadbalancing:DescribeTargetHealth")
    assert down(own, PROXY, state=unread) == []
    told = p.failed("registry.key", "registry", faults.auth_unavailable())
    assert len(down(own, told, state=unread)) == 1


def test_several_deployments_stand_in_the_evidence() -> None:
    two = deployments(
        "auth",
        deployment(7, "PRIMARY", rollout_state="IN_PROGRESS", running=0, failed_tasks=2),
        deployment(6, "ACTIVE", rollout_state="COMPLETED"),
    )
    (found,) = down(SICK, state=two)
    assert [(e.resource, e.seen, e.expected) for e in found.evidence[1:]] == [
        ("ecs-svc/7", "PRIMARY IN_PROGRESS running 0 of 1, 2 failed", "one deployment, COMPLETED"),
        ("ecs-svc/6", "ACTIVE COMPLETED running 1 of 1, 0 failed", "one deployment, COMPLETED"),
    ]
    many = [lost(f"auth.{n}", f"{AUTH}/{n}", 503) for n in range(5)]
    (plain,) = down(*many)
    assert len(plain.evidence) == 3
    assert plain.remedy.decision.startswith("Nothing shows why: read the log before a restart.")
    assert plain.remedy.summary == "See the auth service's tasks and log."


def test_a_fault_of_an_application_goes_back_with_its_revision() -> None:
    failures = case(HEALTHY, None, SICK).having(
        *{f.symptom for f in case(HEALTHY, None, SICK).failures}
    )
    assert [*behaviour(case(), "x", frozenset(), "{service}")] == []
    (plain,) = behaviour(case(), "x", failures, "{service} fails.", decision="Ask.")
    assert (plain.service, plain.summary, plain.confidence) == (
        "auth",
        "auth fails.",
        Confidence.LIKELY,
    )
    assert (plain.resource, plain.shown_failures) == (NAMES.revision("auth"), 0)
    assert (plain.remedy.summary, plain.remedy.decision) == (
        "The application must be mended.",
        "Ask.",
    )
    (other,) = behaviour(
        case(), "x", failures, "{service} fails.", "cache", confidence=Confidence.POSSIBLE
    )
    assert (other.service, other.summary, other.resource) == ("cache", "auth fails.", "cache")
    assert other.confidence is Confidence.POSSIBLE and other.remedy.decision
    changed = p.change(HEALTHY, "task_definitions", NAMES.revision("auth"), cpu="1024")
    (back,) = behaviour(
        case(changed, on_revision("auth", 6, changed)), "x", failures, "{service} fails."
    )
    assert back.resource == NAMES.revision("auth")
    assert NAMES.revision("auth", 6) in back.remedy.fix[0]
    assert back.evidence[-1].resource == f"{NAMES.of('auth')}:7"
