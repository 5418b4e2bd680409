"""Targets registered on a port that the container does not listen on."""

from __future__ import annotations

from collections.abc import Iterator

from canary.control_plane.ecs import live
from canary.control_plane.state import TargetGroup, TargetHealth
from canary.diagnose.core.case import Case
from canary.diagnose.core.finding import Finding
from canary.diagnose.ecs.revisions import rollback
from canary.diagnose.ecs.task_stops import redeploy_stopped
from canary.diagnose.remedies import build
from canary.diagnose.remedies.build import Edits
from canary.diagnose.remedies.targets import deregister, register
from canary.diagnose.targets.commands import GONE, inspect, listening_port, verify
from canary.diagnose.targets.health_record import target_evidence
from canary.model import Confidence


def ports(case: Case) -> Iterator[Finding]:
    """Report targets that are registered on a port on which the container does not listen."""
    for name, group, failures in case.suspect_groups():
        if not case.definition_of(name):
            continue
        right = listening_port(case, name, group)
        own = {t.address for t in live(case.ecs(name))}  # `foreign_targets` reports the others
        wrong = [
            t
            for t in group.targets
            if t.state not in GONE and t.port not in (0, right) and (not own or t.id in own)
        ]
        if all(t.state == "healthy" for t in wrong):
            continue
        yield Finding(
            cause="port-mismatch",
            service=name,
            resource=group.arn,
            confidence=Confidence.CERTAIN,
            summary=f"{group.name} sends traffic to port {wrong[0].port}; the container of"
            f" {case.services[name].ecs_service} listens on {right}.",
            evidence=target_evidence(case, group, wrong[:3], f"port {right}"),
            shown_failures=1,
            remedy=build.remedy(
                case,
                f"Register the tasks on port {right} and take the wrong targets out.",
                _edits(case, name, group, wrong),
                inspect=inspect(case, group),
                verify=verify(case, group),
            ),
            explained_failures=failures,
        )


def _edits(case: Case, name: str, group: TargetGroup, wrong: list[TargetHealth]) -> Edits:
    right, service = listening_port(case, name, group), case.ecs(name)
    if service and service.container_ports and right not in service.container_ports:
        return rollback(case, name).edits
    addresses = [t.address for t in live(service)]
    known = {t.id for t in group.targets if t.port == right and t.state not in GONE}
    missing = [a for a in addresses if a not in known]
    out = deregister(group, wrong)
    found = (out, register(group, missing, right)) if missing else (out,)
    return (*found, *redeploy_stopped(case, name))
