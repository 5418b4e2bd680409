"""What an edit refers to lives, in the same VPC, account and family."""

from __future__ import annotations

from typing import Any

import pytest

from canary.control_plane.state import Action, Forward, PlatformState, Rule
from canary.diagnose.core.case import Case
from canary.diagnose.remedies.edit import Edit
from canary.diagnose.remedies.listeners import modify_listener
from canary.diagnose.remedies.never_worse import CHECKS, objections
from canary.diagnose.remedies.rules import delete_rule, modify_rule, move_rules
from canary.diagnose.remedies.services import NETWORK, network, update_service
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

NAMES = faults.NAMES


def case(state: PlatformState | None = None, before: PlatformState | None = None) -> Case:
    return Case(
        results=(), state=state or p.healthy(), environment=p.environment(NAMES), previous=before,
        now=p.NOW,
    )  # fmt: skip


def against(edit: Edit, state: PlatformState | None = None, known: bool = True) -> str:
    return "; ".join(objections(case(state, p.healthy() if known else None), (edit,)))


def auth() -> Any:
    return next(s for s in p.healthy().ecs_services if s.name == NAMES.of("auth"))


def deploy(**fields: Any) -> Edit:
    return update_service(NAMES.of("cluster"), auth(), **fields)


def secure() -> Any:
    return p.healthy().load_balancers[1].listeners[1]


def forwarding(group: str) -> Edit:
    action = Action(type="forward", forwards=(Forward(target_group=group),))
    return modify_rule(secure().rules[1], actions=(action,))


def revision(number: int, **fields: Any) -> PlatformState:
    state = p.healthy()
    made = p.replace(p.definition(NAMES, "auth", number), **fields)
    kept = tuple(d for d in state.task_definitions if d.arn != made.arn)
    return p.replace(state, task_definitions=(*kept, made))


def test_a_deployment_of_an_older_active_revision_passes() -> None:
    assert against(deploy(taskDefinition=NAMES.revision("auth", 6))) == ""


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (revision(6, status="INACTIVE"), "is INACTIVE: ECS does not start it"),
        (revision(6, family="other"), "belongs to another family"),
        (p.replace(p.healthy(), task_definitions=()), "was not read"),
        (faults.service(p.healthy(), "auth", controller="CODE_DEPLOY"), "CodeDeploy deploys"),
        (faults.service(p.healthy(), "auth", controller="EXTERNAL"), "external controller"),
        (faults.service(p.healthy(), "auth", status="DRAINING"), "is not active"),
    ],
    ids=["inactive", "family", "unread", "CodeDeploy", "external", "draining"],
)
def test_what_ecs_would_refuse_does_not_pass(state: PlatformState, why: str) -> None:
    assert why in against(deploy(taskDefinition=NAMES.revision("auth", 6)), state)


def test_a_service_of_codedeploy_may_be_scaled() -> None:
    state = faults.service(p.healthy(), "auth", controller="CODE_DEPLOY")
    edit = update_service(NAMES.of("cluster"), auth(), anew=False, desiredCount=2)
    assert against(edit, state) == ""


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"securityGroups": ["sg-auth"]}, ""),
        ({"securityGroups": ["sg-mlflow"]}, "would not be those that the service had"),
        ({"securityGroups": ["sg-auth", "sg-none"]}, "sg-none is not known to be there"),
    ],
    ids=["as it was", "others", "unknown"],
)
def test_a_service_gets_no_other_groups_than_it_had(changed: dict[str, Any], why: str) -> None:
    found = against(deploy(**{NETWORK: network(auth(), **changed)}))
    assert (found == "") is (why == "") and why in found


def test_a_public_address_stays_what_it_is() -> None:
    state = faults.service(p.healthy(), "auth", public_address="ENABLED")
    wanted = network(auth(), securityGroups=["sg-auth"], assignPublicIp="DISABLED")
    assert "public address" in against(deploy(**{NETWORK: wanted}), state)
    open_ = p.replace(auth(), public_address="ENABLED")
    assert (
        network(open_, securityGroups=["x"])["awsvpcConfiguration"]["assignPublicIp"] == "ENABLED"
    )


