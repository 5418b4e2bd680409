"""Which failures each cause can make: a claim explains only failures of these symptoms.

The tables speak of AWS and TCP, never of one platform. A cause that is not in a table may make
every failure that its rule finds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from canary.control_plane.aws_lists.no_room import NO_ROOM
from canary.diagnose.core.case import Case, Failures
from canary.diagnose.core.failures import Failure
from canary.diagnose.core.finding import Finding
from canary.diagnose.core.symptoms import CONTROL, DATABASE, FRONT, UPSTREAM, Symptom
from canary.model import Exchange

S = Symptom
_ANY = frozenset(Symptom)
# The application itself answers, in words of its own: it was reached.
_OWN_WORDS = DATABASE | UPSTREAM | frozenset({S.NOT_READY, S.AUTH_UNAVAILABLE, S.ARTIFACTS, S.SLOW})

WAYS = frozenset({"network-acl-blocked", "vpc-route-missing", "nat-gone", "endpoint-missing"})
"""What stops packets in a VPC beside its security groups."""
DROPS = frozenset({"security-group-blocked", *WAYS})
"""Causes that drop packets, so that nobody ever reports a refused connection."""
# packets are dropped: somebody waits in vain, and nobody refuses
_WAITING = _ANY - {S.NO_NAME, S.REFUSED, S.TLS, S.RESET, S.OVERSIZED, S.FRONT_LOST}

MAKES: dict[str, frozenset[Symptom]] = {
    # no task is there: whatever stands before the service answers for it, or nobody does
    "service-missing": _ANY - _OWN_WORDS,
    "service-scaled-to-zero": _ANY - _OWN_WORDS,
    # a request that is led there comes to no task: who answers in its own words was reached
    "target-group-empty": _ANY - _OWN_WORDS - {S.APP_5XX},
    # nobody accepts the connection, or somebody who speaks another protocol; DNS is another thing
    "listener-missing": CONTROL
    | FRONT
    | {S.REFUSED, S.NO_CONNECTION, S.TLS, S.RESET, S.NO_ANSWER, S.UNKNOWN},
    "dns-name-missing": frozenset({S.NO_NAME, S.UNKNOWN}) | CONTROL,
    **dict.fromkeys(DROPS, _WAITING),
    # its node answers 503 where no target may be used
    "zone-not-shared": _ANY - _OWN_WORDS - {S.NO_NAME, S.REFUSED, S.TLS},
    "zone-without-target": _ANY - _OWN_WORDS - {S.NO_NAME, S.REFUSED, S.TLS},
    # tasks that ECS cannot start: the listener before them stays as it is
    **dict.fromkeys(
        (*sorted(NO_ROOM), "volume-unavailable"),
        _ANY - {S.NO_NAME, S.REFUSED, S.TLS, S.OVERSIZED, S.FRONT_LOST},
    ),
}
"""What a cause makes of requests to the service that it concerns."""

_REFUSED = re.compile(r"connection refused|econnrefused|connect call failed", re.IGNORECASE)
_WAITED = re.compile(r"time.?out|timed out|no route|unreachable", re.IGNORECASE)

LATE = frozenset(
    {
        "security-group-blocked",  # connections that are open stay open
        *("vpc-route-missing", "nat-gone", "endpoint-missing"),  # until a task starts
        "dns-name-missing",  # resolvers keep an answer
        "dns-wrong-load-balancer",
        "service-discovery-missing",
        "service-discovery-stale",
    }
)
"""Causes whose symptoms may begin long after the change, by what AWS and DNS document."""

SHOWN_BY_STATE = frozenset(
    {
        *("listener-missing", "rule-missing", "rule-wrong-target", "rule-shadowed"),
        *("rule-on-wrong-listener", "target-group-detached", "target-group-empty"),
        *("balancer-attribute-wrong", "dns-wrong-load-balancer", "dns-name-missing"),
        *("request-blocked", "sign-in-failing"),
        *("health-check-mismatch", "port-mismatch", "security-group-blocked"),
        *("targets-unhealthy", "target-protocol-mismatch", "service-missing"),
        *("service-scaled-to-zero", "task-crash-loop", "task-out-of-memory", "image-pull-failed"),
        *("image-wrong-architecture", "log-group-missing", "secret-unavailable"),
        *("container-ended", *sorted(NO_ROOM), "volume-unavailable"),
        *("execution-role-denied", "deployment-stuck", "deployment-rolled-back"),
        *("environment-variable-missing", "environment-variable-wrong", "secret-not-injected"),
        *("upstream-url-wrong", "service-id-wrong"),
        *("service-discovery-missing", "service-discovery-stale"),
        *("database-full", "database-stopped", "database-failing-over"),
        *("cache-stopped", "cache-failing-over"),
        *(*WAYS, "zone-not-shared", "zone-without-target"),
    }
)
"""Causes that the control plane shows; all others are told by answers and lines of logs."""

GONE = frozenset({"service-missing", "service-scaled-to-zero"})
"""Causes by which a service has no task that could answer."""
ELSEWHERE = frozenset({"dns-wrong-load-balancer"})
"""Causes by which no request to a host arrives at the service."""


def possible(finding: Finding) -> Failures:
    """Return the failures of a finding that its cause can make."""
    return frozenset(f for f in finding.explained_failures if _makes(finding, f))


def _makes(finding: Finding, failure: Failure) -> bool:
    """Return whether the cause of a finding can make a failure."""
    if finding.cause in DROPS and finding.service in failure.blamed:
        refused, waited = _REFUSED.search(failure.body), _WAITED.search(failure.body)
        return not refused or waited is not None  # a document may tell of several services
    if failure.entry_service != finding.service or failure.out_of_time:
        return True  # another service tells of it, or nothing was asked any more
    return failure.symptom in MAKES.get(finding.cause, _ANY)


_WAITS = frozenset({S.NO_CONNECTION, S.NO_ANSWER, S.BALANCER_504, S.FRONT_LATE, S.UPSTREAM_SLOW})


def waited(failures: Failures) -> bool:
    """Return whether somebody waited in vain: packets were dropped, and nobody answered."""
    return any(f.symptom in _WAITS or _WAITED.search(f"{f.body} {f.text}") for f in failures)


def answered(case: Case, finding: Finding) -> Exchange | None:
    """Return a good answer that could not have come if the finding were right, None for none."""
    if finding.cause in GONE:
        return next(_good(case, finding.service), None)
    if finding.cause in ELSEWHERE:
        services = [n for n in case.services if case.host(n) == finding.resource]
        return next((e for n in services for e in _good(case, n)), None)
    return None


def _good(case: Case, name: str) -> Iterator[Exchange]:
    """Yield the good answers of the tasks of a service in this run."""
    return (e for e in case.passed(name) if e.answered_by == "target" and 200 <= e.status < 300)
