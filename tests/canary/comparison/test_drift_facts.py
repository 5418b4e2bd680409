"""What is compared of each resource, the text that names it, and the attributes that move."""

from __future__ import annotations

import msgspec
import pytest

from canary.comparison.drift import AREAS, drift, identified, lasting, without_moving
from canary.control_plane.state import (
    Action,
    Certificate,
    Condition,
    Container,
    DiscoveryInstance,
    DiscoveryService,
    EcsService,
    Forward,
    GroupRule,
    Listener,
    LoadBalancer,
    PlatformState,
    Rule,
    SecretState,
    SecurityGroup,
    TargetGroup,
    TargetHealth,
    TaskDefinition,
    Unavailable,
)
from canary.model import Drift

API = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/api/73e2d6bc24d8a067"
RULE = Rule(
    arn="rule-arn",
    priority="7",
    conditions=(
        Condition(field="path-pattern", values=("/b", "/a")),
        Condition(field="http-header", name="X-Test", values=("on",)),
    ),
    action=Action(
        type="forward",
        forwards=(Forward(target_group=API, weight=3), Forward(target_group="unknown")),
    ),
)
DEFAULT = Rule(
    arn="default-arn", priority="default", action=Action(type="fixed-response", status_code="404")
)
REDIRECT = Rule(
    arn="redirect-arn", priority="8",
    action=Action(type="redirect", status_code="HTTP_301", redirect="HTTPS://#{host}:443/"),
)  # fmt: skip
WEB = LoadBalancer(
    arn="lb-arn", name="web", dns_name="d", security_groups=("sg-2", "sg-1"),
    subnets=("sn-2", "sn-1"), state="provisioning",
    listeners=(
        Listener(arn="l-arn", port=443, protocol="HTTPS", certificates=("c-2", "c-1"),
                 rules=(RULE, REDIRECT, DEFAULT)),
        Listener(arn="plain-arn", port=80, protocol="HTTP"),
    ),
)  # fmt: skip
GROUP = TargetGroup(
    arn=API, name="api", protocol="HTTP", port=8001, health_path="/health", health_port="9",
    health_protocol="HTTPS", health_matcher="200-299", health_interval_s=11, health_timeout_s=6,
    healthy_threshold=4, unhealthy_threshold=3, attributes={"stickiness.enabled": "true"},
    targets=(TargetHealth(id="i", port=1, state="healthy"),),
)  # fmt: skip
SERVICE = EcsService(
    name="api", arn="s-arn", status="ACTIVE", desired=2, running=1, pending=0,
    task_definition="arn/api:3", security_groups=("sg-2", "sg-1"), target_groups=("tg-2", "tg-1"),
    registries=("r-2", "r-1"),
)  # fmt: skip
DEFINITION = TaskDefinition(
    arn="arn/api:3", family="api", revision=3,
    containers=(
        Container(name="main", image="i:1", variables=("B", "A"), secrets={"Z": "v", "Y": "w"},
                  ports=(80, 443)),
    ),
)  # fmt: skip
EDGES = SecurityGroup(
    id="sg-1", name="tasks",
    ingress=(
        GroupRule(protocol="tcp", from_port=1, to_port=2, groups=("sg-9",), cidrs=("10.0.0.0/8",)),
    ),
    egress=(GroupRule(protocol="-1", from_port=0, to_port=0, cidrs=("0.0.0.0/0",)),),
)  # fmt: skip
MAP = DiscoveryService(
    id="srv-1", arn="map-arn", name="api.local",
    instances=(DiscoveryInstance(id="2", address="10.0.0.2", port=8),
               DiscoveryInstance(id="1", address="10.0.0.1", port=9)),
)  # fmt: skip
CERTIFICATE = Certificate(
    arn="arn:certificate/12", domain="web.example.com", names=("b", "a"), status="ISSUED",
    not_after="2027",
)  # fmt: skip
THERE = SecretState(reference="arn:s", exists=True, detail="fine")
GONE = SecretState(reference="arn:t", exists=False, detail="marked for deletion")
STATE = PlatformState(
    load_balancers=(WEB,), target_groups=(GROUP,), ecs_services=(SERVICE,),
    task_definitions=(DEFINITION,), security_groups=(EDGES, SecurityGroup(id="sg-2", name="")),
    discovery=(MAP, DiscoveryService(id="srv-2", arn="", name="web.local")),
    certificates=(CERTIFICATE,), secrets=(THERE, GONE), read_at="noon",
)  # fmt: skip
FACTS = {
    "load balancer web": {
        "security groups": "sg-1, sg-2", "subnets": "sn-1, sn-2", "state": "provisioning",
    },
    "listener web:443": {"protocol": "HTTPS", "certificates": "c-2, c-1"},
    "rule 7 of listener web:443": {
        "conditions": "http-header X-Test on; path-pattern /b,/a",
        "action": "forward api*3, unknown*1",
    },
    "rule 8 of listener web:443": {
        "conditions": "", "action": "redirect HTTP_301 HTTPS://#{host}:443/",
    },
    "rule default of listener web:443": {"conditions": "", "action": "fixed-response 404"},
    "listener web:80": {"protocol": "HTTP", "certificates": ""},
    "target group api": {
        "protocol and port": "HTTP:8001", "health check": "HTTPS 9 /health 200-299",
        "health check timing": "every 11 s, 6 s, 4/3", "number of targets": "1",
        "attribute stickiness.enabled": "true",
    },
    "ECS service api": {
        "desired count": "2", "task definition": "api:3", "security groups": "sg-1, sg-2",
        "target groups": "tg-1, tg-2", "registries": "r-1, r-2", "container main image": "i:1",
        "container main variables": "A, B", "container main secrets": "Y, Z",
        "container main ports": "443, 80",
    },
    "security group tasks (sg-1)": {
        "in tcp 1-2 10.0.0.0/8, sg-9": "allowed", "out -1 0-0 0.0.0.0/0": "allowed",
    },
    "security group sg-2 (sg-2)": {},
    "Cloud Map api.local": {"instances": "10.0.0.1:9, 10.0.0.2:8"},
    "Cloud Map web.local": {"instances": ""},
    "certificate web.example.com (12)": {
        "status": "ISSUED", "not after": "2027", "names": "a, b",
    },
    "secret arn:s": {"exists": "yes"},
    "secret arn:t": {"exists": "no marked for deletion"},
}  # fmt: skip


