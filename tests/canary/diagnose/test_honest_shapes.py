"""Platforms of any shape get back the services and listeners that the present confirms."""

from __future__ import annotations

from typing import Any

import pytest

from canary.control_plane.state import Action, Condition, PlatformState, Rule, TargetHealth
from canary.diagnose.core.case import Case
from canary.diagnose.remedies.listeners import create_listener
from canary.diagnose.remedies.never_worse import objections
from canary.diagnose.remedies.rules import all_parts, create_rule, modify_rule
from canary.diagnose.remedies.services import create_service
from canary.model import Environment
from tests.canary.support import platforms as p
from tests.canary.support.forged import (
    ALONE,
    AUTH,
    BALANCER,
    CERTIFICATE,
    CLUSTER,
    HEALTHY,
    LAST,
    NAMES,
    OTHER,
    RULE,
    SECURE,
    SERVICE,
    SITE,
    TLS,
    forward,
    judged,
    listener,
    networked,
    objects,
    of,
    rule,
)

SHOP = NAMES.elb("targetgroup", "shop/1")


def environment(**fields: Any) -> Environment:
    """Return an environment file whose part `auth` has other fields."""
    found = p.environment(NAMES)
    auth = p.replace(found.services["auth"], **fields)
    return p.replace(found, services={**found.services, "auth": auth})


def created(now: PlatformState, file: Environment, **config: Any) -> str:
    """Return what speaks against a service that is created as it was."""
    whole = {"taskDefinition": NAMES.revision("auth"), "desiredCount": 1, **config}
    was = p.replace(SERVICE, config=whole)
    past = p.replace(now, ecs_services=(was, *now.ecs_services[1:]))
    gone = p.replace(now, ecs_services=now.ecs_services[1:])
    case = Case(results=(), state=gone, environment=file, previous=past, now=p.NOW)
    return "; ".join(objections(case, (create_service(CLUSTER, was),)))


ENTRY = [{"targetGroupArn": NAMES.group("auth")}]
LOGS = p.replace(OTHER.containers[0], log_group=f"/ecs/{AUTH}")
TASK = objects(HEALTHY, "task_definitions", p.replace(OTHER, containers=(LOGS,)))
PUBLIC = networked(assignPublicIp="ENABLED", subnets=["subnet-public"], securityGroups=["sg-auth"])


def test_a_service_gets_the_group_to_which_its_routes_lead() -> None:
    file = environment(target_groups=())
    assert created(HEALTHY, file, loadBalancers=ENTRY) == ""
    other = [{"targetGroupArn": NAMES.group("registry")}]
    assert f"{ALONE} that tasks of {AUTH} were" in created(HEALTHY, file, loadBalancers=other)


def test_a_service_gets_the_family_that_writes_to_its_log_group() -> None:
    file = environment(container="")
    assert created(TASK, file, taskDefinition=OTHER.arn) == ""
    other = environment(container="", log_group="/ecs/other")
    assert f"{ALONE} that {AUTH} ran" in created(TASK, other, taskDefinition=OTHER.arn)


def test_tasks_in_public_subnets_get_public_addresses() -> None:
    file = environment()
    assert created(HEALTHY, file, **PUBLIC) == ""
    private = networked(assignPublicIp="ENABLED", securityGroups=["sg-auth"])
    assert f"{ALONE} that its tasks had public" in created(HEALTHY, file, **private)
    world = (p._in(8000, "0.0.0.0/0"),)
    admits = p.change(HEALTHY, "security_groups", "sg-auth", ingress=world)
    assert f"{ALONE} that its tasks had public" in created(admits, file, **PUBLIC)


def judged_listener(now: PlatformState, past: PlatformState, file: Environment) -> str:
    """Return what speaks against the registry's listener on 443 as the past has it."""
    left = tuple(x for x in BALANCER.listeners if x.port != 443)
    gone = p.change(now, "load_balancers", BALANCER.arn, listeners=left)
    case = Case(results=(), state=gone, environment=file, previous=past, now=p.NOW)
    return "; ".join(objections(case, create_listener(BALANCER, of(past))))


def test_a_certificate_of_another_host_comes_back_beside_the_default_one() -> None:
    fields = {"ssl_policy": TLS, "default_certificate": CERTIFICATE}
    both = (CERTIFICATE, CERTIFICATE + "2")
    assert (
        judged_listener(SITE, listener(SITE, 443, certificates=both, **fields), environment()) == ""
    )
    fields["default_certificate"] = CERTIFICATE + "2"
    past = listener(SITE, 443, certificates=both, **fields)
    assert "covers no host of" in judged_listener(SITE, past, environment())


