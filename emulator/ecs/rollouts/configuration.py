"""Refuse a strategy of deployment that its load balancers cannot follow, as ECS does.

Sources: the API's DeploymentConfiguration, DeploymentController and AdvancedConfiguration. ECS's
own words are not known.
"""

from __future__ import annotations

from typing import Any

from emulator.ecs import refusals
from emulator.ecs.rollouts.errors import invalid

Json = dict[str, Any]
STRATEGIES = ("ROLLING", "BLUE_GREEN", "LINEAR", "CANARY")
CONTROLLERS = ("ECS", "CODE_DEPLOY", "EXTERNAL")
NEEDED = ("alternateTargetGroupArn", "productionListenerRule", "roleArn")
MOST_BAKE_MINUTES = 1440


def install(backends: Any, responses: Any) -> None:
    """Let both calls refuse what cannot be; call once."""
    create, update = responses.create_service, backends.update_service

    def create_service(self: Any) -> Any:
        given = self._get_params()
        controller = (given.get("deploymentController") or {}).get("type") or "ECS"
        refuse(controller, given.get("deploymentConfiguration"), given.get("loadBalancers"))
        return create(self)

    def update_service(self: Any, properties: Json) -> Any:
        cluster = properties.get("cluster") or "default"
        service = self._get_service(cluster, properties["service"].split("/")[-1])
        balancers = properties.get("load_balancers")
        refuse(
            (service.deployment_controller or {}).get("type", "ECS"),
            properties.get("deployment_configuration") or service.deployment_configuration,
            service.load_balancers if balancers is None else balancers,
        )
        return update(self, properties)

    responses.create_service, backends.update_service = create_service, update_service


def refuse(controller: str, configuration: Json | None, balancers: list[Json] | None) -> None:
    """Raise ECS's error for a strategy that cannot be followed."""
    if controller not in CONTROLLERS:
        raise invalid(f"The deployment controller '{controller}' is not valid.")
    strategy = (configuration or {}).get("strategy") or "ROLLING"
    if strategy not in STRATEGIES:
        raise invalid(f"The deployment strategy '{strategy}' is not valid.")
    if strategy == "ROLLING":
        return
    if controller != "ECS":
        raise invalid(f"The {strategy} strategy needs the deployment controller ECS.")
    minutes = (configuration or {}).get("bakeTimeInMinutes")
    if minutes is None or not 0 <= int(minutes) <= MOST_BAKE_MINUTES:
        raise invalid(f"The {strategy} strategy needs a bake time of 0 to 1440 minutes.")
    for one in balancers or []:
        advanced = one.get("advancedConfiguration") or {}
        for name in NEEDED:
            if not advanced.get(name):
                raise invalid(f"The {strategy} strategy needs {name} for each load balancer.")
        refusals.refuse_places(
            None, [{"targetGroupArn": advanced["alternateTargetGroupArn"]}], None
        )
