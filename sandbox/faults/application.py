"""Faults of the applications themselves, most of them of degree."""

from __future__ import annotations

from sandbox import names
from sandbox.faults.site import Site

API, AUTH, MLFLOW = names.API_SERVICE, names.AUTH_SERVICE, names.MLFLOW_SERVICE


def proxy_unmounted(site: Site) -> None:
    """Deploy an API from which the MLflow proxy's mount was removed."""
    site.behave(API, "unmount:/api/mlflow")


def proxy_prefix_wrong(site: Site) -> None:
    """Deploy an API that forwards to MLflow under a prefix it does not serve."""
    site.behave(API, "wrong-prefix")


def health_lies(site: Site) -> None:
    """Deploy an API whose health documents are always well, and stop MLflow."""
    site.behave(API, "lying-health")
    site.client("ecs").update_service(cluster=names.CLUSTER, service=MLFLOW, desiredCount=0)


def mlflow_slow(site: Site) -> None:
    """Deploy a MLflow that takes three seconds for each request."""
    site.behave(MLFLOW, "slow:3")


def api_hangs(site: Site) -> None:
    """Deploy an API that accepts requests and answers none but health checks."""
    site.behave(API, "hang")


def api_header_drip(site: Site) -> None:
    """Deploy an API that sends its answers' headers a byte at a time."""
    site.behave(API, "header-drip")


def api_huge_body(site: Site) -> None:
    """Deploy an API whose answers have 50 MB."""
    site.behave(API, "huge-body")


def api_resets(site: Site) -> None:
    """Deploy an API that resets the connection in the middle of an answer."""
    site.behave(API, "reset-body")


def one_in_five_fails(site: Site) -> None:
    """Deploy an API that fails one request in five."""
    site.behave(API, "error-1-in-5")
