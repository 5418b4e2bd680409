"""Input that AWS's documents refuse beyond its models, over the API and in AWS's words."""

from __future__ import annotations

import functools
import json
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from emulator.aws.endpoint import Endpoint
from tests.emulator.support.emulated import allow, aws, role

__all__ = ["aws"]

Json = dict[str, Any]


class Ground:
    """A balancer in one of two VPCs, a service's definition, a secret and a parameter."""

    def __init__(self, aws: Endpoint) -> None:
        self.url = aws.url
        ec2, elbv2, ecs = (aws.client(name) for name in ("ec2", "elbv2", "ecs"))
        vpc, other = (ec2.create_vpc(CidrBlock=f"10.{n}.0.0/16")["Vpc"]["VpcId"] for n in range(2))
        subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=zone)[
                "Subnet"
            ]["SubnetId"]
            for n, zone in ((1, "us-east-1a"), (2, "us-east-1b"))
        ]
        self.group, self.foreign = (
            ec2.create_security_group(GroupName=name, Description=name, VpcId=one)["GroupId"]
            for name, one in (("here", vpc), ("there", other))
        )
        self.balancer = elbv2.create_load_balancer(Name="b", Subnets=subnets)["LoadBalancers"][0][
            "LoadBalancerArn"
        ]
        self.targets = elbv2.create_target_group(
            Name="t", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip"
        )["TargetGroups"][0]["TargetGroupArn"]
        self.forward = [{"Type": "forward", "TargetGroupArn": self.targets}]
        listener = elbv2.create_listener(
            LoadBalancerArn=self.balancer, Protocol="HTTP", Port=80, DefaultActions=self.forward
        )["Listeners"][0]["ListenerArn"]
        self.default = elbv2.describe_rules(ListenerArn=listener)["Rules"][0]["RuleArn"]
        ecs.create_cluster(clusterName="c")
        for family, kind in (("api", "FARGATE"), ("old", "EC2")):
            ecs.register_task_definition(
                family=family,
                networkMode="awsvpc",
                cpu="256",
                memory="512",
                requiresCompatibilities=[kind],
                containerDefinitions=[
                    {"name": "a", "image": "a", "portMappings": [{"containerPort": 80}]}
                ],
            )
        self.network = {"awsvpcConfiguration": {"subnets": subnets, "securityGroups": []}}
        secrets = aws.client("secretsmanager")
        secrets.create_secret(Name="s", SecretString="1")
        self.current = secrets.put_secret_value(SecretId="s", SecretString="2")["VersionId"]
        aws.client("ssm").put_parameter(Name="/p", Value="1", Type="String")
        role(aws, "r", allow("s3:*"))

    @functools.cache  # noqa: B019 - a client takes up to 80 ms to make, the ground is the module's
    def client(self, service: str) -> Any:
        """Return a client that checks nothing itself."""
        return boto3.client(
            service,
            region_name="us-east-1",
            endpoint_url=self.url,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(parameter_validation=False, inject_host_prefix=False),
        )

    def refusal(self, service: str, call: str, given: Json) -> tuple[str, str]:
        """Return the code and the words of a refusal."""
        with pytest.raises(ClientError) as refused:
            getattr(self.client(service), call)(**given)
        error = refused.value.response["Error"]
        return error["Code"], error["Message"]


@pytest.fixture(scope="module")
def ground(aws: Endpoint) -> Ground:
    return Ground(aws)


def test_a_service_that_does_not_fit_is_refused(ground: Ground) -> None:
    plain = {
        "cluster": "c",
        "serviceName": "s",
        "taskDefinition": "api",
        "launchType": "FARGATE",
        "networkConfiguration": ground.network,
    }
    target = {"targetGroupArn": ground.targets, "containerName": "a", "containerPort": 80}
    network = ground.network["awsvpcConfiguration"]
    six = {"awsvpcConfiguration": {**network, "securityGroups": [ground.group] * 6}}
    for change, text in (
        ({"capacityProviderStrategy": [{"capacityProvider": "FARGATE"}]},
         "Specifying both a launch type and capacity provider strategy is not supported. Remove "
         "one and try again."),
        ({"taskDefinition": "old"}, "Task definition does not support launch_type FARGATE."),
        ({"networkConfiguration": None},
         "Network Configuration must be provided when networkMode 'awsvpc' is specified."),
        ({"healthCheckGracePeriodSeconds": 9},
         "Health check grace period is only valid for services configured to use load balancers"),
        ({"loadBalancers": [{**target, "containerName": "b"}]},
         "The container b does not exist in the task definition."),
        ({"loadBalancers": [{**target, "containerPort": 81}]},
         "The container a did not have a container port 81 defined."),
        ({"networkConfiguration": six}, "security groups can have at most 5 items."),
    ):  # fmt: skip
        given = {key: value for key, value in {**plain, **change}.items() if value is not None}
        refused = ground.refusal("ecs", "create_service", given)
        assert refused == ("InvalidParameterException", text)


