"""Health checks that do not fit the application: path, port, protocol, status codes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from canary.control_plane.state import TargetGroup, TargetHealth
from canary.diagnose.core.case import Case
from canary.diagnose.core.finding import Finding
from canary.diagnose.ecs.task_stops import redeploy_stopped
from canary.diagnose.remedies import build
from canary.diagnose.remedies.targets import modify_check
from canary.diagnose.targets.commands import inspect, port_of, verify
from canary.diagnose.targets.health_record import target_evidence, unhealthy_targets
from canary.model import Confidence, Remedy

Mismatch = tuple[str, str, str]


def health_check(case: Case) -> Iterator[Finding]:
    """Report a health check whose settings do not fit the application."""
    for name, group, failures in case.suspect_groups():
        unhealthy = unhealthy_targets(case, name, group)
        wrong = _mismatches(case, name, group, unhealthy)
        if not unhealthy or not wrong:
            continue
        lines = (case.evidence(group.name, f"{k} {a}", f"{k} {b}") for k, a, b in wrong)
        yield Finding(
            cause=_check_cause(wrong),
            service=name,
            resource=group.arn,
            confidence=Confidence.CERTAIN,
            summary=f"The health check of {group.name} does not fit the application:"
            f" {'; '.join(f'{k} is {a}, expected {b}' for k, a, b in wrong)}.",
            evidence=(
                *chain(*lines),
                *target_evidence(case, group, unhealthy[:1], "healthy"),
            ),
            shown_failures=1,
            remedy=_mend_check(case, name, group),
            explained_failures=failures,
        )


def _check_cause(wrong: list[Mismatch]) -> str:
    """Return the cause for the first wrong setting of a health check."""
    causes = {"port": "port-mismatch", "protocol": "target-protocol-mismatch"}
    return causes.get(wrong[0][0], "health-check-mismatch")


def _wanted(case: Case, name: str, group: TargetGroup) -> dict[str, str]:
    """Return the right settings of the check: from the environment and the previous run."""
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
    case: Case, name: str, group: TargetGroup, unhealthy: list[TargetHealth]
) -> list[Mismatch]:
    """Return the wrong settings of a health check as (setting, actual value, right value)."""
    wanted = _wanted(case, name, group)
    found: list[Mismatch] = []
    fits = (wanted["port"], str(port_of(case, name)))
    if group.health_port not in fits:
        found.append(("port", group.health_port, wanted["port"]))
    if group.health_protocol and group.health_protocol != wanted["protocol"]:
        found.append(("protocol", group.health_protocol, wanted["protocol"]))
    reasons = {t.reason for t in unhealthy}
    wrong_path = ("path", group.health_path, wanted["path"])
    if "Target.ResponseCodeMismatch" in reasons and group.health_path != wanted["path"]:
        found.append(wrong_path)
    if "Target.ResponseCodeMismatch" in reasons and not accepts(group.health_matcher, 200):
        found.append(("codes", group.health_matcher, wanted["codes"]))
    if "Target.Timeout" in reasons and group.health_path != wanted["path"]:
        found.append(wrong_path)
    return found


def accepts(matcher: str, code: int) -> bool:
    """Return whether a matcher ("200,202", "200-299") accepts a status code."""
    for part in matcher.split(","):
        low, _, high = part.strip().partition("-")
        if low.isdigit() and int(low) <= code <= int(high or low):
            return True
    return not matcher


def _mend_check(case: Case, name: str, group: TargetGroup) -> Remedy:
    wanted = _wanted(case, name, group)
    settings: dict[str, Any] = {
        "HealthCheckProtocol": wanted["protocol"],
        "HealthCheckPort": wanted["port"],
        "HealthCheckPath": wanted["path"],
        "Matcher": {group.matcher_kind: wanted["codes"]},
    }
    return build.remedy(
        case,
        f"Let the health check ask {wanted['path']} on the traffic port.",
        (modify_check(group, settings), *redeploy_stopped(case, name)),
        inspect=inspect(case, group),
        verify=verify(case, group),
    )


def protocol(case: Case) -> Iterator[Finding]:
    """Report a group that speaks TLS to an application that speaks plain HTTP."""
    for name, group, failures in case.suspect_groups():
        unhealthy = unhealthy_targets(case, name, group)
        if group.protocol != "HTTPS" or not unhealthy:
            continue
        yield Finding(
            cause="target-protocol-mismatch",
            service=name,
            resource=group.arn,
            summary=f"{group.name} speaks HTTPS to its targets, and they fail.",
            evidence=target_evidence(case, group, unhealthy[:1], "protocol HTTP"),
            shown_failures=0,
            remedy=Remedy(
                summary="A group's protocol cannot be changed: make a new one.",
                inspect=inspect(case, group),
                decision="Create a target group of protocol HTTP, attach it to the ECS"
                " service and let the rules forward to it.",
            ),
            explained_failures=failures,
        )
