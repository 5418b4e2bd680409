"""Edits as values, their command lines, and the remedy that is made of them."""

from __future__ import annotations

from typing import Any

import pytest

from canary.diagnose.core.case import Case
from canary.diagnose.remedies.access import create_log_group
from canary.diagnose.remedies.build import remedy
from canary.diagnose.remedies.command import UnsafeTextError, command
from canary.diagnose.remedies.edit import Edit, Later, modify
from tests.canary.support import platforms as p

NAMES = p.Names()


def edit(**parameters: Any) -> Edit:
    return Edit(service="ecs", operation="update-service", parameters=parameters, resource="x")


def case(**fields: Any) -> Case:
    known = {
        "results": (), "state": p.healthy(), "environment": p.environment(NAMES),
        "previous": p.healthy(), "now": p.NOW,
    }  # fmt: skip
    return Case(**known | fields)


def test_an_edit_changes_nothing_as_long_as_it_does_not_say_so() -> None:
    plain = edit()
    assert (plain.before, plain.after, plain.undo) == ({}, {}, None)


def test_a_modification_has_its_own_way_back() -> None:
    found = modify("elbv2", "modify-rule", ("RuleArn", "arn:r"), {"a": 1}, {"a": 2})
    assert (found.service, found.operation, found.resource) == ("elbv2", "modify-rule", "arn:r")
    assert found.parameters == {"RuleArn": "arn:r", "a": 2}
    assert (found.before, found.after) == ({"a": 1}, {"a": 2})
    assert found.undo is not None and found.undo.undo is None
    assert found.undo.parameters == {"RuleArn": "arn:r", "a": 1}
    assert (found.undo.before, found.undo.after) == ({"a": 2}, {"a": 1})


LATER = Later(service="elbv2", operation="describe-x", parameters={"Name": "a b"}, query="X[0]")
SUBSTITUTED = "\"$(aws elbv2 describe-x --region r --name 'a b' --query 'X[0]' --output text)\""


@pytest.mark.parametrize(
    ("parameters", "line"),
    [
        ({}, ""),
        ({"service": "api"}, " --service api"),
        ({"desiredCount": 2}, " --desired-count 2"),
        ({"TargetGroupArn": "x"}, " --target-group-arn x"),
        ({"SslPolicy": "x"}, " --ssl-policy x"),
        ({"MoveToVersionId": "x"}, " --move-to-version-id x"),
        ({"enableECSManagedTags": True}, " --enable-ecs-managed-tags"),
        ({"forceNewDeployment": True}, " --force-new-deployment"),
        ({"Overwrite": False}, " --no-overwrite"),
        ({"enableExecuteCommand": False}, " --disable-execute-command"),
        ({"enableExecuteCommand": True}, " --enable-execute-command"),
        ({"groups": ["sg-1", "sg-2"]}, " --groups sg-1 sg-2"),
        ({"groups": ("sg 1",)}, " --groups 'sg 1'"),
        ({"groups": []}, " --groups '[]'"),
        ({"tags": [{"key": "a"}]}, """ --tags '[{"key":"a"}]'"""),
        ({"config": {"a": [1, True]}}, """ --config '{"a":[1,true]}'"""),
        ({"config": {}}, " --config '{}'"),
        ({"mixed": ["a", 1]}, """ --mixed '["a",1]'"""),
        ({"value": "-1"}, " --value=-1"),
        ({"value": "-a b"}, " --value='-a b'"),
        ({"listenerArn": LATER}, f" --listener-arn {SUBSTITUTED}"),
        ({"a": [{"b": LATER, "c": 1}]}, f""" --a '[{{"b":"'{SUBSTITUTED}'","c":1}}]'"""),
        ({"a": {"é": "é"}}, """ --a '{"\\u00e9":"\\u00e9"}'"""),
    ],
)
def test_a_parameter_is_written_as_one_argument(parameters: dict[str, Any], line: str) -> None:
    assert command(edit(**parameters), "r") == f"aws ecs update-service --region r{line}"


@pytest.mark.parametrize(
    "text",
    ["", "a\nb", "a\x00", "file://x", "fileb://x", "http://x", "https://x", "[x", "{x", "-\n"],
)
def test_what_the_aws_cli_reads_as_something_else_is_no_argument(text: str) -> None:
    with pytest.raises(UnsafeTextError, match="cannot be an argument"):
        command(edit(service=text), "r")
    if not text.startswith("-"):
        with pytest.raises(UnsafeTextError):
            command(edit(services=[text]), "r")
    assert command(edit(services=[{"a": text}]), "r")  # JSON holds it


