"""Which requests lead to MLflow, directly or through a service before it."""

from __future__ import annotations

from urllib.parse import urlsplit

from canary.diagnose.core.failures import Failure, entry_service_of
from canary.model import Environment, Role

_WORD = "mlflow"  # a part of each path of MLflow's REST API
_API = "/api/2.0/mlflow"


def asks_mlflow(environment: Environment, host: str, path: str) -> bool:
    """Return whether MLflow has to answer a path of a host.

    A route says so, or the product's own word. A prefix before MLflow's API in one route leads
    there in other paths, too.
    """
    if _WORD in path.lower():
        return True
    if environment.role_of(entry_service_of(environment, host, path)) is Role.MLFLOW:
        return True
    routes = (r.path for r in environment.routes if r.host == host and _API in r.path)
    prefixes = {r.partition(_API)[0] for r in routes} - {""}
    return any(path.startswith(f"{p}/") for p in prefixes)


def url_asks_mlflow(environment: Environment, url: str) -> bool:
    """Return whether MLflow has to answer a URL."""
    parts = urlsplit(url)
    return asks_mlflow(environment, parts.hostname or "", parts.path)


def failure_asks_mlflow(environment: Environment, failure: Failure) -> bool:
    """Return whether MLflow had to answer the request of a failure."""
    return asks_mlflow(environment, failure.host, failure.path)
