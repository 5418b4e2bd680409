"""A service with two groups, one of which waits for its turn: empty, and never the cause."""

from __future__ import annotations

from canary.control_plane.state import Action, Forward, PlatformState, TargetHealth
from canary.diagnose import diagnose
from canary.model import Diagnosis
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

NAMES = p.Names()
BLUE, GREEN = NAMES.group("registry"), "arn:aws:elasticloadbalancing:group/green/1"
TASK = p.ADDRESSES["registry"]


def weighted(first: int, second: int, **targets: tuple[TargetHealth, ...]) -> PlatformState:
    """Return a platform whose rule of the API has two groups by weight; `green` is empty."""
    healthy = p.healthy(NAMES)
    (old,) = [g for g in healthy.target_groups if g.arn == BLUE]
    other = p.replace(old, arn=GREEN, name="green", targets=targets.get("green", ()))
    own = p.replace(old, targets=targets.get("blue", old.targets))
    others = tuple(g for g in healthy.target_groups if g.arn != BLUE)
    both = (Forward(target_group=BLUE, weight=first), Forward(target_group=GREEN, weight=second))
    state = p.replace(healthy, target_groups=(own, *others, other))
    for priority in NAMES.priorities:
        arn = [
            r.arn
            for b in state.load_balancers
            for x in b.listeners
            for r in x.rules
            if r.priority == str(priority)
            and any(f.target_group == BLUE for f in r.action.forwards)
        ]
        if arn:
            state = faults.with_rule(state, priority, Action(type="forward", forwards=both))
    return faults.service(state, "registry", target_groups=(BLUE, GREEN))


def told(state: PlatformState, well: PlatformState) -> list[tuple[str, str]]:
    """Return cause and resource of what is named."""
    results = [
        p.failed("registry.proxy", "registry", p.page(faults.REGISTRY + p.API_PATH, 503)),
        p.failed("registry.health", "registry", p.page(faults.REGISTRY + "/health", 503)),
        p.control("target_group", "registry"),
    ]
    environment = p.environment(NAMES)
    found: list[Diagnosis] = list(diagnose(results, state, environment, well, p.NOW).diagnoses)
    return [(d.cause, d.resource) for d in found]


def test_of_two_empty_groups_the_one_that_gets_requests_is_named() -> None:
    well = weighted(100, 0)
    assert told(weighted(100, 0, blue=()), well) == [("target-group-empty", BLUE)]
    green = weighted(0, 100, blue=(), green=(TargetHealth(id=TASK, port=8001, state="healthy"),))
    assert told(weighted(0, 100, blue=()), green) == [("target-group-empty", GREEN)]


def test_an_idle_group_is_not_the_cause_of_what_ails_the_other() -> None:
    sick = TargetHealth(id=TASK, port=8001, state="unhealthy", reason="Target.Timeout",
                        description="Request timed out")  # fmt: skip
    found = told(weighted(100, 0, blue=(sick,)), weighted(100, 0))
    assert ("target-group-empty", GREEN) not in found
    assert [resource for _, resource in found] == [BLUE]


def test_a_group_that_was_empty_while_all_was_well_is_not_the_cause() -> None:
    led = weighted(100, 1)  # requests went there as well, and all was well nevertheless
    assert ("target-group-empty", GREEN) not in told(weighted(100, 1, blue=()), led)
