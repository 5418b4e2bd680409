"""A task that finds no way to what it needs at its start stops with AWS's words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import pytest

from emulator.aws.endpoint import Endpoint
from emulator.ecs.containers import reach
from emulator.ecs.definition import ContainerDefinition, LogTarget
from emulator.settings import IMAGE_REGISTRY
from tests.emulator.support import ways
from tests.emulator.support.emulated import emulator

TASK = "10.0.1.11"
OWN = f"{IMAGE_REGISTRY}/api:2026-01-01"
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:api-AbCdEf"
PARAMETER = "arn:aws:ssm:us-east-1:123456789012:parameter/api/host"
LOG = LogTarget(group="/ecs/api", prefix="ecs", may_create=False)
SERVICES = ("ecr.api", "ecr.dkr", "s3", "secretsmanager", "ssm", "logs")


@dataclass(frozen=True)
class Place:
    """A private subnet with a task's interface; what it needs is reached by endpoints alone."""

    ec2: Any
    endpoints: dict[str, str]
    subnet: str
    table: str
    vpc: str

    def without(self, *services: str) -> None:
        """Delete the endpoints of some services."""
        gone = [self.endpoints[one] for one in services]
        self.ec2.delete_vpc_endpoints(VpcEndpointIds=gone)


@pytest.fixture
def place() -> Iterator[Place]:
    with emulator() as server:
        yield _laid_out(server.endpoint)


def _laid_out(aws: Endpoint) -> Place:
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="all", Description="-", VpcId=vpc)["GroupId"]
    anybody = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[anybody])
    ec2.create_network_interface(
        SubnetId=subnet,
        PrivateIpAddress=TASK,
        Groups=[group],
        Description="arn:aws:ecs:us-east-1:123456789012:attachment/1",
    )
    table = ways.table(ec2, vpc, subnet)
    inner = {"VpcEndpointType": "Interface", "SubnetIds": [subnet], "SecurityGroupIds": [group]}
    by_route = {"VpcEndpointType": "Gateway", "RouteTableIds": [table]}
    made = {
        service: ec2.create_vpc_endpoint(
            VpcId=vpc,
            ServiceName=f"com.amazonaws.us-east-1.{service}",
            **(by_route if service == "s3" else {**inner, "PrivateDnsEnabled": True}),
        )["VpcEndpoint"]["VpcEndpointId"]
        for service in SERVICES
    }
    return Place(ec2, made, subnet, table, vpc)


def container(**more: Any) -> ContainerDefinition:
    """A container, with nothing but what the task fetches for it."""
    given: dict[str, Any] = {
        **dict.fromkeys(f.name for f in fields(ContainerDefinition)),
        "secrets": {},
    }
    return ContainerDefinition(**{**given, "name": "api", "image": OWN, **more})


FULL: dict[str, Any] = {"secrets": {"KEY": SECRET, "HOST": PARAMETER}, "log": LOG}


@pytest.mark.parametrize(
    ("services", "begins", "ends"),
    [
        ((), "", ""),
        (
            ("ecr.api", "secretsmanager"),
            "ResourceInitializationError: unable to pull secrets or registry auth: The task cannot "
            "pull registry auth from Amazon ECR: There is a connection issue",
            'Post "https://api.ecr.us-east-1.amazonaws.com/": dial tcp 198.51.100.10:443: '
            "i/o timeout",
        ),
        (
            ("secretsmanager", "ssm"),
            "ResourceInitializationError: unable to pull secrets or registry auth: unable to "
            "retrieve secret from asm: There is a connection issue between the task and AWS "
            "Secrets Manager. Check your task network configuration. failed to fetch secret "
            f"{SECRET} from secrets manager",
            "canceled, context deadline exceeded",
        ),
        (
            ("ssm", "logs"),
            "ResourceInitializationError: unable to pull secrets or registry auth: unable to "
            "retrieve secrets from ssm: The task cannot pull secrets from AWS Systems Manager.",
            "operation error SSM: GetParameters, https response error StatusCode: 0, RequestID: , "
            "canceled, context deadline exceeded",
        ),
        (
            ("logs",),
            "ResourceInitializationError: failed to validate logger args: ",
            "between the task and Amazon CloudWatch. Check your network configuration.",
        ),
        (
            ("ecr.dkr",),
            "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to "
            f'resolve ref "{OWN}": failed to do request: Head "https://{IMAGE_REGISTRY}/v2/api/'
            'manifests/2026-01-01"',
            "dial tcp 198.51.100.10:443: i/o timeout",
        ),
        (
            ("s3",),
            "CannotPullContainerError: ref pull has been retried 5 time(s): failed to copy: "
            "httpReadSeeker: failed open: failed to do request: Get "
            '"https://prod-us-east-1-starport-layer-bucket.s3.us-east-1.amazonaws.com/',
            "i/o timeout",
        ),
    ],
)
def test_each_endpoint_that_is_gone_has_a_reason_of_its_own(
    place: Place, services: tuple[str, ...], begins: str, ends: str
) -> None:
    place.without(*services)
    reason = reach.refusal(container(**FULL), TASK)
    assert bool(reason) == bool(services)
    assert reason.startswith(begins) and reason.endswith(ends)


def test_what_a_container_does_not_need_is_not_asked_for(place: Place) -> None:
    place.without("secretsmanager", "ssm", "logs")
    assert reach.refusal(container(), TASK) == ""
    assert "from ssm" in reach.refusal(container(secrets={"HOST": PARAMETER}), TASK)


def test_a_registry_of_others_needs_the_internet(place: Place) -> None:
    other = container(image="docker.io/library/nginx:1.27")
    assert reach.refusal(other, TASK) == (
        "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to "
        'resolve ref "docker.io/library/nginx:1.27": failed to do request: Head '
        '"https://docker.io/library/v2/nginx/manifests/1.27": dial tcp 198.51.100.10:443: '
        "i/o timeout"
    )
    public = place.ec2.create_subnet(VpcId=place.vpc, CidrBlock="10.0.9.0/24")["Subnet"]
    ways.gateway(place.ec2, place.vpc)
    ways.nat(place.ec2, public["SubnetId"], place.table)
    assert reach.refusal(other, TASK) == ""
    place.without(*SERVICES)
    assert reach.refusal(container(**FULL), TASK) == ""
