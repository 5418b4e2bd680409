"""Heal brings the platform back after any change through the AWS API."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.support import classic as names
from tests.sandbox.support.twin import RunningTwin

pytestmark = pytest.mark.slow

SECRETS = (names.AUTH_SECRET, names.APP_SECRET, names.REDIS_SECRET, names.MLFLOW_TOKEN_SECRET)
VOLATILE = {
    "createdAt", "updatedAt", "registeredAt", "events", "CreatedTime", "LastModifiedDate",
    "LastAccessedDate", "CreatedDate", "ResponseMetadata", "createTime", "id", "serviceArn",
    "currentServiceRevisions", "currentServiceDeployment",  # ids of a deployment, made at each
}  # fmt: skip


def still(value: Any) -> Any:
    """A description without what differs from one moment to the next."""
    if isinstance(value, dict):
        return {k: still(v) for k, v in value.items() if k not in VOLATILE}
    return [still(item) for item in value] if isinstance(value, list) else value


def picture(twin: RunningTwin) -> dict[str, Any]:
    """The platform as the AWS API shows it."""
    elbv2, ecs, ec2 = twin.client("elbv2"), twin.client("ecs"), twin.client("ec2")
    found: dict[str, Any] = {}
    for balancer in elbv2.describe_load_balancers()["LoadBalancers"]:
        listeners = elbv2.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])
        found[balancer["LoadBalancerName"]] = {
            each["Port"]: (
                elbv2.describe_rules(ListenerArn=each["ListenerArn"])["Rules"],
                each.get("Certificates"),
            )
            for each in listeners["Listeners"]
        }
    found["groups"] = elbv2.describe_target_groups()["TargetGroups"]
    found["security"] = [
        g for g in ec2.describe_security_groups()["SecurityGroups"] if "hokusai" in g["GroupName"]
    ]
    found["services"] = ecs.describe_services(
        cluster=names.CLUSTER, services=list(names.CONTAINERS)
    )["services"]
    found["secrets"] = {
        name: twin.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"]
        for name in SECRETS
    }
    found["parameters"] = {
        p["Name"]: p["Value"]
        for p in twin.client("ssm").get_parameters_by_path(Path="/hokusai", Recursive=True)[
            "Parameters"
        ]
    }
    found["buckets"] = [
        each["Name"]
        for each in twin.client("s3").list_buckets()["Buckets"]
        if each["Name"].startswith(names.PREFIX)
    ]
    found["artifacts frozen"] = frozen(twin)
    found["role"] = twin.client("iam").get_role_policy(
        RoleName=names.EXECUTION_ROLE, PolicyName=f"{names.EXECUTION_ROLE}-policy"
    )["PolicyDocument"]
    return dict(still(found))


def frozen(twin: RunningTwin) -> bool:
    """Tell whether the artifact bucket refuses to be written to."""
    try:
        twin.client("s3").put_object(Bucket=names.ARTIFACT_BUCKET, Key="probe", Body=b"")
    except ClientError:
        return True
    return False


def delete_listeners(twin: RunningTwin) -> None:
    elbv2 = twin.client("elbv2")
    for balancer in elbv2.describe_load_balancers()["LoadBalancers"]:
        arn = balancer["LoadBalancerArn"]
        for listener in elbv2.describe_listeners(LoadBalancerArn=arn)["Listeners"]:
            elbv2.delete_listener(ListenerArn=listener["ListenerArn"])


def delete_a_balancer(twin: RunningTwin) -> None:
    elbv2 = twin.client("elbv2")
    found = elbv2.describe_load_balancers(Names=[names.AUTH_BALANCER])["LoadBalancers"]
    elbv2.delete_load_balancer(LoadBalancerArn=found[0]["LoadBalancerArn"])


def delete_services(twin: RunningTwin) -> None:
    for service in names.CONTAINERS:
        twin.client("ecs").delete_service(cluster=names.CLUSTER, service=service, force=True)


def revoke_everything(twin: RunningTwin) -> None:
    ec2 = twin.client("ec2")
    for group in ec2.describe_security_groups()["SecurityGroups"]:
        if "hokusai" in group["GroupName"] and group["IpPermissions"]:
            ec2.revoke_security_group_ingress(
                GroupId=group["GroupId"], IpPermissions=group["IpPermissions"]
            )


def lose_secrets_and_parameters(twin: RunningTwin) -> None:
    twin.client("secretsmanager").delete_secret(
        SecretId=names.AUTH_SECRET, ForceDeleteWithoutRecovery=True
    )
    twin.client("secretsmanager").put_secret_value(SecretId=names.REDIS_SECRET, SecretString="x")
    twin.client("ssm").delete_parameters(
        Names=[names.REDIS_PORT_PARAMETER, names.REDIS_ENDPOINT_PARAMETER]
    )


def take_rights_away(twin: RunningTwin) -> None:
    twin.client("iam").delete_role_policy(
        RoleName=names.EXECUTION_ROLE, PolicyName=f"{names.EXECUTION_ROLE}-policy"
    )


def lock_and_lose_buckets(twin: RunningTwin) -> None:
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{names.ARTIFACT_BUCKET}/*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    twin.client("s3").put_bucket_policy(Bucket=names.ARTIFACT_BUCKET, Policy=policy)
    twin.client("s3").delete_bucket(Bucket=names.REPORT_BUCKET)


def change_target_groups(twin: RunningTwin) -> None:
    elbv2 = twin.client("elbv2")
    for group in elbv2.describe_target_groups()["TargetGroups"]:
        elbv2.modify_target_group(
            TargetGroupArn=group["TargetGroupArn"],
            HealthCheckPath="/wrong",
            Matcher={"HttpCode": "299"},
            HealthCheckIntervalSeconds=60,
        )


QUICK = (delete_listeners, delete_services, lose_secrets_and_parameters)
SLOW = (
    delete_a_balancer,
    revoke_everything,
    take_rights_away,
    lock_and_lose_buckets,
    change_target_groups,
)


@pytest.mark.parametrize(
    "change", [*QUICK, *(pytest.param(change, marks=pytest.mark.sweep) for change in SLOW)]
)
def test_heal_undoes_what_anyone_did_through_the_api(
    twin: RunningTwin, change: Callable[[RunningTwin], None]
) -> None:
    before = picture(twin)
    try:
        change(twin)
        changed = picture_or_nothing(twin)
    finally:
        twin.heal()
    assert changed != before
    assert picture(twin) == before
    assert twin.get(names.REGISTRY_HOST, "/health").status == 200
    assert twin.get(names.AUTH_HOST, "/ready").status == 200


def picture_or_nothing(twin: RunningTwin) -> dict[str, Any] | None:
    """The platform's picture, or nothing where a part of it cannot be described at all."""
    try:
        return picture(twin)
    except (ClientError, LookupError):
        return None


