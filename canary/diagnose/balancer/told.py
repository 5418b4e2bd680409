"""Add to a finding what CloudWatch counted of the answers that it explains."""

from __future__ import annotations

from dataclasses import replace

from canary.control_plane.unread import Known
from canary.diagnose.balancer.around import Around
from canary.diagnose.balancer.meanings import possible
from canary.diagnose.balancer.own_answers import evidence
from canary.diagnose.core.case import Case
from canary.diagnose.core.finding import Finding
from canary.diagnose.core.symptoms import BALANCER_5XX
from canary.model import Evidence


def with_counters(case: Case, finding: Finding) -> Finding:
    """Return a finding with the counters of its 502, 503 or 504, and what alone they can mean."""
    own = [f for f in finding.explained_failures if f.symptom in BALANCER_5XX]
    if not own or not case.state.counters:
        return finding
    around = Around(case, min(own, key=lambda f: f.position))
    lines = evidence(around)
    meanings = possible(around)
    if lines and len(meanings) == 1 and meanings[0][1] is Known.YES:
        says = meanings[0][0].says
        lines += (Evidence(resource=f"a load balancer's {around.failure.status}", seen=says),)
    return replace(finding, evidence=tuple(dict.fromkeys((*finding.evidence, *lines))))
