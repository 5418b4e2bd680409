"""Capacity providers of services: FARGATE and FARGATE_SPOT exist in every account.

Sources: the API's CreateService, UpdateService, CapacityProviderStrategyItem and
DescribeCapacityProviders. A service has a launch type or a strategy, never both.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from emulator.ecs.rollouts.errors import invalid
from emulator.settings import ACCOUNT, REGION

Json = dict[str, Any]
FARGATE = ("FARGATE", "FARGATE_SPOT")
BOTH = (
    "Specifying both a launch type and capacity provider strategy is not supported. Remove one and "
    "try again."
)
UNKNOWN = "The specified capacity provider '{name}' was not found."
TWO_BASES = "A capacity provider strategy can only have one capacity provider with a base."
NO_WEIGHT = "A capacity provider strategy must have a capacity provider with a weight above 0."


def install(backends: Any, responses: Any) -> None:
    """Replace moto's calls; call once."""
    create, update = responses.create_service, backends.update_service
    describe = backends.describe_capacity_providers

    def create_service(self: Any) -> Any:
        given = self._get_params()
        strategy = given.get("capacityProviderStrategy") or []
        cluster = self.ecs_backend._get_cluster(given.get("cluster") or "default")
        if strategy and given.get("launchType"):
            raise invalid(BOTH)
        if not strategy and not given.get("launchType"):
            strategy = cluster.default_capacity_provider_strategy or []
        refuse(self.ecs_backend, cluster, strategy)
        result = create(self)
        if strategy:
            service = result.result["service"]
            take(service, strategy)
        return result

    def update_service(self: Any, properties: Json) -> Any:
        strategy = properties.get("capacity_provider_strategy")
        if strategy:
            cluster = self._get_cluster(properties.get("cluster") or "default")
            refuse(self, cluster, strategy)
        service = update(self, properties)
        if strategy:
            take(service, strategy)
            service.force_serial = getattr(service, "force_serial", 0) + 1
        return service

    def describe_capacity_providers(self: Any, names: list[str]) -> Any:
        wanted = [str(one).rpartition("/")[2] for one in names]
        own = [_own(name) for name in FARGATE if name in wanted or not names]
        others = [one for one in names if str(one).rpartition("/")[2] not in FARGATE]
        found, failures = describe(self, others) if others or not names else ([], [])
        return [*own, *found], failures

    responses.create_service, backends.update_service = create_service, update_service
    backends.describe_capacity_providers = describe_capacity_providers


def take(service: Any, strategy: list[Json]) -> None:
    """Give a service a strategy in place of a launch type."""
    service.capacity_provider_strategy = [whole(one) for one in strategy]
    service.launch_type = None
    for deployment in service.deployments or []:
        deployment.pop("launchType", None)
        deployment["capacityProviderStrategy"] = service.capacity_provider_strategy


def whole(item: Json) -> Json:
    """Return an item of a strategy with its defaults, as the API shows it."""
    weight, base = int(item.get("weight") or 0), int(item.get("base") or 0)
    return {"capacityProvider": item["capacityProvider"], "weight": weight, "base": base}


def refuse(backend: Any, cluster: Any, strategy: list[Json]) -> None:
    """Raise ECS's error for an invalid strategy."""
    of_cluster = {*FARGATE, *(cluster.capacity_providers or [])}
    known = of_cluster & {*FARGATE, *backend.capacity_providers}
    for one in strategy:
        if one["capacityProvider"].rpartition("/")[2] not in known:
            raise invalid(UNKNOWN.format(name=one["capacityProvider"]))
    items = [whole(one) for one in strategy]
    if len([one for one in items if one["base"]]) > 1:
        raise invalid(TWO_BASES)
    if items and not any(one["weight"] for one in items):
        raise invalid(NO_WEIGHT)


def provider(strategy: list[Json] | None, taken: Counter[str]) -> str | None:
    """Return the provider of the next task: first the base, then by the shares of the weights."""
    items = [whole(one) for one in strategy or []]
    for one in items:
        if taken[one["capacityProvider"]] < one["base"]:
            return str(one["capacityProvider"])
    weighed = [one for one in items if one["weight"]]
    if not weighed:
        return None
    least = min(
        weighed,
        key=lambda one: (taken[one["capacityProvider"]] - one["base"]) / one["weight"],
    )
    return str(least["capacityProvider"])


def _own(name: str) -> Json:
    arn = f"arn:aws:ecs:{REGION}:{ACCOUNT}:capacity-provider/{name}"
    return {"capacityProviderArn": arn, "name": name, "status": "ACTIVE", "tags": []}
