"""Faults of the containers in a task: their commands, scripts and side-cars."""

from __future__ import annotations

from typing import Any

from sandbox.faults.context import FaultContext
from sandbox.world.parts import Service

SIDE_CAR = "log-router"
NO_CONFIGURATION = "echo 'log-router: cannot open /etc/log-router.conf' >&2; exit 2"


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
    _add_side_car(context, essential=True)


def sidecar_dies(context: FaultContext) -> None:
    """Deploy an API revision with a log router that ends, and that nothing needs."""
    _add_side_car(context, essential=False)


def _change(context: FaultContext, service: Service, **fields: Any) -> None:
    definition = context.definition(service)
    context.container(definition, service).update(fields)
    context.deploy_for_good(service, definition)


def _add_side_car(context: FaultContext, *, essential: bool) -> None:
    """Put a container of the API's own image beside the API."""
    definition = context.definition(context.api)
    own = context.container(definition, context.api)
    definition["containerDefinitions"].append(
        {
            "name": SIDE_CAR,
            "image": own["image"],
            "essential": essential,
            "entryPoint": ["sh", "-c"],
            "command": [NO_CONFIGURATION],
            "logConfiguration": own["logConfiguration"],
        }
    )
    context.deploy_for_good(context.api, definition)
