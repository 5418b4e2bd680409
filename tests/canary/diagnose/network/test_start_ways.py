"""Tasks that wait in vain at their start: the hop is named, and never the image."""

from __future__ import annotations

import pytest

from canary.control_plane.state import PlatformState, Task
from canary.control_plane.vpc import (
    Endpoint,
    NatGateway,
    Network,
    PrefixList,
    Route,
    Subnet,
)
from canary.diagnose import diagnose
from canary.diagnose.network.start_ways import service_of
from canary.model import Confidence, Diagnosis
from tests.canary.support import networks as n
from tests.canary.support import platforms as p

NAMES = p.Names()
# AWS: Stopped tasks error messages; other names filled in.
PULL = (
    "CannotPullContainerError: pull image manifest has been retried 7 time(s): failed to resolve"
    " ref 123456789012.dkr.ecr.us-east-1.amazonaws.com/api:1: failed to do request: Head"
    " https://123456789012.dkr.ecr.us-east-1.amazonaws.com/v2/api/manifests/1: dial tcp"
    " 198.51.100.10:443: i/o timeout"
)
HUB = (
    "CannotPullContainerError: failed to do request: Head"
    " https://registry-1.docker.io/v2/library/nginx/manifests/latest: dial tcp 198.51.100.10:443:"
    " i/o timeout"
)
SECRETS = (
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource"
    " retrieval failed: unable to retrieve secret from asm: There is a connection issue between"
    " the task and AWS Secrets Manager. Check your task network configuration. failed to fetch"
    " secret from secrets manager: operation error Secrets Manager: GetSecretValue, https response"
    " error StatusCode: 0, RequestID: , canceled, context deadline exceeded"
)
LOGS = (
    "ResourceInitializationError: failed to validate logger args: The task cannot find the way to"
    " the logger: context deadline exceeded"
)
WORDS = [PULL, HUB, SECRETS, LOGS]
GOOD = NatGateway(id="nat-1", state="available", subnet="subnet-public", vpc_id=n.VPC)
SUBNETS = tuple(Subnet(id=i, cidr=c, vpc_id=n.VPC) for i, c in n.CIDRS.items())


def platform(network: Network | None, words: str) -> PlatformState:
    stopped = Task(
        arn="arn:aws:ecs:us-east-1:123456789012:task/c/1", service=NAMES.of("registry"),
        task_definition=NAMES.revision("registry"), last_status="STOPPED",
        stop_code="TaskFailedToStart", stopped_reason=words, stopped_at=p.ago(2),
        created_at=p.ago(4), subnet="subnet-private",
    )  # fmt: skip
    state = p.change(
        p.healthy(), "ecs_services", NAMES.of("registry"),
        tasks=(stopped,), running=0, public_address="DISABLED",
    )  # fmt: skip
    state = p.change(state, "target_groups", NAMES.group("registry"), targets=())
    return p.replace(state, subnets=SUBNETS[::2], network=network)


def first(network: Network | None, words: str) -> Diagnosis:
    url = "https://registry.hokus.ai/health"
    down = p.answer(url, 503, p.PAGES[503], content_type="text/html", answered_by="balancer")
    results = [p.failed("registry.health", "registry", down)]
    state = platform(network, words)
    verdict = diagnose(results, state, p.environment(NAMES), p.healthy(), p.NOW)
    assert verdict.unexplained == ()
    return verdict.diagnoses[0]


@pytest.mark.parametrize("words", WORDS)
def test_without_readings_it_is_possible_with_what_to_look_at(words: str) -> None:
    found = first(None, words)
    assert (found.cause, found.confidence) == ("security-group-blocked", Confidence.POSSIBLE)
    assert "image" not in found.summary and found.remedy.fix == ()
    assert "Build and push" not in found.remedy.decision
    assert "NAT gateway" in found.remedy.decision and "subnet-private" in found.remedy.decision


@pytest.mark.parametrize("words", WORDS)
def test_a_way_that_is_open_as_far_as_it_was_read_is_possible(words: str) -> None:
    found = first(n.healthy(), words)
    assert (found.cause, found.confidence) == ("security-group-blocked", Confidence.POSSIBLE)
    assert any(e.seen == "the way is open" for e in found.evidence)


@pytest.mark.parametrize("words", WORDS)
def test_a_subnet_without_a_route_out_is_named(words: str) -> None:
    found = first(n.with_routes(n.healthy(), "rtb-private", n.LOCAL), words)
    assert (found.cause, found.resource, found.confidence) == (
        "vpc-route-missing", "rtb-private", Confidence.LIKELY,
    )  # fmt: skip
    assert "NAT gateway" in found.remedy.decision
    assert found.remedy.decision.endswith(" Available in its VPC: nat-1.")


