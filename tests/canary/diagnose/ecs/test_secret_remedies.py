"""A service's secret that is gone or changed: which value comes back, and which command asks it."""

from __future__ import annotations

from typing import Any

import pytest

from canary.control_plane.state import PlatformState, SecretState
from canary.diagnose.ecs.secret_remedies import restore, states, value_back
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p
from tests.canary.support.routed import HEALTHY, NAMES, case
from tests.canary.support.scenes.ecs import definition, on_revision

APP = "arn:aws:secretsmanager:us-east-1:123456789012:secret:app-AbCdEf"
REFERENCE = f"{APP}:database_password::"
SECRET = SecretState(reference=REFERENCE, name=APP, exists=True, version="v2", version_before="v1",
                     changed_at=p.ago(60))  # fmt: skip
PARAMETER = SecretState(
    reference="/redis/endpoint", name="/redis/endpoint", kind="parameter", exists=True,
    version="2", version_before="1", changed_at=p.ago(30),
)  # fmt: skip


def known(*secrets: SecretState, state: PlatformState = HEALTHY) -> PlatformState:
    return p.replace(state, secrets=secrets)


def lost(secret: SecretState, words: str = "not found", cause: str = "secret-unavailable") -> Any:
    return restore(case(known(secret)), "auth", words, cause)


def test_the_secrets_of_the_present_and_of_the_suspected_revision_count() -> None:
    own = p.replace(SECRET, reference="arn:own")
    other = p.replace(SECRET, reference="arn:other")
    assert states(case(known(SECRET, own, other)), "auth") == (SECRET,)
    seven = definition(on_revision("auth", 6), "auth", 7, container={"secrets": {"A": "arn:own"}})
    back = faults.service(seven, "auth", deployments=(
        p.replace(HEALTHY.ecs_services[0].deployments[0], id="ecs-svc/9", status="INACTIVE",
                  rollout_state="FAILED", failed_tasks=2),
        p.replace(HEALTHY.ecs_services[0].deployments[0],
                  task_definition=NAMES.revision("auth", 6)),
    ))  # fmt: skip
    assert states(case(known(SECRET, own, other, state=back)), "auth") == (SECRET, own)
    assert states(case(known(SECRET)), "cache") == ()


def test_a_deleted_secret_is_restored_and_one_that_is_gone_is_made_by_its_owner() -> None:
    deleted = lost(p.replace(SECRET, exists=False, deleted=True))
    assert deleted.summary == f"Take back the deletion of {APP}, then start tasks."
    assert [c.split()[2] for c in deleted.fix] == ["restore-secret", "update-service"]
    gone = lost(p.replace(SECRET, exists=False))
    assert (gone.summary, gone.fix) == (f"Create {APP} again, then start tasks.", ())
    assert "create-secret" in gone.decision_command and "--name app " in gone.decision_command
    assert gone.inspect == (
        "aws secretsmanager list-secrets --region us-east-1 --include-planned-deletion",
    )
    parameter = lost(p.replace(PARAMETER, exists=False))
    assert "put-parameter" in parameter.decision_command
    assert "SecureString" in parameter.decision_command
    assert parameter.inspect == (
        "aws ssm describe-parameters --region us-east-1 --filters"
        ' \'[{"Key":"Name","Values":["/redis/endpoint"]}]\'',
    )


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("app-AbCdEf", "app"), ("my-app-AbCdEf", "my-app"), ("app-AbCdE", "app-AbCdE"),
        ("app-AbCdEfg", "app-AbCdEfg"), ("-AbCdEf", "-AbCdEf"), ("app", "app"),
    ],
)  # fmt: skip
def test_the_name_of_a_secret_is_its_arn_without_six_characters(name: str, plain: str) -> None:
    arn = f"arn:aws:secretsmanager:us-east-1:123456789012:secret:{name}"
    gone = lost(p.replace(SECRET, name=arn, exists=False))
    assert f"--name {plain} " in gone.decision_command or f"--name={plain} " in (
        gone.decision_command
    )


