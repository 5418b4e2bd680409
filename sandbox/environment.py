"""Write the canary environment file that points at a twin."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sandbox import toml
from sandbox.seed.network import Vpc

# what must hold is the same as on the platform: its file is the model, only places differ
MODEL = Path(__file__).parents[1] / "canary" / "environments" / "development.toml"

Edges = dict[str, dict[int, tuple[str, int]]]


def write(path: Path, *, aws_endpoint_url: str, ca_bundle: Path, edges: Edges, vpc: Vpc) -> None:
    """Write the environment file of a twin."""
    environment = tomllib.loads(MODEL.read_text())
    environment["aws_endpoint_url"] = aws_endpoint_url
    environment["ca_bundle"] = str(ca_bundle)
    for service in environment["services"].values():
        host = urlsplit(service.get("url", "")).hostname
        if host in edges:
            service["connect_to"] = {
                str(port): f"{address}:{edge_port}"
                for port, (address, edge_port) in edges[host].items()
            }
    network: dict[str, Any] = environment.setdefault("network", {})
    network["vpc_id"] = vpc.id
    network["subnets"] = vpc.private[: len(network.get("subnets", vpc.private))]
    path.write_text(toml.dumps(environment))
