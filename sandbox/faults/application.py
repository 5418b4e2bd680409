"""Faults of the applications themselves, most of them gradual."""

from __future__ import annotations

from sandbox.faults.context import FaultContext


def proxy_unmounted(context: FaultContext) -> None:
    """Deploy an API from which the MLflow proxy's mount was removed."""
    context.behave(context.api, "unmount:/api/mlflow")


def proxy_prefix_wrong(context: FaultContext) -> None:
    """Deploy an API that forwards to MLflow under a prefix it does not serve."""
    context.behave(context.api, "wrong-prefix")


def health_lies(context: FaultContext) -> None:
    """Deploy an API whose health documents are always well, and stop MLflow."""
    context.behave(context.api, "lying-health")
    context.client("ecs").update_service(
        cluster=context.world.cluster, service=context.mlflow.name, desiredCount=0
    )


def detailed_health_fails(context: FaultContext) -> None:
    """Deploy the API as found, whose detailed health document cannot be written."""
    context.behave(context.api, "as-found-detailed-health")


def proxy_drops_body(context: FaultContext) -> None:
    """Deploy the API as found, whose proxy forwards no body with DELETE."""
    context.behave(context.api, "as-found-delete-body")


def breaker_document_fails(context: FaultContext) -> None:
    """Deploy the API as found with a circuit breaker that opened and does not close again."""
    context.behave(context.api, "as-found-breaker-document,breaker-stays-open")


def mlflow_slow(context: FaultContext) -> None:
    """Deploy a MLflow that takes three seconds for each request."""
    context.behave(context.mlflow, "slow:3")


def api_hangs(context: FaultContext) -> None:
    """Deploy an API that accepts requests and answers none but health checks."""
    context.behave(context.api, "hang")


def api_header_drip(context: FaultContext) -> None:
    """Deploy an API that sends its answers' headers a byte at a time."""
    context.behave(context.api, "header-drip")


def api_huge_body(context: FaultContext) -> None:
    """Deploy an API whose answers have 50 MB."""
    context.behave(context.api, "huge-body")


def api_resets(context: FaultContext) -> None:
    """Deploy an API that resets the connection in the middle of an answer."""
    context.behave(context.api, "reset-body")


def one_in_five_fails(context: FaultContext) -> None:
    """Deploy an API that fails one request in five."""
    context.behave(context.api, "error-1-in-5")
