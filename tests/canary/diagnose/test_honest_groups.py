"""Security groups of platforms of any shape get back what the present confirms, and no more."""

from __future__ import annotations

import pytest

from canary.control_plane.state import GroupRule, PlatformState
from tests.canary.support import platforms as p
from tests.canary.support.forged import ALONE, BALANCER, HEALTHY, Attack, admits, judged, tcp

WORLD, VPC = ("0.0.0.0/0",), ("10.0.0.0/16",)


def group(state: PlatformState, name: str, *ingress: GroupRule) -> PlatformState:
    return p.change(state, "security_groups", name, ingress=ingress)


CLOSED = group(HEALTHY, "sg-lb-registry")
SHUT = group(HEALTHY, "sg-auth")
LIST = GroupRule(protocol="tcp", from_port=443, to_port=443, prefix_lists=("pl-cdn",))
CHOSEN = group(HEALTHY, "sg-lb-registry", tcp(443, cidrs=("203.0.113.0/24",)))
INTERNAL = p.change(CLOSED, "load_balancers", BALANCER.arn, scheme="internal")
HONEST = [
    admits("tasks at a database", "", "sg-database", tcp(5432, groups=("sg-mlflow",))),
    admits("an inner call", "", "sg-auth", tcp(8000, groups=("sg-mlflow",))),
    admits("to a cache", "", "sg-mlflow", tcp(6379, groups=("sg-cache",)), "egress"),
    admits("the public's only way in", "", "sg-lb-registry", tcp(443, cidrs=WORLD), now=CLOSED),
    admits("the redirect's way in", "", "sg-lb-registry", tcp(80, cidrs=WORLD), now=CLOSED),
    admits(
        "tasks from the VPC", "", "sg-auth", tcp(8000, cidrs=VPC), now=group(HEALTHY, "sg-auth")
    ),
    admits(
        "a front's list",
        "",
        "sg-lb-registry",
        LIST,
        now=group(CLOSED, "sg-lb-auth", LIST),
    ),
    admits(
        "beside a private network",
        "",
        "sg-lb-registry",
        tcp(443, cidrs=WORLD),
        now=group(HEALTHY, "sg-lb-registry", tcp(443, cidrs=VPC)),
    ),
]
EVERYTHING = GroupRule(protocol="-1", from_port=-1, to_port=-1, groups=("sg-lb-registry",))
ATTACKS = [
    admits("all protocols", "all ports of sg-lb-registry", "sg-database", EVERYTHING),
    admits("another's port", "5432 of 0.0.0.0/0", "sg-lb-registry", tcp(5432, cidrs=WORLD)),
    admits("a port of no task", "5432 of sg-mlflow", "sg-auth", tcp(5432, groups=("sg-mlflow",))),
    admits("a range", "8000 to 8100 of", "sg-auth", tcp(8000, 8100, groups=("sg-mlflow",))),
    admits("the public", "0.0.0.0/0", "sg-lb-registry", tcp(443, cidrs=WORLD), now=CHOSEN),
    admits("an inner balancer", "0.0.0.0/0", "sg-lb-registry", tcp(443, cidrs=WORLD), now=INTERNAL),
    admits("a strange port", "0.0.0.0/0", "sg-lb-registry", tcp(22, cidrs=WORLD), now=CLOSED),
    admits("a wider network", "10.0.0.0/8", "sg-auth", tcp(8000, cidrs=("10.0.0.0/8",))),
    admits("another network", "10.1.0.0/16", "sg-auth", tcp(8000, cidrs=("10.1.0.0/16",))),
    admits(
        "tasks from anywhere, as others",
        "0.0.0.0/0",
        "sg-auth",
        tcp(8000, cidrs=WORLD),
        now=group(HEALTHY, "sg-mlflow", tcp(8000, cidrs=WORLD)),
    ),
]


@pytest.mark.parametrize("honest", HONEST, ids=lambda a: a.name)
def test_a_group_gets_back_what_living_things_confirm(honest: Attack) -> None:
    assert judged(honest.edits, honest.now, honest.past) == ""


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.name)
def test_a_group_gets_nothing_wider(attack: Attack) -> None:
    said = judged(attack.edits, attack.now, attack.past)
    assert said.startswith(ALONE)
    assert attack.why in said
