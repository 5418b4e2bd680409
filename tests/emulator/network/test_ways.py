"""Routes, gateways, endpoints and network ACLs decide whether a connection finds its way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.aws.endpoint import Endpoint
from emulator.network.network import Network
from emulator.network.way import acls, services, way
from emulator.network.way.acls import Entry
from tests.emulator.support import ways
from tests.emulator.support.emulated import emulator

TASK, STORE, EDGE = "10.0.1.11", "10.0.2.12", "10.0.9.10"
API = ("127.0.0.1", 5000)
Json = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """A private subnet behind a NAT, one without a way out, and a public one with the NAT."""

    network: Network
    ec2: Any
    vpc: str
    subnets: list[str]
    private: str
    main: str
    gateway: str
    nat: str
    group: str

    def acl(self, subnet: int) -> str:
        """Give a subnet a network ACL of its own, which lets nothing through; return its id."""
        made = str(self.ec2.create_network_acl(VpcId=self.vpc)["NetworkAcl"]["NetworkAclId"])
        self.guard(subnet, made)
        return made

    def guard(self, subnet: int, acl: str) -> None:
        """Put a subnet under a network ACL."""
        wanted = [{"Name": "association.subnet-id", "Values": [self.subnets[subnet]]}]
        (now,) = self.ec2.describe_network_acls(Filters=wanted)["NetworkAcls"]
        (held,) = [a for a in now["Associations"] if a["SubnetId"] == self.subnets[subnet]]
        self.ec2.replace_network_acl_association(
            AssociationId=held["NetworkAclAssociationId"], NetworkAclId=acl
        )

    @property
    def default_acl(self) -> str:
        """The VPC's own network ACL."""
        wanted = [{"Name": "vpc-id", "Values": [self.vpc]}, {"Name": "default", "Values": ["true"]}]
        (found,) = self.ec2.describe_network_acls(Filters=wanted)["NetworkAcls"]
        return str(found["NetworkAclId"])

    def entry(
        self, acl: str, number: int, egress: bool, first: int, last: int, **more: Any
    ) -> Json:
        """Add an entry for TCP, and return what names it."""
        named = {"NetworkAclId": acl, "RuleNumber": number, "Egress": egress}
        rule = {"Protocol": "6", "RuleAction": "allow", "CidrBlock": "0.0.0.0/0", **more}
        ports = {"From": first, "To": last}
        self.ec2.create_network_acl_entry(**named, **rule, PortRange=ports)
        return named

    def states(self, table: str) -> dict[str, str]:
        """The state of each route of a table by its destination."""
        (found,) = self.ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
        return {
            route.get("DestinationCidrBlock") or route["DestinationPrefixListId"]: route["State"]
            for route in found["Routes"]
        }

    def endpoint(self, service: str, **more: Any) -> str:
        """Make an endpoint and return its id."""
        made = self.ec2.create_vpc_endpoint(
            VpcId=self.vpc, ServiceName=f"com.amazonaws.us-east-1.{service}", **more
        )
        return str(made["VpcEndpoint"]["VpcEndpointId"])


@pytest.fixture
def place() -> Iterator[Place]:
    with emulator() as server:
        yield _laid_out(server.endpoint)


def _laid_out(aws: Endpoint) -> Place:
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24")["Subnet"]["SubnetId"]
        for n in (1, 2, 9)
    ]
    group = ec2.create_security_group(GroupName="all", Description="-", VpcId=vpc)["GroupId"]
    anybody = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[anybody])
    for subnet, address in zip(subnets, (TASK, STORE, EDGE), strict=True):
        ec2.create_network_interface(
            SubnetId=subnet, PrivateIpAddress=address, Groups=[group], Description="ELB app/e"
        )
    ways.table(ec2, vpc, subnets[1])  # the store's: local alone
    private, gateway = ways.table(ec2, vpc, subnets[0]), ways.gateway(ec2, vpc)
    nat = ways.nat(ec2, subnets[2], private)
    wanted = [{"Name": "association.main", "Values": ["true"]}, {"Name": "vpc-id", "Values": [vpc]}]
    main = ec2.describe_route_tables(Filters=wanted)["RouteTables"][0]["RouteTableId"]
    return Place(Network(), ec2, vpc, subnets, private, main, gateway, nat, group)


def entry(allow: bool, first: int, last: int, block: str = "0.0.0.0/0") -> Entry:
    return Entry(1, allow, egress=False, cidr=IPv4Network(block), ports=(first, last))


@pytest.mark.parametrize(
    ("entries", "passes"),
    [
        ((), False),
        ((entry(True, 0, 65535),), True),
        ((entry(False, 1024, 60000), entry(True, 0, 65535)), False),
        ((entry(True, 0, 65535), entry(False, 2000, 2000)), True),
        ((entry(True, 1024, 40000), entry(True, 40001, 65535)), True),
        ((entry(False, 5432, 5432), entry(True, 0, 65535)), True),
        ((entry(True, 49152, 65535),), False),
        ((entry(False, 0, 65535, "10.1.0.0/16"), entry(True, 0, 65535)), True),
        ((entry(False, 0, 65535, "10.0.1.0/24"), entry(True, 0, 65535)), False),
    ],
)
def test_the_first_entry_that_fits_decides_for_each_port(
    entries: tuple[Entry, ...], passes: bool
) -> None:
    asked = acls.passes(entries, IPv4Address(TASK), acls.ANY_CLIENT, egress=False)
    assert asked == passes
    assert not acls.passes(entries, IPv4Address(TASK), (80, 80), egress=True)


