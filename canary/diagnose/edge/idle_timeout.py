"""A load balancer's idle timeout that is too short for good answers."""

from __future__ import annotations

from collections.abc import Iterator

from canary.control_plane.state import LoadBalancer
from canary.diagnose.core.case import Case
from canary.diagnose.core.finding import Finding
from canary.diagnose.core.symptoms import Symptom
from canary.diagnose.remedies import build
from canary.diagnose.remedies.targets import modify_attribute
from canary.model import Confidence, Remedy

IDLE = "idle_timeout.timeout_seconds"
USUAL_S = 60  # AWS's default
SHORT_S = 30  # the API itself waits this long for MLflow


def idle_timeout(case: Case) -> Iterator[Finding]:
    """Report an idle timeout that is shorter than the application may take to answer."""
    for balancer in case.state.load_balancers:
        value = balancer.attributes.get(IDLE, "")
        hosts = {case.host(n) for n, s in case.services.items() if s.load_balancer == balancer.name}
        failures = frozenset(f for f in case.having(Symptom.BALANCER_504) if f.host in hosts)
        if not value.isdigit() or int(value) >= SHORT_S or not failures:
            continue
        old = case.previous.load_balancers if case.previous else ()
        before = next((b.attributes.get(IDLE, "") for b in old if b.arn == balancer.arn), "")
        longer = before.isdigit() and int(before) > int(value)
        wanted = before if longer else str(USUAL_S)
        yield Finding(
            cause="balancer-attribute-wrong",
            service=min(f.entry_service for f in failures),
            resource=balancer.arn,
            confidence=Confidence.CERTAIN if before == wanted else Confidence.LIKELY,
            summary=f"{balancer.name} gives its targets {value} s to answer.",
            evidence=case.evidence(f"{balancer.name} {IDLE}", value, wanted),
            remedy=_remedy(case, balancer, wanted),
            explained_failures=failures,
        )


def _remedy(case: Case, balancer: LoadBalancer, wanted: str) -> Remedy:
    show = case.aws.elbv2("describe-load-balancer-attributes", load_balancer_arn=balancer.arn)
    return build.remedy(
        case,
        f"Set the idle timeout back to {wanted} s.",
        (modify_attribute(balancer, IDLE, wanted),),
        inspect=(show,),
        verify=(show,),
    )
