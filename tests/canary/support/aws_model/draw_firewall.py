"""Draw security groups of EC2's own shapes: permissions by network, prefix list and group."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.canary.support import platforms as p
from tests.canary.support.aws_model.account import NAMES, Account
from tests.canary.support.aws_model.drawn import Drawn, texts
from tests.canary.support.aws_model.firewall import PEERS, where

Json = dict[str, Any]
GROUP = "sg-auth"
PORT = NAMES.ports["auth"]
BALANCER = "sg-lb-auth"
CIDRS = st.sampled_from(["172.16.0.0/12", "192.0.2.0/24", "203.0.113.7/32"])
V6 = st.sampled_from(["2001:db8::/32", "2001:db8:1::/48"])
_DESCRIBED = texts(0, 60)
EC2 = Drawn(
    "ec2",
    {
        "String": _DESCRIBED,
        "IpRange.CidrIp": CIDRS,
        "Ipv6Range.CidrIpv6": V6,
        "PrefixListId.PrefixListId": st.sampled_from(["pl-1", "pl-2"]),
        "UserIdGroupPair.GroupId": st.sampled_from(["sg-mlflow", "sg-registry"]),
        "UserIdGroupPair.UserId": st.just("123456789012"),
        "UserIdGroupPair.GroupName": None,
        "UserIdGroupPair.PeeringStatus": None,
        "UserIdGroupPair.VpcPeeringConnectionId": None,
        "UserIdGroupPair.VpcId": None,
    },
)
_SHAPES = dict(zip(PEERS, ("IpRange", "Ipv6Range", "PrefixListId", "UserIdGroupPair"), strict=True))


def peers(kind: str, most: int = 2) -> st.SearchStrategy[list[Json]]:
    """Return the strategy for the peers of a kind."""
    name = PEERS[kind]
    shape = EC2.of(_SHAPES[kind]).filter(lambda peer: name in peer)
    return st.lists(shape, max_size=most, unique_by=lambda peer: peer[name])


@st.composite
def permissions(draw: st.DrawFn, ports: st.SearchStrategy[tuple[int, int]]) -> Json:
    """Draw a permission as EC2 describes it."""
    low, high = draw(ports)
    peers_ = {kind: draw(peers(kind)) for kind in PEERS}
    return {"IpProtocol": "tcp", "FromPort": low, "ToPort": high, **peers_}


OTHER_PORTS = st.tuples(st.integers(0, 7000), st.integers(0, 900)).map(lambda n: (n[0], sum(n)))
OWN_PORTS = st.tuples(st.integers(0, 3), st.integers(0, 3)).map(
    lambda n: (PORT - n[0], PORT + n[1])
)


@st.composite
def groups(draw: st.DrawFn) -> tuple[list[Json], Json]:
    """Draw the permissions of the auth service's group; the last one admits its balancer."""
    own = draw(permissions(OWN_PORTS))
    own["UserIdGroupPairs"].append({"GroupId": BALANCER, "UserId": "123456789012"})
    others = draw(st.lists(permissions(OTHER_PORTS), max_size=2, unique_by=where))
    kept = [one for one in others if any(one[kind] for kind in PEERS)]
    return kept, own


def account(drawn: tuple[list[Json], Json]) -> Account:
    """Return an account in which the auth service's group has the drawn permissions."""
    found = Account()
    others, own = drawn
    name = next(g.name for g in p.healthy(NAMES).security_groups if g.id == GROUP)
    found.held["guards"][GROUP] = {
        "GroupId": GROUP, "GroupName": name, "VpcId": "vpc-1", "OwnerId": "123456789012",
        "IpPermissions": [*others, own],
        "IpPermissionsEgress": [
            {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}], "Ipv6Ranges": [],
             "PrefixListIds": [], "UserIdGroupPairs": []}
        ],
    }  # fmt: skip
    return found
