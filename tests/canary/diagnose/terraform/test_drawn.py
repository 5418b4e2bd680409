"""For any object of AWS's shapes, with hostile texts in it, blocks say what the commands say."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import strategies as st

from canary.control_plane.routing import listener_of
from canary.control_plane.state import Condition, Listener
from canary.diagnose.core.case import Case
from canary.diagnose.remedies.access import (
    attach_role_policy,
    create_log_group,
    policy,
    put_role_policy,
)
from canary.diagnose.remedies.edit import Edit
from canary.diagnose.remedies.listeners import add_certificates, create_listener, modify_listener
from canary.diagnose.remedies.names import create_name
from canary.diagnose.remedies.network import authorize, set_groups
from canary.diagnose.remedies.rules import all_parts, create_rule, modify_rule, move_rules
from canary.diagnose.remedies.services import create_service, registry_of, update_service
from canary.diagnose.remedies.targets import modify_attribute, modify_check
from canary.diagnose.routing.rule_remedies import to
from canary.diagnose.terraform.hcl import identifier
from canary.observe.ecs_services import converted
from tests.canary.support import platforms as p
from tests.canary.support.aws_model import draw_routing, draw_targets
from tests.canary.support.aws_model.account import MORE, NAMES, case
from tests.canary.support.aws_model.profiles import PROFILES, holds
from tests.canary.support.terraform import described
from tests.canary.support.terraform.blocks import schema
from tests.canary.support.terraform.draw import SOME, TEXTS, permissions, services
from tests.canary.support.terraform.proof import rendered

Json = dict[str, Any]
FEW = 25
few_or_many = pytest.mark.parametrize("many", PROFILES)


def drawn(listener: Json) -> tuple[Case, Listener]:
    """Return the case of an account with a drawn listener, and the listener as it was read."""
    account = draw_routing.account(listener)
    found = case(account, None)
    read = listener_of(found.state, draw_routing.secure(account))
    assert read is not None
    return found, read


def whole() -> Case:
    """Return the case of a platform of which every part was read."""
    return Case(
        results=(), state=described.whole(p.healthy(NAMES)), environment=p.environment(NAMES),
        previous=None, now=p.NOW,
    )  # fmt: skip


def can_be_whole(*edits: Edit) -> bool:
    """Return whether Terraform has all that it requires of what these edits create."""
    given = [edit.parameters for edit in edits]
    actions = [
        a for one in given for a in (*one.get("Actions", ()), *one.get("DefaultActions", ()))
    ]
    pairs = [
        pair
        for one in given
        for condition in one.get("Conditions", ())
        for pair in condition.get("QueryStringConfig", {}).get("Values", ())
    ]
    claims = [
        claim
        for action in actions
        for claim in action.get("JwtValidationConfig", {}).get("AdditionalClaims", ())
    ]
    flags = [a for one in given for a in one.get("Attributes", ()) if a["Key"].endswith("enabled")]
    return (
        all(a["Type"] != "authenticate-oidc" for a in actions)
        and all(
            a.get("FixedResponseConfig", {"ContentType": "x"}).get("ContentType") for a in actions
        )
        and all("Value" in pair for pair in pairs)
        and all(claim["Values"] for claim in claims)
        and all(a["Value"] in ("true", "false") for a in flags)
    )


@few_or_many
def test_a_rule_with_another_target_other_conditions_or_another_place(many: bool) -> None:
    def check(listener: Json, texts: list[str]) -> None:
        found, read = drawn(listener)
        other = (Condition(field="path-pattern", values=tuple(texts)),)
        (group, *_) = found.state.target_groups
        taken = {rule.priority for rule in read.rules}
        for rule in read.rules:
            if rule.priority.isdigit():
                again = create_rule(read, 778, *all_parts(rule))
                assert bool(rendered(found, again)) == can_be_whole(again)
                free = next(n for n in range(777, 900) if str(n) not in taken)
                assert bool(rendered(found, move_rules([(rule, free)]))) == can_be_whole(again)
                rendered(found, modify_rule(rule, actions=to(group)))
                rendered(found, modify_rule(rule, conditions=other, transforms=()))

    holds(check, draw_routing.listeners(), SOME, many=many, examples=FEW)


@few_or_many
def test_a_listener_that_is_created_with_all_its_rules_or_changed(many: bool) -> None:
    def check(listener: Json, policy: str) -> None:
        found, read = drawn(listener)
        (balancer,) = [b for b in found.state.load_balancers if read in b.listeners]
        edits = create_listener(balancer, p.replace(read, port=8443))
        assert bool(rendered(found, *edits)) == can_be_whole(*edits)
        own = [e for e in edits if e.operation != "create-rule"]
        for edit in (
            modify_listener(read, certificate=MORE),
            modify_listener(read, port=8443, policy=f"x{policy}"),
        ):
            assert bool(rendered(found, edit)) == can_be_whole(*own)
        assert rendered(found, add_certificates(read, [MORE]))

    holds(check, draw_routing.listeners(), TEXTS, many=many, examples=FEW)


@few_or_many
def test_a_target_group_with_another_health_check(many: bool) -> None:
    def check(group: Json, path: str) -> None:
        found = case(draw_targets.account({**group, "attributes": described.GROUP}), None)
        read = found.group(draw_targets.AUTH)
        assert read is not None
        edit = modify_check(read, {"HealthCheckPath": f"/{path}", "HealthCheckPort": "1"})
        (block,) = rendered(found, edit)
        assert block.import_id == read.arn

    holds(check, draw_targets.groups(), TEXTS, many=many, examples=FEW)


@few_or_many
def test_a_service_that_is_changed_or_created(many: bool) -> None:
    def check(raw: Json, text: str) -> None:
        base = whole()
        service = converted(raw, ())
        state = p.replace(base.state, ecs_services=(service,))
        found = Case(results=(), state=state, environment=base.environment, previous=None,
                     now=p.NOW)  # fmt: skip
        cluster = found.environment.cluster
        count = update_service(cluster, service, anew=False, desiredCount=raw["desiredCount"] + 1)
        daemon = raw.get("schedulingStrategy") == "DAEMON"
        assert bool(rendered(found, count)) != daemon
        (block,) = rendered(found, update_service(cluster, service, taskDefinition=f"x{text}"))
        assert ("desired_count" in block.ignored, "tags" in block.ignored) == (
            True, "tags" not in raw,
        )  # fmt: skip
        assert rendered(found, create_service(cluster, service))
        assert rendered(found, update_service(cluster, service)) == []

    holds(check, services(), TEXTS, many=many, examples=FEW)


@few_or_many
def test_a_permission_of_a_group(many: bool) -> None:
    def check(wanted: list[Json], direction: str) -> None:
        found = whole()
        (group, *_) = found.state.security_groups
        assert rendered(found, authorize(group, direction, wanted))

    holds(
        check,
        st.lists(permissions(), min_size=1, max_size=2),
        st.sampled_from(["ingress", "egress"]),
        many=many,
        examples=FEW,
    )


@pytest.mark.parametrize(("text", "block"), [("é", True), ("e\u0301", False), ("\uf936", False)])
def test_a_text_that_terraform_would_normalize_has_no_block(text: str, block: bool) -> None:
    """Written by Terraform, it would be another text than the command's."""
    found = whole()
    (group, *_) = found.state.security_groups
    wanted = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": text}]}]
    assert bool(rendered(found, authorize(group, "ingress", wanted))) is block


