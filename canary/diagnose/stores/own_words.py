"""What a server says of itself: its schema is another, or its workers were killed.

MLflow's words: `mlflow/store/db/utils.py` ("Detected out-of-date database schema"). Gunicorn's,
which serves MLflow up to version 2: "WORKER TIMEOUT (pid:9)", "Worker (pid:9) was sent SIGKILL!
Perhaps out of memory?"; uvicorn's, which serves it since: "Child process [9] died".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from canary.diagnose.core.case import Case, Failures
from canary.diagnose.core.finding import Finding
from canary.diagnose.core.symptoms import BALANCER_5XX, EDGE, UPSTREAM, Symptom
from canary.diagnose.ecs import revisions
from canary.diagnose.stores import agreement, schema_upgrade
from canary.model import Evidence

OUTDATED = re.compile(r"out-of-date database schema", re.IGNORECASE)
KILLED = re.compile(
    r"\bWORKER TIMEOUT \(pid|\bWorker \(pid:\d{1,9}\) was sent (?:SIGKILL|code 9)"
    r"|\bworker \(pid:\d{1,9}\) exited with code -?9\b|\bChild process \[\d{1,9}\] died",
    re.IGNORECASE,
)
_RECENT_S = 900.0
# the server itself goes on to listen, and names and TLS are the balancer's
_MADE_BY_A_KILL = (
    (EDGE - {Symptom.NO_NAME, Symptom.REFUSED, Symptom.TLS})
    | BALANCER_5XX
    | UPSTREAM
    | frozenset({Symptom.NO_ANSWER, Symptom.SLOW, Symptom.APP_5XX, Symptom.AUTH_UNAVAILABLE})
)


def schema(case: Case) -> Iterator[Finding]:
    """Report a service that finds another version of its schema in the database."""
    for name in case.services:
        failures = case.failures_of_outage(name)
        quoted = _quoted(case, name, OUTDATED, failures)
        if quoted and failures:
            change = revisions.change_evidence(case, name)
            agrees = change or agreement.agrees(
                case, "database-schema-outdated", "", [name], failures
            )
            service = case.ecs(name)
            yield Finding(
                cause="database-schema-outdated",
                service=name,
                resource=service.arn if service else name,
                only_words=not agrees,
                summary=f"{name} finds another version of its schema in the database than it"
                " expects.",
                evidence=(*quoted, *change),
                remedy=schema_upgrade.remedy(case, name),
                explained_failures=failures,
            )


def workers(case: Case) -> Iterator[Finding]:
    """Report a service whose worker processes are killed: out of memory, or too slow."""
    for name in case.services:
        failures = frozenset(
            f for f in case.failures_of_outage(name) if f.symptom in _MADE_BY_A_KILL
        )
        quoted = _quoted(case, name, KILLED, frozenset())
        if not quoted or not failures:
            continue
        service = case.ecs(name)
        yield Finding(
            cause="worker-killed",
            service=name,
            resource=service.task_definition if service else name,
            only_words=not agreement.agrees(case, "worker-killed", "", [name], failures),
            summary=f"Worker processes of {name} are killed: they need more memory or time than"
            " they have.",
            evidence=(*quoted, *revisions.change_evidence(case, name)),
            remedy=revisions.remedy(
                case,
                name,
                f"Give the tasks of {name} more memory or fewer workers (MLflow: --workers), or its"
                " workers more time (MLflow: --gunicorn-opts '--timeout 120'), in a new revision of"
                " its task definition: more memory costs money. See first which requests were"
                " running.",
                summary=f"See the memory of {name}, and which requests take long.",
            ),
            explained_failures=failures,
        )


def _quoted(
    case: Case, name: str, words: re.Pattern[str], failures: Failures
) -> tuple[Evidence, ...]:
    """Return the newest line of a service's own log with these words, else its answer."""
    for line in reversed(case.log_lines(name)):
        if case.age(line.at) < _RECENT_S and words.search(line.message):
            seen = line.message[:300]
            return (Evidence(resource=f"log of {name}", seen=seen, at=line.at),)
    for failure in sorted(failures, key=lambda f: f.position):
        if failure.entry_service == name and words.search(failure.body):
            return (failure.evidence(),)
    return ()
