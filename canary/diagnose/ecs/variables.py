"""The variables of a task definition: which dependency each configures, and its addresses."""

from __future__ import annotations

from urllib.parse import urlsplit

from canary.control_plane.ecs import live
from canary.diagnose.core.case import AUTH, CACHE, DATABASE, MLFLOW, Case, Failures
from canary.diagnose.core.symptoms import Symptom

# The beginning of a variable's name, and the dependency that it configures.
ABOUT = (
    ("MLFLOW_TRACKING", MLFLOW),
    ("MLFLOW_SERVER", MLFLOW),
    ("MLFLOW_URL", MLFLOW),
    ("MLFLOW_HOST", MLFLOW),
    ("MLFLOW_PROXY", MLFLOW),
    ("MLFLOW_TIMEOUT", MLFLOW),
    ("AUTH_SERVICE", AUTH),
    ("AUTH_URL", AUTH),
    ("REDIS", CACHE),
    ("CACHE", CACHE),
    ("DB_", DATABASE),
    ("DATABASE", DATABASE),
    ("POSTGRES", DATABASE),
    ("BACKEND_STORE", DATABASE),
)
_PORTS = {"https": 443, "http": 80}
# Symptoms that a wrong address of MLflow can have besides those of an outage.
_WRONG_ADDRESS = (
    Symptom.PROXY_404,
    Symptom.NO_KEY_SEEN,
    Symptom.NOT_MOUNTED,
    Symptom.HOST_REJECTED,
    Symptom.MLFLOW_404,
    Symptom.METHOD,
    Symptom.WRONG_REDIRECT,
)


def dependency_of(case: Case, name: str, variable: str) -> str:
    """Return the dependency of a service that a variable configures, "" for none."""
    for prefix, other in ABOUT:
        if variable.startswith(prefix) and other in case.closure(name) - {name}:
            return other
    return ""


def affected(case: Case, name: str, variable: str) -> Failures:
    """Return the failures that a wrong or missing variable of a service explains."""
    if "SERVICE_ID" in variable:
        return case.having(Symptom.KEY_REFUSED, entry=name)
    other = dependency_of(case, name, variable)
    if not other:
        return case.failures_of_outage(name)
    failures = case.failures_of_outage(other, via=name)
    if other == MLFLOW:
        failures |= {f for f in case.having(*_WRONG_ADDRESS, entry=name) if "mlflow" in f.path}
    return failures


def addresses(case: Case, other: str) -> tuple[str, ...]:
    """Return the public host and the internal address of a service."""
    part = case.services[other]
    found = [case.host(other)] if part.url else []
    return (*found, *([f"{part.discovery}:{part.port}"] if part.discovery else []))


def is_address(case: Case, name: str, variable: str, value: str) -> bool:
    """Return whether a variable holds the URL of a dependency, even one without a scheme."""
    other = dependency_of(case, name, variable)
    is_url = "://" in value or (bool(value) and variable.endswith(("_URL", "_URI")))
    return bool(other) and is_url and bool(addresses(case, other))


def leads_to(case: Case, other: str, value: str) -> bool:
    """Return whether an address leads to a service: its public name, internal name or a task."""
    part = case.services[other]
    try:
        url, public = urlsplit(value), urlsplit(part.url)
        port = url.port or _PORTS.get(url.scheme, 0)
    except ValueError:
        return False
    if part.url and url.hostname == case.host(other):  # a redirect loses the body of a POST
        return url.scheme == public.scheme and port == (public.port or _PORTS[public.scheme])
    tasks = {t.address for t in live(case.ecs(other))}
    if url.hostname in {part.discovery, *tasks} - {""}:
        plain = any(g.protocol == "HTTP" for g in case.groups(other))
        return (not part.port or port == part.port) and not (url.scheme == "https" and plain)
    return False
