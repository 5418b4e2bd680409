"""Zones of balancers and tasks, as AWS describes both."""

from __future__ import annotations

import pytest

from canary.control_plane.state import PlatformState, TargetHealth
from canary.control_plane.vpc import Subnet
from canary.diagnose import diagnose
from canary.model import Confidence, Diagnosis
from tests.canary.support import platforms as p

NAMES = p.Names()
A, B = "us-east-1a", "us-east-1b"
CAUSES = {"zone-not-shared", "zone-without-target"}
SUBNETS = (
    Subnet(id="subnet-public", cidr="10.0.101.0/24", zone="us-east-1a"),
    Subnet(id="subnet-private", cidr="10.0.1.0/24", zone="us-east-1b"),
    Subnet(id="subnet-old", cidr="10.0.2.0/24", zone="us-east-1a"),
)


def platform(
    zones: tuple[str, ...], cross: str = "", subnets: tuple[str, ...] = ("subnet-private",)
) -> PlatformState:
    state = p.replace(p.healthy(), subnets=SUBNETS)
    balancers = tuple(
        p.replace(b, zones=zones if "registry" in b.name else (A, B)) for b in state.load_balancers
    )
    state = p.replace(state, load_balancers=balancers)
    shares = set(zones) & {s.zone for s in SUBNETS if s.id in subnets}
    target = TargetHealth(
        id="10.0.1.11", port=8001, state="healthy" if shares else "unused",
        reason="" if shares else "Target.NotInUse",
    )  # fmt: skip
    attributes = {"load_balancing.cross_zone.enabled": cross} if cross else {}
    state = p.change(state, "target_groups", NAMES.group("registry"), targets=(target,),
                     attributes=attributes)  # fmt: skip
    return p.change(state, "ecs_services", NAMES.of("registry"), subnets=subnets)


def told(state: PlatformState, before: PlatformState) -> list[Diagnosis]:
    url = "https://registry.hokus.ai/health"
    down = p.answer(url, 503, p.PAGES[503], content_type="text/html", answered_by="balancer")
    results = [p.failed("registry.health", "registry", down)]
    verdict = diagnose(results, state, p.environment(NAMES), before, p.NOW)
    return [d for d in verdict.diagnoses if d.cause in CAUSES]


GOOD = platform((A, B))


def test_a_common_zone_and_cross_zone_accuse_nobody() -> None:
    for cross in ("", "true", "use_load_balancer_configuration"):
        assert told(platform((A, B), cross), GOOD) == []


def test_a_balancer_without_the_tasks_zone_is_named_with_both() -> None:
    (found,) = told(platform((A,)), GOOD)
    assert (found.cause, found.confidence) == ("zone-not-shared", Confidence.CERTAIN)
    assert found.summary == (
        "hokusai-registry-lb has nodes in us-east-1a, and the tasks of"
        " hokusai-registry-development are in us-east-1b: no request reaches them."
    )
    assert found.remedy.decision.startswith("Decide: enable a subnet of us-east-1b for")


def test_a_service_that_was_moved_is_put_back_into_its_subnets() -> None:
    (found,) = told(platform((A,)), platform((A,), subnets=("subnet-old",)))
    (fix,) = found.remedy.fix
    assert "update-service" in fix and "subnet-old" in fix and "subnet-private" not in fix


def test_zones_that_were_not_read_accuse_nobody() -> None:
    assert told(p.replace(platform((A,)), subnets=()), GOOD) == []
    assert told(platform(()), GOOD) == []


def test_an_empty_zone_without_cross_zone_is_named() -> None:
    (found,) = told(platform((A, B), "false"), GOOD)
    # AWS takes such a zone out of DNS, and which node answered is not known
    assert (found.cause, found.confidence) == ("zone-without-target", Confidence.LIKELY)
    assert "us-east-1a has no target" in found.summary
    assert "load_balancing.cross_zone.enabled" in found.remedy.decision


def test_a_zone_with_a_target_each_accuses_nobody() -> None:
    assert told(platform((B,), "false"), GOOD) == []


@pytest.mark.parametrize("health", ["healthy", "unhealthy", "initial", "unhealthy.draining"])
def test_a_target_that_the_balancer_uses_or_asks_shares_its_zones(health: str) -> None:
    """Of a target outside of the VPC, for instance, every zone sends: its zone is "all"."""
    used = TargetHealth(id="10.9.1.11", port=8001, state=health)
    idle = TargetHealth(id="10.0.1.11", port=8001, state="unused", reason="Target.NotInUse")
    for targets in ((used,), (idle, used)):
        state = p.change(platform((A,)), "target_groups", NAMES.group("registry"), targets=targets)
        assert told(state, GOOD) == []


def test_without_a_target_that_says_so_it_is_likely() -> None:
    gone = TargetHealth(id="10.0.1.9", port=8001, state="draining")
    for targets in ((), (gone,)):
        state = p.change(platform((A,)), "target_groups", NAMES.group("registry"), targets=targets)
        assert {d.confidence for d in told(state, GOOD)} <= {Confidence.LIKELY}


REGISTRY = NAMES.of("registry")
LB = next(b for b in p.healthy().load_balancers if "registry" in b.name)
GROUP = NAMES.group("registry")
SHOW = "aws elbv2 describe-load-balancers --region us-east-1 --load-balancer-arns " + LB.arn