def test_a_balancer_s_parts_that_are_not_there_or_must_stay_are_named(ground: Ground) -> None:
    gone = ground.balancer[:-4] + "0000"
    listener = {"Protocol": "HTTP", "Port": 81, "DefaultActions": ground.forward}
    rule = ground.default[:-4] + "0000"
    key = [{"Key": "nothing.at.all", "Value": "1"}]
    for call, given, refused in (
        ("create_listener", {**listener, "LoadBalancerArn": gone},
         ("LoadBalancerNotFound", f"Load balancer '{gone}' not found")),
        ("delete_rule", {"RuleArn": rule}, ("RuleNotFound", "One or more rules not found")),
        ("set_rule_priorities", {"RulePriorities": [{"RuleArn": ground.default, "Priority": 3}]},
         ("OperationNotPermitted", f"Default rule '{ground.default}' cannot be modified")),
        ("set_security_groups",
         {"LoadBalancerArn": ground.balancer, "SecurityGroups": [ground.foreign]},
         ("InvalidConfigurationRequest", "One or more security groups are invalid")),
        ("modify_target_group", {"TargetGroupArn": ground.targets, "HealthCheckProtocol": "TCP"},
         ("ValidationError", "Health check protocol 'TCP' must be one of 'HTTP, HTTPS'")),
        ("modify_target_group_attributes", {"TargetGroupArn": ground.targets, "Attributes": key},
         ("ValidationError", "Target group attribute key 'nothing.at.all' is not recognized")),
    ):  # fmt: skip
        assert ground.refusal("elbv2", call, given) == refused


def test_a_rule_of_a_security_group_is_one_that_ec2_can_read(ground: Ground) -> None:
    rule = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1}
    words = [{"CidrIp": "10.0.0.0/8", "Description": "<all>"}]
    for change, code, text in (
        ({"IpProtocol": "foo", "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}, "InvalidParameterValue",
         "Invalid value 'foo' for IP protocol. Unknown protocol."),
        ({}, "MissingParameter",
         "Missing source specification: include source security group or CIDR information"),
        ({"IpRanges": [{"CidrIp": "10.0.0.0/33"}]}, "InvalidParameterValue",
         "CIDR block 10.0.0.0/33 is malformed"),
        ({"UserIdGroupPairs": [{"GroupId": ground.foreign}]}, "InvalidGroup.NotFound",
         "You have specified two resources that belong to different networks."),
        ({"IpRanges": words}, "InvalidParameterValue",
         "Invalid rule description. Valid descriptions are strings less than 256 characters from "
         "the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*"),
    ):  # fmt: skip
        given = {"GroupId": ground.group, "IpPermissions": [{**rule, **change}]}
        refused = ground.refusal("ec2", "authorize_security_group_ingress", given)
        assert refused == (code, text)


def test_stores_and_roles_refuse_what_they_cannot_keep(ground: Ground) -> None:
    stage = {"SecretId": "s", "VersionStage": "AWSCURRENT", "RemoveFromVersionId": ground.current}
    unknown = "0" * 36
    big = {"Effect": "Allow", "Action": "s3:*", "Resource": ["arn:aws:s3:::" + "a" * 90] * 110}
    policy = {"RoleName": "r", "PolicyName": "p", "PolicyDocument": json.dumps({"Statement": big})}
    for service, call, given, code, text in (
        ("secretsmanager", "update_secret_version_stage", stage, "InvalidParameterException",
         "You can only move staging label AWSCURRENT to a different secret version. It can't be "
         "completely removed."),
        ("secretsmanager", "update_secret_version_stage", {**stage, "MoveToVersionId": unknown},
         "InvalidParameterException", f"Not a valid version: {unknown}"),
        ("secretsmanager", "delete_secret", {"SecretId": "s", "RecoveryWindowInDays": 3},
         "InvalidParameterException",
         "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive)."),
        ("ssm", "put_parameter",
         {"Name": "/p", "Value": "1", "Type": "SecureString", "Overwrite": True},
         "HierarchyTypeMismatchException",
         "Parameter Store does not support changing a parameter type in a hierarchy. For example, "
         "you can't change a parameter from a String type to a SecureString type. You must create "
         "a new, unique parameter."),
        ("logs", "create_log_group", {"logGroupName": "aws/x"}, "InvalidParameterException",
         "Log groups starting with AWS/ are reserved for AWS."),
        ("servicediscovery", "create_service", {"Name": "a", "NamespaceId": "ns-none"},
         "NamespaceNotFound", "Namespace not found: ns-none"),
        ("iam", "put_role_policy", policy, "LimitExceeded",
         "Maximum policy size of 10240 bytes exceeded for role r"),
    ):  # fmt: skip
        assert ground.refusal(service, call, given) == (code, text)


def test_a_refused_move_of_a_stage_moves_nothing(aws: Endpoint, ground: Ground) -> None:
    client = aws.client("secretsmanager")
    assert client.get_secret_value(SecretId="s")["VersionId"] == ground.current
    client.put_secret_value(SecretId="s", SecretString="3", VersionStages=["AWSPENDING"])
    assert client.get_secret_value(SecretId="s")["SecretString"] == "2"
