"""Faults of the containers in a task: their commands, scripts and side-cars."""

from __future__ import annotations

from typing import Any

from sandbox.faults.context import Definition, FaultContext
from sandbox.world.parts import Service

NO_CONFIGURATION = "echo 'log-router: cannot open /etc/log-router.conf' >&2; exit 2"
NO_UPSTREAM = "echo 'mlflow-proxy: no upstream is configured' >&2; exit 1"
PROXY_PORT = 15500


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
    _log_router(context, essential=True)


def sidecar_dies(context: FaultContext) -> None:
    """Deploy an API revision with a log router that ends, and that nothing needs."""
    _log_router(context, essential=False)


def proxy_sidecar_dies(context: FaultContext) -> None:
    """Deploy an API revision that reaches MLflow through a proxy beside it, which ends."""
    definition = context.set_variable(
        context.api, "MLFLOW_SERVER_URL", f"http://localhost:{PROXY_PORT}"
    )
    proxy = _side_car(context, definition, "mlflow-proxy")
    ports = [{"containerPort": PROXY_PORT, "protocol": "tcp"}]
    proxy.update(portMappings=ports, **_ends(NO_UPSTREAM))
    context.deploy_for_good(context.api, definition)


def _change(context: FaultContext, service: Service, **fields: Any) -> None:
    definition = context.definition(service)
    context.container(definition, service).update(fields)
    context.deploy_for_good(service, definition)


def _log_router(context: FaultContext, *, essential: bool) -> None:
    """Let a side-car of the API end, one that it has or one that it gets."""
    definition = context.definition(context.api)
    own = context.container(definition, context.api)
    there: list[Definition] = definition["containerDefinitions"]
    alike = [one for one in there if one is not own and one.get("essential", True) is essential]
    taken = {one["name"] for one in there}
    name = next(n for n in ("log-router", "log-shipper") if n not in taken)
    found = alike[0] if alike else _side_car(context, definition, name)
    found.update(essential=essential, **_ends(NO_CONFIGURATION))
    context.deploy_for_good(context.api, definition)


def _side_car(context: FaultContext, definition: Definition, name: str) -> Definition:
    """Put a container of the API's own image beside the API, and return it."""
    own = context.container(definition, context.api)
    made = {
        "name": name,
        "image": own["image"],
        "essential": False,
        "logConfiguration": own["logConfiguration"],
    }
    definition["containerDefinitions"].append(made)
    return made


def _ends(line: str) -> Definition:
    """Return how a container runs a line of shell."""
    return {"entryPoint": ["sh", "-c"], "command": [line]}
