"""What a role needs to start tasks: from the own references of its task definition alone."""

from __future__ import annotations

from typing import Any

import pytest

from canary.control_plane.state import (
    Container,
    IamRole,
    PlatformState,
    SecretState,
    TaskDefinition,
)
from canary.diagnose.ecs.role_needs import Needs, key_arn, needs_of, states
from canary.diagnose.ecs.role_remedies import grant, statements
from canary.diagnose.ecs.task_stops import Stop
from canary.model import Remedy
from tests.canary.support import platforms as p
from tests.canary.support.routed import HEALTHY, NAMES, case
from tests.canary.support.scenes.ecs import definition

SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:app-AbCdEf"
PARAMETER = "arn:aws:ssm:us-east-1:123456789012:parameter/a/b"
KEY = "arn:aws:kms:us-east-1:123456789012:key/1a-2b"
GET, READ, DECRYPT = (
    ("secretsmanager:GetSecretValue",), ("ssm:GetParameters",), ("kms:Decrypt",)
)  # fmt: skip
PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
TOKEN, WRITE = ("ecr:GetAuthorizationToken",), ("logs:CreateLogStream", "logs:PutLogEvents")


def needs(*containers: dict[str, Any], family: str = "", state: PlatformState = HEALTHY) -> Needs:
    made = tuple(Container(**{"name": "c", "image": "i", **c}) for c in containers)
    revision = TaskDefinition(arn="td/x:1", family="x", revision=1, containers=made)
    return needs_of(case(state), revision, family)


def refers(*references: str, **more: Any) -> dict[str, Any]:
    return {"secrets": {f"V{n}": r for n, r in enumerate(references)}, **more}


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        (SECRET, {GET: {SECRET}}), (f"{SECRET}:password::", {GET: {SECRET}}),
        (f"{SECRET}:a:AWSCURRENT:1-2", {GET: {SECRET}}),
        (SECRET.replace("aws:", "aws-cn:", 1), {GET: {SECRET.replace("aws:", "aws-cn:", 1)}}),
        (PARAMETER, {READ: {PARAMETER}}), ("/a/b", {READ: {PARAMETER}}),
        ("a/b", {READ: {PARAMETER}}), ("a.b-c_d", {READ: {PARAMETER[:-3] + "a.b-c_d"}}),
        (f"{SECRET}*", {}), (f"{SECRET}:x*", {}), (f"{SECRET}:${{x}}", {}), (f"{SECRET}?", {}),
        (f"{PARAMETER}*", {}), ("a b", {}), ("*", {}), ("", {}), ("é", {}),
        ("arn:aws:s3:::bucket", {}),
    ],
)  # fmt: skip
def test_a_reference_is_read_by_one_action_on_just_its_object(reference: str, found: Needs) -> None:
    assert needs(refers(reference)) == found


def test_the_references_of_all_containers_count() -> None:
    other = PARAMETER[:-1] + "c"
    assert needs(refers(SECRET, "/a/b"), refers(other)) == {
        GET: {SECRET}, READ: {PARAMETER, other},
    }  # fmt: skip
    assert needs() == needs(refers()) == {}


def test_a_key_is_one_that_aws_describes_by_its_id() -> None:
    known = case()
    assert key_arn(known, KEY) == KEY == key_arn(known, "1a-2b")
    assert key_arn(known, KEY.replace("aws:", "aws-us-gov:", 1)) == KEY.replace(
        "aws:", "aws-us-gov:", 1
    )
    for none in ("alias/own", "arn:aws:kms:us-east-1:123456789012:alias/own", "", f"{KEY}*", "a b"):
        assert key_arn(known, none) == ""