def shops(targets: tuple[str, ...] = ("10.0.1.77",), **fields: Any) -> PlatformState:
    """Return a platform with the target group of a program that is not in the file."""
    group = p.replace(
        HEALTHY.target_groups[0],
        arn=SHOP,
        name="shop",
        load_balancers=(),
        targets=tuple(TargetHealth(id=t, port=80, state="unused") for t in targets),
    )
    return objects(HEALTHY, "target_groups", p.replace(group, **fields))


def of_shop(pattern: str) -> Rule:
    where = (Condition(field="path-pattern", values=(pattern,)),)
    return p.replace(RULE, conditions=where, action=forward(SHOP))


AWAY = NAMES.elb("loadbalancer", "app/inner/1")


@pytest.mark.parametrize(
    ("now", "pattern", "why"),
    [
        (shops(), "/shop/*", ""),
        (shops(load_balancers=(BALANCER.arn,)), "/shop/*", ""),
        (shops((p.ADDRESSES["registry"],)), "/api/mlflow/*", ""),
        (shops(), "/api/mlflow/*", f"{ALONE} that {SHOP} got"),
        (shops(load_balancers=(AWAY,)), "/shop/*", f"{ALONE} that {SHOP} got"),
        (shops(("6.6.6.6",)), "/shop/*", f"{ALONE} that {SHOP} got"),
        (shops(()), "/shop/*", f"{ALONE} that {SHOP} got"),
    ],
)
def test_a_rule_of_another_program_comes_back_to_its_own_group(
    now: PlatformState, pattern: str, why: str
) -> None:
    past = p.replace(
        now,
        load_balancers=listener(
            HEALTHY, 443, ssl_policy=TLS, rules=(of_shop(pattern), LAST)
        ).load_balancers,
    )
    said = judged_listener(now, past, environment())
    assert said.startswith(why) if why else said == ""
    one = create_rule(SECURE, 7, *all_parts(of_shop(pattern)))
    known = p.replace(
        past,
        load_balancers=rule(
            HEALTHY, conditions=of_shop(pattern).conditions, action=forward(SHOP)
        ).load_balancers,
    )
    case = Case(results=(), state=now, environment=environment(), previous=known, now=p.NOW)
    alone = "; ".join(objections(case, (one,)))
    assert alone.startswith(why) if why else alone == ""


POOL = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_a"


def cognito(pool: str) -> Action:
    config = {"UserPoolArn": pool, "UserPoolClientId": "c", "UserPoolDomain": "d"}
    kind = "authenticate-cognito"
    return Action(type=kind, config={"Type": kind, "AuthenticateCognitoConfig": config})


def jwt(host: str) -> Action:
    config = {"JwksEndpoint": f"https://{host}/keys", "Issuer": f"https://{host}"}
    kind = "jwt-validation"
    return Action(type=kind, config={"Type": kind, "JwtValidationConfig": config})


@pytest.mark.parametrize(
    ("earlier", "why"),
    [
        (cognito(POOL), ""),
        (cognito(POOL.replace("123456789012", "666666666666")), "belongs to another account"),
        (jwt("auth.hokus.ai"), ""),
        (jwt("evil.example"), f'{ALONE} how its jwt-validation was: {{"Issuer": "https://evil'),
    ],
)
def test_a_lost_sign_in_comes_back_where_it_is_of_this_account(earlier: Action, why: str) -> None:
    past = rule(earlier=(earlier,))
    edit = modify_rule(RULE, actions=(earlier, RULE.action))
    said = judged((edit,), HEALTHY, past)
    assert why in said if why else said == ""
    whole = listener(HEALTHY, 443, rules=of(past).rules, ssl_policy=TLS)
    said = judged_listener(HEALTHY, whole, environment())
    assert why in said if why else said == ""


def test_no_sign_in_comes_back_in_place_of_another() -> None:
    past, now = rule(earlier=(cognito(POOL),)), rule(earlier=(cognito(POOL + "b"),))
    edit = modify_rule(of(now).rules[1], actions=(cognito(POOL), RULE.action))
    assert judged((edit,), now, past).startswith(f"{ALONE} that it was without the authenticate")
