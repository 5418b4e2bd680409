"""The healthy platform, as the AWS API and the edge show it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from sandbox.seed import definitions
from sandbox.world.load import load
from tests.sandbox.support import classic as names
from tests.sandbox.support.twin import RunningTwin

SEARCH = "/api/mlflow/api/2.0/mlflow/experiments/search?max_results=1"


def rules(twin: RunningTwin, balancer: str, port: int) -> list[dict[str, Any]]:
    """The rules of one listener."""
    elbv2 = twin.client("elbv2")
    arn = elbv2.describe_load_balancers(Names=[balancer])["LoadBalancers"][0]["LoadBalancerArn"]
    listeners = elbv2.describe_listeners(LoadBalancerArn=arn)["Listeners"]
    listener = next(each for each in listeners if each["Port"] == port)
    return list(elbv2.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"])


def test_the_registry_has_its_three_rules_and_a_default(twin: RunningTwin) -> None:
    found = [
        (
            rule["Priority"],
            *(v for c in rule["Conditions"] for v in c["PathPatternConfig"]["Values"]),
        )
        for rule in rules(twin, names.REGISTRY_BALANCER, 443)
    ]
    assert found == [
        ("50", "/mlflow/*"),
        ("105", "/api/mlflow/*"),
        ("110", "/api/*"),
        ("default",),
    ]


@pytest.mark.parametrize("balancer", [names.AUTH_BALANCER, names.REGISTRY_BALANCER])
def test_port_80_redirects_to_https(twin: RunningTwin, balancer: str) -> None:
    (default,) = rules(twin, balancer, 80)
    assert default["Actions"][0]["RedirectConfig"]["StatusCode"] == "HTTP_301"


@pytest.mark.parametrize("service", list(names.CONTAINERS))
def test_each_service_runs_one_task_in_one_completed_deployment(
    twin: RunningTwin, service: str
) -> None:
    answer = twin.client("ecs").describe_services(cluster=names.CLUSTER, services=[service])
    (found,) = answer["services"]
    assert (found["runningCount"], found["pendingCount"], found["desiredCount"]) == (1, 0, 1)
    assert [each["rolloutState"] for each in found["deployments"]] == ["COMPLETED"]
    assert found["healthCheckGracePeriodSeconds"] == 120


@pytest.mark.parametrize("group", list(names.TARGET_GROUPS.values()))
def test_each_target_group_has_one_healthy_target(twin: RunningTwin, group: str) -> None:
    elbv2 = twin.client("elbv2")
    arn = elbv2.describe_target_groups(Names=[group])["TargetGroups"][0]["TargetGroupArn"]
    health = elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    assert [each["TargetHealth"] for each in health] == [{"State": "healthy"}]


@pytest.mark.parametrize("service", list(names.CONTAINERS))
def test_a_previous_revision_of_each_task_definition_exists(
    twin: RunningTwin, service: str
) -> None:
    answer = twin.client("ecs").list_task_definitions(familyPrefix=service)
    assert len(answer["taskDefinitionArns"]) >= 2


@pytest.mark.parametrize("name", list(names.DISCOVERY_NAMES.values()))
def test_each_service_has_an_instance_in_cloud_map(twin: RunningTwin, name: str) -> None:
    client = twin.client("servicediscovery")
    service = next(s for s in client.list_services()["Services"] if s["Name"] == name)
    (instance,) = client.list_instances(ServiceId=service["Id"])["Instances"]
    assert instance["Attributes"]["AWS_INSTANCE_IPV4"].startswith("10.0.")


@pytest.mark.parametrize(
    ("host", "path", "status"),
    [
        (names.AUTH_HOST, "/", 200),
        (names.AUTH_HOST, "/health", 200),
        (names.AUTH_HOST, "/ready", 200),
        (names.REGISTRY_HOST, "/health", 200),
        (names.REGISTRY_HOST, "/ready", 200),
        (names.API_HOST, "/health", 200),
        (names.REGISTRY_HOST, "/api/health/mlflow", 200),
        (names.REGISTRY_HOST, "/api/v1/models", 401),
        (names.REGISTRY_HOST, SEARCH, 401),
    ],
)
def test_the_edge_answers_without_a_key(
    twin: RunningTwin, host: str, path: str, status: int
) -> None:
    answer = twin.get(host, path)
    assert answer.status == status
    assert answer.headers["content-type"].startswith("application/json")


@pytest.mark.parametrize(
    ("principal", "status"),
    [
        ("valid", 200),
        ("read-only", 403),
        ("revoked", 401),
        ("expired", 401),
        ("other-service", 401),
        ("unknown", 401),
    ],
)
def test_each_principal_gets_what_it_may(twin: RunningTwin, principal: str, status: int) -> None:
    key = twin.key(principal)
    assert twin.get(names.REGISTRY_HOST, SEARCH, key=key).status == status


def test_the_state_file_says_where_everything_is(twin: RunningTwin) -> None:
    state = twin.state
    assert set(state.edge_url) == {names.AUTH_HOST, names.REGISTRY_HOST, names.API_HOST}
    assert {"auth", "api", "mlflow", "redis", "database"} <= set(state.services)
    assert Path(state.ca_bundle).read_text().startswith("-----BEGIN CERTIFICATE")
    assert Path(state.log_dir).is_dir()


def test_the_environment_file_points_at_the_twin(twin: RunningTwin) -> None:
    state = twin.state
    environment = tomllib.loads(Path(state.environment_file).read_text())
    assert environment["aws_endpoint_url"] == state.aws_endpoint_url
    assert environment["ca_bundle"] == state.ca_bundle
    registry = environment["services"]["registry"]
    assert registry["url"] == f"https://{names.REGISTRY_HOST}"
    assert registry["connect_to"]["443"] == state.edge[names.REGISTRY_HOST]["443"]


def test_identifiers_are_the_same_in_every_twin(twin: RunningTwin) -> None:
    answer = twin.client("elbv2").describe_load_balancers(Names=[names.REGISTRY_BALANCER])
    arn = answer["LoadBalancers"][0]["LoadBalancerArn"]
    assert arn.endswith("/cc34aca892d97632")


def container(twin: RunningTwin, service: str) -> dict[str, Any]:
    """The container of a service's running task definition."""
    ecs = twin.client("ecs")
    running = ecs.describe_services(cluster=names.CLUSTER, services=[service])["services"][0]
    found = ecs.describe_task_definition(taskDefinition=running["taskDefinition"])
    return dict(found["taskDefinition"]["containerDefinitions"][0])


