"""How to bring a database's schema to the version that MLflow expects.

MLflow documentation, "mlflow db upgrade": it changes tables, may take long, and has no way back
but a backup. So it is a decision with a command, never a fix: a fix must give back the platform as
it was. Where a new revision brought the newer MLflow, the way back is the revision before.

The command is a task of the service's own definition in its own network (Amazon ECS API reference,
RunTask: `overrides` replaces the command of one container), so that image, role, secrets and the
way to the database are those of the service.
"""

from __future__ import annotations

import re

from canary.control_plane.state import Container, EcsService, TaskDefinition
from canary.diagnose.core.case import Case
from canary.diagnose.ecs import revisions
from canary.diagnose.remedies import build
from canary.diagnose.remedies.command import UnsafeTextError, command
from canary.diagnose.remedies.edit import Edit, Parameters
from canary.model import Remedy, Role

# the variable from which MLflow's server takes --backend-store-uri
_ADDRESS = re.compile(r"(?:[A-Z0-9]+_)*BACKEND_STORE_URI")
_SNAPSHOT = (
    "Take a snapshot of the database first (RDS: create-db-snapshot): nothing but a backup takes a"
    " change of its schema back."
)


def remedy(case: Case, name: str) -> Remedy:
    """Return the revision before, else what a person must decide, with the command for MLflow."""
    back = revisions.rollback(case, name)
    typed = upgrade(case, name)
    how = (
        "Then stop MLflow's writers, run this task, and wait for its exit code 0."
        if typed
        else "Then run 'mlflow db upgrade' with MLflow's own address of the database, in a task of"
        " its own definition and network."
        if case.environment.role_of(name) is Role.MLFLOW
        else f"Then run the migrations of {name} against its database."
    )
    return build.remedy(
        case,
        back.summary or "Decide which of the two follows: the schema, or the program.",
        back.edits,
        inspect=revisions.inspect(case, name),
        verify=revisions.verify(case, name) if back.edits else (),
        otherwise=f"{_SNAPSHOT} {how} Where the schema is newer than the program, deploy the"
        " version that made it instead.",
        otherwise_command=typed,
    )


def upgrade(case: Case, name: str) -> str:
    """Return the command that runs MLflow's migration once, "" where not all of it is known."""
    service, definition = case.ecs(name), case.definition_of(name)
    if case.environment.role_of(name) is not Role.MLFLOW or not service or not definition:
        return ""
    container = _container(case, name, definition)
    network = service.config.get("networkConfiguration")
    address = _address(container) if container else ""
    if container is None or container.entry_point or not address or not network:
        return ""
    script = f'exec mlflow db upgrade "${address}"'
    override = {"name": container.name, "command": ["sh", "-c", script]}
    parameters: Parameters = {
        "cluster": case.environment.cluster,
        "taskDefinition": definition.arn,
        **_place(service),
        "networkConfiguration": network,
        "overrides": {"containerOverrides": [override]},
    }
    edit = Edit(service="ecs", operation="run-task", parameters=parameters, resource=service.arn)
    try:
        return command(edit, case.environment.region)
    except UnsafeTextError:
        return ""


def _place(service: EcsService) -> Parameters:
    """Return where the service's tasks run: launch type or capacity providers, and platform."""
    found: Parameters = {}
    if service.capacity_providers:
        found["capacityProviderStrategy"] = [
            {"capacityProvider": c.name, "weight": c.weight, "base": c.base}
            for c in service.capacity_providers
        ]
    elif service.launch_type:
        found["launchType"] = service.launch_type
    if service.platform_version:
        found["platformVersion"] = service.platform_version
    return found


def _container(case: Case, name: str, definition: TaskDefinition) -> Container | None:
    wanted = case.services[name].container
    named = [c for c in definition.containers if wanted and c.name == wanted]
    found = named or [c for c in definition.containers if c.essential]
    return found[0] if len(found) == 1 else None


def _address(container: Container) -> str:
    """Return the one variable or secret that holds MLflow's address of the database."""
    names = {*container.variables, *container.secrets}
    found = sorted(n for n in names if _ADDRESS.fullmatch(n))
    return found[0] if len(found) == 1 else ""