OTHER = "arn:aws:elasticloadbalancing:us-east-1:999999999999:targetgroup/x/1"
ABROAD = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/x/1"


@pytest.mark.parametrize(
    ("group", "why"),
    [
        (NAMES.group("registry"), ""),
        (NAMES.elb("targetgroup", "gone/1"), "is not there"),
        (OTHER, "another account or region"),
        (ABROAD, "another account or region"),
    ],
    ids=["live", "gone", "account", "region"],
)
def test_a_target_group_lives_here(group: str, why: str) -> None:
    found = against(forwarding(group))
    assert (found == "") is (why == "") and why in found


def test_a_target_group_of_vpc_lattice_is_none_of_a_load_balancer() -> None:
    group = "arn:aws:vpc-lattice:us-east-1:123456789012:targetgroup/tg-1"
    assert "is not there" not in against(
        deploy(vpcLatticeConfigurations=[{"targetGroupArn": group}])
    )


def test_a_target_group_of_another_vpc_does_not_pass() -> None:
    state = p.healthy()
    groups = tuple(p.replace(g, vpc_id="vpc-2") for g in state.target_groups)
    moved = p.replace(state, target_groups=groups)
    assert "another VPC" in against(forwarding(NAMES.group("registry")), moved)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({}, ""),
        ({"not_after": p.ago(5)}, "not known to be valid now"),
        ({"status": "EXPIRED"}, "not known to be valid now"),
        ({"arn": "arn:aws:acm:us-east-1:123456789012:certificate/other"}, "not known"),
    ],
    ids=["valid", "expired by its date", "expired", "unknown"],
)
def test_a_certificate_is_valid_and_known(fields: dict[str, Any], why: str) -> None:
    state = p.healthy()
    certificates = tuple(p.replace(c, **fields) for c in state.certificates)
    edit = modify_listener(secure(), certificate=p.certificate_arn(NAMES))
    found = against(edit, p.replace(state, certificates=certificates))
    assert (found == "") is (why == "") and why in found


def test_a_rule_that_was_there_is_not_deleted() -> None:
    rule = secure().rules[0]
    assert "was there while all was well" in against(delete_rule(secure(), rule))
    assert "nobody knows" in against(delete_rule(secure(), rule), known=False)
    new = Rule(arn="new", priority="1", action=rule.action)
    state, listener = p.healthy(), secure()
    balancers = tuple(
        p.replace(b, listeners=tuple(
            p.replace(x, rules=(*x.rules, new)) if x.arn == listener.arn else x
            for x in b.listeners
        ))
        for b in state.load_balancers
    )  # fmt: skip
    with_new = p.replace(state, load_balancers=balancers)
    assert against(delete_rule(listener, new), with_new) == ""
    assert "nobody knows" in against(delete_rule(listener, new))  # of which listener it is


def test_a_rule_goes_back_to_its_place_and_to_no_other() -> None:
    rule = secure().rules[0]
    assert against(move_rules([(p.replace(rule, priority="300"), int(rule.priority))])) == ""
    assert "stood there" in against(move_rules([(rule, 300)]))


def test_a_lower_policy_does_not_pass() -> None:
    edit = modify_listener(secure(), policy="ELBSecurityPolicy-2016-08")
    assert "is not the one that the listener had" in against(edit)


def test_a_listener_does_not_trust_other_clients_than_it_did() -> None:
    edit = modify_listener(secure(), mutual={"Mode": "off"})
    assert "mutual authentication would not be the one" in against(edit)


def test_a_call_of_which_nothing_is_known_does_not_pass() -> None:
    edit = Edit(service="s3", operation="delete-bucket", parameters={"Bucket": "b"}, resource="b")
    assert against(edit) == "nothing is known of what s3 delete-bucket may widen"
    assert "s3 delete-bucket" not in CHECKS