def test_what_is_encrypted_with_a_key_needs_the_key_too() -> None:
    def state(reference: str, key: str) -> SecretState:
        return SecretState(reference=reference, exists=True, kms_key=key)

    one, none, other = state(SECRET, KEY), state(SECRET, ""), state("/a/b", "3c")
    state_of = p.replace(HEALTHY, secrets=(none, one, other))
    assert states(case(state_of), SECRET) == (one,)
    assert states(case(state_of), "/other") == ()
    assert needs(refers(SECRET), state=state_of) == {GET: {SECRET}, DECRYPT: {KEY}}
    assert needs(refers(SECRET, "/a/b"), state=state_of)[DECRYPT] == {
        KEY, KEY.replace("1a-2b", "3c"),
    }  # fmt: skip
    alias = p.replace(HEALTHY, secrets=(state(SECRET, "alias/own"),))
    assert needs(refers(SECRET), state=alias) == {GET: {SECRET}}


IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/auth"


@pytest.mark.parametrize("tag", ["", ":7", "@sha256:abc", ":a.b-c"])
def test_an_image_of_ecr_is_pulled_where_that_was_denied(tag: str) -> None:
    wanted = {
        PULL: {"arn:aws:ecr:us-east-1:123456789012:repository/team/auth"}, TOKEN: {"*"},
    }  # fmt: skip
    assert needs({"image": IMAGE + tag}, family="ecr") == wanted
    assert needs({"image": IMAGE + tag}) == needs({"image": IMAGE + tag}, family="logs") == {}
    china = needs({"image": IMAGE.replace(".com/", ".com.cn/") + tag}, family="ecr")
    assert china == wanted


@pytest.mark.parametrize(
    "image",
    ["repo/auth:7", "12345678901" + IMAGE[12:], f"x{IMAGE}", f"{IMAGE}*", "", f"{IMAGE} x"],
)
def test_an_image_of_elsewhere_needs_no_right(image: str) -> None:
    assert needs({"image": image}, family="ecr") == {}
    both = needs({"image": image}, {"image": IMAGE}, family="ecr")
    assert both[PULL] == {"arn:aws:ecr:us-east-1:123456789012:repository/team/auth"}


def test_a_log_group_is_written_to_where_that_was_denied() -> None:
    arn = "arn:aws:logs:us-east-1:123456789012:log-group:{}:*"
    groups = ({"log_group": "/ecs/a"}, {"log_group": "b#1"}, {"log_group": ""}, {"log_group": "*"})
    assert needs(*groups, family="logs") == {WRITE: {arn.format("/ecs/a"), arn.format("b#1")}}
    assert needs(*groups) == needs(*groups, family="ecr") == {}


def test_a_policy_states_each_need_in_order() -> None:
    found = statements({READ: {"b", "a"}, GET: {"c"}})
    assert found == [
        {"Effect": "Allow", "Action": [GET[0]], "Resource": ["c"]},
        {"Effect": "Allow", "Action": [READ[0]], "Resource": ["a", "b"]},
    ]
    assert statements({}) == []


ROLE = IamRole(arn="arn:aws:iam::123456789012:role/exec")


def granted(
    stopped: int | None, words: str = "AccessDenied", now: IamRole | None = None,
    was: IamRole | None = None, **more: Any,
) -> Remedy:  # fmt: skip
    """Return what gives auth's role its rights, where revision 6 reads /six and 7 reads /seven."""
    state = p.replace(HEALTHY, roles=(now,) if now else ())
    for number, name in ((6, "/six"), (7, "/seven")):
        fields = {"container": {"secrets": {"A": name}}, **more}
        state = definition(state, "auth", number, **fields)
    task = p.running_task(NAMES, "auth", stopped) if stopped else None
    stop = Stop(cause="execution-role-denied", task=task, words=words)
    before = p.replace(state, roles=(was,)) if was else None
    return grant(case(state, before), "auth", stop)