def test_each_resource_has_its_facts() -> None:
    assert {name: facts for _, area in AREAS for name, facts in area(STATE)} == FACTS


def test_each_resource_has_its_identifier() -> None:
    identifiers = (
        *("lb-arn", "l-arn", "rule-arn", "redirect-arn", "default-arn", "plain-arn", API),
        *("s-arn", "sg-1", "sg-2", "map-arn", "srv-2", "arn:certificate/12", "arn:s", "arn:t"),
    )
    assert dict(identified(STATE)) == dict(zip(FACTS, identifiers, strict=True))


@pytest.mark.parametrize("kind", ["ipv6_cidrs", "prefix_lists"])
def test_an_edge_for_addresses_of_every_kind_is_compared(kind: str) -> None:
    def opened(*peers: str) -> PlatformState:
        rule = GroupRule(protocol="tcp", from_port=443, to_port=443, **{kind: peers})  # type: ignore[arg-type]
        return PlatformState(security_groups=(SecurityGroup(id="sg-1", name="a", ingress=(rule,)),))

    found = drift(opened("one"), opened("two"))
    assert [(d.attribute, d.before, d.after) for d in found] == [
        ("in tcp 443-443 one", "allowed", ""),
        ("in tcp 443-443 two", "", "allowed"),
    ]


def test_what_came_and_what_went_is_said_once_with_its_time() -> None:
    less = msgspec.structs.replace(STATE, certificates=(), read_at="then")
    name = "certificate web.example.com (12)"
    seen = {"resource": name, "attribute": "exists"}
    assert drift(STATE, less) == (Drift(**seen, before="yes", after="no", at="then"),)
    assert drift(less, STATE) == (Drift(**seen, before="no", after="yes", at="noon"),)
    changed = msgspec.structs.replace(CERTIFICATE, status="EXPIRED")
    now = msgspec.structs.replace(STATE, certificates=(changed,))
    assert drift(STATE, now) == (
        Drift(resource=name, attribute="status", before="ISSUED", after="EXPIRED", at="noon"),
    )


@pytest.mark.parametrize(
    ("action", "part"),
    [
        ("elasticloadbalancing:DescribeRules", "load_balancers"),
        ("elasticloadbalancing:DescribeTargetGroups", "target_groups"),
        ("ecs:DescribeServices", "ecs_services"),
        ("ecs:DescribeTaskDefinition", "task_definitions"),
        ("ec2:DescribeSecurityGroups", "security_groups"),
        ("servicediscovery:ListServices", "discovery"),
        ("acm:ListCertificates", "certificates"),
    ],
)
def test_a_gap_hides_what_came_and_went_in_its_part_alone(action: str, part: str) -> None:
    gap = Unavailable(action=action, resource="*", code="AccessDenied", reason="no")
    blind = msgspec.structs.replace(STATE, unavailable=(gap,))
    gone = msgspec.structs.replace(blind, **{part: ()})
    assert drift(STATE, gone) == drift(gone, STATE) == ()
    other = "certificates" if part != "certificates" else "security_groups"
    seen = drift(STATE, msgspec.structs.replace(blind, **{other: ()}))
    assert {(d.attribute, d.after) for d in seen} == {("exists", "no")}


def test_an_image_that_a_gap_does_not_hide_is_compared() -> None:
    gap = Unavailable(action="ecs:ListTasks", resource="*", code="AccessDenied", reason="no")
    (main,) = DEFINITION.containers
    newer = msgspec.structs.replace(main, image="i:2", ports=())
    definition = msgspec.structs.replace(DEFINITION, containers=(newer,))
    now = msgspec.structs.replace(STATE, task_definitions=(definition,), unavailable=(gap,))
    assert [(d.attribute, d.before, d.after) for d in drift(STATE, now)] == [
        ("container main image", "i:1", "i:2"),
        ("container main ports", "443, 80", ""),
    ]
    gone = msgspec.structs.replace(STATE, task_definitions=())
    assert {(d.attribute.partition(" ")[0], d.after) for d in drift(STATE, gone)} == {
        ("container", "")
    }


def test_of_a_state_known_by_its_name_no_moving_part_is_told_and_of_a_person_no_scaling() -> None:
    def changed(attribute: str, before: str = "1", after: str = "2") -> Drift:
        return Drift(resource="r", attribute=attribute, before=before, after=after)

    moving = [changed(a) for a in ("number of targets", "instances", "state")]
    kept = [
        changed("status"), changed("desired count", "0"), changed("desired count", after="0"),
    ]  # fmt: skip
    scaled = changed("desired count")
    assert without_moving([*moving, *kept, scaled]) == (*kept, scaled)
    assert lasting([*moving, *kept, scaled]) == tuple(kept)
