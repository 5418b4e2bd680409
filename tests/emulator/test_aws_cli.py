"""What an operator types: the AWS CLI against the twin, and its effect at the edge."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3

from tests.sandbox.support import classic as names
from tests.sandbox.support.twin import RunningTwin

pytestmark = pytest.mark.slow

SEARCH = "/api/mlflow/api/2.0/mlflow/experiments/search?max_results=1"
REGISTRY = names.REGISTRY_HOST
Aws = Callable[..., Any]


@pytest.fixture(scope="module")
def aws(twin: RunningTwin) -> Iterator[Aws]:
    """The CLI as the operator; the twin is healed when all tests of this file are done."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    variables = {
        **kept,
        "AWS_ACCESS_KEY_ID": twin.state.aws.access_key_id,
        "AWS_SECRET_ACCESS_KEY": twin.state.aws.secret_access_key,
        "AWS_DEFAULT_REGION": twin.state.region,
        "AWS_ENDPOINT_URL": twin.state.aws_endpoint_url,
        "AWS_PAGER": "",
    }

    def run(*words: str, output: str = "json") -> Any:
        done = subprocess.run(
            [str(Path(sys.executable).with_name("aws")), *words, "--output", output],
            env=variables,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if output == "json" and done.stdout.strip() else done.stdout

    yield run
    twin.heal()


def only(listed: list[Any]) -> Any:
    """The one element of a list."""
    (found,) = listed
    return found


def group_id(aws: Aws, name: str) -> str:
    """A security group's id by its name."""
    found = aws(
        "ec2", "describe-security-groups", "--filters", f"Name=group-name,Values={name}",
        "--query", "SecurityGroups[0].GroupId", output="text",
    )  # fmt: skip
    return str(found).strip()


def health(twin: RunningTwin) -> int | str:
    """The registry's status at the edge, or the error's type."""
    try:
        return twin.get(REGISTRY, "/health", timeout=6).status
    except urllib3.exceptions.HTTPError as error:
        return type(error).__name__


def test_ingress_is_revoked_and_authorized_by_group_and_port(aws: Aws, twin: RunningTwin) -> None:
    guard = group_id(aws, names.API_TASK_GROUP)
    source = group_id(aws, names.REGISTRY_BALANCER_GROUP)
    edge = ("--group-id", guard, "--protocol", "tcp", "--port", "8001", "--source-group", source)
    aws("ec2", "revoke-security-group-ingress", *edge)
    twin.settle()
    assert health(twin) == 504
    aws("ec2", "authorize-security-group-ingress", *edge)
    twin.settle()
    assert health(twin) == 200


def test_the_edge_is_closed_and_opened_with_permissions_as_json(
    aws: Aws, twin: RunningTwin
) -> None:
    guard = group_id(aws, names.REGISTRY_BALANCER_GROUP)
    port = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    allowed = json.dumps([{**port, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
    edge = ("--group-id", guard, "--ip-permissions", allowed)
    aws("ec2", "revoke-security-group-ingress", *edge)
    twin.settle()
    assert health(twin) == "ConnectTimeoutError"
    aws("ec2", "authorize-security-group-ingress", *edge)
    twin.settle()
    assert health(twin) == 200


@pytest.mark.sweep
def test_rules_are_deleted_created_and_modified(aws: Aws, twin: RunningTwin) -> None:
    balancer = only(
        aws("elbv2", "describe-load-balancers", "--names", names.REGISTRY_BALANCER)["LoadBalancers"]
    )["LoadBalancerArn"]
    listeners = aws("elbv2", "describe-listeners", "--load-balancer-arn", balancer)["Listeners"]
    listener = only([each["ListenerArn"] for each in listeners if each["Port"] == 443])
    groups = {
        each["TargetGroupName"]: each["TargetGroupArn"]
        for each in aws("elbv2", "describe-target-groups")["TargetGroups"]
    }
    rules = aws("elbv2", "describe-rules", "--listener-arn", listener)["Rules"]
    aws(
        "elbv2",
        "delete-rule",
        "--rule-arn",
        only([r["RuleArn"] for r in rules if r["Priority"] == "105"]),
    )
    made = aws(
        "elbv2", "create-rule", "--listener-arn", listener, "--priority", "105",
        "--conditions", "Field=path-pattern,Values=/api/mlflow/*",
        "--actions", f"Type=forward,TargetGroupArn={groups[names.MLFLOW_TARGET_GROUP]}",
    )  # fmt: skip
    arn = only(made["Rules"])["RuleArn"]
    twin.settle()
    assert twin.get(REGISTRY, SEARCH, key=twin.key("valid")).status == 404
    aws(
        "elbv2", "modify-rule", "--rule-arn", arn,
        "--actions", f"Type=forward,TargetGroupArn={groups[names.API_TARGET_GROUP]}",
    )  # fmt: skip
    twin.settle()
    assert twin.get(REGISTRY, SEARCH, key=twin.key("valid")).status == 200


@pytest.mark.sweep
def test_a_revision_is_registered_deployed_and_rolled_back(
    aws: Aws, twin: RunningTwin, tmp_path: Path
) -> None:
    service = ("--cluster", names.CLUSTER, "--service", names.API_SERVICE)
    before = only(
        aws(
            "ecs", "describe-services", "--cluster", names.CLUSTER, "--services", names.API_SERVICE
        )["services"]
    )["taskDefinition"]
    found = aws("ecs", "describe-task-definition", "--task-definition", before)["taskDefinition"]
    wanted = ("family", "taskRoleArn", "executionRoleArn", "networkMode", "containerDefinitions",
              "requiresCompatibilities", "cpu", "memory")  # fmt: skip
    definition = {key: found[key] for key in wanted if key in found}
    environment = definition["containerDefinitions"][0]["environment"]
    environment.append({"name": "SANDBOX_BEHAVIOUR", "value": "no-auth"})
    file = tmp_path / "revision.json"
    file.write_text(json.dumps(definition))
    made = aws("ecs", "register-task-definition", "--cli-input-json", f"file://{file}")
    arn = made["taskDefinition"]["taskDefinitionArn"]
    aws("ecs", "update-service", *service, "--task-definition", arn)
    twin.settle()
    assert twin.get(REGISTRY, SEARCH).status == 200
    aws("ecs", "update-service", *service, "--task-definition", before)
    aws("ecs", "wait", "services-stable", "--cluster", names.CLUSTER, "--services",
        names.API_SERVICE, output="text")  # fmt: skip
    twin.settle()
    assert twin.get(REGISTRY, SEARCH).status == 401


@pytest.mark.sweep
def test_a_service_is_scaled_to_zero_and_back(aws: Aws, twin: RunningTwin) -> None:
    service = ("--cluster", names.CLUSTER, "--service", names.API_SERVICE)
    aws("ecs", "update-service", *service, "--desired-count", "0")
    twin.settle()
    assert health(twin) == 503
    aws("ecs", "update-service", *service, "--desired-count", "1", "--force-new-deployment")
    twin.settle()
    assert health(twin) == 200


@pytest.mark.sweep
def test_a_role_loses_its_policy_and_gets_it_back(aws: Aws, twin: RunningTwin) -> None:
    name = ("--role-name", names.EXECUTION_ROLE, "--policy-name", f"{names.EXECUTION_ROLE}-policy")
    policy = aws("iam", "get-role-policy", *name)["PolicyDocument"]
    service = ("--cluster", names.CLUSTER, "--service", names.API_SERVICE)
    aws("iam", "delete-role-policy", *name)
    aws("ecs", "update-service", *service, "--force-new-deployment")
    twin.settle()
    stopped = aws("ecs", "list-tasks", "--cluster", names.CLUSTER, "--desired-status", "STOPPED",
                  "--service-name", names.API_SERVICE)["taskArns"]  # fmt: skip
    tasks = aws("ecs", "describe-tasks", "--cluster", names.CLUSTER, "--tasks", *stopped)["tasks"]
    assert any("AccessDeniedException" in task.get("stoppedReason", "") for task in tasks)
    aws("iam", "put-role-policy", *name, "--policy-document", json.dumps(policy))
    aws("ecs", "update-service", *service, "--force-new-deployment")
    twin.settle()
    assert health(twin) == 200


def test_a_secret_comes_back_within_its_recovery_window(aws: Aws, twin: RunningTwin) -> None:
    secret = ("--secret-id", names.REDIS_SECRET)
    aws("secretsmanager", "delete-secret", *secret, "--recovery-window-in-days", "7")
    assert "DeletedDate" in aws("secretsmanager", "describe-secret", *secret)
    aws("secretsmanager", "restore-secret", *secret)
    assert "DeletedDate" not in aws("secretsmanager", "describe-secret", *secret)
    aws("secretsmanager", "get-secret-value", *secret)


def test_a_parameter_is_overwritten_and_read_back(aws: Aws) -> None:
    name = ("--name", names.REDIS_ENDPOINT_PARAMETER)
    value = ("--value", names.REDIS_ENDPOINT, "--type", "String")
    aws("ssm", "delete-parameter", *name)
    aws("ssm", "put-parameter", *name, *value)
    aws("ssm", "put-parameter", *name, *value, "--overwrite")
    assert aws("ssm", "get-parameter", *name)["Parameter"]["Value"] == names.REDIS_ENDPOINT


@pytest.mark.sweep
def test_a_name_loses_its_instance_and_gets_it_back(aws: Aws, twin: RunningTwin) -> None:
    services = aws("servicediscovery", "list-services")["Services"]
    ident = only([each["Id"] for each in services if each["Name"] == "mlflow"])
    instance = only(aws("servicediscovery", "list-instances", "--service-id", ident)["Instances"])
    place = ("--service-id", ident, "--instance-id", instance["Id"])
    aws("servicediscovery", "deregister-instance", *place)
    twin.settle()
    assert twin.get(REGISTRY, SEARCH, key=twin.key("valid")).status == 502
    attributes = ",".join(f"{k}={v}" for k, v in instance["Attributes"].items())
    aws("servicediscovery", "register-instance", *place, "--attributes", attributes)
    twin.settle()
    assert twin.get(REGISTRY, SEARCH, key=twin.key("valid")).status == 200


@pytest.mark.sweep
def test_targets_are_deregistered_and_registered(aws: Aws, twin: RunningTwin) -> None:
    group = only(
        aws("elbv2", "describe-target-groups", "--names", names.API_TARGET_GROUP)["TargetGroups"]
    )["TargetGroupArn"]
    shown = aws("elbv2", "describe-target-health", "--target-group-arn", group)
    target = only(shown["TargetHealthDescriptions"])["Target"]
    entry = ("--target-group-arn", group, "--targets", f"Id={target['Id']},Port={target['Port']}")
    aws("elbv2", "deregister-targets", *entry)
    twin.settle()
    assert health(twin) == 503
    aws("elbv2", "register-targets", *entry)
    twin.settle()
    assert health(twin) == 200
