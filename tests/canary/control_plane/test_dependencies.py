"""The closure of the dependency graph."""

from __future__ import annotations

import pytest

from canary.control_plane.dependencies import closure
from canary.model import Service
from tests.canary.support.servers.toolbox import environment

GRAPH = {
    "api": ("auth", "mlflow"),
    "auth": ("cache",),
    "mlflow": ("database",),
    "cache": ("api",),  # a circle ends
    "database": ("elsewhere",),  # no service of the platform
    "alone": (),
}


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (("alone",), {"alone"}),
        (("mlflow",), {"mlflow", "database"}),
        (("auth",), {"auth", "cache", "api", "mlflow", "database"}),
        (("mlflow", "alone"), {"mlflow", "database", "alone"}),
        (("elsewhere",), set()),
        ((), set()),
    ],
)
def test_a_service_brings_all_that_it_depends_on(names: tuple[str, ...], found: set[str]) -> None:
    services = {name: Service(depends_on=needs) for name, needs in GRAPH.items()}
    assert closure(environment(services=services), *names) == found
