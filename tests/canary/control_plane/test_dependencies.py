"""The closure of the dependency graph."""

from __future__ import annotations

import pytest

from canary.control_plane.dependencies import closure, used
from canary.model import Role, Service
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


def test_the_service_of_a_role_is_the_one_that_is_used_else_any() -> None:
    services = {
        "first": Service(role=Role.MLFLOW),
        "second": Service(role=Role.MLFLOW),
        "api": Service(depends_on=("second", "auth")),
        "auth": Service(),
    }
    found = environment(services=services)
    assert used(found, Role.MLFLOW, "api") == "second"
    assert used(found, Role.MLFLOW, "first") == "first"
    assert used(found, Role.MLFLOW, "auth") == "first"  # uses none: the first that there is
    assert used(found, Role.MLFLOW) == "first"
    assert used(found, Role.DATABASE, "api") == ""
