"""Which target groups are a service's: by the file, by ECS, and by whom they hold."""

from __future__ import annotations

from typing import Any

from canary.control_plane.service_groups import (
    groups_of,
    in_turn,
    receivers,
    registered_in,
    serves_instead,
    serving_groups,
)
from canary.control_plane.state import BalancerEntry, PlatformState, TargetGroup, TargetHealth
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p
from tests.canary.support.routed import ENVIRONMENT, HEALTHY, NAMES, platform, rule, to

API, GREEN = NAMES.group("registry"), "arn:green"
MINE = p.ADDRESSES["registry"]


def target(identifier: str = MINE, state: str = "healthy") -> TargetHealth:
    return TargetHealth(id=identifier, port=8001, state=state)


def with_group(*targets: TargetHealth, of: PlatformState = HEALTHY, **more: Any) -> PlatformState:
    """Return the platform with one group more, that no file names."""
    known = {"protocol": "HTTP", "port": 8001, "health_path": "/", "name": "green", **more}
    made = TargetGroup(arn=GREEN, targets=targets, **known)
    return p.replace(of, target_groups=(*of.target_groups, made))


def own(state: PlatformState, name: str = "registry") -> tuple[list[str], list[str]]:
    """Return the service's groups, and those that serve it besides."""
    both = (find(ENVIRONMENT, state, name) for find in (groups_of, serving_groups))
    first, second = ([g.arn for g in found] for found in both)
    assert second[: len(first)] == first
    return first, second[len(first) :]


def entry(group: str = API, **advanced: str) -> BalancerEntry:
    return BalancerEntry(target_group=group, container="c", port=1, advanced=advanced)


def test_a_service_is_registered_in_its_groups_and_those_that_serve_in_turn() -> None:
    (service,) = [s for s in HEALTHY.ecs_services if s.name == NAMES.of("registry")]
    assert registered_in(service) == {API}
    turn = p.replace(service, balancer_entries=(entry(), entry(alternateTargetGroupArn=GREEN)))
    assert registered_in(turn) == {API, GREEN}
    none = p.replace(service, target_groups=("",), balancer_entries=(entry(roleArn="r"),))
    assert registered_in(none) == set()


def test_a_group_of_the_file_or_of_ecs_is_the_services() -> None:
    assert own(HEALTHY) == ([API], [])
    assert own(HEALTHY, "cache") == ([], [])
    bare = p.replace(HEALTHY, ecs_services=())
    assert own(bare) == ([API], [])
    both = faults.service(with_group(), "registry", target_groups=(GREEN,))
    assert own(both) == ([API, GREEN], [])
    assert own(both, "mlflow") == ([NAMES.group("mlflow")], [])
    turn = faults.service(
        with_group(), "registry", balancer_entries=(entry(alternateTargetGroupArn=GREEN),)
    )
    assert own(turn) == ([API, GREEN], [])
    stolen = faults.service(HEALTHY, "registry", target_groups=(NAMES.group("mlflow"),))
    assert own(stolen) == ([API], [])  # the file names it for another one


def test_a_group_that_holds_its_tasks_alone_serves_it_too() -> None:
    assert own(with_group()) == ([API], [])
    assert own(with_group(target())) == ([API], [GREEN])
    assert own(with_group(target(state="unhealthy"))) == ([API], [GREEN])
    assert own(with_group(target(state="draining"))) == ([API], [])
    assert own(with_group(target(), target("10.9.9.9"))) == ([API], [])
    assert own(with_group(target(), target("10.9.9.9", "draining"))) == ([API], [GREEN])
    assert own(with_group(target()), "mlflow") == ([NAMES.group("mlflow")], [])
    task = p.replace(p.running_task(NAMES, "registry"), last_status="STOPPED")
    assert own(faults.service(with_group(target()), "registry", tasks=(task,))) == ([API], [])


def test_rules_may_lead_to_a_second_group_while_the_services_own_tasks_serve_there() -> None:
    def led_to(*green: TargetHealth, of: PlatformState = HEALTHY) -> frozenset[str]:
        return receivers(ENVIRONMENT, with_group(*green, of=of), "registry")

    assert led_to(target()) == {API, GREEN}
    assert led_to(target(state="unhealthy")) == {API}
    other = p.replace(p.running_task(NAMES, "registry"), arn="t/2", address="10.0.1.99")
    two = faults.service(HEALTHY, "registry", tasks=(p.running_task(NAMES, "registry"), other))
    assert led_to(target(state="initial"), target("10.0.1.99"), of=two) == {API, GREEN}
    assert led_to(target(), target("10.9.9.9")) == {API}
    sick = p.change(HEALTHY, "target_groups", API, targets=(target(state="unhealthy"),))
    assert led_to(of=sick) == {API}  # its own group is the right one, whatever is in it


def instead(*rules: Any, of: str = API, green: tuple[TargetHealth, ...] = (target(),)) -> str:
    state = with_group(*green, of=platform(*rules))
    (group,) = [g for g in state.target_groups if g.arn == of]
    return serves_instead(ENVIRONMENT, state, "registry", group)


def test_a_group_that_rules_lead_to_serves_in_place_of_one_without() -> None:
    blue, flow = rule("default", action=to(API)), rule("default", action=to(NAMES.group("mlflow")))
    green = rule("default", action=to(GREEN))
    assert instead(green) == "green"
    assert instead(blue) == instead(blue, rule(1, action=to(GREEN))) == ""  # it is led to itself
    assert instead(flow) == ""
    assert instead(green, of=GREEN) == ""
    assert instead(green, green=(target(state="unhealthy"),)) == ""
    assert instead(green, green=(target(state="unhealthy"), target())) == "green"
    none = p.replace(green.action.forwards[0], weight=0)
    unused = p.replace(green, action=p.replace(green.action, forwards=(none,)))
    assert instead(unused) == ""


def turns(*rules: Any, green: tuple[TargetHealth, ...] = ()) -> list[str]:
    state = with_group(*green, of=platform(*rules))
    registered = faults.service(state, "registry", target_groups=(GREEN,))
    return [g.arn for g in in_turn(ENVIRONMENT, registered, "registry")]


def test_a_group_without_requests_waits_for_its_turn_whatever_is_in_it() -> None:
    blue, flow = rule("default", action=to(API)), rule("default", action=to(NAMES.group("mlflow")))
    green = rule("default", action=to(GREEN))
    assert turns(blue) == turns(blue, green=(target(),)) == [API]
    assert turns(green) == turns(green, green=(target(state="unhealthy"),)) == [GREEN]
    assert turns(blue, rule(1, action=to(GREEN))) == [API, GREEN]
    assert turns(flow) == [API, GREEN]  # a rule is wrong: all of them are asked
    none = p.replace(green.action.forwards[0], weight=0)
    assert turns(blue, p.replace(green, action=p.replace(green.action, forwards=(none,)))) == [API]
