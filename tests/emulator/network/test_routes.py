"""Names, routes and security groups decide where a task's connection goes."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from emulator.aws.endpoint import Endpoint
from emulator.network.addresses import in_vpc, loopback
from emulator.network.network import Network
from tests.emulator.support import ways
from tests.emulator.support.emulated import emulator

TASK, STORE, EDGE, STRANGER = "10.0.1.11", "10.0.2.12", "10.0.9.10", "10.0.3.219"
SHIM = Path(__file__).parents[3] / "emulator" / "network" / "shim"


@dataclass(frozen=True)
class Place:
    """A network over an emulator with two interfaces, and the ids of what lies in it."""

    network: Network
    ec2: Any
    discovery: Any
    elbv2: Any
    vpc: str
    groups: dict[str, str]
    subnets: list[str]

    def edge(self, source: str, port: int) -> dict[str, Any]:
        """What admits the source group to the store."""
        pair = [{"GroupId": self.groups[source]}]
        rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "UserIdGroupPairs": pair}
        return {"GroupId": self.groups["store"], "IpPermissions": [rule]}


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with emulator() as server:
        network = Network()
        network.start()
        yield _laid_out(server.endpoint, network)
        network.stop()


def _laid_out(aws: Endpoint, network: Network) -> Place:
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    zone = iter(("us-east-1a", "us-east-1b", "us-east-1c"))
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=next(zone))[
            "Subnet"
        ]["SubnetId"]
        for n in (1, 2, 9)
    ]
    groups = {
        name: ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
        for name in ("task", "store", "edge")
    }
    for subnet, address, group in ((0, TASK, "task"), (1, STORE, "store"), (2, EDGE, "edge")):
        ec2.create_network_interface(
            SubnetId=subnets[subnet],
            PrivateIpAddress=address,
            Groups=[groups[group]],
            Description=f"ELB app/{group}",
        )
    ways.gateway(ec2, vpc)
    ways.nat(ec2, subnets[2], ways.table(ec2, vpc, subnets[0]))
    clients = aws.client("servicediscovery"), aws.client("elbv2")
    return Place(network, ec2, *clients, vpc, groups, subnets)


def test_addresses_of_the_vpc_have_a_loopback_twin() -> None:
    assert loopback("10.0.1.17") == "127.0.1.17"
    assert in_vpc("127.0.1.17") == "10.0.1.17"
    assert in_vpc("127.0.0.1") == "127.0.0.1"


def test_only_an_admitted_port_is_reached(place: Place) -> None:
    assert place.network.route(TASK, STORE, 6379) == place.network.blackhole
    place.ec2.authorize_security_group_ingress(**place.edge("task", 6379))
    assert place.network.route(TASK, STORE, 6379) == (loopback(STORE), 6379)
    assert place.network.route(TASK, STORE, 6380) == place.network.blackhole
    assert place.network.allowed([place.groups["task"]], TASK, STORE, 6379)
    assert not place.network.allowed([place.groups["edge"]], EDGE, STORE, 6379)
    place.ec2.revoke_security_group_ingress(**place.edge("task", 6379))
    assert place.network.route(TASK, STORE, 6379) == place.network.blackhole


def test_a_cidr_admits_its_addresses(place: Place) -> None:
    rule = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.0.1.0/24"}]}
    given = {"GroupId": place.groups["store"], "IpPermissions": [rule]}
    place.ec2.authorize_security_group_ingress(**given)
    assert place.network.route(TASK, STORE, 9999) == (loopback(STORE), 9999)
    place.ec2.revoke_security_group_ingress(**given)


def test_a_closed_egress_keeps_a_task_in(place: Place) -> None:
    place.ec2.authorize_security_group_ingress(**place.edge("task", 7000))
    everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    out = {"GroupId": place.groups["task"], "IpPermissions": everything}
    place.ec2.revoke_security_group_egress(**out)
    assert place.network.route(TASK, STORE, 7000) == place.network.blackhole
    place.ec2.authorize_security_group_egress(**out)
    assert place.network.route(TASK, STORE, 7000) == (loopback(STORE), 7000)
    place.ec2.revoke_security_group_ingress(**place.edge("task", 7000))


def test_an_address_that_nobody_has_swallows_packets(place: Place) -> None:
    assert place.network.route(TASK, STRANGER, 5000) == place.network.blackhole
    assert not place.network.allowed([place.groups["task"]], TASK, STRANGER, 5000)


def test_localhost_is_the_task_s_own(place: Place) -> None:
    assert place.network.route(TASK, "127.0.0.1", 5000) == (loopback(TASK), 5000)
    place.network.let_through(("127.0.0.1", 5000))
    assert place.network.route(TASK, "127.0.0.1", 5000) == ("127.0.0.1", 5000)


def test_a_cloud_map_name_has_its_instances_addresses(place: Place) -> None:
    discovery = place.discovery
    discovery.create_private_dns_namespace(Name="twin.local", Vpc=place.vpc)
    space = discovery.list_namespaces()["Namespaces"][0]["Id"]
    records = {"DnsRecords": [{"Type": "A", "TTL": 10}]}
    service = discovery.create_service(Name="mlflow", NamespaceId=space, DnsConfig=records)
    ident = service["Service"]["Id"]
    resolve = place.network.resolver.resolve
    assert resolve("mlflow.twin.local") == []
    attributes = {"AWS_INSTANCE_IPV4": TASK}
    discovery.register_instance(ServiceId=ident, InstanceId="t1", Attributes=attributes)
    assert resolve("MLFLOW.twin.local.") == [TASK]
    discovery.deregister_instance(ServiceId=ident, InstanceId="t1")
    assert resolve("mlflow.twin.local") == []


def test_a_public_host_is_reached_through_its_balancer_s_edge(place: Place) -> None:
    place.network.register_edge("auth.example", 443, (loopback(EDGE), 40443))
    assert place.network.resolver.resolve("auth.example") == [EDGE]
    assert place.network.route(TASK, EDGE, 443) == place.network.blackhole  # no such balancer
    place.elbv2.create_load_balancer(
        Name="edge", Subnets=place.subnets, SecurityGroups=[place.groups["edge"]]
    )
    assert place.network.route(TASK, EDGE, 443) == place.network.blackhole
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    anyone = [{**rule, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    place.ec2.authorize_security_group_ingress(GroupId=place.groups["edge"], IpPermissions=anyone)
    assert place.network.route(TASK, EDGE, 443) == (loopback(EDGE), 40443)


def test_the_black_hole_never_answers(place: Place) -> None:
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        socket.create_connection(place.network.blackhole, 0.3)
    assert time.monotonic() - started >= 0.3


CHILD = """
import json, socket, sys
out = {}
try:
    socket.create_connection(("store.twin", PORT), 0.3).close()
    out["connected"] = True
