"""Names in the environment file that AWS does not know, though the service works."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from canary.control_plane.configured import unknown_names
from canary.diagnose.core.case import Case, Failures
from canary.diagnose.core.finding import Finding
from canary.diagnose.core.symptoms import Symptom
from canary.model import Remedy, Service, Status


def config(case: Case) -> Iterator[Finding]:
    """Report names in the environment file that AWS does not know, if the service works."""
    unknown: dict[tuple[str, ...], Failures] = {}
    for name, service in case.services.items():
        wrong = _unknown(case, name, service)
        passes = any(r.status is Status.PASS and r.service == name for r in case.results)
        failures = _about_names(case, name)
        if wrong and failures and (passes or never_there(case, name)):
            unknown[tuple(wrong)] = unknown.get(tuple(wrong), frozenset()) | failures
    for wrong_names, failures in unknown.items():
        yield _finding(case, wrong_names, failures)


def on_a_healthy_day(case: Case) -> Iterator[Finding]:
    """Report every name that AWS does not know, while all is well and nobody needs it yet."""
    if case.failures:
        return
    for wrong_name in unknown_names(case.environment, case.state):
        yield replace(_finding(case, (wrong_name,), frozenset()), always_report=True)


def _finding(case: Case, wrong_names: tuple[str, ...], failures: Failures) -> Finding:
    return Finding(
        cause="canary-config-wrong",
        service="canary",
        resource=wrong_names[0],
        summary=f"The environment file names {' and '.join(wrong_names)}, which AWS does not know.",
        shown_failures=3,
        remedy=Remedy(
            summary="Mend the name in the environment file.",
            inspect=_lists(case, wrong_names[0]),
            decision="Decide which is right: the file's name, or the platform without it.",
        ),
        explained_failures=failures,
    )


def _lists(case: Case, wrong_name: str) -> tuple[str, ...]:
    """Return the commands that list the names which AWS knows."""
    if wrong_name in case.state.missing_log_groups:
        return (case.aws("logs", "describe-log-groups"),)
    return (
        case.aws.elbv2("describe-target-groups"),
        case.aws("ecs", "list-clusters"),
        case.aws.ecs("list-services"),
    )


def _about_names(case: Case, name: str) -> Failures:
    """Return the failures of readings from AWS, which use the names; no requests at the edge."""
    missing = never_there(case, name)
    return frozenset(
        f
        for f in case.failures
        if not f.host and f.service == name and (missing or f.symptom is not Symptom.CONTROL_ECS)
    )


def _unknown(case: Case, name: str, service: Service) -> list[str]:
    known = {g.name for g in case.state.target_groups}
    balancers = {b.name for b in case.state.load_balancers}
    wrong = [g for g in service.target_groups if g not in known]
    if service.load_balancer and service.load_balancer not in balancers:
        wrong.append(service.load_balancer)
    if never_there(case, name):
        wrong.append(
            case.environment.cluster if case.state.cluster_missing else service.ecs_service
        )
    return wrong


def never_there(case: Case, name: str) -> bool:
    """Return whether no run has seen this ECS service, while its target groups are healthy.

    Tasks of a service that was deleted are deregistered: a healthy target has another owner, and
    so has a target that answers.
    """
    wanted = case.services[name].ecs_service
    if not wanted or wanted not in case.state.missing_services or case.ecs_before(name):
        return False
    own = [g for g in case.state.target_groups if g.name in case.services[name].target_groups]
    healthy = any(t.state == "healthy" for g in own for t in g.targets)
    return healthy or any(
        e.answered_by == "target" and 0 < e.status < 500 for e in case.passed(name)
    )
