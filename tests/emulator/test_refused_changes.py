"""What ECS, EC2 and Cloud Map refuse: things in use, and what could never run."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.aws.endpoint import Endpoint
from tests.emulator.support.emulated import aws

__all__ = ["aws"]

Json = dict[str, Any]
ROLE = "arn:aws:iam::123456789012:role/execution"
FARGATE: Json = {
    "family": "api",
    "networkMode": "awsvpc",
    "requiresCompatibilities": ["FARGATE"],
    "cpu": "256",
    "memory": "512",
    "containerDefinitions": [{"name": "api", "image": "nginx"}],
}


class Ground:
    """A cluster with one service in a VPC, its target group served by a balancer, its name."""

    def __init__(self, aws: Endpoint) -> None:
        self.ec2, self.ecs, self.elbv2 = (aws.client(n) for n in ("ec2", "ecs", "elbv2"))
        self.discovery = aws.client("servicediscovery")
        vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
        self.subnets = [
            self.ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=zone)[
                "Subnet"
            ]["SubnetId"]
            for n, zone in ((1, "us-east-1a"), (2, "us-east-1b"))
        ]
        self.edge, self.tasks, self.spare = (
            self.ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
            for name in ("edge", "tasks", "spare")
        )
        self.unused = self._target_group("unused", vpc)
        self._balancer(self._target_group("served", vpc))
        self._name(vpc)
        self._service()

    def _target_group(self, name: str, vpc: str) -> str:
        made = self.elbv2.create_target_group(
            Name=name, Protocol="HTTP", Port=8000, VpcId=vpc, TargetType="ip"
        )
        return str(made["TargetGroups"][0]["TargetGroupArn"])

    def _balancer(self, group: str) -> None:
        arn = self.elbv2.create_load_balancer(
            Name="edge", Subnets=self.subnets, SecurityGroups=[self.edge]
        )["LoadBalancers"][0]["LoadBalancerArn"]
        forward = {"Type": "forward", "TargetGroupArn": group}
        self.elbv2.create_listener(
            LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=[forward]
        )

    def _name(self, vpc: str) -> None:
        self.discovery.create_private_dns_namespace(Name="hokusai.local", Vpc=vpc)
        self.namespace = self.discovery.list_namespaces()["Namespaces"][0]["Id"]
        made = self.discovery.create_service(Name="api", NamespaceId=self.namespace)["Service"]
        self.name, self.registry = made["Id"], made["Arn"]
        self.discovery.register_instance(
            ServiceId=self.name, InstanceId="a", Attributes={"AWS_INSTANCE_IPV4": "10.0.1.9"}
        )

    def _service(self) -> None:
        self.ecs.create_cluster(clusterName="c")
        self.ecs.register_task_definition(**FARGATE)
        network = {"awsvpcConfiguration": {"subnets": self.subnets, "securityGroups": [self.tasks]}}
        self.service: Json = {
            "cluster": "c",
            "serviceName": "api",
            "taskDefinition": "api",
            "desiredCount": 0,
            "launchType": "FARGATE",
            "networkConfiguration": network,
        }
        self.ecs.create_service(**self.service)
        self.ec2.create_network_interface(SubnetId=self.subnets[0], Groups=[self.tasks])


@pytest.fixture(scope="module")
def ground(aws: Endpoint) -> Ground:
    return Ground(aws)


def test_a_security_group_in_use_is_not_deleted(ground: Ground) -> None:
    ground.ec2.authorize_security_group_ingress(
        GroupId=ground.tasks,
        IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1,
             "UserIdGroupPairs": [{"GroupId": ground.spare}]}
        ],
    )  # fmt: skip
    for used in (ground.edge, ground.tasks, ground.spare):
        with pytest.raises(ClientError, match="DependencyViolation"):
            ground.ec2.delete_security_group(GroupId=used)
    found = ground.ec2.describe_security_groups(GroupIds=[ground.tasks])["SecurityGroups"][0]
    ground.ec2.revoke_security_group_ingress(
        GroupId=ground.tasks, IpPermissions=found["IpPermissions"]
    )
    ground.ec2.delete_security_group(GroupId=ground.spare)


def test_a_protected_balancer_is_not_deleted(ground: Ground) -> None:
    made = ground.elbv2.create_load_balancer(Name="kept", Subnets=ground.subnets)
    arn = made["LoadBalancers"][0]["LoadBalancerArn"]
    for protected in ("true", "false"):
        ground.elbv2.modify_load_balancer_attributes(
            LoadBalancerArn=arn,
            Attributes=[{"Key": "deletion_protection.enabled", "Value": protected}],
        )
        if protected == "true":
            with pytest.raises(ClientError, match="OperationNotPermitted"):
                ground.elbv2.delete_load_balancer(LoadBalancerArn=arn)
    ground.elbv2.delete_load_balancer(LoadBalancerArn=arn)


def test_a_subnet_with_interfaces_is_not_deleted(ground: Ground) -> None:
    with pytest.raises(ClientError, match="DependencyViolation"):
        ground.ec2.delete_subnet(SubnetId=ground.subnets[0])


def test_a_name_with_instances_and_a_space_with_names_are_not_deleted(ground: Ground) -> None:
    with pytest.raises(ClientError, match="ResourceInUse"):
        ground.discovery.delete_service(Id=ground.name)
    with pytest.raises(ClientError, match="ResourceInUse"):
        ground.discovery.delete_namespace(Id=ground.namespace)
    with pytest.raises(ClientError, match="ServiceNotFound"):
        ground.discovery.delete_service(Id="srv-nobody")


def test_a_cluster_with_a_service_is_not_deleted(ground: Ground) -> None:
    with pytest.raises(ClientError, match="ClusterContainsServicesException"):
        ground.ecs.delete_cluster(cluster="c")
    assert ground.ecs.describe_clusters(clusters=["c"])["clusters"][0]["status"] == "ACTIVE"


def test_a_service_is_not_made_over_another(ground: Ground) -> None:
    with pytest.raises(ClientError, match="Creation of service was not idempotent"):
        ground.ecs.create_service(**ground.service)


@pytest.mark.parametrize("count", [-1, -5])
def test_nothing_is_desired_less_than_not_at_all(ground: Ground, count: int) -> None:
    with pytest.raises(ClientError, match="InvalidParameterException"):
        ground.ecs.update_service(cluster="c", service="api", desiredCount=count)


def test_a_service_s_tasks_go_where_something_is(ground: Ground) -> None:
    gone = ground.unused[:-4] + "0000"
    for arn, text in ((gone, "does not exist"), (ground.unused, "have an associated load")):
        wanted = [{"targetGroupArn": arn, "containerName": "api", "containerPort": 8000}]
        with pytest.raises(ClientError, match=text):
            ground.ecs.update_service(cluster="c", service="api", loadBalancers=wanted)
    with pytest.raises(ClientError, match="does not exist"):
        ground.ecs.update_service(
            cluster="c", service="api", serviceRegistries=[{"registryArn": ground.registry + "x"}]
        )


def test_a_deleted_service_is_not_updated(ground: Ground) -> None:
    ground.ecs.create_service(**{**ground.service, "serviceName": "short"})
    ground.ecs.delete_service(cluster="c", service="short")
    assert len(ground.ecs.list_services(cluster="c")["serviceArns"]) == 1
    with pytest.raises(ClientError, match="ServiceNotActiveException"):
        ground.ecs.update_service(cluster="c", service="short", desiredCount=0)
    ground.ecs.create_service(**{**ground.service, "serviceName": "short"})
    ground.ecs.delete_service(cluster="c", service="short")


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"cpu": "300"}, "No Fargate configuration exists for given values"),
        ({"memory": "4096"}, "No Fargate configuration exists for given values"),
        ({"networkMode": "bridge"}, "only supports network mode"),
        ({"containerDefinitions": [{"name": "a", "image": "a", "essential": False}]}, "essential"),
        ({"containerDefinitions": [{"name": "a", "image": "a"}] * 2}, "must be unique"),
        (
            {"containerDefinitions": [{"name": "a", "image": "1.dkr.ecr.us-east-1.amazonaws/a"}]},
            "execution role ARN to support ECR images",
        ),
        (
            {"containerDefinitions": [{"name": "a", "image": "a", "secrets": [
                {"name": "X", "valueFrom": "/x"}]}]},
            "executionRoleArn",
        ),
    ],
)  # fmt: skip
def test_a_definition_that_fargate_cannot_run_is_refused(
    ground: Ground, change: Json, text: str
) -> None:
    with pytest.raises(ClientError, match="ClientException") as refused:
        ground.ecs.register_task_definition(**{**FARGATE, **change})
    assert text in str(refused.value)


def test_a_definition_with_an_execution_role_may_have_secrets(ground: Ground) -> None:
    container = {"name": "a", "image": "a", "secrets": [{"name": "X", "valueFrom": "/x"}]}
    changed = {**FARGATE, "family": "s", "containerDefinitions": [container]}
    made = ground.ecs.register_task_definition(**changed, executionRoleArn=ROLE)
    assert made["taskDefinition"]["revision"] == 1


@pytest.mark.parametrize(
    ("name", "zones", "groups", "code"),
    [
        ("edge", 2, [], "DuplicateLoadBalancerName"),
        ("lone", 1, [], "ValidationError"),
        ("under_score", 2, [], "ValidationError"),
        ("internal-edge", 2, [], "ValidationError"),
        ("odd", 2, ["sg-nobody"], "InvalidSecurityGroup"),
    ],
)
def test_a_balancer_that_cannot_be_is_refused(
    ground: Ground, name: str, zones: int, groups: list[str], code: str
) -> None:
    with pytest.raises(ClientError, match=code):
        ground.elbv2.create_load_balancer(
            Name=name, Subnets=ground.subnets[:zones], SecurityGroups=groups
        )
    assert len(ground.elbv2.describe_load_balancers()["LoadBalancers"]) == 1


def test_a_balancer_keeps_a_security_group(ground: Ground) -> None:
    arn = ground.elbv2.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
    with pytest.raises(ClientError, match="ValidationError"):
        ground.elbv2.set_security_groups(LoadBalancerArn=arn, SecurityGroups=[])


@pytest.mark.parametrize("ports", [{}, {"FromPort": 1}, {"FromPort": 2, "ToPort": 1},
                                   {"FromPort": 1, "ToPort": 65536}])  # fmt: skip
def test_ports_that_are_no_range_are_refused(ground: Ground, ports: dict[str, int]) -> None:
    rule = {"IpProtocol": "tcp", "IpRanges": [{"CidrIp": "10.0.0.0/8"}], **ports}
    for call in ("authorize_security_group_ingress", "authorize_security_group_egress"):
        with pytest.raises(ClientError, match="InvalidParameterValue"):
            getattr(ground.ec2, call)(GroupId=ground.tasks, IpPermissions=[rule])
