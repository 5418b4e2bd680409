"""Faults of ECS services, deployments, images and what a task may read."""

from __future__ import annotations

from typing import Any

from emulator.settings import ACCOUNT, REGION
from sandbox import names
from sandbox.faults.site import Site
from sandbox.seed.secrets import execution_policy, put_policy

API, AUTH, MLFLOW = names.API_SERVICE, names.AUTH_SERVICE, names.MLFLOW_SERVICE
SYNTAX_ERROR = "crash-on-start:SyntaxError: invalid syntax (model_registry.py line 26)"
IMPORT_ERROR = "crash-on-start:ImportError: cannot import name 'mlflow_proxy' from 'src.api'"


def api_scaled_to_zero(site: Site) -> None:
    """Set the API's desired count to 0."""
    _scale(site, API, 0)


def auth_scaled_to_zero(site: Site) -> None:
    """Set the auth service's desired count to 0."""
    _scale(site, AUTH, 0)


def mlflow_scaled_to_zero(site: Site) -> None:
    """Set MLflow's desired count to 0."""
    _scale(site, MLFLOW, 0)


def mlflow_service_deleted(site: Site) -> None:
    """Delete MLflow's ECS service."""
    site.client("ecs").delete_service(cluster=names.CLUSTER, service=MLFLOW, force=True)


def api_crash_loop(site: Site) -> None:
    """Deploy an API image that dies of a syntax error."""
    site.deploy_for_good(API, site.set_variable(API, "SANDBOX_BEHAVIOUR", SYNTAX_ERROR))


def auth_crash_loop(site: Site) -> None:
    """Deploy an auth image that dies at start."""
    site.deploy_for_good(AUTH, site.set_variable(AUTH, "SANDBOX_BEHAVIOUR", IMPORT_ERROR))


def bad_deploy_rolled_back(site: Site) -> None:
    """Deploy an API image that dies; the circuit breaker brings the old revision back."""
    site.deploy(API, site.set_variable(API, "SANDBOX_BEHAVIOUR", IMPORT_ERROR))


def deployment_stuck(site: Site) -> None:
    """Deploy an API image that dies, with no circuit breaker: the old revision goes on serving."""
    site.deploy(
        API,
        site.set_variable(API, "SANDBOX_BEHAVIOUR", IMPORT_ERROR),
        deploymentConfiguration={
            "deploymentCircuitBreaker": {"enable": False, "rollback": False},
            "minimumHealthyPercent": 100,
            "maximumPercent": 200,
        },
    )


def mlflow_out_of_memory(site: Site) -> None:
    """Give MLflow less memory than it needs."""
    definition = site.definition(MLFLOW)
    definition.update(cpu="256", memory="512")
    definition["containerDefinitions"][0].update(cpu=256, memory=256)
    site.deploy_for_good(MLFLOW, definition)


def image_missing(site: Site) -> None:
    """Deploy an API image that was never pushed."""
    _deploy_image(site, API, "release-candidate")


def image_for_arm(site: Site) -> None:
    """Deploy an auth image that was built for the other architecture."""
    _deploy_image(site, AUTH, "2026-11-20-arm64")


def api_password_not_injected(site: Site) -> None:
    """Deploy an API revision from which the database password was dropped."""
    site.deploy_for_good(API, site.set_secret(API, "DB_PASSWORD", None))


def auth_secret_placeholder(site: Site) -> None:
    """Deploy an auth revision whose secret ARN still ends in a placeholder."""
    arn = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{names.AUTH_SECRET}"
    value_from = f"{arn}-RANDOM:database_url::"
    site.deploy_for_good(AUTH, site.set_secret(AUTH, "DATABASE_URL", value_from))


def redis_parameter_deleted(site: Site) -> None:
    """Delete a parameter that the API's task definition refers to, and replace the task."""
    site.client("ssm").delete_parameter(Name=names.REDIS_ENDPOINT_PARAMETER)
    site.deploy_for_good(API, site.definition(API))


def execution_role_denied(site: Site) -> None:
    """Take the permission to read secrets from the API's execution role, and replace the task."""
    statements: list[dict[str, Any]] = execution_policy(["*"], ["*"])
    kept = [s for s in statements if "secretsmanager:GetSecretValue" not in s["Action"]]
    put_policy(site.twin.aws, names.EXECUTION_ROLE, kept)
    site.deploy_for_good(API, site.definition(API))


def _scale(site: Site, service: str, count: int) -> None:
    site.client("ecs").update_service(cluster=names.CLUSTER, service=service, desiredCount=count)


def _deploy_image(site: Site, service: str, tag: str) -> None:
    definition = site.definition(service)
    container = definition["containerDefinitions"][0]
    container["image"] = f"{container['image'].rpartition(':')[0]}:{tag}"
    site.deploy_for_good(service, definition)
