"""Faults of a task's variables, addresses and secret values."""

from __future__ import annotations

import secrets

from sandbox.faults.context import FaultContext
from sandbox.world.world import API


def mlflow_url_unset(context: FaultContext) -> None:
    """Deploy an API revision without an address of MLflow: it dies at start."""
    context.deploy_for_good(
        context.api, context.set_variable(context.api, "MLFLOW_SERVER_URL", None)
    )


def mlflow_url_wrong_namespace(context: FaultContext) -> None:
    """Point the API at MLflow in a namespace that does not exist."""
    _point_api_at(context, f"http://{context.mlflow.discovery}.hokusai.local:{context.mlflow.port}")


def mlflow_url_pinned(context: FaultContext) -> None:
    """Point the API at the address of a MLflow task that is long gone."""
    _point_api_at(context, f"http://10.0.3.219:{context.mlflow.port}")


def mlflow_url_is_public(context: FaultContext) -> None:
    """Point the API at its own public address: requests come back to it."""
    _point_api_at(context, f"{context.world.url(API)}/mlflow")


def auth_url_wrong(context: FaultContext) -> None:
    """Point the API at an auth host that does not exist."""
    context.deploy(
        context.api,
        context.set_variable(context.api, "AUTH_SERVICE_URL", "https://auth.hokusai.local"),
    )


def service_id_wrong(context: FaultContext) -> None:
    """Have the API present itself to auth as a service that no key is made for."""
    context.deploy(context.api, context.set_variable(context.api, "AUTH_SERVICE_ID", "ml-platform"))


def database_name_wrong(context: FaultContext) -> None:
    """Name a database that does not exist in MLflow's task definition."""
    context.deploy_for_good(
        context.mlflow, context.set_variable(context.mlflow, "DB_NAME", "mlflow")
    )


def database_user_wrong(context: FaultContext) -> None:
    """Name the wrong database user in MLflow's task definition."""
    context.deploy_for_good(
        context.mlflow, context.set_variable(context.mlflow, "DB_USER", "postgres")
    )


def database_password_changed(context: FaultContext) -> None:
    """Rotate the database's password and not the secret; MLflow's next task cannot log in."""
    context.data.change_database_password(context.world.database.user, secrets.token_urlsafe(18))
    context.deploy_for_good(context.mlflow, context.definition(context.mlflow))


def mlflow_token_missing(context: FaultContext) -> None:
    """Deploy an API revision without its own key for MLflow: callers' keys still work."""
    context.deploy_for_good(
        context.api, context.set_secret(context.api, "MLFLOW_TRACKING_TOKEN", None)
    )


def redis_host_not_injected(context: FaultContext) -> None:
    """Deploy an API revision without REDIS_HOST: it looks for the cache on localhost."""
    context.deploy(context.api, context.set_secret(context.api, "REDIS_HOST", None))


def redis_token_wrong(context: FaultContext) -> None:
    """Store a wrong cache token, and replace the API's task."""
    context.put_secret(context.world.stored.cache_token, secrets.token_urlsafe(18))
    context.restart(context.api)


def allowed_hosts_too_few(context: FaultContext) -> None:
    """Let MLflow accept its own localhost alone as Host."""
    context.deploy(
        context.mlflow, context.set_variable(context.mlflow, "MLFLOW_ALLOWED_HOSTS", "localhost")
    )


def artifacts_not_served(context: FaultContext) -> None:
    """Deploy a MLflow revision that serves no artifacts."""
    context.deploy(
        context.mlflow, context.set_variable(context.mlflow, "MLFLOW_SERVE_ARTIFACTS", "false")
    )


def _point_api_at(context: FaultContext, url: str) -> None:
    context.deploy(context.api, context.set_variable(context.api, "MLFLOW_SERVER_URL", url))
