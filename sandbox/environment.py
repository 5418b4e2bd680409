"""Write the canary environment file that points at a twin."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from sandbox import toml
from sandbox.seed.network import Vpc
from sandbox.world.load import merged
from sandbox.world.parts import Service
from sandbox.world.world import World

ROOT = Path(__file__).parents[1]

Edges = dict[str, dict[int, tuple[str, int]]]
Table = dict[str, Any]


def write(
    path: Path, world: World, *, aws_endpoint_url: str, ca_bundle: Path, edges: Edges, vpc: Vpc
) -> None:
    """Write the environment file of a twin."""
    environment = of_world(world)
    environment["aws_endpoint_url"] = aws_endpoint_url
    environment["ca_bundle"] = str(ca_bundle)
    for service in world.services.values():
        if service.host in edges and service.called in environment["services"]:
            environment["services"][service.called]["connect_to"] = {
                str(port): f"{address}:{edge_port}"
                for port, (address, edge_port) in edges[service.host].items()
            }
    # its endpoint stands in a parameter alone, which the canary does not read
    if "cache" in environment["services"]:
        environment["services"]["cache"]["instance"] = world.cache.called
    network: Table = environment.setdefault("network", {})
    network["vpc_id"] = vpc.id
    network["subnets"] = vpc.private[: len(network.get("subnets", vpc.private))]
    path.write_text(toml.dumps(environment))


def of_world(world: World) -> Table:
    """Return what a world's environment file says, without the places of one twin.

    It is the file of the world's model with the names of the world, and what the world writes
    otherwise.
    """
    model = tomllib.loads(_model(world).read_text())
    services = {
        service.called: _service(world, part, service) for part, service in world.services.items()
    }
    own = {
        "name": world.environment,
        "account": world.account,
        "region": world.region,
        "cluster": world.cluster,
        "services": services,
    }
    return merged(merged(model, own), world.written)


def _model(world: World) -> Path:
    """Return the file of a world's model: in the clone, or as the installed sandbox carries it."""
    place = ROOT / world.model
    return place if place.is_file() else Path(__file__).parent / "environments" / place.name


def _service(world: World, part: str, service: Service) -> Table:
    found: Table = {"url": world.url(part)} if service.host else {}
    return {
        **found,
        "ecs_service": service.name,
        "container": service.container,
        "port": service.port,
        "load_balancer": world.balancer_of(part).name,
        "target_groups": [service.target_group],
        "log_group": service.log_group,
        "discovery": f"{service.discovery}.{world.namespace}",
    }
