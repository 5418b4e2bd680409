"""Health checks that do not fit the application: path, port, protocol, status codes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from canary.control_plane.aws_lists.target_health import MISMATCH, TIMEOUT
from canary.control_plane.state import TargetGroup, TargetHealth
from canary.diagnose.core.case import Case
from canary.diagnose.core.finding import Finding
from canary.diagnose.ecs.task_stops import redeploy_stopped
from canary.diagnose.remedies import build, well
from canary.diagnose.remedies.edit import Parameters
from canary.diagnose.remedies.targets import health_check as as_it_was
from canary.diagnose.remedies.targets import modify_check
from canary.diagnose.targets.commands import inspect, listening_port, verify
from canary.diagnose.targets.health_record import (
    refusal,
    refused,
    target_evidence,
    unhealthy_targets,
)
from canary.model import Confidence, Remedy

Mismatch = tuple[str, str, str]
_CODES, _TIMEOUT = MISMATCH.text, TIMEOUT.text
_FIELDS = {
    "port": "HealthCheckPort",
    "protocol": "HealthCheckProtocol",
    "path": "HealthCheckPath",
    "codes": "Matcher",
}


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
            remedy=_mend_check(case, name, group, wrong),
            explained_failures=failures,
        )


def _check_cause(wrong: list[Mismatch]) -> str:
    """Return the cause for the first wrong setting of a health check."""
    causes = {"port": "port-mismatch", "protocol": "target-protocol-mismatch"}
    return causes.get(wrong[0][0], "health-check-mismatch")


def _mismatches(
    case: Case, name: str, group: TargetGroup, unhealthy: list[TargetHealth]
) -> list[Mismatch]:
    """Return the wrong settings of a health check as (setting, actual value, right value).

    What changed since all was well is wrong; where nothing did, what fits neither the environment
    nor the application.
    """
    reasons = {t.reason for t in unhealthy}
    return _changed(case, group, reasons) or _unfit(case, name, group, reasons)


def _changed(case: Case, group: TargetGroup, reasons: set[str]) -> list[Mismatch]:
    """Return the settings that are not as while all was well, and explain the reasons."""
    was = well.group(case, group.arn)
    if was is None:
        return []
    found: list[Mismatch] = [
        ("port", group.health_port, was.health_port),
        ("protocol", group.health_protocol, was.health_protocol),
    ]
    if reasons & {_CODES, _TIMEOUT}:
        found.append(("path", group.health_path, was.health_path))
    if _CODES in reasons:
        found.append(("codes", group.health_matcher, was.health_matcher))
    return [(setting, now, right) for setting, now, right in found if now != right]


def _unfit(case: Case, name: str, group: TargetGroup, reasons: set[str]) -> list[Mismatch]:
    """Return the settings that do not fit, and that explain the reasons."""
    path = case.services[name].health_path or group.health_path
    found: list[Mismatch] = []
    if group.health_port not in ("traffic-port", str(listening_port(case, name, group))):
        found.append(("port", group.health_port, "traffic-port"))
    if group.health_protocol and group.health_protocol != group.protocol:
        found.append(("protocol", group.health_protocol, group.protocol))
    if reasons & {_CODES, _TIMEOUT} and group.health_path != path:
        found.append(("path", group.health_path, path))
    of_http = group.matcher_kind == "HttpCode"  # the codes of gRPC are the application's own
    if _CODES in reasons and of_http and not accepts(group.health_matcher, 200):
        found.append(("codes", group.health_matcher, "200"))
    return found


def accepts(matcher: str, code: int) -> bool:
    """Return whether a matcher ("200,202", "200-299") accepts a status code."""
    for part in matcher.split(","):
        low, _, high = part.strip().partition("-")
        if low.isdigit() and int(low) <= code <= int(high or low):
            return True
    return not matcher


def _mend_check(case: Case, name: str, group: TargetGroup, wrong: list[Mismatch]) -> Remedy:
    """Return the remedy that sets the check as it was, else the wrong settings alone."""
    was = well.group(case, group.arn)
    settings: Parameters = {
        _FIELDS[k]: {group.matcher_kind: right} if k == "codes" else right for k, _, right in wrong
    }
    if was and _changed(case, group, {_CODES, _TIMEOUT}):
        settings = as_it_was(was)
    return build.remedy(
        case,
        f"Set the health check's {', '.join(f'{k} to {right}' for k, _, right in wrong)}.",
        (modify_check(group, settings), *redeploy_stopped(case, name)),
        inspect=inspect(case, group),
        verify=verify(case, group),
    )


def guarded_path(case: Case) -> Iterator[Finding]:
    """Report a health check that is refused for lack of a key, on a platform without a past.

    Was all well with the same health check, the application changed: that is of other rules.
    """
    for name, group, failures in case.suspect_groups():
        unhealthy = unhealthy_targets(case, name, group)
        shut = [t for t in unhealthy if refused(t)]
        if not shut or well.group(case, group.arn) or _mismatches(case, name, group, unhealthy):
            continue
        yield Finding(
            cause="health-check-mismatch",
            service=name,
            resource=group.arn,
            summary=f"The health check of {group.name} asks {group.health_path}, which refuses"
            " whoever has no key.",
            evidence=target_evidence(case, group, shut[:1], "a path that needs no key"),
            shown_failures=1,
            remedy=Remedy(
                summary="Have the health check ask a path that needs no key.",
                inspect=inspect(case, group),
                verify=verify(case, group),
                decision=refusal(group),
            ),
            explained_failures=failures,
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
