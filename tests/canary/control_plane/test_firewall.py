"""What security groups let through: tables of plain values, yes, no and unknown."""

from __future__ import annotations

from typing import Any

import pytest

from canary.control_plane.firewall import Side, covers_port, lets_in, lets_out
from canary.control_plane.state import GroupRule, SecurityGroup
from canary.control_plane.unread import Known

YES, NO, UNKNOWN = Known.YES, Known.NO, Known.UNKNOWN


def rule(protocol: str = "tcp", first: int = 443, last: int = 443, **fields: Any) -> GroupRule:
    return GroupRule(protocol=protocol, from_port=first, to_port=last, **fields)


def group(*ingress: GroupRule, egress: tuple[GroupRule, ...] = (), name: str = "sg") -> Any:
    return SecurityGroup(id=name, name=name, ingress=ingress, egress=egress)


@pytest.mark.parametrize(
    ("found", "covers"),
    [
        (rule(), True),
        (rule("6"), True),
        (rule("-1", -1, -1), True),
        (rule("-1", 0, 0), True),  # all protocols have all ports
        (rule("tcp", -1, -1), True),
        (rule("tcp", 443, 8000), True),
        (rule("tcp", 80, 443), True),
        (rule("tcp", 444, 500), False),
        (rule("tcp", 80, 442), False),
        (rule("tcp", 1, 1), False),
        (rule("udp"), False),
        (rule("17"), False),
        (rule("icmp", -1, -1), False),
    ],
)
def test_the_ports_that_a_rule_is_about(found: GroupRule, covers: bool) -> None:
    assert covers_port(found, 443) is covers


ALL = ("0.0.0.0/0",)


@pytest.mark.parametrize(
    ("found", "networks", "answer"),
    [
        (rule(cidrs=("10.0.1.0/24",)), ("10.0.1.10/32",), YES),
        (rule(cidrs=("10.0.1.7/24",)), ("10.0.1.10/24",), YES),  # an address with host bits
        (rule(cidrs=("10.0.2.0/24",)), ("10.0.1.10/32",), NO),
        (rule(cidrs=("10.0.2.0/24", "10.0.1.0/24")), ("10.0.1.10/32",), YES),
        (rule(cidrs=("10.0.2.0/24",)), ("10.0.1.10/32", "10.0.2.1/32"), YES),
        (rule(cidrs=ALL), ("10.0.1.10/32",), YES),
        (rule(cidrs=ALL), ALL, YES),
        (rule(cidrs=("203.0.113.0/24",)), ALL, UNKNOWN),
        (rule(cidrs=("128.0.0.0/1",)), ALL, UNKNOWN),
        (rule(cidrs=("10.0.1.0/24",)), (), YES),  # the addresses of the peer are not known
        (rule(), (), NO),
        (rule(groups=("sg-a",)), (), YES),
        (rule(groups=("sg-b",)), (), NO),
        (rule(groups=("sg-b", "sg-a")), ("10.0.1.10/32",), YES),
        (rule(groups=("sg-b",)), ("10.0.1.10/32",), NO),
        (rule(prefix_lists=("pl-1",)), ("10.0.1.10/32",), UNKNOWN),
        (rule(ipv6_cidrs=("::/0",)), ("10.0.1.10/32",), UNKNOWN),
        (rule(prefix_lists=("pl-1",), cidrs=ALL), ("10.0.1.10/32",), YES),
        (rule("udp", cidrs=ALL), ("10.0.1.10/32",), NO),
        (rule(first=80, last=80, prefix_lists=("pl-1",)), ("10.0.1.10/32",), NO),
        (rule(cidrs=("no network",)), ("10.0.1.10/32",), YES),
        (rule(cidrs=("2001:db8::/32",)), ("10.0.1.10/32",), NO),
    ],
)
def test_whom_a_rule_admits(found: GroupRule, networks: tuple[str, ...], answer: Known) -> None:
    peer = Side(groups=(group(name="sg-a"),), networks=networks)
    assert lets_in(Side(groups=(group(found),)), peer, 443) is answer
    assert lets_out(Side(groups=(group(egress=(found,)),)), peer, 443) is answer


def test_one_group_and_one_rule_that_admit_are_enough() -> None:
    peer = Side(groups=(), networks=("10.0.1.10/32",))
    closed, unknown = group(rule(cidrs=("10.9.0.0/16",))), group(rule(prefix_lists=("pl",)))
    opened = group(rule("udp"), rule(cidrs=("10.0.0.0/8",)))
    assert lets_in(Side(groups=(closed, unknown, opened)), peer, 443) is YES
    assert lets_in(Side(groups=(closed, unknown)), peer, 443) is UNKNOWN
    assert lets_in(Side(groups=(closed,)), peer, 443) is NO
    assert lets_in(Side(groups=()), peer, 443) is NO


def test_ingress_says_nothing_of_egress() -> None:
    peer = Side(groups=(), networks=("10.0.1.10/32",))
    assert lets_out(Side(groups=(group(rule(cidrs=ALL)),)), peer, 443) is NO
    assert lets_in(Side(groups=(group(egress=(rule(cidrs=ALL),)),)), peer, 443) is NO


@pytest.mark.parametrize(
    ("found", "answer"),
    [
        (rule(groups=("sg-b",)), UNKNOWN),
        (rule(groups=("sg-b",), cidrs=ALL), YES),
        (rule(cidrs=("10.0.0.0/16",)), UNKNOWN),
        (rule(first=80, last=80, groups=("sg-b",)), NO),
        (rule(), NO),
    ],
)
def test_of_clients_in_unknown_groups_a_rule_by_group_says_nothing(
    found: GroupRule, answer: Known
) -> None:
    clients = Side(groups=(), networks=ALL, groups_known=False)
    assert lets_in(Side(groups=(group(found),)), clients, 443) is answer
