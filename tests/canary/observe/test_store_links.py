"""Which store is whose: a service's own name and address first, and what else is not certain."""

from __future__ import annotations

from typing import Any

import pytest

from canary.control_plane.state import Container, EcsService, TaskDefinition
from canary.control_plane.stores import Kind, Store
from canary.model import Environment, Role, Service
from canary.observe.stores import links, shapes
from tests.canary.support.moto_platform import environment
from tests.canary.support.platforms import replace


def at(name: str) -> str:
    return f"{name}.example.rds.amazonaws.com"


def store(name: str, **fields: Any) -> Store:
    given = {"service": "", "kind": Kind.INSTANCE, "id": name, "endpoints": (at(name),)}
    return Store(**given | fields)


MAIN, REPORTING = store("main"), store("reporting")
REDIS = {"REDIS_URL": "arn:r", "CACHE_HOST": "arn:r"}  # no address of a database
COPY = store("copy", copy_of="main")


def platform(**databases: dict[str, Any]) -> Environment:
    """Return the small platform with these databases, on which its API depends."""
    known = environment()
    services = {n: s for n, s in known.services.items() if n != "database"}
    services |= {n: Service(role=Role.DATABASE, **own) for n, own in databases.items()}
    services["api"] = replace(services["api"], depends_on=tuple(databases))
    return replace(known, services=services)


def linked(
    where: Environment, name: str, *listed: Store, secrets: tuple[str, ...] = (), **plain: str
) -> list[tuple[str, bool]]:
    """Return the stores of a service whose users have these variables and secrets."""
    container = Container(
        name="api", image="i", plain=plain, variables=tuple(sorted(plain)),
        secrets=dict.fromkeys(secrets, "arn:s"),
    )  # fmt: skip
    definition = TaskDefinition(arn="td:1", family="api", revision=1, containers=(container,))
    api = EcsService(name="api", arn="arn:api", status="ACTIVE", desired=1, running=1, pending=0,
                     task_definition="td:1")  # fmt: skip
    asked = links.used(where, (api,), (definition,))
    alike = {n: where.services[n] for n in where.of_role(Role.DATABASE)}
    found = links.stores_of(name, list(listed), alike, asked)
    return [(s.id, not s.doubtful) for s in found]


@pytest.mark.parametrize("own", [{"discovery": at("main").upper()}, {"instance": "Main"}])
def test_a_services_own_name_or_address_leaves_all_others_out(own: dict[str, Any]) -> None:
    found = linked(platform(database=own), "database", MAIN, REPORTING,
                   DATABASE_URL=f"postgresql://{at('main')}/x",
                   REPORTING_HOST=at("reporting"))  # fmt: skip
    assert found == [("main", True)]


def test_each_of_two_databases_has_its_own() -> None:
    where = platform(database={"discovery": at("main")}, users={"discovery": at("users")}, third={})
    listed, plain = (MAIN, store("users")), {"A_URL": at("main"), "B_URL": at("users")}
    assert linked(where, "database", *listed, **plain) == [("main", True)]
    assert linked(where, "users", *listed, **plain) == [("users", True)]
    assert linked(where, "third", *listed, **plain) == []


def test_the_only_address_of_the_users_is_certain_and_one_of_several_is_not() -> None:
    where = platform(database={})
    listed = (MAIN, REPORTING, COPY)
    assert linked(where, "database", *listed, DB_HOST=at("main")) == [("main", True)]
    assert linked(where, "database", *listed, DB_HOST=at("main"), R_HOST=at("reporting")) == [
        ("main", False), ("reporting", False),
    ]  # fmt: skip
    assert linked(where, "database", *listed, DB_HOST=at("main"), R_HOST=at("copy")) == [
        ("copy", False), ("main", True),
    ]  # fmt: skip
    assert linked(where, "database", *listed, DB_READ_HOST=at("copy")) == [("copy", False)]


@pytest.mark.parametrize("hidden", ["DATABASE_URL", "DB_HOST", "DATABASE_DSN", "db_endpoint"])
def test_an_address_in_a_secret_may_be_the_right_one(hidden: str) -> None:
    found = linked(platform(database={}), "database", MAIN, REPORTING, secrets=(hidden,),
                   REPORTING_HOST=at("reporting"))  # fmt: skip
    assert found == [("reporting", False)]


def test_a_user_that_hides_nothing_is_enough() -> None:
    """One user has the whole address in a secret, as our login service; another has it plain."""
    where = platform(database={})
    where.services["other"] = replace(where.services["other"], depends_on=("database",))
    hiding = Container(name="a", image="i", secrets={"DATABASE_URL": "arn:s"})
    telling = Container(name="b", image="i", plain={"DB_HOST": at("main")}, secrets=REDIS)
    definitions = tuple(
        TaskDefinition(arn=f"td:{c.name}", family=c.name, revision=1, containers=(c,))
        for c in (hiding, telling)
    )
    running = tuple(
        EcsService(name=n, arn=n, status="ACTIVE", desired=1, running=1, pending=0,
                   task_definition=d.arn)
        for n, d in zip(("never-made", "api"), definitions, strict=True)
    )  # fmt: skip
    asked = links.used(where, running, definitions)
    alike = {"database": where.services["database"]}
    (found,) = links.stores_of("database", [MAIN, REPORTING], alike, asked)
    assert (found.id, found.doubtful) == ("main", False)


def test_a_login_in_a_secret_hides_no_address() -> None:
    found = linked(platform(database={}), "database", MAIN, secrets=("DB_PASSWORD", "DB_USER"),
                   DB_HOST=at("main"))  # fmt: skip
    assert found == [("main", True)]
    hides = linked(platform(database={}), "database", MAIN, DB_HOST=at("main"), OTHER_URL="")
    assert hides == [("main", False)]


def test_two_services_that_may_mean_one_store_are_both_uncertain() -> None:
    where = platform(database={}, users={})
    for name in ("database", "users"):
        assert linked(where, name, MAIN, DB_HOST=at("main")) == [("main", False)]


def test_a_service_with_an_address_of_another_name_is_uncertain() -> None:
    where = platform(database={"discovery": "db.example.local"})
    assert linked(where, "database", MAIN, DB_HOST=at("main")) == [("main", False)]


def test_an_instance_and_a_cluster_of_one_id_are_two_stores() -> None:
    whole = store("main", kind=Kind.CLUSTER, endpoints=("c.example",))
    other = store("w", parent="main")
    where = platform(database={"discovery": at("main")})
    assert linked(where, "database", MAIN, whole, other) == [("main", True)]
    asked = platform(database={"discovery": "c.example"})
    assert linked(asked, "database", MAIN, whole, other) == [("main", True), ("w", True)]


def test_a_read_replica_is_known_as_one() -> None:
    raw = {"DBInstanceIdentifier": "r", "ReadReplicaSourceDBInstanceIdentifier": "main"}
    assert shapes.instance(raw).copy_of == "main"
    assert shapes.instance({"DBInstanceIdentifier": "r"}).copy_of == ""
    copied = {"DBClusterIdentifier": "c", "ReplicationSourceIdentifier": "arn:of-main"}
    assert shapes.cluster(copied).copy_of == "arn:of-main"
