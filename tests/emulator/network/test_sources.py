"""Who connects to a balancer, from which address it sees them, and through which door."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from emulator.aws.endpoint import Endpoint
from emulator.balancer.model import Snapshot, parse_snapshot
from emulator.balancer.table import views
from emulator.elbv2 import snapshot as routing
from emulator.elbv2.nodes import address_of
from emulator.network.network import Network
from emulator.network.sources import SourceError, Sources
from tests.emulator.support import ways
from tests.emulator.support.emulated import emulator

TASK, PUBLIC_TASK, CANARY = "10.0.1.11", "10.0.2.12", "10.0.1.13"
NAT, OFFICE, INTERNET, OWN = "198.51.100.20", "198.51.100.40", "203.0.113.10", "198.18.2.12"
SOURCES = Sources(nat=NAT, named={"office": OFFICE, "canary": CANARY})
Json = dict[str, Any]


class Place:
    """A network with a public and an internal balancer, and three interfaces."""

    def __init__(self, aws: Endpoint, network: Network) -> None:
        self.network, self.ec2, elbv2 = network, aws.client("ec2"), aws.client("elbv2")
        vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            self.ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=zone)[
                "Subnet"
            ]["SubnetId"]
            for n, zone in ((2, "us-east-1b"), (1, "us-east-1a"))  # the nodes are in the first
        ]
        ways.gateway(self.ec2, vpc)
        ways.nat(self.ec2, subnets[0], ways.table(self.ec2, vpc, subnets[1]))
        self.groups = {
            name: self.ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)[
                "GroupId"
            ]
            for name in ("task", "edge", "canary")
        }
        for address, group in ((TASK, "task"), (PUBLIC_TASK, "task"), (CANARY, "canary")):
            self.ec2.create_network_interface(
                SubnetId=subnets[0 if address == PUBLIC_TASK else 1],
                PrivateIpAddress=address,
                Groups=[self.groups[group]],
                Description=f"AWS Lambda VPC ENI-{group}",
            )
        from moto.ec2.models import ec2_backends
        from moto.elbv2.models import elbv2_backends

        for one in ec2_backends["123456789012"]["us-east-1"].enis.values():
            one.public_ip = OWN if one.private_ip_address == PUBLIC_TASK else None
        for name, scheme in (("public", "internet-facing"), ("inner", "internal")):
            made = elbv2.create_load_balancer(
                Name=name, Subnets=subnets, SecurityGroups=[self.groups["edge"]], Scheme=scheme
            )["LoadBalancers"][0]
            action = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}
            elbv2.create_listener(
                LoadBalancerArn=made["LoadBalancerArn"],
                Protocol="HTTP",
                Port=80,
                DefaultActions=[action],
            )
        balancers = elbv2_backends["123456789012"]["us-east-1"].load_balancers.values()
        self.public, self.inner = balancers

    def admit(self, **peer: Any) -> Json:
        """Admit a peer to the balancers' port, and return what takes it back."""
        rule = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, **peer}
        given = {"GroupId": self.groups["edge"], "IpPermissions": [rule]}
        self.ec2.authorize_security_group_ingress(**given)
        return given

    def getting_in(self, balancer: Any) -> list[str]:
        """Return who gets in to a balancer: sources by name, tasks by address."""
        address = address_of(balancer)
        doors = self.network.doors(balancer, address, 80)
        tasks = [
            task
            for task in (TASK, PUBLIC_TASK)
            if self.network.route(task, address, 80) != self.network.blackhole
        ]
        return [one["name"] for one in doors if one["admitted"]] + tasks

    def snapshot(self) -> Snapshot:
        """Return the routing as the balancer process reads it."""
        import msgspec

        network = self.network
        made = routing.snapshot(30.0, network.allowed, network.doors, network.outside)
        return parse_snapshot(msgspec.json.encode(made))


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with emulator() as server:
        network = Network(SOURCES)
        network.start()
        yield Place(server.endpoint, network)
        network.stop()


@pytest.mark.parametrize(
    ("cidr", "to_public", "to_inner"),
    [
        (f"{INTERNET}/32", ["internet"], []),
        (f"{OFFICE}/32", ["office"], []),
        (f"{NAT}/32", ["canary", TASK], []),
        (f"{OWN}/32", [PUBLIC_TASK], []),
        ("10.0.0.0/16", [], ["canary", TASK, PUBLIC_TASK]),
        (f"{CANARY}/32", [], ["canary"]),
        (
            "0.0.0.0/0",
            ["internet", "office", "canary", TASK, PUBLIC_TASK],
            ["canary", TASK, PUBLIC_TASK],
        ),
    ],
)
def test_a_balancer_sees_each_client_at_the_address_of_its_way(
    place: Place, cidr: str, to_public: list[str], to_inner: list[str]
) -> None:
    given = place.admit(IpRanges=[{"CidrIp": cidr}])
    assert place.getting_in(place.public) == to_public
    assert place.getting_in(place.inner) == to_inner
    place.ec2.revoke_security_group_ingress(**given)