def test_what_has_no_json_is_a_mistake_of_the_program() -> None:
    with pytest.raises(TypeError, match="has no JSON"):
        command(edit(a={"b": object()}), "r")


GROUP = create_log_group("/ecs/hokusai-auth-development")
COUNT = Edit(
    service="ecs", operation="update-service",
    parameters={"cluster": "c", "service": NAMES.of("auth"), "desiredCount": 2},
    resource="auth", before={"desiredCount": 0}, after={"desiredCount": 2},
    undo=edit(cluster="c", service=NAMES.of("auth"), desiredCount=0),
)  # fmt: skip


def test_a_remedy_holds_commands_differences_and_the_way_back_in_reverse() -> None:
    found = remedy(
        case(), "Mend it.", (GROUP, COUNT), inspect=("look",), verify=("see",), decision="Then ask."
    )
    assert found.summary == "Mend it."
    assert (found.inspect, found.verify, found.decision) == (("look",), ("see",), "Then ask.")
    assert found.fix == (
        "aws logs create-log-group --region us-east-1"
        " --log-group-name /ecs/hokusai-auth-development",
        "aws ecs update-service --region us-east-1 --cluster c --service hokusai-auth-development"
        " --desired-count 2",
    )
    assert found.undo == (
        "aws ecs update-service --region us-east-1 --cluster c --service hokusai-auth-development"
        " --desired-count 0",
        "aws logs delete-log-group --region us-east-1"
        " --log-group-name /ecs/hokusai-auth-development",
    )
    assert [(d.resource, d.before, d.after) for d in found.difference] == [
        ("/ecs/hokusai-auth-development", "",
         '{"logGroupName": "/ecs/hokusai-auth-development"}'),
        ("auth", '{"desiredCount": 0}', '{"desiredCount": 2}'),
    ]  # fmt: skip


def changed(**fields: Any) -> Edit:
    known = {
        "service": "ecs", "operation": "update-service", "resource": "auth",
        "parameters": {"cluster": "c", "service": NAMES.of("auth"), "desiredCount": 2},
    }  # fmt: skip
    return Edit(**known | fields)


def test_an_edit_that_changes_no_field_has_no_difference_and_one_without_undo_no_way_back() -> None:
    found = remedy(case(), "Mend it.", (changed(),))
    assert (found.difference, found.undo, len(found.fix)) == ((), (), 1)
    assert found.irreversible == "Nothing takes ecs update-service back."
    told = remedy(case(), "Mend it.", (changed(irreversible="It needs none."),))
    assert told.irreversible == "It needs none."
    assert remedy(case(), "Mend it.", (GROUP,)).irreversible == ""


def test_a_way_back_is_whole_or_none() -> None:
    unsafe = changed(undo=edit(service="file://x"))
    assert remedy(case(), "Mend it.", (GROUP, unsafe)).undo == ()


def test_a_difference_is_bounded_and_names_what_comes_later() -> None:
    long = changed(before={}, after={"a": "x" * 3000})
    (shown,) = remedy(case(), "Mend it.", (long,)).difference
    assert (shown.before, len(shown.after)) == ("{}", 2000)
    later = changed(before={}, after={"a": LATER, "b": {1}})
    (shown,) = remedy(case(), "Mend it.", (later,)).difference
    assert shown.after == '{"a": "the new one", "b": "{1}"}'


LOST = create_log_group("/other")


def test_what_must_not_be_typed_is_a_decision_with_the_reason() -> None:
    why = "No command is printed, because no task definition names the log group '/other'."
    found = remedy(case(), "Mend it.", (GROUP, LOST), inspect=("look",), verify=("see",))
    assert (found.fix, found.undo, found.difference) == ((), (), ())
    assert (found.inspect, found.verify) == (("look",), ("see",))
    assert found.decision == f"To do by hand: Mend it. {why}"
    other = remedy(case(), "Mend it.", (LOST,), decision="Then ask.", otherwise="Ask the owner.")
    assert other.decision == f"Ask the owner. {why}"


def test_without_edits_the_decision_alone_is_left() -> None:
    assert remedy(case(), "Mend it.", ()).decision == "To do by hand: Mend it."
    assert remedy(case(), "Mend it.", (), otherwise="Ask.").decision == "Ask."


def test_several_reasons_are_all_told_and_none_twice() -> None:
    more = create_log_group("/more")
    found = remedy(case(), "Mend it.", (LOST, more, LOST), otherwise="Ask.")
    assert found.decision == (
        "Ask. No command is printed, because no task definition names the log group '/other';"
        " and no task definition names the log group '/more'."
    )
