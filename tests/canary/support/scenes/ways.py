"""Ways that are lost, a subnet without an address, and a cache that somebody deletes."""

from __future__ import annotations

from canary.control_plane.state import Event, PlatformState
from canary.control_plane.stores import Kind, Store
from canary.control_plane.vpc import Endpoint, NatGateway, Network, Subnet
from canary.model import Result
from tests.canary.support import networks as n
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p
from tests.canary.support.told_scenes import HEALTHY, PROXY, Told, down, proxied, slow, stopped

SUBNETS = tuple(Subnet(id=i, cidr=c, vpc_id=n.VPC) for i, c in n.CIDRS.items())
SEEN = p.replace(HEALTHY, subnets=SUBNETS[::2])
NO_CONNECTION = (
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource"
    " retrieval failed: unable to retrieve secret from asm: There is a connection issue between"
    " the task and AWS Secrets Manager. Check your task network configuration."
)
NO_ADDRESS = (
    "(service auth) was unable to place a task. Reason: Unexpected EC2 error while attempting to"
    " Create Network Interface in subnet 'subnet-private': InsufficientFreeAddressesInSubnet."
)
# An ACL that lets in what the load balancer serves, and none of the answers to itself.
SERVING, OUT = n.entry(100, True, ports=(443, 443)), n.entry(100, True, egress=True, protocol="-1")
GONE = NatGateway(id="nat-1", state="deleted", subnet="subnet-public", vpc_id=n.VPC)
OTHER = Endpoint(
    id="vpce-logs", type="Interface", service="com.amazonaws.us-east-1.logs", state="available",
    private_dns=True, subnets=("subnet-private",), vpc_id=n.VPC, groups=("sg-auth",),
)  # fmt: skip
CACHE = Store(
    service="cache", kind=Kind.GROUP, id="platform-cache", arn="arn:cache",
    status="deleting", endpoints=("cache.example",),
)  # fmt: skip


def starting(network: Network) -> Told:
    """Return auth in this VPC, whose new tasks do not reach Secrets Manager."""
    state, _ = stopped("auth", NO_CONNECTION, "TaskFailedToStart")
    return Told(p.replace(state, subnets=SEEN.subnets, network=network), down(), SEEN)


def unanswered() -> tuple[PlatformState, list[Result]]:
    """Return load balancers to which no answer comes back: no target is healthy, all wait."""
    shut = n.only_entries(n.healthy(), "acl-public", SERVING, OUT)
    groups = tuple(
        p.replace(g, targets=tuple(
            p.replace(t, state="unhealthy", reason="Target.Timeout") for t in g.targets))
        for g in SEEN.target_groups
    )  # fmt: skip
    late = [p.failed(f"{name}.health", name, p.page(f"{url}/health", 504))
            for name, url in (("auth", faults.AUTH), ("registry", faults.REGISTRY))]  # fmt: skip
    return p.replace(SEEN, target_groups=groups, network=shut), late


FULL = faults.service(
    HEALTHY, "auth", running=0, tasks=(), events=(Event(at=p.ago(2), message=NO_ADDRESS),)
)
WITHOUT_ROUTE = n.with_routes(n.healthy(), "rtb-private", n.LOCAL)
SCENES = {
    "nat-gateway-deleted": starting(n.replace(n.healthy(), nat_gateways=(GONE,))),
    "route-out-deleted": starting(WITHOUT_ROUTE),
    "endpoint-of-secrets-deleted": starting(n.replace(WITHOUT_ROUTE, endpoints=(OTHER,))),
    "acl-lets-no-answer-back": Told(*unanswered(), SEEN),
    "subnet-without-an-address": Told(FULL, down()),
    "cache-being-deleted": Told(
        p.replace(HEALTHY, stores=(CACHE,)),
        [slow(PROXY, "registry.proxy", 9000), p.failed(
            "registry.dependencies", "registry",
            proxied(503, '{"redis":"unhealthy"}'))]),
}  # fmt: skip