@few_or_many
def test_what_the_fix_makes_new(many: bool) -> None:
    def check(one: str, other: str) -> None:
        found, text = whole(), f"x{one}"
        document = policy([{"Effect": "Allow", "Action": [text], "Resource": [other]}])
        assert rendered(found, put_role_policy(text, f"y{other}", document))
        (there,) = rendered(found, put_role_policy(text, f"y{other}", document, policy([])))
        assert there.import_id == f"{text}:y{other}"
        assert rendered(found, attach_role_policy(text, f"arn:{other}"))
        assert rendered(found, create_log_group(text))
        name = create_name("auth", "ns-1")
        (service, *_) = found.state.ecs_services
        registry = [{"registryArn": registry_of("auth", "ns-1")}]
        attach = update_service(found.environment.cluster, service, serviceRegistries=registry)
        assert len(rendered(found, name, attach)) == 2
        assert rendered(found, create_name(text, f"ns{other}"))
        assert rendered(found, attach) == []  # nothing in the text makes the name

    nfc = TEXTS.filter(lambda t: t.isprintable() and t.isascii())
    holds(check, nfc, nfc, many=many, examples=FEW)


def test_a_load_balancer_with_other_groups_or_another_idle_timeout() -> None:
    found = whole()
    (balancer, *_) = found.state.load_balancers
    timeout = modify_attribute(balancer, "idle_timeout.timeout_seconds", "90")
    for edit in (set_groups(balancer, ("sg-1", "sg-2")), timeout):
        (block,) = rendered(found, edit)
        assert (block.import_id, block.name) == (balancer.arn, identifier(balancer.name))


def test_a_listener_with_every_header_that_the_provider_knows() -> None:
    arguments = [n for n in schema()["aws_lb_listener"]["optional"] if n.startswith("routing_")]
    names = [n for n in arguments if n.endswith(("_header_name", "_header_value"))]
    assert len(names) == len(arguments) - 1 > 15
    base = whole()
    (balancer, *others) = base.state.load_balancers
    keys = [re.sub(r"^routing_http_([a-z]+)_(.*)_(header_\w+)$", r"routing.http.\1.\2.\3", n)
            for n in names]  # fmt: skip
    listener = p.replace(balancer.listeners[-1], attributes=dict.fromkeys(keys, "x"))
    found = p.replace(
        base.state, load_balancers=(p.replace(balancer, listeners=(listener,)), *others)
    )
    one = replace(base, state=found)
    (block,) = rendered(one, modify_listener(listener, port=8443))
    assert {n: block.body.get(n) for n in names} == dict.fromkeys(names, "x")