def test_an_acl_needs_an_entry_for_the_question_and_one_for_its_answer(place: Place) -> None:
    assert way.between(TASK, STORE, 5432)
    own = place.acl(1)
    assert not way.between(TASK, STORE, 5432)
    place.entry(own, 10, False, 5432, 5432)
    assert not way.between(TASK, STORE, 5432)  # the answer does not leave
    answer = place.entry(own, 10, True, 1024, 65535)
    assert way.between(TASK, STORE, 5432)
    assert not way.between(TASK, STORE, 5433)
    assert not way.between(STORE, TASK, 80)
    place.entry(own, 5, False, 5000, 6000, RuleAction="deny", CidrBlock="10.0.1.0/24")
    assert not way.between(TASK, STORE, 5432)
    assert way.between(EDGE, STORE, 5432)
    place.ec2.delete_network_acl_entry(**answer)
    assert not way.between(EDGE, STORE, 5432)
    place.guard(1, place.default_acl)
    assert way.between(TASK, STORE, 5432)


def test_an_acl_is_asked_at_the_edge_of_its_subnet_alone(place: Place) -> None:
    place.acl(0)
    assert way.between(TASK, "10.0.1.200", 80)
    assert not way.between(TASK, STORE, 80)


def test_tasks_connect_from_the_ports_of_linux(place: Place) -> None:
    own = place.acl(1)
    place.entry(own, 10, False, 80, 80)
    place.entry(own, 10, True, 32768, 61000)
    assert not way.between(TASK, STORE, 80)
    (found,) = place.ec2.describe_network_interfaces(
        Filters=[{"Name": "private-ip-address", "Values": [TASK]}]
    )["NetworkInterfaces"]
    place.ec2.delete_network_interface(NetworkInterfaceId=found["NetworkInterfaceId"])
    place.ec2.create_network_interface(
        SubnetId=place.subnets[0],
        PrivateIpAddress=TASK,
        Groups=[place.group],
        Description="arn:aws:ecs:us-east-1:123456789012:attachment/1",
    )
    assert way.between(TASK, STORE, 80)


def test_a_nat_that_is_deleted_leaves_a_black_hole(place: Place) -> None:
    assert services.to_internet(TASK)
    assert place.states(place.private) == {"10.0.0.0/16": "active", "0.0.0.0/0": "active"}
    place.ec2.delete_nat_gateway(NatGatewayId=place.nat)
    assert not services.to_internet(TASK)
    assert place.states(place.private) == {"10.0.0.0/16": "active", "0.0.0.0/0": "blackhole"}
    (gone,) = place.ec2.describe_nat_gateways(NatGatewayIds=[place.nat])["NatGateways"]
    assert gone["State"] == "deleted"
    address = place.ec2.describe_addresses()["Addresses"][0]["AllocationId"]
    made = place.ec2.create_nat_gateway(SubnetId=place.subnets[2], AllocationId=address)
    place.ec2.replace_route(
        RouteTableId=place.private,
        DestinationCidrBlock="0.0.0.0/0",
        NatGatewayId=made["NatGateway"]["NatGatewayId"],
    )
    assert services.to_internet(TASK)
    assert place.states(place.private)["0.0.0.0/0"] == "active"


def test_a_nat_has_an_address_of_its_subnet_and_is_refused_where_it_is_not_there(
    place: Place,
) -> None:
    (found,) = place.ec2.describe_nat_gateways()["NatGateways"]
    (address,) = found["NatGatewayAddresses"]
    assert address["PrivateIp"].startswith("10.0.9.")
    (interface,) = place.ec2.describe_network_interfaces(
        NetworkInterfaceIds=[address["NetworkInterfaceId"]]
    )["NetworkInterfaces"]
    shown = interface["Description"], interface["InterfaceType"], interface["PrivateIpAddress"]
    words = f"Interface for NAT Gateway {place.nat}"
    assert shown == (words, "nat_gateway", address["PrivateIp"])
    with pytest.raises(ClientError, match="NatGatewayNotFound"):
        place.ec2.delete_nat_gateway(NatGatewayId="nat-0123456789abcdef0")


def test_a_route_that_is_deleted_or_more_special_decides(place: Place) -> None:
    assert not services.to_internet(STORE)  # its table has no route out
    route = {"RouteTableId": place.private, "DestinationCidrBlock": "203.0.113.0/24"}
    place.ec2.create_route(**route, GatewayId=place.gateway)
    assert not services.to_internet(TASK)  # an internet gateway serves public addresses alone
    assert services.to_internet(TASK, address="198.51.100.1")
    place.ec2.delete_route(**route)
    assert services.to_internet(TASK)
    place.ec2.delete_route(RouteTableId=place.private, DestinationCidrBlock="0.0.0.0/0")
    assert not services.to_internet(TASK)
    assert way.between(TASK, STORE, 80)


