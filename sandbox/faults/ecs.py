"""Faults of ECS services, deployments, images and task permissions."""

from __future__ import annotations

from typing import Any

from emulator.settings import ACCOUNT, REGION
from sandbox.faults.context import FaultContext
from sandbox.seed.secrets import put_policy
from sandbox.world.parts import Service

SYNTAX_ERROR = "crash-on-start:SyntaxError: invalid syntax (model_registry.py line 26)"
IMPORT_ERROR = "crash-on-start:ImportError: cannot import name 'mlflow_proxy' from 'src.api'"


def api_scaled_to_zero(context: FaultContext) -> None:
    """Set the API's desired count to 0."""
    _scale(context, context.api, 0)


def auth_scaled_to_zero(context: FaultContext) -> None:
    """Set the auth service's desired count to 0."""
    _scale(context, context.auth, 0)


def mlflow_scaled_to_zero(context: FaultContext) -> None:
    """Set MLflow's desired count to 0."""
    _scale(context, context.mlflow, 0)


def mlflow_service_deleted(context: FaultContext) -> None:
    """Delete MLflow's ECS service."""
    service = context.mlflow.name
    context.client("ecs").delete_service(cluster=context.world.cluster, service=service, force=True)


def api_crash_loop(context: FaultContext) -> None:
    """Deploy an API image that dies of a syntax error."""
    context.deploy_for_good(
        context.api, context.set_variable(context.api, "SANDBOX_BEHAVIOUR", SYNTAX_ERROR)
    )


def auth_crash_loop(context: FaultContext) -> None:
    """Deploy an auth image that dies at start."""
    context.deploy_for_good(
        context.auth, context.set_variable(context.auth, "SANDBOX_BEHAVIOUR", IMPORT_ERROR)
    )


def bad_deploy_rolled_back(context: FaultContext) -> None:
    """Deploy an API image that dies; the circuit breaker brings the old revision back."""
    context.deploy(
        context.api, context.set_variable(context.api, "SANDBOX_BEHAVIOUR", IMPORT_ERROR)
    )


def deployment_stuck(context: FaultContext) -> None:
    """Deploy an API image that dies, with no circuit breaker: the old revision goes on serving."""
    context.deploy(
        context.api,
        context.set_variable(context.api, "SANDBOX_BEHAVIOUR", IMPORT_ERROR),
        deploymentConfiguration={
            "deploymentCircuitBreaker": {"enable": False, "rollback": False},
            "minimumHealthyPercent": 100,
            "maximumPercent": 200,
        },
    )


def mlflow_out_of_memory(context: FaultContext) -> None:
    """Give MLflow less memory than it needs."""
    definition = context.definition(context.mlflow)
    definition.update(cpu="256", memory="512")
    context.container(definition, context.mlflow).update(cpu=256, memory=256)
    context.deploy_for_good(context.mlflow, definition)


def image_missing(context: FaultContext) -> None:
    """Deploy an API image that was never pushed."""
    _deploy_image(context, context.api, "release-candidate")


def image_for_arm(context: FaultContext) -> None:
    """Deploy an auth image that was built for the other architecture."""
    _deploy_image(context, context.auth, "2026-11-20-arm64")


def api_password_not_injected(context: FaultContext) -> None:
    """Deploy an API revision from which the database password was dropped."""
    context.deploy_for_good(context.api, context.set_secret(context.api, "DB_PASSWORD", None))


def auth_secret_placeholder(context: FaultContext) -> None:
    """Deploy an auth revision whose secret ARN still ends in a placeholder."""
    arn = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{context.world.stored.auth}"
    value_from = f"{arn}-RANDOM:database_url::"
    context.deploy_for_good(
        context.auth, context.set_secret(context.auth, "DATABASE_URL", value_from)
    )


def redis_parameter_deleted(context: FaultContext) -> None:
    """Delete a parameter that the API's task definition refers to, and replace the task."""
    context.client("ssm").delete_parameter(Name=context.world.stored.cache_endpoint)
    context.deploy_for_good(context.api, context.definition(context.api))


def execution_role_denied(context: FaultContext) -> None:
    """Take the permission to read secrets from the API's execution role, and replace the task."""
    role = context.api.execution_role
    known = context.client("iam").get_role_policy(RoleName=role, PolicyName=f"{role}-policy")
    statements: list[dict[str, Any]] = known["PolicyDocument"]["Statement"]
    kept = [s for s in statements if "secretsmanager:GetSecretValue" not in s["Action"]]
    put_policy(context.twin.aws, role, kept)
    context.deploy_for_good(context.api, context.definition(context.api))


def _scale(context: FaultContext, service: Service, count: int) -> None:
    context.client("ecs").update_service(
        cluster=context.world.cluster, service=service.name, desiredCount=count
    )


def _deploy_image(context: FaultContext, service: Service, tag: str) -> None:
    definition = context.definition(service)
    container = context.container(definition, service)
    container["image"] = f"{container['image'].rpartition(':')[0]}:{tag}"
    context.deploy_for_good(service, definition)
