"""A set's check is of the one service with the role of its name, under whatever name."""

from __future__ import annotations

import pytest

from canary.config.service_names import own_name
from canary.model import Environment, Role, Service


def environment(**services: Service) -> Environment:
    return Environment(
        name="x", account="123456789012", region="us-east-1", cluster="", services=services
    )


MLFLOW, API = Service(role=Role.MLFLOW), Service(role=Role.API)


@pytest.mark.parametrize(
    ("services", "name", "own"),
    [
        ({"tracker": MLFLOW}, "mlflow", "tracker"),
        ({"front": API, "tracker": MLFLOW}, "registry", "front"),
        ({"mlflow": Service(), "tracker": MLFLOW}, "mlflow", "mlflow"),
        ({"one": MLFLOW, "two": MLFLOW}, "mlflow", "mlflow"),
        ({"tracker": MLFLOW}, "registry", "registry"),
        ({"tracker": MLFLOW}, "website", "website"),
        ({"tracker": MLFLOW}, "", ""),
    ],
)
def test_a_name_that_stands_for_a_role(services: dict[str, Service], name: str, own: str) -> None:
    assert own_name(environment(**services), name) == own