def test_an_internet_gateway_that_is_detached_lets_nobody_in_or_out(place: Place) -> None:
    assert way.into(EDGE, 443)
    assert not way.into(TASK, 443)
    place.ec2.detach_internet_gateway(InternetGatewayId=place.gateway, VpcId=place.vpc)
    assert not way.into(EDGE, 443)
    assert not services.to_internet(TASK)  # the NAT's own way
    assert place.states(place.main)["0.0.0.0/0"] == "blackhole"
    place.ec2.attach_internet_gateway(InternetGatewayId=place.gateway, VpcId=place.vpc)
    assert way.into(EDGE, 443)
    assert services.to_internet(TASK)


def test_an_acl_of_the_public_subnet_bars_clients_and_the_nat_apart(place: Place) -> None:
    own = place.acl(2)
    place.entry(own, 10, False, 443, 443, CidrBlock="203.0.113.0/24")
    place.entry(own, 10, True, 1024, 65535)
    assert (way.into(EDGE, 443), way.into(EDGE, 80)) == (True, False)
    assert not services.to_internet(TASK)
    place.entry(own, 20, False, 443, 443, CidrBlock="10.0.0.0/16")
    place.entry(own, 30, False, 1024, 65535)
    place.entry(own, 30, True, 443, 443)
    assert services.to_internet(TASK)


def test_a_gateway_endpoint_serves_the_tables_that_it_is_in(place: Place) -> None:
    place.ec2.delete_route(RouteTableId=place.private, DestinationCidrBlock="0.0.0.0/0")
    assert not services.to_service(TASK, "s3")
    made = place.endpoint("s3", VpcEndpointType="Gateway", RouteTableIds=[place.private])
    (listed,) = [to for to in place.states(place.private) if to.startswith("pl-")]
    found = [services.to_service(TASK, name) for name in ("s3", "logs")]
    assert found == [True, False]
    place.ec2.modify_vpc_endpoint(VpcEndpointId=made, RemoveRouteTableIds=[place.private])
    assert listed not in place.states(place.private)
    assert not services.to_service(TASK, "s3")
    place.ec2.modify_vpc_endpoint(VpcEndpointId=made, AddRouteTableIds=[place.private])
    assert services.to_service(TASK, "s3")
    place.ec2.delete_vpc_endpoints(VpcEndpointIds=[made])
    assert listed not in place.states(place.private)
    assert place.ec2.describe_vpc_endpoints()["VpcEndpoints"] == []
    assert not services.to_service(TASK, "s3")


def test_an_interface_endpoint_takes_its_service_s_name_and_asks_its_group(place: Place) -> None:
    closed = place.ec2.create_security_group(GroupName="closed", Description="-", VpcId=place.vpc)[
        "GroupId"
    ]
    more = {"VpcEndpointType": "Interface", "SubnetIds": [place.subnets[1]]}
    assert services.to_service(TASK, "logs")
    made = place.endpoint("logs", **more, SecurityGroupIds=[closed], PrivateDnsEnabled=True)
    assert not services.to_service(TASK, "logs")  # though there is a way to the internet
    assert services.to_service(TASK, "ssm")
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    mine = [{**rule, "UserIdGroupPairs": [{"GroupId": place.group}]}]
    place.ec2.authorize_security_group_ingress(GroupId=closed, IpPermissions=mine)
    assert services.to_service(TASK, "logs")
    (interface,) = place.ec2.describe_network_interfaces(
        Filters=[{"Name": "description", "Values": [f"VPC Endpoint Interface {made}"]}]
    )["NetworkInterfaces"]
    assert interface["PrivateIpAddress"].startswith("10.0.2.")
    place.acl(1)
    assert not services.to_service(TASK, "logs")
    place.ec2.delete_vpc_endpoints(VpcEndpointIds=[made])
    assert services.to_service(TASK, "logs")


def test_what_finds_no_way_hangs(place: Place) -> None:
    network = place.network
    network.serve_api(API)
    network.register_outside("site.example", "198.51.100.9", {443: ("127.0.0.1", 40443)})
    out = ("198.51.100.9", 443)
    assert network.route(TASK, *API) == API
    assert network.route(TASK, *out) == ("127.0.0.1", 40443)
    assert network.route(TASK, STORE, 80) == ("127.0.2.12", 80)
    assert network.allowed([place.group], EDGE, STORE, 80)
    place.acl(1)
    place.ec2.delete_nat_gateway(NatGatewayId=place.nat)
    ends = [network.route(TASK, *API), network.route(TASK, *out), network.route(TASK, STORE, 80)]
    assert ends == [network.blackhole] * 3
    assert not network.allowed([place.group], EDGE, STORE, 80)
