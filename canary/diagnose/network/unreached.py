"""Load balancers that answer 504 to every request, where the health of targets was not read.

AWS, "Troubleshoot your Application Load Balancers", "HTTP 504: Gateway timeout": the balancer did
not reach the target within 10 s, or the target did not answer within the idle timeout. So it is
the way or a slow target, of each load balancer by itself. Of several, what they share comes first.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from canary.diagnose.balancer.around import CONNECT_S
from canary.diagnose.core.case import Case, Failures
from canary.diagnose.core.decisions import joined
from canary.diagnose.core.finding import Finding, top_evidence
from canary.diagnose.core.symptoms import Symptom
from canary.model import Confidence, Remedy

_HEALTH = (
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
)
_NEAR_S = 1.0
_IN_VAIN = frozenset({Symptom.BALANCER_504, Symptom.NO_ANSWER})
_WAY = (
    "the security groups, network ACLs and routes between load balancer and targets, also for the"
    " way back"
)


def unreached(case: Case) -> Iterator[Finding]:
    """Report the hosts whose load balancer answers 504 to every request, as one finding."""
    failures = failures_of(case)
    if not failures:
        return
    hosts = sorted({f.host for f in failures})
    services = sorted({f.entry_service for f in failures})
    seconds = [f.milliseconds / 1000 for f in failures if f.status]
    reached, too_far = min(seconds) > CONNECT_S + _NEAR_S, _connect_time(seconds)
    yield Finding(
        cause="latency-degraded" if reached else "security-group-blocked",
        service=services[0],
        resource=", ".join(hosts),
        confidence=Confidence.POSSIBLE,
        summary=f"All requests to {joined(hosts)} get 504 of the load balancer:"
        f" {_meaning(reached, too_far)}.",
        evidence=top_evidence(failures, 3),
        remedy=Remedy(
            summary=f"Find out whether the targets of {joined(services)} are reached.",
            decision=_shared(case, hosts, services) + _look(services, reached, too_far),
        ),
        shown_failures=0,
        explained_failures=failures,
    )


def failures_of(case: Case) -> Failures:
    """Return the failures at hosts where nothing answers but their load balancer, with 504.

    None where the health of the targets was read: that tells the way from a slow target.
    """
    if case.read(*_HEALTH):
        return frozenset()
    lost = [f for f in case.failures if f.host]
    late = {f.host for f in lost if f.symptom is Symptom.BALANCER_504}
    answering = {urlsplit(e.url).hostname for _, e in case.exchanges if e.answered_by == "target"}
    answering |= {f.host for f in lost if f.symptom not in _IN_VAIN}
    return frozenset(f for f in lost if f.host in late - answering)


def _connect_time(seconds: list[float]) -> bool:
    return all(abs(s - CONNECT_S) <= _NEAR_S for s in seconds)


def _meaning(reached: bool, too_far: bool) -> str:
    far, slow = (
        "the target is not reached within 10 s",
        "the target does not answer within the idle timeout",
    )
    return slow if reached else far if too_far else f"{far}, or {slow.replace('the target', 'it')}"


def _look(services: list[str], reached: bool, too_far: bool) -> str:
    logs = f"Look at the logs of {joined(services)}, and at what they wait for."
    return logs if reached else f"Look at {_WAY}." + f" {logs}" * (not too_far)


def _shared(case: Case, hosts: list[str], services: list[str]) -> str:
    """Return what several hosts have in common, as sentences, "" for one host."""
    if len(hosts) == 1:
        return ""
    needs = [{*case.services[n].depends_on} for n in services if n in case.services]
    both = sorted(set[str].intersection(*needs)) if needs else []
    named = f", or that all need {joined(both)}" if both else ""
    return (
        f"{len(hosts)} load balancers at once: begin with what they share, such as the network ACLs"
        f" and routes of their subnets{named}. "
    )