def test_a_group_is_seen_by_an_internal_balancer_alone(place: Place) -> None:
    given = place.admit(UserIdGroupPairs=[{"GroupId": place.groups["canary"]}])
    assert (place.getting_in(place.public), place.getting_in(place.inner)) == ([], ["canary"])
    place.ec2.revoke_security_group_ingress(**given)


def test_a_range_of_ipv6_is_kept_and_admits_no_source_of_ipv4(place: Place) -> None:
    given = place.admit(Ipv6Ranges=[{"CidrIpv6": "::/0", "Description": "everybody"}])
    (shown,) = place.ec2.describe_security_groups(GroupIds=[given["GroupId"]])["SecurityGroups"]
    assert shown["IpPermissions"][0]["Ipv6Ranges"] == given["IpPermissions"][0]["Ipv6Ranges"]
    assert place.getting_in(place.public) == place.getting_in(place.inner) == []
    place.ec2.revoke_security_group_ingress(**given)


def test_a_prefix_list_admits_the_addresses_of_its_newest_entries(place: Place) -> None:
    made = place.ec2.create_managed_prefix_list(
        PrefixListName="offices",
        AddressFamily="IPv4",
        MaxEntries=2,
        Entries=[{"Cidr": "192.0.2.0/24"}],
    )["PrefixList"]["PrefixListId"]
    given = place.admit(PrefixListIds=[{"PrefixListId": made}])
    assert place.getting_in(place.public) == []
    change = {"PrefixListId": made, "CurrentVersion": 1}
    place.ec2.modify_managed_prefix_list(**change, AddEntries=[{"Cidr": f"{OFFICE}/32"}])
    assert place.getting_in(place.public) == ["office"]
    change = {"PrefixListId": made, "CurrentVersion": 2}
    place.ec2.modify_managed_prefix_list(**change, RemoveEntries=[{"Cidr": f"{OFFICE}/32"}])
    assert place.getting_in(place.public) == []
    place.ec2.revoke_security_group_ingress(**given)


def test_each_client_has_a_door_and_the_balancer_knows_its_address(place: Place) -> None:
    found = views(place.snapshot())
    doors = {(key[0], key[2]): view for key, view in found.items()}
    public, inner = place.public.arn, place.inner.arn
    names = ("internet", "office", "canary", "inside")
    assert sorted(doors) == sorted((arn, name) for arn in (public, inner) for name in names)
    peer = "127.0.0.1"
    assert [doors[(public, name)].seen(peer) for name in names] == [INTERNET, OFFICE, NAT, peer]
    assert doors[(inner, "canary")].seen(peer) == CANARY
    own = {"127.0.1.11": NAT, "127.0.2.12": OWN}
    assert {at: doors[(public, "inside")].seen(at) for at in own} == own
    assert doors[(inner, "inside")].seen("127.0.2.12") == PUBLIC_TASK


def test_the_vpc_s_clients_are_led_to_the_door_inside(place: Place) -> None:
    network, address = Network(SOURCES), address_of(place.inner)
    served, inside = (address.replace("10.", "127.", 1), 40080), ("127.0.1.99", 40081)
    network.inside = {served: inside}.__getitem__
    network.port_of = {served: 80}.get
    network.register_edge("inner.example", 80, served)
    given = place.admit(IpRanges=[{"CidrIp": f"{CANARY}/32"}])
    for to in ((address, 80), served):
        assert network.route(CANARY, *to) == inside
        assert network.route(TASK, *to) == network.blackhole
    place.ec2.revoke_security_group_ingress(**given)


@pytest.mark.parametrize(
    ("nat", "named", "text"),
    [
        ("here", {}, "'here' is not an IPv4 address"),
        (NAT, {"office": ""}, "'' is not an IPv4 address"),
        (NAT, {"inside": OFFICE}, "a source cannot have the name 'inside'"),
    ],
)
def test_a_source_has_a_name_and_an_address(nat: str, named: dict[str, str], text: str) -> None:
    with pytest.raises(SourceError) as refused:
        Sources(nat=nat, named=named)
    assert str(refused.value) == text


def test_a_balancer_without_groups_lets_everybody_in_who_has_a_way(place: Place) -> None:
    open_one = SimpleNamespace(scheme="internal", security_groups=[])
    doors = place.network.doors(open_one, "10.0.1.200", 80)
    assert [one["name"] for one in doors if one["admitted"]] == ["canary"]
