"""A service's role is what it writes; without one, today's names say it."""

from __future__ import annotations

from canary.control_plane.dependencies import used
from canary.model import Environment, Role, Service


def environment(**services: Service) -> Environment:
    return Environment(
        name="test", account="123456789012", region="us-east-1", cluster="c", services=services
    )


def test_a_written_role_decides_before_the_name() -> None:
    where = environment(
        auth=Service(),
        registry=Service(),
        mlflow=Service(role=Role.OTHER),
        iam=Service(role=Role.IDENTITY),
        cache=Service(role=Role.DATABASE),
        worker=Service(),
    )
    assert {n: where.role_of(n) for n in (*where.services, "nowhere")} == {
        "auth": Role.IDENTITY,
        "registry": Role.API,
        "mlflow": Role.OTHER,
        "iam": Role.IDENTITY,
        "cache": Role.DATABASE,
        "worker": Role.OTHER,
        "nowhere": Role.OTHER,
    }
    assert where.of_role(Role.IDENTITY) == ("auth", "iam")
    assert where.of_role(Role.MLFLOW) == ()


def test_of_several_services_of_a_role_the_one_that_is_used_is_meant() -> None:
    where = environment(
        orders=Service(role=Role.DATABASE),
        models=Service(role=Role.DATABASE),
        tracking=Service(role=Role.MLFLOW, depends_on=("models",)),
        front=Service(depends_on=("tracking",)),
        shop=Service(depends_on=("orders",)),
    )
    assert [used(where, Role.DATABASE, n) for n in ("front", "tracking", "shop", "models")] == [
        "models", "models", "orders", "models",
    ]  # fmt: skip
    assert used(where, Role.DATABASE) == "orders"
    assert used(where, Role.CACHE, "front") == ""
