"""Faults of the applications themselves, most of them gradual."""

from __future__ import annotations

from sandbox import names
from sandbox.faults.context import FaultContext

API, AUTH, MLFLOW = names.API_SERVICE, names.AUTH_SERVICE, names.MLFLOW_SERVICE


def proxy_unmounted(context: FaultContext) -> None:
    """Deploy an API from which the MLflow proxy's mount was removed."""
    context.behave(API, "unmount:/api/mlflow")


def proxy_prefix_wrong(context: FaultContext) -> None:
    """Deploy an API that forwards to MLflow under a prefix it does not serve."""
    context.behave(API, "wrong-prefix")


def health_lies(context: FaultContext) -> None:
    """Deploy an API whose health documents are always well, and stop MLflow."""
    context.behave(API, "lying-health")
    context.client("ecs").update_service(cluster=names.CLUSTER, service=MLFLOW, desiredCount=0)


def detailed_health_fails(context: FaultContext) -> None:
    """Deploy the API as found, whose detailed health document cannot be written."""
    context.behave(API, "as-found-detailed-health")


def proxy_drops_body(context: FaultContext) -> None:
    """Deploy the API as found, whose proxy forwards no body with DELETE."""
    context.behave(API, "as-found-delete-body")


def breaker_document_fails(context: FaultContext) -> None:
    """Deploy the API as found with a circuit breaker that opened and does not close again."""
    context.behave(API, "as-found-breaker-document,breaker-stays-open")


def mlflow_slow(context: FaultContext) -> None:
    """Deploy a MLflow that takes three seconds for each request."""
    context.behave(MLFLOW, "slow:3")


def api_hangs(context: FaultContext) -> None:
    """Deploy an API that accepts requests and answers none but health checks."""
    context.behave(API, "hang")


def api_header_drip(context: FaultContext) -> None:
    """Deploy an API that sends its answers' headers a byte at a time."""
    context.behave(API, "header-drip")


def api_huge_body(context: FaultContext) -> None:
    """Deploy an API whose answers have 50 MB."""
    context.behave(API, "huge-body")


def api_resets(context: FaultContext) -> None:
    """Deploy an API that resets the connection in the middle of an answer."""
    context.behave(API, "reset-body")


def one_in_five_fails(context: FaultContext) -> None:
    """Deploy an API that fails one request in five."""
    context.behave(API, "error-1-in-5")
