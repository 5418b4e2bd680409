"""Routes that fail each time, while the other routes of the service are well."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from canary.diagnose.access import scope
from canary.diagnose.access.auth_service import behaviour
from canary.diagnose.core.case import Case, Failures
from canary.diagnose.core.failures import route_of
from canary.diagnose.core.finding import Finding
from canary.diagnose.core.mlflow_paths import failure_asks_mlflow
from canary.diagnose.core.symptoms import BALANCER_5XX, CONTROL, EDGE, Symptom
from canary.diagnose.ecs import revisions
from canary.model import Confidence, Role

_SHOWN = 6  # routes


def failing_routes(case: Case) -> Iterator[Finding]:
    """Report the routes of a service that fail each time, in one finding per service."""
    for entry in case.entry_services(Symptom.APP_5XX):
        failures = _failures(case, entry)
        if failures:
            yield from _finding(case, entry, failures)


def claimed(case: Case) -> Failures:
    """Return the failures that a failing route explains: its service is well apart from it."""
    entries = case.entry_services(Symptom.APP_5XX)
    return frozenset().union(*(_failures(case, entry) for entry in entries))


def owner_of(case: Case, entry: str, failures: Failures) -> str:
    """Return MLflow if MLflow itself answered with errors, which have an `error_code`."""
    answered = [f for f in failures if f.status >= 500 and f.host]
    own = all(failure_asks_mlflow(case.environment, f) and "error_code" in f.body for f in answered)
    return (case.used(Role.MLFLOW, entry) if answered and own else "") or entry


def _failures(case: Case, entry: str) -> Failures:
    """Return the failures of routes that fail each time, none if the whole service is unwell."""
    own = case.having(Symptom.APP_5XX, entry=entry) - scope.not_refused(case)
    failures = frozenset(f for f in own if f.status == 500 and not f.blamed)
    routes = {f.route for f in failures}
    well = _well(case, entry) - routes
    if not failures or _unwell(case, entry) or len(well) <= len(routes):
        return frozenset()
    sometimes = any(
        route_of(e) in routes and 0 < e.status < 500
        for _, e in case.exchanges
        if case.entry_of(e) == entry
    )
    return frozenset() if sometimes else failures


def _unwell(case: Case, entry: str) -> bool:
    """Return whether the service's tasks, targets or other answers show that it is not well."""
    wrong = case.having(*CONTROL, *EDGE, *BALANCER_5XX)
    sick = any(t.state == "unhealthy" for g in case.groups(entry) for t in g.targets)
    return sick or any(entry in (f.service, f.entry_service) for f in wrong)


def _well(case: Case, entry: str) -> set[str]:
    """Return the routes of a service that were answered as expected in this run."""
    return {route_of(exchange) for exchange in case.passed(entry) if exchange.status}


def _finding(case: Case, entry: str, failures: Failures) -> Iterator[Finding]:
    seen = {f.route: f for f in sorted(failures, key=lambda f: f.position, reverse=True)}
    routes = sorted(seen)
    own = dict.fromkeys(e for _, e in case.exchanges if case.entry_of(e) == entry)
    # several steps may judge the same answer, and an earlier run's failure may stand
    asked = max(len(routes), sum(route_of(e) in seen for e in own))
    named = " and ".join(routes[:_SHOWN])
    named += f" and {len(routes) - _SHOWN} more" if len(routes) > _SHOWN else ""
    owner = owner_of(case, entry, failures)
    text = f"{owner} answers {named} with an error each time; its other routes are well."
    for finding in behaviour(
        case,
        "route-failing",
        failures,
        text.replace("{", "{{").replace("}", "}}"),
        owner,
        # one answer alone may be one of many that fail now and then
        confidence=Confidence.LIKELY if asked > 1 else Confidence.POSSIBLE,
        decision=f"Whoever owns {owner} must mend {'this route' if len(routes) == 1 else 'these'}:"
        " its log has the error, at the time of this run.",
    ):
        shown = tuple(seen[r].evidence("an answer without an error") for r in routes[:_SHOWN])
        yield replace(finding, evidence=shown + revisions.change_evidence(case, owner))
