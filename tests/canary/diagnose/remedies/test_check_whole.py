"""A fix is judged as a whole: what a call may say, and that an object comes back complete."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from canary.control_plane.state import Action, PlatformState
from canary.diagnose.core.case import Case
from canary.diagnose.remedies import build
from canary.diagnose.remedies.check_whole import MEMBERS, as_a_whole
from canary.diagnose.remedies.edit import Edit
from canary.diagnose.remedies.listeners import create_listener, modify_listener
from canary.diagnose.remedies.never_worse import CHECKS, objections
from canary.diagnose.remedies.services import create_service, update_service
from tests.canary.support import platforms as p

NAMES = p.Names()
HEALTHY = p.healthy()
BALANCER = HEALTHY.load_balancers[1]
LISTENER = p.replace(
    BALANCER.listeners[1],
    ssl_policy="ELBSecurityPolicy-TLS13-1-3-2021-06",
    attributes={"routing.http.response.server.enabled": "false"},
)
KNOWN = p.replace(
    HEALTHY,
    load_balancers=(p.replace(BALANCER, listeners=(LISTENER,)), HEALTHY.load_balancers[0]),
)


def case(was: PlatformState | None = KNOWN, state: PlatformState = HEALTHY) -> Case:
    return Case(
        results=(), state=state, environment=p.environment(NAMES), previous=was, now=p.NOW,
    )  # fmt: skip


def whole(*edits: Edit) -> list[str]:
    return list(as_a_whole(case(), edits))


def test_a_listener_that_is_created_with_all_that_it_had_passes() -> None:
    assert whole(*create_listener(BALANCER, LISTENER)) == []


def test_a_listener_is_not_created_without_one_of_its_rules() -> None:
    create, *rest = create_listener(BALANCER, LISTENER)
    for n in range(len(rest)):
        assert whole(create, *rest[:n], *rest[n + 1 :]) == [
            "the new listener would not have all that the one before it had"
        ]


def test_another_call_with_the_same_members_is_not_the_one_that_is_missing() -> None:
    create, first, *rest = create_listener(BALANCER, LISTENER)
    other = replace(first, operation="add-listener-certificates")
    assert "the new listener would not have all that the one before it had" in whole(
        create, other, *rest
    )


def test_a_listener_is_not_created_with_more_than_it_had() -> None:
    edits = create_listener(BALANCER, LISTENER)
    more = replace(edits[-1], parameters={**edits[-1].parameters, "Priority": 7})
    assert whole(*edits, more) == ["the new listener would have more than the one before it had"]
    assert whole(more) == ["the new listener would have more than the one before it had"]


def service(**config: Any) -> PlatformState:
    known = {"taskDefinition": NAMES.revision("auth"), "enableExecuteCommand": False, **config}
    return p.change(HEALTHY, "ecs_services", NAMES.of("auth"), config=known)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({}, []),
        ({"serviceRegistries": [{"registryArn": "x"}]}, []),
        ({"enableExecuteCommand": True}, ["the service would not be the one that was there"]),
        ({"desiredCount": 9}, ["the service would not be the one that was there"]),
    ],
    ids=["just it", "its name made anew", "people may enter", "more tasks"],
)
def test_a_service_that_is_created_is_just_the_one_that_was_there(
    changed: dict[str, Any], why: list[str]
) -> None:
    was = service()
    edit = create_service("c", was.ecs_services[0])
    other = replace(edit, parameters={**edit.parameters, **changed})
    assert list(as_a_whole(case(was), (other,))) == why


def test_a_member_of_which_nothing_is_known_does_not_pass() -> None:
    edit = modify_listener(LISTENER, policy="x")
    edit = replace(edit, parameters={**edit.parameters, "AlpnPolicy": ["None"]})
    why = "nothing is known of what AlpnPolicy of elbv2 modify-listener may widen"
    assert whole(edit) == [why]
    assert why in build.remedy(case(), "s", (edit,)).decision
    assert MEMBERS.keys() <= CHECKS.keys()


# --- what a service or a listener had


@pytest.mark.parametrize(
    ("field", "was", "now", "wanted", "good"),
    [
        ("platformVersion", "1.4.0", "LATEST", "1.4.0", True),
        ("platformVersion", "1.4.0", "LATEST", "LATEST", True),
        ("platformVersion", "1.4.0", "LATEST", "1.3.0", False),
        ("capacityProviderStrategy", [{"a": 1}], [], [{"b": 1}], False),
        ("enableExecuteCommand", False, False, True, False),
    ],
)
def test_a_service_is_deployed_as_it_was_or_as_it_is(
    field: str, was: Any, now: Any, wanted: Any, good: bool
) -> None:
    state = service(**{field: now})
    edit = update_service("c", state.ecs_services[0], **{field: wanted})
    found = objections(case(service(**{field: was}), state), (edit,))
    why = f"the {field} would not be the one that the service had"
    assert (found == []) is good and (why in found) is not good


def test_tasks_stay_in_the_subnets_that_they_had() -> None:
    edit = update_service(
        "c", HEALTHY.ecs_services[0],
        networkConfiguration={"awsvpcConfiguration": {
            "subnets": ["subnet-public"], "securityGroups": ["sg-auth"]}},
    )  # fmt: skip
    assert objections(case(HEALTHY), (edit,)) == [
        "the subnets would not be those that the service had"
    ]


REDIRECT = Action(type="redirect", status_code="HTTP_301", redirect="HTTPS://#{host}:8443/?")


def redirecting() -> PlatformState:
    own = p.replace(LISTENER, default_actions=(REDIRECT,), rules=(
        p.replace(LISTENER.rules[-1], action=REDIRECT),))  # fmt: skip
    balancers = (p.replace(BALANCER, listeners=(own,)), HEALTHY.load_balancers[0])
    return p.replace(HEALTHY, load_balancers=balancers)


def test_a_redirect_that_was_there_comes_back_wherever_it_leads() -> None:
    edit = modify_listener(LISTENER, actions=(REDIRECT,))
    assert objections(case(redirecting()), (edit,)) == []
    assert objections(case(HEALTHY), (edit,)) != []


def test_a_redirect_that_was_there_is_not_lost() -> None:
    edit = modify_listener(LISTENER, actions=LISTENER.rules[-1].actions)
    assert objections(case(redirecting()), (edit,)) == ["the action redirect would be lost"]


@pytest.mark.parametrize(("value", "good"), [("false", True), ("true", False)])
def test_an_attribute_of_a_listener_is_the_one_that_it_had(value: str, good: bool) -> None:
    attribute = {"Key": "routing.http.response.server.enabled", "Value": value}
    edit = Edit(
        service="elbv2", operation="modify-listener-attributes", resource="x",
        parameters={"ListenerArn": LISTENER.arn, "Attributes": [attribute]},
    )  # fmt: skip
    assert (objections(case(), (edit,)) == []) is good