def test_a_value_of_a_wrong_form_and_a_refused_login_get_the_value_before() -> None:
    back = f"Put the value of {APP} back that was there before {SECRET.changed_at}"
    for words in ("json key x", "invalid character"):
        assert lost(SECRET, words).summary.startswith((back, "Start tasks anew"))
    assert lost(SECRET, cause="database-auth-failed").summary.startswith((back, "Start tasks anew"))
    assert lost(SECRET).summary == "Make the secret that the stopped reason names readable."
    changed = definition(HEALTHY, "auth", 6, container={"secrets": {"DB_PASSWORD": "arn:x"}})
    before = on_revision("auth", 6, changed)
    found = restore(case(known(SECRET, state=changed), before), "auth", "json key", "x")
    assert not found.summary.startswith((back, "Start tasks anew"))


def value(*secrets: SecretState, words: tuple[str, ...] = ("password",), started: float = 5) -> Any:
    task = p.replace(p.running_task(NAMES, "auth"), created_at=p.ago(started))
    state = faults.service(known(*secrets), "auth", tasks=(task,))
    return value_back(case(state), "auth", words)


def test_a_value_that_a_task_was_started_with_goes_back() -> None:
    tried, not_tried = value(SECRET), value(SECRET, started=61)
    assert tried.summary == (
        f"Put the value of {APP} back that was there before {SECRET.changed_at}, then start tasks."
    )
    assert [c.split()[2] for c in tried.fix] == ["update-secret-version-stage", "update-service"]
    assert tried.decision.startswith("Look first whether the change was meant")
    assert not_tried.summary == (
        f"Start tasks anew: none of them was started with the value of {APP} that was stored at"
        f" {SECRET.changed_at}."
    )
    assert ([c.split()[2] for c in not_tried.fix], not_tried.decision) == (["update-service"], "")
    assert value(SECRET, started=60).fix == tried.fix
    assert "list-secret-version-ids" in tried.inspect[0]


@pytest.mark.parametrize(
    ("secret", "words", "known_"),
    [
        (SECRET, ("password",), True), (SECRET, ("redis",), False), (SECRET, ("",), True),
        (SECRET, ("x", "db"), True), (p.replace(SECRET, version_before=""), ("",), False),
        (p.replace(SECRET, changed_at=p.ago(24 * 60)), ("",), False),
        (p.replace(SECRET, changed_at=p.ago(24 * 60 - 0.1)), ("",), True),
    ],
)  # fmt: skip
def test_only_a_recent_change_of_what_the_words_are_about_counts(
    secret: SecretState, words: tuple[str, ...], known_: bool
) -> None:
    nothing = "Compare the login in the secret with the one in the database."
    assert (value(secret, words=words).summary != nothing) is known_


def test_of_several_changes_the_latest_goes_back() -> None:
    assert "/redis/endpoint" in value(SECRET, PARAMETER, words=("",)).summary
    assert APP in value(SECRET, p.replace(PARAMETER, changed_at=p.ago(90)), words=("",)).summary
    shown = value(PARAMETER, words=("redis",)).inspect[0]
    assert "describe-parameters" in shown


def mended(words: str, **secrets: str) -> str:
    """Return the decision where the auth tasks refer to these secrets and AWS says these words."""
    state = definition(HEALTHY, "auth", 7, container={"secrets": secrets})
    return restore(case(known(state=state)), "auth", words, "secret-unavailable").decision


FORM = (
    " in a new revision of the task definition: behind the secret's ARN ECS takes"
    " :json-key:version-stage:version-id with all three colons, such as :password:: for a key"
    " alone."
)
OTHERWISE = (
    "Create the secret that the stopped reason names, or mend the reference in the task definition."
)


def test_references_of_a_form_that_ecs_refuses_are_named_by_their_variable() -> None:
    refused = "unexpected ARN format with parameters when trying to retrieve ASM secret"
    right = {"WHOLE": APP, "KEY": REFERENCE, "PARAMETER": "/redis/endpoint"}
    one, two = f"{APP}:password", f"{APP}:password:AWSCURRENT"
    assert mended(refused, B=one, A=two, **right) == f"Mend the reference of A and B{FORM}"
    assert mended(refused, A=one, **right) == f"Mend the reference of A{FORM}"
    elsewhere = "arn:aws:ssm:us-east-1:123456789012:parameter/a:b:c"
    assert mended(refused, A=elsewhere, **right) == f"Mend the reference{FORM}"
    assert mended(refused.upper(), A=one) == f"Mend the reference of A{FORM}"
    assert mended("not found", A=one) == OTHERWISE