def test_the_api_has_a_key_of_its_own_for_mlflow(twin: RunningTwin) -> None:
    injected = {s["name"]: s["valueFrom"] for s in container(twin, names.API_SERVICE)["secrets"]}
    stored = twin.client("secretsmanager").get_secret_value(SecretId=names.MLFLOW_TOKEN_SECRET)
    assert injected["MLFLOW_TRACKING_TOKEN"] == stored["ARN"]
    policy = twin.client("iam").get_role_policy(
        RoleName=names.EXECUTION_ROLE, PolicyName=f"{names.EXECUTION_ROLE}-policy"
    )["PolicyDocument"]
    readable = [
        arn
        for statement in policy["Statement"]
        for arn in statement["Resource"]
        if "secretsmanager:GetSecretValue" in statement["Action"]
    ]
    assert stored["ARN"] in readable
    answer = twin.get(names.REGISTRY_HOST, SEARCH, key=stored["SecretString"])
    assert answer.status == 200


def test_mlflow_asks_the_auth_service_as_the_platform_s_does(twin: RunningTwin) -> None:
    given = {v["name"]: v["value"] for v in container(twin, names.MLFLOW_SERVICE)["environment"]}
    assert given["HOKUSAI_AUTH_SERVICE_URL"] == f"https://{names.AUTH_HOST}"
    assert given["HOKUSAI_AUTH_SERVICE_ID"] == "platform"


@pytest.mark.parametrize(("as_found", "mended"), [(False, "all"), (True, None)])
def test_what_is_wrong_with_the_real_api_is_mended_unless_as_found(
    as_found: bool, mended: str | None
) -> None:
    assert definitions.environment(load(), "api", as_found).get("SANDBOX_MENDED") == mended


def test_the_cache_is_named_as_elasticache_names_one_with_encryption(twin: RunningTwin) -> None:
    ssm = twin.client("ssm")
    found = ssm.get_parameter(Name=names.REDIS_ENDPOINT_PARAMETER)["Parameter"]["Value"]
    assert found == "master.hokusai-redis-development.abc123.use1.cache.amazonaws.com"
    answer = twin.get(names.REGISTRY_HOST, "/health?detailed=true")
    assert answer.json()["services"]["redis"] == "healthy"
