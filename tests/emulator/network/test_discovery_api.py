"""Cloud Map's calls as AWS answers them, and what they mean for a name."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.aws.endpoint import Endpoint
from emulator.network.resolver import discovered
from tests.emulator.support.emulated import aws

__all__ = ["aws"]

RECORD = {"RoutingPolicy": "MULTIVALUE", "DnsRecords": [{"Type": "A", "TTL": 10}]}


class Ground:
    """A namespace with one name."""

    def __init__(self, aws: Endpoint) -> None:
        self.client = aws.client("servicediscovery")
        vpc = aws.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.client.create_private_dns_namespace(Name="hokusai.local", Vpc=vpc)
        self.namespace = self.client.list_namespaces()["Namespaces"][0]["Id"]
        self.name = self.make("api")

    def make(self, name: str) -> str:
        """Make a name and return its id."""
        given = {"Name": name, "NamespaceId": self.namespace, "DnsConfig": RECORD}
        return str(self.client.create_service(**given)["Service"]["Id"])

    def register(self, instance: str, **attributes: str) -> None:
        """Register an instance of the name."""
        self.client.register_instance(
            ServiceId=self.name, InstanceId=instance, Attributes=attributes
        )

    def instances(self) -> list[dict[str, Any]]:
        """The name's instances."""
        return list(self.client.list_instances(ServiceId=self.name)["Instances"])


@pytest.fixture(scope="module")
def ground(aws: Endpoint) -> Ground:
    return Ground(aws)


def test_an_instance_that_is_registered_again_is_updated(ground: Ground) -> None:
    ground.register("a", AWS_INSTANCE_IPV4="10.0.1.7")
    ground.register("b", AWS_INSTANCE_IPV4="10.0.1.8")
    ground.register("a", AWS_INSTANCE_IPV4="10.0.1.9")
    assert sorted(each["Id"] for each in ground.instances()) == ["a", "b"]
    assert sorted(discovered("api.hokusai.local")) == ["10.0.1.8", "10.0.1.9"]


@pytest.mark.parametrize("attributes", [{"PORT": "1"}, {"AWS_INSTANCE_IPV4": "somewhere"}])
def test_an_instance_without_an_address_is_refused(
    ground: Ground, attributes: dict[str, str]
) -> None:
    before = ground.instances()
    with pytest.raises(ClientError, match="InvalidInput"):
        ground.register("lost", **attributes)
    assert ground.instances() == before


def test_a_name_is_there_once(ground: Ground) -> None:
    with pytest.raises(ClientError, match="ServiceAlreadyExists"):
        ground.make("API")


def test_names_are_listed_by_their_namespace(ground: Ground) -> None:
    def listed(namespace: str) -> list[str]:
        wanted = {"Name": "NAMESPACE_ID", "Values": [namespace], "Condition": "EQ"}
        return [one["Id"] for one in ground.client.list_services(Filters=[wanted])["Services"]]

    assert listed(ground.namespace) == [ground.name]
    assert listed("ns-another") == []
