"""Any ECS service that AWS allows comes back from one fault just as it was."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import strategies as st

from canary.control_plane.state import PlatformState
from canary.diagnose.ecs import services as rules
from canary.diagnose.network import security_groups
from canary.diagnose.targets import targets
from canary.model import Result
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p
from tests.canary.support.aws_model import draw_services as draw
from tests.canary.support.aws_model import draw_targets
from tests.canary.support.aws_model.account import NAMES, Account, case, state
from tests.canary.support.aws_model.containers import DEPLOYED
from tests.canary.support.aws_model.drawn import Strategy
from tests.canary.support.aws_model.profiles import PROFILES, holds
from tests.canary.support.aws_model.proof import remedy, restores, restores_if_confirmed

Json = dict[str, Any]
BY_OTHERS = ("CODE_DEPLOY", "EXTERNAL")


def down(status: int = 503) -> tuple[Result, ...]:
    url = f"https://auth.{NAMES.domain}/health"
    return (
        p.failed("auth.health", "auth", p.page(url, status)),
        p.control("target_group", "auth"),
        p.control("ecs_service", "auth"),
    )


@pytest.mark.parametrize("many", PROFILES)
def test_a_deleted_service(many: bool) -> None:
    def check(service: Json, logs: bool) -> None:
        well = draw.account(draw.logged(service) if logs else service)
        broken = well.copy()
        broken.do("ecs", "DeleteService", cluster=draw.CLUSTER, service=draw.SERVICE, force=True)
        found = remedy(rules.missing, "service-missing", broken, well, *down())
        if logs:  # its options may hold a token: they are not read
            assert found.fix == () and "log options" in found.decision
        else:
            restores_if_confirmed(found, broken, well)

    rarely = st.sampled_from([False] * 9 + [True])
    holds(check, draw.services(), rarely, many=many)


@pytest.mark.parametrize("many", PROFILES)
def test_a_service_scaled_to_zero(many: bool) -> None:
    def check(service: Json) -> None:
        well = draw.account(service)
        broken = well.copy()
        call = {"cluster": draw.CLUSTER, "service": draw.SERVICE, "desiredCount": 0}
        broken.do("ecs", "UpdateService", **call)
        found = remedy(rules.scaled_to_zero, "service-scaled-to-zero", broken, well, *down())
        restores(found, broken, well)

    holds(check, draw.services(), many=many, examples=20)


@pytest.mark.parametrize("many", PROFILES)
def test_a_service_in_other_security_groups(many: bool) -> None:
    def check(service: Json, groups: list[str]) -> None:
        well = draw.account(service)
        broken = well.copy()
        made = broken.held["services"][draw.SERVICE]
        made["networkConfiguration"]["awsvpcConfiguration"]["securityGroups"] = groups
        found = remedy(security_groups.blocked, "security-group-blocked", broken, well, *down(504))
        if service["deploymentController"]["type"] in BY_OTHERS:
            assert found.fix == () and "AWS refuses the call" in found.decision
        else:
            restores(found, broken, well)

    others = st.lists(
        st.sampled_from(["sg-database", "sg-cache"]), min_size=1, max_size=2, unique=True
    )
    holds(check, draw.services(), others, many=many, examples=20)


@pytest.mark.parametrize("many", PROFILES)
def test_a_service_without_its_target_group(many: bool) -> None:
    def check(service: Json, group: Json) -> None:
        well = draw.account(service)
        draw_targets.add(well, group)
        (entry,) = service["loadBalancers"]
        broken = well.copy()
        broken.held["services"][draw.SERVICE]["loadBalancers"] = []
        broken.held["targets"][draw_targets.AUTH] = []
        found = remedy(targets.empty, "target-group-empty", broken, well, *down())
        if service["deploymentController"]["type"] in BY_OTHERS:
            assert found.fix == () and "AWS refuses the call" in found.decision
        elif "advancedConfiguration" in entry:  # its role is known from the past alone
            assert found.fix == () and "would use another role" in found.decision
        else:
            restores(found, broken, well)

    holds(check, draw.services(), draw_targets.groups(), many=many, examples=20)


FIELDS = (
    *("deploymentConfiguration", "healthCheckGracePeriodSeconds", "platformVersion"),
    *("availabilityZoneRebalancing", "enableECSManagedTags", "propagateTags"),
    *("placementConstraints", "placementStrategy", *DEPLOYED),
)
CRASH = ("Essential container in task exited", "EssentialContainerExited", 1)


def crashing(broken: Account) -> PlatformState:
    """Return the platform of an account in which the tasks of the newest revision end."""
    (deployment,) = broken.held["services"][draw.SERVICE]["deployments"]
    deployment["createdAt"] = p.ago(10)
    new = p.definition(NAMES, "auth", 8)
    found = state(broken)
    found = p.replace(found, task_definitions=(*found.task_definitions, new))
    return faults.stops("auth", *CRASH)(found)


def shown(account: Account) -> Json:
    """Return the service with what ECS tells of its deployment."""
    found: Json = account.held["services"][draw.SERVICE]
    return {**found, **found["deployments"][0]}


def adds(was: Any, now: Any) -> bool:
    """Return whether a value has a member that was not there."""
    if isinstance(was, dict) and isinstance(now, dict):
        return any(key not in was or adds(was[key], value) for key, value in now.items())
    return False


@pytest.mark.parametrize("many", PROFILES)
def test_a_service_of_which_a_deployment_changed_one_field_more(many: bool) -> None:
    def check(drawn: tuple[Json, Json]) -> None:
        service, more = drawn
        well = draw.account(service)
        broken = well.copy()
        call = {"cluster": draw.CLUSTER, "service": draw.SERVICE, **more}
        broken.do("ecs", "UpdateService", **call, taskDefinition=NAMES.revision("auth", 8))
        known = replace(case(broken, well, *down()), state=crashing(broken))
        (found,) = [f for f in rules.not_starting(known) if f.cause == "task-crash-loop"]
        broken.held["services"][draw.SERVICE]["deployments"][0].pop("createdAt")
        if adds(shown(well), more):
            return  # a part that was not there is a person's to take away
        hooks = service.get("deploymentConfiguration", {}).get("lifecycleHooks")
        if hooks and "deploymentConfiguration" in more:
            return  # code that runs during a deployment does not come back by itself
        roles = ("volumeConfigurations", "vpcLatticeConfigurations")
        if any(name in more and "roleArn" in str(service.get(name)) for name in roles):
            return  # nor does a role that only the past tells
        restores(found.remedy, broken, well)

    drawn = draw.services(st.just("ECS")).flatmap(changed)
    holds(check, drawn, many=many, examples=25)


def changed(service: Json) -> Strategy:
    """Draw another value of one field that a service has."""
    named = [name for name in FIELDS if service.get(name)]
    field = st.sampled_from(named or ["healthCheckGracePeriodSeconds"])
    more = field.flatmap(lambda name: _other(name, service.get(name)))
    return more.map(lambda found: (service, found))


def _other(name: str, value: Any) -> Strategy:
    if isinstance(value, dict | list) and value:
        return altered(value).map(lambda found: {name: found})
    return draw.ECS.fields("UpdateServiceRequest", name)


def altered(value: Any) -> Strategy:
    """Return the strategy for a value of which one part is another, or is gone."""
    if isinstance(value, dict) and value:
        part = st.sampled_from(sorted(value))
        return part.flatmap(lambda k: altered(value[k]).map(lambda v: {**value, k: v}))
    if isinstance(value, bool):
        return st.just(not value)
    if isinstance(value, int | float):
        return st.just(value + 1)
    return st.just(value[:-1] if isinstance(value, list) else "other" if value else value)