def test_the_rights_are_those_that_the_stopped_revision_needs() -> None:
    for stopped, name in ((6, "six"), (7, "seven"), (None, "seven")):
        found = granted(stopped)
        assert found.summary == ("Let the execution role exec read what the task definition names.")
        policy, deploy = found.fix
        assert f"parameter/{name}" in policy and "ssm:GetParameters" in policy
        assert " --role-name exec " in f"{policy} " and "update-service" in deploy
        assert [c.split()[2] for c in found.inspect] == [
            "get-role", "list-role-policies", "list-attached-role-policies",
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "decision"),
    [
        ("AccessDenied with an explicit deny in a policy",
         "A policy denies the action explicitly: find that statement and remove it."),
        ("ECS was unable to assume the role",
         "ECS may not assume exec: let its trust policy name ecs-tasks.amazonaws.com."),
        ("is not authorized to perform: s3:GetObject",
         "exec lacks a right for something that the task definition does not refer to: see the"
         " stopped reason, and decide whether the role may have it."),
        ("Access to KMS is not allowed",
         "Find the KMS key of the secrets that the task definition names, and decide whether exec"
         " may decrypt with it: AWS describes no key of them by its id."),
    ],
)  # fmt: skip
def test_what_no_right_of_the_role_mends_is_a_decision(words: str, decision: str) -> None:
    found = granted(7, words)
    assert (found.fix, found.decision) == ((), decision)


def test_without_a_role_there_is_nobody_to_give_rights_to() -> None:
    found = granted(7, execution_role="")
    assert (found.fix, found.inspect) == ((), ())
    assert found.summary == "Let the task definition name an execution role."
    assert found.decision == (
        "The task definition names no execution role: register a revision that does."
    )


def named(found: Remedy) -> list[str]:
    """Return the names of the policies that the fix gives the role."""
    words = [w for command in found.fix if "put-role-policy" in command for w in command.split()]
    return [words[n + 1] for n, word in enumerate(words) if word == "--policy-name"]


def allowing(*resources: str) -> dict[str, Any]:
    one = {"Effect": "Allow", "Action": ["ssm:GetParameters"], "Resource": [*resources]}
    return {"Version": "2012-10-17", "Statement": [one]}


SEVEN = "arn:aws:ssm:us-east-1:123456789012:parameter/seven"


def test_the_name_of_the_policy_tells_its_content_where_the_role_is_not_known_whole() -> None:
    assert named(granted(7, now=ROLE)) == ["auth-read-at-start"]
    cut = p.replace(ROLE, bounded=("policies",))
    (name,) = named(granted(7))
    assert named(granted(7, now=cut)) == [name] != named(granted(6))
    assert len(name) == len("auth-read-at-start-") + 8


def test_a_policy_that_the_role_lost_comes_back_where_it_is_no_wider_than_the_start_needs() -> None:
    was = p.replace(ROLE, policies={"base": allowing(SEVEN)})
    assert named(granted(7, now=ROLE, was=was)) == ["base"]
    wide = p.replace(ROLE, policies={"base": allowing("*")})
    assert named(granted(7, now=ROLE, was=wide)) == ["auth-read-at-start"]
    other = p.replace(ROLE, policies={"base": allowing(f"{SEVEN}x")})
    assert granted(7, now=ROLE, was=other).fix == ()  # it lost nothing that this start lacks
    for known in ({"now": p.replace(ROLE, bounded=("x",)), "was": was},
                  {"now": ROLE, "was": p.replace(was, bounded=("x",))}):  # fmt: skip
        assert named(granted(7, **known)) != ["base"]


def test_a_role_that_has_the_right_or_had_none_more_lacks_something_else() -> None:
    has = p.replace(ROLE, policies={"auth-read-at-start": allowing(SEVEN)})
    assert granted(7, now=has).decision.startswith("exec has a policy that allows what the task")
    same = granted(7, now=ROLE, was=ROLE).decision
    assert same.startswith("The policies of exec are as they were while all was well.")
    changed = p.replace(ROLE, policies={"new": allowing(f"{SEVEN}x")})
    assert granted(7, now=changed, was=ROLE).decision.startswith(
        "The policies of exec changed since all was well, but it lost no right"
    )
