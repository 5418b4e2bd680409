"""Texts from outside are literals in printed Terraform, and names of blocks are derived."""

from __future__ import annotations

from typing import Any

import pytest

from canary.diagnose.core.case import Case
from canary.diagnose.remedies.access import create_log_group
from canary.diagnose.remedies.edit import Edit
from canary.diagnose.remedies.listeners import modify_listener
from canary.diagnose.remedies.network import authorize
from canary.diagnose.remedies.rules import create_rule, move_rules
from canary.diagnose.remedies.services import update_service
from canary.diagnose.remedies.targets import modify_attribute, modify_check
from canary.diagnose.terraform.hcl import (
    Argument,
    Block,
    Expression,
    NotWholeError,
    identifier,
    quoted,
    written,
)
from canary.diagnose.terraform.write import text
from tests.canary.support import platforms as p
from tests.canary.support.terraform import described
from tests.canary.support.terraform.blocks import literal

NAMES = p.Names()
STATE = described.whole(p.healthy(NAMES))
CASE = Case(
    results=(), state=STATE, environment=p.environment(NAMES), previous=None, now=p.NOW
)  # fmt: skip
(REGISTRY,) = [b for b in STATE.load_balancers if "registry" in b.name]
SECURE = next(x for x in REGISTRY.listeners if x.port == 443)
RULES = {r.priority: r for r in SECURE.rules}


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("a b", '"a b"'), ('a"b', r'"a\"b"'), ("a\\b", r'"a\\b"'), ("a\nb\r\t", r'"a\nb\r\t"'),
        ("${x}", r'"\u0024{x}"'), ("$${x}", r'"$\u0024{x}"'), ("%{ if x }", r'"\u0025{ if x }"'),
        ("%%{x}", r'"%\u0025{x}"'), ("100% of $5", '"100% of $5"'), ("${", r'"\u0024{"'),
        ("#{host}", '"#{host}"'), ("\x00\x7f", r'"\u0000\u007f"'), ("\u202e", r'"\u202e"'),
        ("\U000e0041", r'"\U000e0041"'), ("é😀", '"é😀"'), ("", '""'),
        ("\ud7ff", r'"\ud7ff"'), ("\ue000", r'"\ue000"'),
    ],
)  # fmt: skip
def test_a_text_is_a_literal_without_a_template(raw: str, shown: str) -> None:
    assert quoted(raw) == shown
    assert literal(shown) == raw


@pytest.mark.parametrize("raw", ["e\u0301", "\ud800", "a\udfff"])
def test_a_text_that_terraform_would_change_or_refuse_is_not_written(raw: str) -> None:
    with pytest.raises(NotWholeError):
        quoted(raw)


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        (("hokusai-auth", 443), "hokusai_auth_443"), (("/ecs/A b",), "ecs_a_b"), (("",), "it"),
        (('"]} ${x}',), "x"), (("443",), "n_443"), (("é",), "it"), (("a" * 90,), "a" * 60),
    ],
)  # fmt: skip
def test_the_name_of_a_block_is_derived(parts: tuple[object, ...], name: str) -> None:
    assert identifier(*parts) == name


@pytest.mark.parametrize("reference", ["a.b}", 'a"', "a..b", "", "A.b", "a b", "${a}", "a.b\n"])
def test_a_reference_is_made_of_names_alone(reference: str) -> None:
    with pytest.raises(ValueError, match="is no reference"):
        Expression(reference)


def test_a_block_is_written_as_terraforms_formatter_writes_it() -> None:
    inner = Block("inner", body=[Argument("on", True), Argument("number", 7)])
    whole = Block(
        "resource",
        ("aws_x", "y"),
        [
            Argument("name", "x"), Argument("list", ["a", "b"]),
            Argument("tags", {"k": "v", "key": "w"}), inner, Argument("last", Expression("a.b")),
        ],
        ("A note.",),
    )  # fmt: skip
    assert written(whole) == (
        '# A note.\nresource "aws_x" "y" {\n  name = "x"\n  list = ["a", "b"]\n\n  tags = {\n'
        '    "k"   = "v"\n    "key" = "w"\n  }\n\n'
        "  inner {\n    on     = true\n    number = 7\n  }\n\n"
        "  last = a.b\n}\n"
    )


def test_one_block_with_its_import_and_its_sentences() -> None:
    assert text(CASE, (move_rules([(RULES["105"], 7)]),)) == (
        "# Instead of the commands. Terraform 1.5 or newer, hashicorp/aws 6, region us-east-1.\n"
        "\nimport {\n  to = aws_lb_listener_rule.rule_105\n"
        f'  id = "{RULES["105"].arn}"\n}}\n\n'
        "# The plan must show the import and a change of `priority`, nothing else.\n"
        "# Where another Terraform state, CDK or CloudFormation holds this listener rule, set"
        " `priority` there instead.\n"
        'resource "aws_lb_listener_rule" "rule_105" {\n'
        f'  listener_arn = "{SECURE.arn}"\n  priority     = 7\n\n'
        '  action {\n    type             = "forward"\n'
        f'    target_group_arn = "{NAMES.group("registry")}"\n  }}\n\n'
        '  condition {\n    path_pattern {\n      values = ["/api/mlflow/*"]\n    }\n  }\n\n'
        "  lifecycle {\n    ignore_changes = [tags, tags_all]\n  }\n}\n"
    )


