"""Faults of the containers in a task: their commands, scripts and side-cars."""

from __future__ import annotations

from typing import Any

from sandbox.faults.context import Definition, FaultContext
from sandbox.world.parts import Service

NO_CONFIGURATION = "echo 'log-router: cannot open /etc/log-router.conf' >&2; exit 2"
NO_UPSTREAM = "echo 'mlflow-proxy: no upstream is configured' >&2; exit 1"
PROXY_PORT = 15000


def wrong_command(context: FaultContext) -> None:
    """Deploy an API revision whose command is a program that the image does not have."""
    _change(context, context.api, command=["registry-server", "--workers", "2"])


def module_missing(context: FaultContext) -> None:
    """Deploy an auth revision that starts a module which the image does not have."""
    _change(context, context.auth, command=["python", "-m", "auth_service.main"])


def script_not_executable(context: FaultContext) -> None:
    """Deploy a MLflow revision that starts by a script without the permission to execute it."""
    _change(context, context.mlflow, entryPoint=["./start.sh"])


def sidecar_essential_dies(context: FaultContext) -> None:
    """Deploy an API revision with an essential log router that ends at its start."""
    _add_log_router(context, essential=True)


def sidecar_dies(context: FaultContext) -> None:
    """Deploy an API revision with a log router that ends, and that nothing needs."""
    _add_log_router(context, essential=False)


def proxy_sidecar_dies(context: FaultContext) -> None:
    """Deploy an API revision that reaches MLflow through a proxy beside it, which ends."""
    definition = context.set_variable(
        context.api, "MLFLOW_SERVER_URL", f"http://localhost:{PROXY_PORT}"
    )
    proxy = _side_car(context, definition, "mlflow-proxy", NO_UPSTREAM)
    proxy["portMappings"] = [{"containerPort": PROXY_PORT, "protocol": "tcp"}]
    context.deploy_for_good(context.api, definition)


def _change(context: FaultContext, service: Service, **fields: Any) -> None:
    definition = context.definition(service)
    context.container(definition, service).update(fields)
    context.deploy_for_good(service, definition)


def _add_log_router(context: FaultContext, *, essential: bool) -> None:
    definition = context.definition(context.api)
    _side_car(context, definition, "log-router", NO_CONFIGURATION)["essential"] = essential
    context.deploy_for_good(context.api, definition)


def _side_car(context: FaultContext, definition: Definition, name: str, line: str) -> Definition:
    """Put a container of the API's own image beside the API, and return it."""
    own = context.container(definition, context.api)
    made = {
        "name": name,
        "image": own["image"],
        "essential": False,
        "entryPoint": ["sh", "-c"],
        "command": [line],
        "logConfiguration": own["logConfiguration"],
    }
    definition["containerDefinitions"].append(made)
    return made