@pytest.mark.parametrize(
    "other", [{"state": "deleted"}, {"connectivity": "private"}, {"vpc_id": "vpc-2"}]
)
def test_a_gateway_that_cannot_serve_is_not_offered(other: dict[str, str]) -> None:
    shut = n.with_routes(n.healthy(), "rtb-private", n.LOCAL)
    (nat,) = shut.nat_gateways
    found = first(n.replace(shut, nat_gateways=(n.replace(nat, **other),)), WORDS[0])
    assert (found.cause, found.resource) == ("vpc-route-missing", "rtb-private")
    assert "Available" not in found.remedy.decision


@pytest.mark.parametrize("state", ["deleted", "failed"])
def test_a_nat_gateway_that_is_gone_is_certain(state: str) -> None:
    found = first(n.replace(n.healthy(), nat_gateways=(n.replace(GOOD, state=state),)), PULL)
    assert (found.cause, found.resource, found.confidence) == (
        "nat-gone", "nat-1", Confidence.CERTAIN,
    )  # fmt: skip
    assert "Elastic IP" in found.remedy.decision
    assert "Available" not in found.remedy.decision


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({}, True), ({"state": "deleting"}, False), ({"connectivity": "private"}, False),
        ({"vpc_id": "vpc-2"}, False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("listed", [True, False])  # AWS forgets a deleted one within an hour
def test_another_gateway_of_the_vpc_is_offered(
    other: dict[str, str], told: bool, listed: bool
) -> None:
    second = n.replace(GOOD, id="nat-2", **other)
    hole = n.replace(n.BY_NAT, state="blackhole")
    network = n.with_routes(n.healthy(), "rtb-private", n.LOCAL, hole)
    gone = (n.replace(GOOD, state="deleted"),) if listed else ()
    found = first(n.replace(network, nat_gateways=(*gone, second)), PULL)
    assert (found.cause, found.resource) == ("nat-gone", "nat-1")
    assert found.remedy.decision.endswith(" Available in its VPC: nat-2.") is told


def test_an_acl_before_the_internet_is_named() -> None:
    rule = n.entry(5, False, "0.0.0.0/0", (443, 443), egress=True)
    found = first(n.with_entries(n.healthy(), "acl-private", rule), PULL)
    assert (found.cause, found.resource, found.confidence) == (
        "network-acl-blocked", "acl-private", Confidence.CERTAIN,
    )  # fmt: skip


def isolated(*points: Endpoint) -> Network:
    """A VPC without a way out, built of endpoints."""
    return n.replace(n.with_routes(n.healthy(), "rtb-private", n.LOCAL), endpoints=points)


def endpoint(service: str, state: str = "available", *, private_dns: bool = True) -> Endpoint:
    return Endpoint(
        id=f"vpce-{service}", type="Interface", service=f"com.amazonaws.us-east-1.{service}",
        state=state, private_dns=private_dns, subnets=("subnet-private-b",), vpc_id=n.VPC,
        groups=("sg-registry",),
    )  # fmt: skip


LOG = endpoint("logs")


def test_an_endpoint_that_is_not_there_is_named_by_its_service() -> None:
    found = first(isolated(LOG), PULL)
    assert (found.cause, found.resource, found.confidence) == (
        "endpoint-missing", "ecr.dkr", Confidence.LIKELY,
    )  # fmt: skip
    assert "private DNS" in found.remedy.decision


LAYERS = PULL.replace("123456789012.dkr.ecr", "prod-us-east-1-starport-layer-bucket.s3")
BY_S3 = Route(destination="pl-s3", target="vpce-s3", kind="GatewayId")


def with_s3(network: Network, table: str = "rtb-private") -> Network:
    """The same VPC with the gateway endpoint of S3, as Amazon ECR asks for it."""
    s3 = Endpoint(id="vpce-s3", type="Gateway", service="com.amazonaws.us-east-1.s3",
                  state="available", vpc_id=n.VPC, route_tables=(table,))  # fmt: skip
    lists = (PrefixList(id="pl-s3", cidrs=("52.216.0.0/15",)),)
    return n.replace(n.with_routes(network, table, n.LOCAL, BY_S3), prefix_lists=lists,
                     endpoints=(*network.endpoints, s3))  # fmt: skip


@pytest.mark.parametrize(
    ("network", "cause", "resource"),
    [
        (isolated(LOG), "endpoint-missing", "ecr.dkr"),
        (isolated(), "vpc-route-missing", "rtb-private"),
    ],
)
def test_the_route_of_a_gateway_endpoint_leads_to_its_own_service_alone(
    network: Network, cause: str, resource: str
) -> None:
    found = first(with_s3(network), PULL)
    assert (found.cause, found.resource, found.confidence) == (cause, resource, Confidence.LIKELY)


@pytest.mark.parametrize("main", [True, False])
def test_layers_of_an_image_come_through_the_gateway_endpoint(main: bool) -> None:
    network = with_s3(isolated(LOG))
    if main:  # no subnet names its table: that of the VPC
        tables = tuple(n.replace(t, main=t.id == "rtb-private", subnets=())
                       for t in network.route_tables)  # fmt: skip
        network = n.replace(network, route_tables=tables)
    found = first(network, LAYERS)
    assert (found.cause, found.confidence) == ("security-group-blocked", Confidence.POSSIBLE)
    assert any("the policy of vpce-s3 is not read" in e.seen for e in found.evidence)


def test_an_endpoint_that_is_not_available_is_certain() -> None:
    found = first(isolated(LOG, endpoint("ecr.dkr", "rejected")), PULL)
    assert (found.cause, found.resource, found.confidence) == (
        "endpoint-missing", "vpce-ecr.dkr", Confidence.CERTAIN,
    )  # fmt: skip


def test_an_endpoint_without_private_dns_is_not_found_by_its_name() -> None:
    found = first(isolated(LOG, endpoint("ecr.dkr", private_dns=False)), PULL)
    assert (found.cause, found.confidence) == ("endpoint-missing", Confidence.LIKELY)
    assert "has no private DNS" in found.summary


def test_the_group_of_an_endpoint_that_admits_no_task_is_named() -> None:
    found = first(isolated(endpoint("ecr.dkr")), PULL)
    assert (found.cause, found.resource, found.confidence) == (
        "security-group-blocked", "sg-registry", Confidence.LIKELY,
    )  # fmt: skip


def test_an_image_of_another_registry_needs_no_endpoint() -> None:
    found = first(isolated(LOG), HUB)
    assert (found.cause, found.resource) == ("vpc-route-missing", "rtb-private")


@pytest.mark.parametrize("part", ["route_tables", "nat_gateways", "endpoints", "acls"])
def test_what_was_not_read_makes_nothing_certain(part: str) -> None:
    blind = n.replace(n.with_routes(n.healthy(), "rtb-private", n.LOCAL), **{part: ()},
                      unread=(part,))  # fmt: skip
    found = first(blind, PULL)
    assert found.confidence is not Confidence.CERTAIN
    assert found.cause in ("vpc-route-missing", "security-group-blocked")


def test_the_service_that_was_asked_is_read_from_awss_words() -> None:
    assert [service_of(w) for w in WORDS] == ["ecr.dkr", "", "secretsmanager", "logs"]
    assert service_of('Post "https://api.ecr.us-east-1.amazonaws.com/": dial tcp') == "ecr.api"


@pytest.mark.parametrize(("owner", "cause"), [
    ("123456789012", "endpoint-missing"), ("", "endpoint-missing"),
    ("999999999999", "security-group-blocked"),
])  # fmt: skip
def test_endpoints_of_the_owner_of_a_shared_subnet_are_not_shown(owner: str, cause: str) -> None:
    """Whoever uses the subnet sees none of them: that is no proof."""
    network = isolated(LOG)
    subnets = tuple(n.replace(s, owner=owner) for s in network.subnets)
    found = first(n.replace(network, subnets=subnets), PULL)
    wanted = Confidence.POSSIBLE if owner == "999999999999" else Confidence.LIKELY
    assert (found.cause, found.confidence) == (cause, wanted)


def test_another_subnet_that_is_shared_hides_no_endpoint() -> None:
    network = isolated(LOG)
    owners = {"subnet-private": "123456789012"}
    subnets = tuple(n.replace(s, owner=owners.get(s.id, "999999999999")) for s in network.subnets)
    found = first(n.replace(network, subnets=subnets), PULL)
    assert (found.cause, found.confidence) == ("endpoint-missing", Confidence.LIKELY)


def test_the_state_of_an_endpoint_is_said() -> None:
    found = first(isolated(LOG, endpoint("ecr.dkr", "rejected")), PULL)
    assert (
        "subnet-private has no route out, and vpce-ecr.dkr (com.amazonaws.us-east-1.ecr.dkr) is"
        " rejected"
    ) in found.summary


def test_a_gateway_endpoint_of_another_table_has_no_dns_to_speak_of() -> None:
    found = first(with_s3(isolated(LOG), "rtb-public"), LAYERS)
    assert (found.cause, found.resource) == ("endpoint-missing", "s3")
    assert "private DNS" not in found.summary and "has no endpoint of s3" in found.summary
