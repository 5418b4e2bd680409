"""Applications: routes, host names, prefixes, slowness, broken answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from canary.diagnose.access.auth_service import behaviour
from canary.diagnose.access.key_remedies import limit_reached
from canary.diagnose.core.case import AUTH, MLFLOW, Atoms, Case
from canary.diagnose.core.claim import APPLICATION, Claim
from canary.diagnose.core.symptoms import Symptom
from canary.diagnose.dependencies.slow import QUICK, mlflow_asked
from canary.diagnose.ecs import revisions
from canary.model import Confidence

S = Symptom
_LONG_MS = 10_000.0  # at least how long was waited for an answer that did not come


def routes(case: Case) -> Iterator[Claim]:
    """Claim routes that the application does not have."""
    for front in sorted({f.front for f in case.having(S.NOT_MOUNTED)}):
        yield from behaviour(
            case,
            "route-not-mounted",
            frozenset(f for f in case.having(S.NOT_MOUNTED) if f.front == front)
            | _passed_on(case, front),
            "{front} answers 404 by itself: it has no such route.",
            APPLICATION + 1,
            _changed(case, front, case.having(S.NOT_MOUNTED)),
        )


def _changed(case: Case, front: str, atoms: Atoms) -> str:
    """Return MLflow where all goes on to it and only its revision changed, else the front."""
    through = all("mlflow" in f.path for f in atoms if f.front == front and f.host)
    if MLFLOW not in case.services or front not in case.services or not through:
        return front
    both = (revisions.rollout(case, front), revisions.rollout(case, MLFLOW))
    return MLFLOW if both[0] is None and both[1] is not None else front


def _passed_on(case: Case, front: str) -> Atoms:
    """Return what others say of an auth service that answers them with errors."""
    return case.having(S.AUTH_UNAVAILABLE) if front == AUTH else frozenset()


def host_header(case: Case) -> Iterator[Claim]:
    """Claim MLflow's list of allowed hosts."""
    atoms = case.having(S.HOST_REJECTED)
    if atoms and MLFLOW in case.services:  # health documents and proxies say it in their words
        fronts = {f.front for f in atoms}
        atoms |= {f for f in case.outage(MLFLOW) if f.front in fronts and f.host}
    keeper = MLFLOW if MLFLOW in case.services else ""
    yield from behaviour(
        case,
        "host-header-rejected",
        atoms,
        "MLflow refuses the Host header that reaches it.",
        APPLICATION,
        keeper,
    )


def prefix(case: Case) -> Iterator[Claim]:
    """Claim a path that the proxy hands on in a form that MLflow does not serve."""
    atoms = case.having(S.PROXY_404, S.MLFLOW_404, S.METHOD)
    yield from behaviour(
        case,
        "path-prefix-wrong",
        atoms,
        "{front} hands the path on in a form that MLflow does not know.",
        APPLICATION + 2,
        _changed(case, min(f.front for f in atoms), atoms) if atoms else "",
    )


def slow(case: Case) -> Iterator[Claim]:
    """Claim answers that are late, endless or oversized."""
    late = (S.SLOW, S.NO_ANSWER, S.UPSTREAM_SLOW, S.OVERSIZED, S.BALANCER_504)
    for front in sorted({f.front for f in case.having(*late)}):
        atoms = frozenset(f for f in case.having(*late) if f.front == front)
        atoms |= {f for f in case.having(S.UNKNOWN) if f.front == front and f.out_of_time}
        keeper = MLFLOW if _all_through_mlflow(case, front) else front
        yield from behaviour(
            case,
            "latency-degraded",
            atoms,
            "{front} answers too late, too slowly or without end"
            + (", where it asks MLflow." if keeper != front else "."),
            APPLICATION + 5,
            keeper,
        )


def _all_through_mlflow(case: Case, front: str) -> bool:
    """Tell whether what goes on to MLflow is late, and all else at most half as much.

    What asks MLflow past the API's own work must be late too. On a busy machine, everything is a
    little late.
    """
    late = [
        f for f in case.having(S.SLOW, S.NO_ANSWER, S.UPSTREAM_SLOW) if f.front == front and f.host
    ]
    through = [f for f in late if "mlflow" in f.path]
    if MLFLOW not in case.services or not through:
        return False
    least = min((f.milliseconds for f in through if f.symptom is S.SLOW), default=_LONG_MS)
    asked = mlflow_asked(case)
    if asked and min(asked) <= least / QUICK:  # MLflow itself is quick: what asks it is slow
        return False
    rest = [f for f in late if f not in through]
    return all(f.symptom is S.SLOW and f.milliseconds * 2 <= least for f in rest)


def throttled(case: Case) -> Iterator[Claim]:
    """Claim a limit or a balance that is used up: a key's own, else the service's."""
    atoms = case.having(S.THROTTLED, S.NO_BALANCE)
    text = "{front} refuses requests because a limit or balance is used up."
    known = case.environment.principals
    callers = {f.principal for f in atoms}
    secrets = {known[c].secret for c in callers if c in known} - {""}
    for claim in behaviour(case, "capacity-throttled", atoms, text, APPLICATION + 3):
        if len(callers) > 1 or not secrets:
            yield claim
            continue
        secret = min(secrets)
        yield replace(
            claim,
            resource=secret,
            summary=f"{claim.summary[:-1]} for the key of principal {min(callers)}.",
            remedy=limit_reached(case, secret),
        )


def broken(case: Case) -> Iterator[Claim]:
    """Claim a service whose answers break off or fail, where the control plane shows no fault."""
    kinds = (S.RESET, S.APP_5XX, S.BALANCER_502, S.BALANCER_503, S.REFUSED, S.NO_CONNECTION,
             S.UPSTREAM_UNREACHABLE, S.NOT_READY)  # fmt: skip
    for front in sorted({f.front for f in case.having(*kinds)}):
        atoms = frozenset(f for f in case.having(*kinds) if f.front == front)
        atoms |= _passed_on(case, front)
        passed = any(
            r.status == "PASS" and r.service == front and any(s.evidence for s in r.steps)
            for r in case.results
        )
        yield from behaviour(
            case,
            "targets-unhealthy",
            atoms,
            "{front} fails " + ("a part of its requests." if passed else "its requests."),
            APPLICATION + 4,
            MLFLOW if _of_mlflow(case, atoms) else front,
            confidence=Confidence.LIKELY if passed else Confidence.POSSIBLE,
        )


def _of_mlflow(case: Case, atoms: Atoms) -> bool:
    """Tell whether MLflow itself answered with errors: its own have an `error_code`."""
    answered = [f for f in atoms if f.status >= 500 and f.host]
    own = all("mlflow" in f.path and "error_code" in f.body for f in answered)
    return MLFLOW in case.services and bool(answered) and own


def lying_health(case: Case) -> Iterator[Claim]:
    """Claim a health document that calls well what fails on the real path."""
    paths = {
        f.front for f in case.failures if f.symptom in (S.WRONG_ANSWER,) and "health" in f.path
    }
    for front in sorted(paths):
        atoms = frozenset(
            f
            for f in case.having(S.WRONG_ANSWER)
            if f.front == front and ("health" in f.path or "ready" in f.path)
        )
        yield from behaviour(
            case,
            "health-endpoint-misleading",
            atoms,
            "The health document of {front} says something else than the real path.",
            APPLICATION + 7,
            confidence=Confidence.POSSIBLE,
        )
