"""Faults of what a task is told: variables, addresses, secrets' values."""

from __future__ import annotations

import secrets

from sandbox import names
from sandbox.faults.site import Site

API, AUTH, MLFLOW = names.API_SERVICE, names.AUTH_SERVICE, names.MLFLOW_SERVICE


def mlflow_url_unset(site: Site) -> None:
    """Deploy an API revision without MLFLOW_SERVER_URL: it falls back to its own localhost."""
    site.deploy(API, site.set_variable(API, "MLFLOW_SERVER_URL", None))


def mlflow_url_wrong_namespace(site: Site) -> None:
    """Point the API at MLflow in a namespace that does not exist."""
    _point_api_at(site, "http://mlflow.hokusai.local:5000")


def mlflow_url_pinned(site: Site) -> None:
    """Point the API at the address of a MLflow task that is long gone."""
    _point_api_at(site, "http://10.0.3.219:5000")


def mlflow_url_is_public(site: Site) -> None:
    """Point the API at its own public address: requests come back to it."""
    _point_api_at(site, f"https://{names.REGISTRY_HOST}/mlflow")


def auth_url_wrong(site: Site) -> None:
    """Point the API at an auth host that does not exist."""
    site.deploy(API, site.set_variable(API, "AUTH_SERVICE_URL", "https://auth.hokusai.local"))


def service_id_wrong(site: Site) -> None:
    """Have the API present itself to auth as a service that no key is made for."""
    site.deploy(API, site.set_variable(API, "AUTH_SERVICE_ID", "ml-platform"))


def database_name_wrong(site: Site) -> None:
    """Name a database that does not exist in MLflow's task definition."""
    site.deploy_for_good(MLFLOW, site.set_variable(MLFLOW, "DB_NAME", "mlflow"))


def database_user_wrong(site: Site) -> None:
    """Name the wrong database user in MLflow's task definition."""
    site.deploy_for_good(MLFLOW, site.set_variable(MLFLOW, "DB_USER", "postgres"))


def database_password_changed(site: Site) -> None:
    """Rotate the database's password and not the secret; MLflow's next task cannot log in."""
    site.data.change_database_password(names.DATABASE_USER, secrets.token_urlsafe(18))
    site.deploy_for_good(MLFLOW, site.definition(MLFLOW))


def redis_host_not_injected(site: Site) -> None:
    """Deploy an API revision without REDIS_HOST: it looks for the cache on localhost."""
    site.deploy(API, site.set_secret(API, "REDIS_HOST", None))


def redis_token_wrong(site: Site) -> None:
    """Store a wrong cache token, and replace the API's task."""
    site.put_secret(names.REDIS_SECRET, secrets.token_urlsafe(18))
    site.restart(API)


def allowed_hosts_too_few(site: Site) -> None:
    """Let MLflow accept its own localhost alone as Host."""
    site.deploy(MLFLOW, site.set_variable(MLFLOW, "MLFLOW_ALLOWED_HOSTS", "localhost"))


def artifacts_not_served(site: Site) -> None:
    """Deploy a MLflow revision that serves no artifacts."""
    site.deploy(MLFLOW, site.set_variable(MLFLOW, "MLFLOW_SERVE_ARTIFACTS", "false"))


def _point_api_at(site: Site, url: str) -> None:
    site.deploy(API, site.set_variable(API, "MLFLOW_SERVER_URL", url))