def test_both_zones_stand_in_the_evidence_and_the_decision() -> None:
    (found,) = told(platform((A,)), GOOD)
    assert found.resource == LB.arn
    assert [(e.resource, e.seen, e.expected) for e in found.evidence[:2]] == [
        (LB.name, "zones us-east-1a", "the tasks' zones, us-east-1b"),
        (REGISTRY, "subnets subnet-private in us-east-1b", "us-east-1a"),
    ]
    assert found.remedy.summary == "Give both a common zone."
    assert found.remedy.decision == (
        f"Decide: enable a subnet of us-east-1b for {LB.name} (set-subnets, with all subnets that"
        f" it has), or run {REGISTRY} in subnets of us-east-1a."
    )
    assert (found.remedy.inspect[0], found.remedy.verify) == (SHOW, (SHOW,))
    assert found.remedy.inspect[1].startswith("aws ecs describe-services ")


def test_a_service_that_was_not_moved_is_left_where_it_is() -> None:
    (found,) = told(platform((A,)), platform((A,)))
    assert (found.remedy.fix, found.remedy.summary) == ((), "Give both a common zone.")
    (moved,) = told(platform((A,)), platform((A,), subnets=("subnet-old",)))
    assert moved.remedy.summary == f"Put {REGISTRY} back into its subnets."


def test_the_subnets_of_tasks_come_before_those_of_the_service() -> None:
    """A service may have further subnets, in which it runs nothing."""
    state = platform((A,), subnets=("subnet-private", "subnet-old"))
    assert told(state, GOOD) == []
    idle = TargetHealth(id="10.0.1.11", port=8001, state="unused", reason="Target.NotInUse")
    state = p.change(state, "target_groups", GROUP, targets=(idle,))
    service = next(s for s in state.ecs_services if s.name == REGISTRY)
    tasks = tuple(p.replace(t, subnet="subnet-private") for t in service.tasks)
    state = p.change(state, "ecs_services", REGISTRY, tasks=tasks)
    (found,) = told(state, GOOD)
    assert found.evidence[1].seen == "subnets subnet-private in us-east-1b"


def test_a_zone_of_a_subnet_that_is_not_known_accuses_nobody() -> None:
    bare = tuple(p.replace(s, zone="") if s.id == "subnet-private" else s for s in SUBNETS)
    assert told(p.replace(platform((A,)), subnets=bare), GOOD) == []
    assert told(p.replace(platform((A, B), "false"), subnets=bare), GOOD) == []


def test_a_zone_without_a_target_is_told_with_what_to_decide() -> None:
    (found,) = told(platform((A, B), "false"), GOOD)
    name = next(g.name for g in p.healthy().target_groups if g.arn == GROUP)
    option = "load_balancing.cross_zone.enabled"
    assert (found.resource, found.summary) == (
        GROUP, f"Cross-zone balancing is off for {name}, and us-east-1a has no target: the"
        " balancer's node there answers 503.",
    )  # fmt: skip
    assert [(e.resource, e.seen, e.expected) for e in found.evidence[:2]] == [
        (name, f"{option} false", "true, or a target in each zone"),
        (name, "targets in us-east-1b", "us-east-1a"),
    ]
    assert found.remedy.summary == (
        "Give us-east-1a a target, or let its node use those of other zones."
    )
    assert found.remedy.inspect == (
        "aws elbv2 describe-target-group-attributes --region us-east-1 --target-group-arn " + GROUP,
        "aws elbv2 describe-target-health --region us-east-1 --target-group-arn " + GROUP,
    )
    assert found.remedy.verify == found.remedy.inspect[:1] and found.remedy.fix == ()
    assert found.remedy.decision == (
        f"Decide: turn cross-zone balancing of {name} on again ({option}), or run tasks in"
        " us-east-1a: with it off, each zone of the balancer needs a target of its own."
    )


@pytest.mark.parametrize(
    ("targets", "named"),
    [
        ((), 0),
        ((("10.0.1.11", "draining"),), 0),
        ((("10.0.1.11", "unhealthy"),), 1),
        ((("10.0.1.11", "healthy"), ("10.0.2.11", "draining")), 1),
        ((("10.0.1.11", "healthy"), ("10.0.2.11", "initial")), 0),
        ((("10.0.1.11", "healthy"), ("10.9.2.11", "healthy")), 0),  # in no subnet that is known
        ((("i-0123", "healthy"),), 0),  # an instance, and no address
    ],
)
def test_a_zone_is_empty_where_no_target_of_it_is_in_use(
    targets: tuple[tuple[str, str], ...], named: int
) -> None:
    made = tuple(TargetHealth(id=i, port=8001, state=s) for i, s in targets)
    state = p.change(platform((A, B), "false"), "target_groups", GROUP, targets=made)
    found = [d for d in told(state, GOOD) if d.cause == "zone-without-target"]
    assert len(found) == named


def test_another_answer_than_503_is_not_an_empty_zones() -> None:
    url = "https://registry.hokus.ai/health"
    down = p.answer(url, 502, p.PAGES[502], content_type="text/html", answered_by="balancer")
    results = [p.failed("registry.health", "registry", down)]
    verdict = diagnose(results, platform((A, B), "false"), p.environment(NAMES), GOOD, p.NOW)
    assert [d for d in verdict.diagnoses if d.cause == "zone-without-target"] == []