except OSError as error:
    out["error"] = type(error).__name__
try:
    socket.getaddrinfo("nobody.twin", 80)
except socket.gaierror as error:
    out["dns"] = error.strerror
listener = socket.socket(); listener.bind(("0.0.0.0", 18123)); listener.listen()
out["bound"] = listener.getsockname()[0]
import asyncio
async def main():
    reader, writer = await asyncio.open_connection("store.twin", PORT)
    out["peer"] = writer.get_extra_info("peername")[0]
    out["source"] = writer.get_extra_info("sockname")[0]
    writer.close()
if out.get("connected"):
    asyncio.run(main())
print(json.dumps(out))
"""


def child(place: Place, port: int) -> dict[str, Any]:
    """Run a task-like process and return what it saw."""
    variables = {
        **os.environ,
        "PYTHONPATH": str(SHIM),
        "SANDBOX_NETWORK": place.network.question_address,
        "SANDBOX_ADDRESS": TASK,
    }
    done = subprocess.run(
        [sys.executable, "-c", CHILD.replace("PORT", str(port))],
        env=variables,
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_a_process_under_the_shim_sees_the_vpc(place: Place) -> None:
    place.network.register_name("store.twin", STORE)
    with socket.create_server((loopback(STORE), 0)) as server:
        port = server.getsockname()[1]
        closed = child(place, port)
        assert closed == {
            "error": "TimeoutError",
            "dns": "Name or service not known",
            "bound": loopback(TASK),
        }
        place.ec2.authorize_security_group_ingress(**place.edge("task", port))
        opened = child(place, port)
        assert opened["peer"] == loopback(STORE)
        assert opened["source"] == loopback(TASK)


def test_an_interface_that_is_attached_to_nothing_swallows_packets(place: Place) -> None:
    left_over = "10.0.1.250"
    place.ec2.authorize_security_group_ingress(**place.edge("task", 5001))
    place.ec2.create_network_interface(
        SubnetId=place.subnets[0],
        PrivateIpAddress=left_over,
        Groups=[place.groups["store"]],
        Description="left over from a task of yesterday",
    )
    assert place.network.route(TASK, left_over, 5001) == place.network.blackhole
    assert not place.network.allowed([place.groups["task"]], TASK, left_over, 5001)
    place.ec2.revoke_security_group_ingress(**place.edge("task", 5001))


def test_the_internet_gets_in_where_a_group_admits_its_address(place: Place) -> None:
    balancer = SimpleNamespace(scheme="internet-facing", security_groups=[place.groups["edge"]])

    def admitted() -> bool:
        (door,) = place.network.doors(balancer, "10.0.101.10", 8443)
        assert (door["name"], door["address"]) == ("internet", "203.0.113.10")
        return bool(door["admitted"])

    for cidr, gets_in in (("0.0.0.0/0", True), ("10.0.0.0/16", False)):
        rule = {
            "IpProtocol": "tcp",
            "FromPort": 8443,
            "ToPort": 8443,
            "IpRanges": [{"CidrIp": cidr}],
        }
        given = {"GroupId": place.groups["edge"], "IpPermissions": [rule]}
        assert not admitted()
        place.ec2.authorize_security_group_ingress(**given)
        assert admitted() == gets_in
        place.ec2.revoke_security_group_ingress(**given)
    balancer.security_groups = []
    assert admitted()
