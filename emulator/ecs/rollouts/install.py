"""Extend moto's ECS with strategies, task sets, capacity providers and service deployments."""

from __future__ import annotations

import functools

from emulator.ecs.rollouts import capacity, configuration, history_api, moto_task_sets


@functools.cache
def install() -> None:
    """Replace moto's calls; call once, after the rest of ECS."""
    from moto.ecs.models import EC2ContainerServiceBackend
    from moto.ecs.responses import EC2ContainerServiceResponse

    capacity.install(EC2ContainerServiceBackend, EC2ContainerServiceResponse)
    moto_task_sets.install(EC2ContainerServiceBackend, EC2ContainerServiceResponse)
    configuration.install(EC2ContainerServiceBackend, EC2ContainerServiceResponse)
    history_api.install(EC2ContainerServiceResponse)