def test_heal_restores_the_auth_database_and_leaves_what_others_made(twin: RunningTwin) -> None:
    search = "/api/mlflow/api/2.0/mlflow/experiments/search?max_results=1"
    secrets, key = twin.client("secretsmanager"), twin.key("valid")
    twin.client("s3").create_bucket(Bucket="somebody-elses")
    secrets.create_secret(Name="somebody-elses", SecretString="x")
    twin.client("logs").create_log_group(logGroupName="/somebody/elses")
    try:
        twin.plant("key-unknown")
        refused = twin.get(names.REGISTRY_HOST, search, key=key).status
    finally:
        twin.heal()
    assert refused == 401
    assert twin.get(names.REGISTRY_HOST, search, key=key).status == 200
    assert secrets.get_secret_value(SecretId="somebody-elses")["SecretString"] == "x"
    groups = twin.client("logs").describe_log_groups(logGroupNamePrefix="/somebody")
    assert len(groups["logGroups"]) == 1
    buckets = [each["Name"] for each in twin.client("s3").list_buckets()["Buckets"]]
    assert "somebody-elses" in buckets


def test_heal_starts_a_database_that_died_by_itself(
    start_twin: Callable[..., RunningTwin],
) -> None:
    twin = start_twin()  # its own: the state file tells the process that was started first
    try:
        os.kill(twin.state.services["database"].pid, signal.SIGKILL)
        twin.settle()
    finally:
        twin.heal()
    twin.settle()
    search = "/api/mlflow/api/2.0/mlflow/experiments/search?max_results=1"
    assert twin.get(names.REGISTRY_HOST, search, key=twin.key("valid")).status == 200
    assert twin.get(names.AUTH_HOST, "/ready").status == 200


def test_a_twin_as_found_is_healed_to_what_was_found(
    start_twin: Callable[..., RunningTwin],
) -> None:
    found = start_twin("--as-found", "--fault", "mlflow-token-missing")
    found.settle()
    detailed, link = "/health?detailed=true", "/api/health/mlflow"
    assert found.get(names.REGISTRY_HOST, link).status == 503
    found.heal()
    assert found.get(names.REGISTRY_HOST, link).status == 200
    assert found.get(names.REGISTRY_HOST, detailed).status == 500
    search = "/api/mlflow/api/2.0/mlflow/experiments/search?max_results=1"
    limited = found.get(names.REGISTRY_HOST, search, key=found.key("valid"))
    assert (limited.status, "x-ratelimit-limit" in limited.headers) == (200, False)
