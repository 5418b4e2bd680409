"""Names that AWS cannot have given are refused where the file is read, with the key."""

from __future__ import annotations

import msgspec
import pytest

from canary import config
from canary.config.aws_names import SERVICE, name_problems
from canary.model import Environment, Principal, RouteRule

KNOWN = config.load("development").environment


def with_service(**fields: object) -> Environment:
    name, service = next(iter(sorted(KNOWN.services.items())))
    changed = msgspec.structs.replace(service, **fields)
    return msgspec.structs.replace(KNOWN, services={name: changed})


HOSTILE = (
    "x; touch P $(id)",
    "x`id`",
    "x'y",
    'x"y',
    "x|y",
    "x\ny",
    "x y\u202e",
    "file:///etc/passwd\t",
    "x<y",
    "x\\y",
)


def test_the_names_of_the_shipped_environment_are_names() -> None:
    assert list(name_problems(KNOWN)) == []


ALLOWED = ("security_group", "x; touch P $(id)")  # by AWS: it is quoted where it is printed


@pytest.mark.parametrize(
    ("field", "value"), [(f, v) for f in SERVICE for v in HOSTILE if (f, v) != ALLOWED]
)
def test_no_name_of_a_service_is_a_command(field: str, value: str) -> None:
    given = ("fine", value) if field == "target_groups" else value
    (problem,) = name_problems(with_service(**{field: given}))
    assert problem.startswith(f"services.auth.{field}: {value!a} is no name that AWS gives (")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("log_group", "/ecs/my-service.v2#blue_1"),
        ("log_group", "--x"),
        ("discovery", "mlflow.platform.local"),
        ("ecs_service", "A_b-9" * 51),
        ("load_balancer", "a" * 32),
        ("security_group", "my group (prod) #1"),
        ALLOWED,
        ("container", "web"),
        ("target_groups", ("one", "two-2")),
    ],
)
def test_what_aws_allows_is_allowed(field: str, value: object) -> None:
    assert list(name_problems(with_service(**{field: value}))) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [("load_balancer", "a" * 33), ("load_balancer", "-a"), ("target_groups", ("a-",)),
     ("ecs_service", "a" * 256), ("log_group", "a" * 513), ("log_group", "x" * 100 + " ")],
)  # fmt: skip
def test_what_is_too_long_or_cut_wrongly_is_refused(field: str, value: object) -> None:
    (problem,) = name_problems(with_service(**{field: value}))
    assert problem.startswith(f"services.auth.{field}: ") and len(problem) < 300


@pytest.mark.parametrize("region", [*HOSTILE, "-x", "us-east-", "US-EAST-1", "a" * 64])
def test_a_region_is_one_that_aws_could_have(region: str) -> None:
    (problem,) = name_problems(msgspec.structs.replace(KNOWN, region=region))
    assert problem.startswith(f"region: {region!a} is no name that AWS gives (")


def test_cluster_secrets_and_patterns_are_names_too() -> None:
    hostile = msgspec.structs.replace(
        KNOWN,
        services={},
        cluster="a; b",
        principals={
            "valid": Principal(secret="a b"),
            "other": Principal(secret="arn:aws:secretsmanager:us-east-1:123456789012:secret:a/b-C"),
            "third": Principal(secret="app/db@1"),
        },
        routes=(
            RouteRule(path="/", service="api", pattern="/api/*"),
            RouteRule(path="/", service="api", pattern="/$(id)"),
        ),
    )
    assert [p.partition(": ")[0] for p in name_problems(hostile)] == [
        "cluster", "principals.valid.secret", "routes[1].pattern",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "name",
    ["rds!cluster-0b1c2d3e-4f56-7890-abcd-ef0123456789", "rds!db-7a8b", "ecs-sc!arn-1",
     "events!connection/slack/5f2b"],
)  # fmt: skip
def test_secrets_that_services_of_aws_made_have_names_too(name: str) -> None:
    arn = f"arn:aws:secretsmanager:us-east-1:123456789012:secret:{name}-AbCdEf"
    made = {"valid": Principal(secret=name), "other": Principal(secret=arn)}
    assert list(name_problems(msgspec.structs.replace(KNOWN, principals=made))) == []
