"""Health checks: does what the balancer asks fit what the application answers?"""

from __future__ import annotations

from collections.abc import Iterator

from canary.control_plane.state import TargetGroup, TargetHealth
from canary.diagnose.core.case import Case
from canary.diagnose.core.finding import TARGET, Finding, top_evidence
from canary.diagnose.ecs.task_stops import redeploy_stopped
from canary.diagnose.targets.health_record import said, sick
from canary.diagnose.targets.targets import evidence, inspect, port_of
from canary.model import Confidence, Remedy

Mismatch = tuple[str, str, str]


def health_check(case: Case) -> Iterator[Finding]:
    """Claim a health check that asks what the application does not answer."""
    for name in case.services:
        for group in case.groups(name):
            ill = sick(case, name, group)
            wrong = _mismatches(case, name, group, ill)
            failures = case.failures_of_outage(name)
            if not ill or not wrong or not failures:
                continue
            yield Finding(
                cause=_check_cause(wrong),
                service=name,
                resource=group.arn,
                confidence=Confidence.CERTAIN,
                summary=f"The health check of {group.name} does not fit the application:"
                f" {'; '.join(f'{k} is {a}, expected {b}' for k, a, b in wrong)}.",
                evidence=(
                    *(evidence(case, group, f"{k} {a}", f"{k} {b}") for k, a, b in wrong),
                    evidence(case, group, said(ill[0]), "healthy"),
                    *top_evidence(failures, 1),
                ),
                remedy=_mend_check(case, name, group),
                explained_failures=failures,
                rank=TARGET - 2,
            )


def _check_cause(wrong: list[Mismatch]) -> str:
    """Return the cause that the first thing wrong with a health check has."""
    causes = {"port": "port-mismatch", "protocol": "target-protocol-mismatch"}
    return causes.get(wrong[0][0], "health-check-mismatch")


def _wanted(case: Case, name: str, group: TargetGroup) -> dict[str, str]:
    """Return what the check should be: as the previous run saw it, else by the environment."""
    before = case.group(group.arn, case.previous) if case.previous else None
    wanted = {
        "path": case.services[name].health_path or group.health_path,
        "port": "traffic-port",
        "protocol": group.protocol,
        "codes": before.health_matcher if before else "200",
    }
    if not accepts(wanted["codes"], 200):
        wanted["codes"] = "200"
    return wanted


def _mismatches(
    case: Case, name: str, group: TargetGroup, sick: list[TargetHealth]
) -> list[Mismatch]:
    wanted = _wanted(case, name, group)
    found: list[Mismatch] = []
    fits = (wanted["port"], str(port_of(case, name)))
    if group.health_port not in fits:
        found.append(("port", group.health_port, wanted["port"]))
    if group.health_protocol and group.health_protocol != wanted["protocol"]:
        found.append(("protocol", group.health_protocol, wanted["protocol"]))
    mismatch = any(t.reason == "Target.ResponseCodeMismatch" for t in sick)
    if mismatch and group.health_path != wanted["path"]:
        found.append(("path", group.health_path, wanted["path"]))
    if mismatch and not accepts(group.health_matcher, 200):
        found.append(("codes", group.health_matcher, wanted["codes"]))
    timed_out = any(t.reason == "Target.Timeout" for t in sick)
    if timed_out and group.health_path != wanted["path"]:
        found.append(("path", group.health_path, wanted["path"]))
    return found


def accepts(matcher: str, code: int) -> bool:
    """Tell whether a matcher ("200,202", "200-299") takes a status code."""
    for part in matcher.split(","):
        low, _, high = part.strip().partition("-")
        if low.isdigit() and int(low) <= code <= int(high or low):
            return True
    return not matcher


def _mend_check(case: Case, name: str, group: TargetGroup) -> Remedy:
    wanted = _wanted(case, name, group)
    fix = case.aws(
        "elbv2",
        "modify-target-group",
        target_group_arn=group.arn,
        health_check_protocol=wanted["protocol"],
        health_check_port=wanted["port"],
        health_check_path=wanted["path"],
        matcher=f"HttpCode={wanted['codes']}",
    )
    return Remedy(
        summary=f"Let the health check ask {wanted['path']} on the traffic port.",
        inspect=inspect(case, group),
        fix=(fix, *redeploy_stopped(case, name)),
        verify=(case.aws("elbv2", "describe-target-health", target_group_arn=group.arn),),
        terraform=f'health_check {{\n  path    = "{wanted["path"]}"\n'
        f'  port    = "traffic-port"\n  matcher = "{wanted["codes"]}"\n}}\n',
    )


def protocol(case: Case) -> Iterator[Finding]:
    """Claim a group that speaks TLS to an application that speaks plain HTTP."""
    for name in case.services:
        for group in case.groups(name):
            ill = sick(case, name, group)
            failures = case.failures_of_outage(name)
            if group.protocol == "HTTPS" and ill and failures:
                yield Finding(
                    cause="target-protocol-mismatch",
                    service=name,
                    resource=group.arn,
                    confidence=Confidence.LIKELY,
                    summary=f"{group.name} speaks HTTPS to its targets, and they fail.",
                    evidence=(evidence(case, group, said(ill[0]), "protocol HTTP"),),
                    remedy=Remedy(
                        summary="A group's protocol cannot be changed: make a new one.",
                        inspect=inspect(case, group),
                        decision="Create a target group of protocol HTTP, attach it to the ECS"
                        " service and let the rules forward to it.",
                    ),
                    explained_failures=failures,
                    rank=TARGET - 1,
                )
