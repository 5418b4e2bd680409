"""Fetch what the containers of a task need before the first one starts."""

from __future__ import annotations

from emulator.ecs import images, loglines, secrets
from emulator.ecs.containers import process, reach
from emulator.ecs.containers.container import Launch
from emulator.ecs.definition import ContainerDefinition, Definition
from emulator.ecs.task_runtime import TaskRuntime
from emulator.network.addresses import VPC_PREFIX


def prepare(
    definition: Definition, runtime: TaskRuntime, address: str, task_id: str
) -> dict[str, Launch] | str:
    """Return what each container needs, by its name, or the reason why the task cannot start."""
    if not address.startswith(VPC_PREFIX):
        return f"the emulator has a network for {VPC_PREFIX}0.0/16 alone"
    found: dict[str, tuple[images.Image, dict[str, str]]] = {}
    for one in definition.containers:
        if no_way := reach.refusal(one, address):
            return no_way
        try:
            declared = _declared(one, definition.execution_role, task_id)
        except secrets.InjectionError as error:
            return str(error)
        if loglines.group_missing(one.log):
            return loglines.NO_GROUP
        image = images.find(one.image, runtime.repositories)
        if isinstance(image, str):
            return image
        found[one.name] = image, declared
    credentials = runtime.credentials.variables(definition.task_role, task_id)
    return {
        one.name: Launch(
            image=found[one.name][0],
            variables=process.environment(
                runtime.surroundings, address, credentials, found[one.name][1]
            ),
            address=address,
            log_dir=runtime.log_dir,
            task_id=task_id,
            architecture=definition.architecture,
            memory_mib=definition.limit(one),
            speed=runtime.surroundings.speed,
        )
        for one in definition.containers
    }


def _declared(container: ContainerDefinition, role: str, task_id: str) -> dict[str, str]:
    """Return the variables of a definition, with the values of its secrets."""
    values = {
        name: secrets.resolve(value_from, role, task_id)
        for name, value_from in container.secrets.items()
    }
    return {**container.environment, **values}