def test_rules_that_change_places_have_no_block() -> None:
    """Terraform moves them one by one, and each priority is taken until then."""
    swapped = [(RULES["105"], 110), (RULES["110"], 105)]
    assert text(CASE, (move_rules(swapped),)) == ""
    assert text(CASE, (move_rules([(RULES["105"], 7), (RULES["110"], 8)]),)).count("import {") == 2


def test_a_rule_where_another_one_still_stands_has_no_block() -> None:
    parts = RULES["105"].conditions, RULES["105"].actions
    moved = move_rules([(RULES["105"], 7)])
    assert text(CASE, (moved, create_rule(SECURE, 105, *parts))) == ""
    assert text(CASE, (moved, create_rule(SECURE, 106, *parts))).count("resource ") == 2


def unread_parts() -> list[tuple[str, Case, Edit]]:
    """Return edits of objects of which one part was not read, or that have an unknown part."""
    group = STATE.target_groups[0]
    service = STATE.ecs_services[0]
    guard = STATE.security_groups[0]
    secure = p.replace(SECURE, unread=("attributes",))
    balancers = (p.replace(REGISTRY, listeners=(secure,)),)
    strange = {**service.config, "somethingNew": {"on": True}}
    connected = p.replace(service.deployments[0], service_connect={"enabled": True})
    check, count = modify_check(group, {"HealthCheckPath": "/x"}), {"desiredCount": 3}
    timeout = modify_attribute(REGISTRY, "idle_timeout.timeout_seconds", "90")
    odd: list[dict[str, Any]] = [
        {"attributes": {}}, {"unread": ("attributes",)}, {"type": "network"}, {"subnets": ()},
        {"ip_address_type": ""}, {"attributes": {**REGISTRY.attributes, "new.enabled": "true"}},
        {"attributes": {**REGISTRY.attributes, "access_logs.s3.bucket": ""}},
    ]  # fmt: skip
    other = {"GroupId": "sg-1", "UserId": "999999999999"}

    def of(part: str, *objects: object) -> Case:
        return Case(
            results=(), state=p.replace(STATE, **{part: objects}), environment=CASE.environment,
            previous=None, now=p.NOW,
        )  # fmt: skip

    cluster = CASE.environment.cluster
    return [
        ("attributes", of("target_groups", p.replace(group, attributes={})), check),
        ("attributes", of("target_groups", p.replace(group, unread=("attributes",))), check),
        ("attribute", of("target_groups", p.replace(group, attributes={"new": "on"})), check),
        ("network", of("target_groups", p.replace(group, protocol="TCP")), check),
        *(
            ("balancer", of("load_balancers", p.replace(REGISTRY, **fields)), timeout)
            for fields in odd
        ),
        ("balancer", of("load_balancers"), timeout),
        ("listener", of("load_balancers", *balancers), modify_listener(secure, port=1)),
        ("service", of("ecs_services", p.replace(service, config={})),
         update_service(cluster, service, **count)),
        ("field", of("ecs_services", p.replace(service, config=strange)),
         update_service(cluster, service, **count)),
        ("connect", of("ecs_services", p.replace(service, deployments=(connected,))),
         update_service(cluster, service, **count)),
        ("account", CASE, authorize(guard, "ingress", [
            {"IpProtocol": "-1", "UserIdGroupPairs": [other]}])),
        ("peer", CASE, authorize(guard, "ingress", [{"IpProtocol": "-1"}])),
    ]  # fmt: skip


@pytest.mark.parametrize(("part", "case", "edit"), unread_parts(), ids=lambda x: str(x)[:12])
def test_what_is_not_known_whole_has_no_block(part: str, case: Case, edit: Edit) -> None:
    assert text(case, (edit,)) == ""
    made = create_log_group("/x")
    assert 'resource "aws_cloudwatch_log_group" "x"' in text(case, (made,))
    assert text(case, (made, edit)) == ""  # all blocks of a fix, or none


def test_a_text_that_is_too_long_is_left_out_whole() -> None:
    many = [create_log_group(f"/{n}/" + "x" * 500) for n in range(200)]
    assert text(CASE, tuple(many)) == ""
    assert text(CASE, tuple(many[:9])).count("resource ") == 9


def test_a_sentence_stands_once_above_blocks_of_one_kind() -> None:
    found = text(CASE, (create_log_group("/a"), create_log_group("/b")))
    assert [line for line in found.splitlines() if line.startswith("#")] == [
        "# Instead of the commands. Terraform 1.5 or newer, hashicorp/aws 6, region us-east-1.",
        "# The plan must show a new log group.",
        "# Where another Terraform state, CDK or CloudFormation holds it already, apply that again"
        " instead.",
    ]
    assert "import" not in found


def test_an_object_that_two_edits_change_has_no_block() -> None:
    once, again = (move_rules([(RULES["105"], n)]) for n in (7, 8))
    assert text(CASE, (once,)) != ""
    assert text(CASE, (once, again)) == ""
