"""Services that ECS refuses: of CodeDeploy, and with registries in a wrong form."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.aws.endpoint import Endpoint
from tests.emulator.support.emulated import aws

__all__ = ["aws"]

Json = dict[str, Any]
BY_CODE_DEPLOY = (
    " on services with a CODE_DEPLOY deployment controller. Use AWS CodeDeploy to trigger a new "
    "deployment."
)
REGISTRY = "arn:aws:servicediscovery:us-east-1:123456789012:service/{}"


class Ground:
    """A cluster with one service of each deployment controller, and two names."""

    def __init__(self, aws: Endpoint) -> None:
        self.ecs, ec2 = aws.client("ecs"), aws.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
        self.network = {"awsvpcConfiguration": {"subnets": [subnet], "securityGroups": []}}
        self.ecs.create_cluster(clusterName="c")
        self.ecs.register_task_definition(
            family="api",
            networkMode="awsvpc",
            memory="512",
            containerDefinitions=[{"name": "a", "image": "a"}],
        )
        for kind in ("ECS", "CODE_DEPLOY"):
            self.ecs.create_service(**self.service(kind, deploymentController={"type": kind}))
        discovery = aws.client("servicediscovery")
        discovery.create_private_dns_namespace(Name="x.local", Vpc=vpc)
        space = discovery.list_namespaces()["Namespaces"][0]["Id"]
        self.one, self.two = (
            discovery.create_service(Name=name, NamespaceId=space)["Service"]["Arn"]
            for name in ("one", "two")
        )

    def service(self, name: str, **more: Any) -> Json:
        """Return a service's creation."""
        return {
            "cluster": "c",
            "serviceName": name,
            "taskDefinition": "api",
            "desiredCount": 0,
            "networkConfiguration": self.network,
            **more,
        }

    def refusal(self, name: str, **change: Any) -> tuple[str, str]:
        """Return the code and the words with which a service's update is refused."""
        with pytest.raises(ClientError) as refused:
            self.ecs.update_service(cluster="c", service=name, **change)
        error = refused.value.response["Error"]
        return error["Code"], error["Message"]


@pytest.fixture(scope="module")
def ground(aws: Endpoint) -> Ground:
    return Ground(aws)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"forceNewDeployment": True}, "Cannot force a new deployment"),
        ({"taskDefinition": "api"}, "Unable to update task definition"),
        ({"forceNewDeployment": True, "taskDefinition": "api"}, "Unable to update task definition"),
        ({"networkConfiguration": {}}, "Unable to update network parameters"),
        ({"loadBalancers": []}, "Unable to update load balancers"),
    ],
)
def test_a_service_of_codedeploy_is_deployed_by_codedeploy_alone(
    ground: Ground, change: Json, text: str
) -> None:
    change = {k: ground.network if k == "networkConfiguration" else v for k, v in change.items()}
    assert ground.refusal("CODE_DEPLOY", **change) == (
        "InvalidParameterException",
        text + BY_CODE_DEPLOY,
    )
    ground.ecs.update_service(cluster="c", service="ECS", **change)


def test_a_service_of_codedeploy_takes_a_count_and_a_grace_period(ground: Ground) -> None:
    given = {"desiredCount": 1, "healthCheckGracePeriodSeconds": 9, "forceNewDeployment": False}
    made = ground.ecs.update_service(cluster="c", service="CODE_DEPLOY", **given)["service"]
    assert made["desiredCount"] == 1
    ground.ecs.update_service(cluster="c", service="CODE_DEPLOY", desiredCount=0)


def test_a_service_has_one_registry_in_its_own_form(ground: Ground) -> None:
    both = f"{ground.one} {ground.two}"
    namespace = ground.one.replace(":service/", ":namespace/")
    for arns, text in (
        ([ground.one, ground.two], "service registries can have at most 1 items."),
        ([both], f"The format of the supplied service registry ARN is invalid: {both}."),
        ([namespace], f"The format of the supplied service registry ARN is invalid: {namespace}."),
    ):
        registries = [{"registryArn": arn} for arn in arns]
        refused = ground.refusal("ECS", serviceRegistries=registries)
        assert refused == ("InvalidParameterException", text)
        with pytest.raises(ClientError) as created:
            ground.ecs.create_service(**ground.service("new", serviceRegistries=registries))
        assert created.value.response["Error"]["Message"] == text
    two_ports = {"registryArn": ground.one, "port": 1, "containerName": "a", "containerPort": 1}
    assert ground.refusal("ECS", serviceRegistries=[two_ports])[1].startswith(
        "Specify a value for either 'port' or the 'containerName' and 'containerPort' combination"
    )
    registries = [{"registryArn": ground.two}]
    made = ground.ecs.update_service(cluster="c", service="ECS", serviceRegistries=registries)
    assert made["service"]["serviceRegistries"] == registries
