"""Text from outside never becomes part of a permission, a command or a resource."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable
from typing import Any

import pytest

from canary.control_plane.state import PlatformState, SecretState
from canary.diagnose import diagnose
from canary.diagnose.core.aws_cli import Aws
from canary.model import Diagnosis, Result
from tests.canary.support import platforms as p
from tests.canary.support.platform_faults import FAULTS, Fault, by_id, plant

AWS = "arn:aws:{}:us-east-1:123456789012:"
SECRET = AWS.format("secretsmanager") + "secret:app-AbCdEf"
REFERENCE = f"{SECRET}:database_password::"
PARAMETER = AWS.format("ssm") + "parameter/redis/endpoint"
OWN = [
    {"Effect": "Allow", "Action": ["secretsmanager:GetSecretValue"], "Resource": [SECRET]},
    {"Effect": "Allow", "Action": ["ssm:GetParameters"], "Resource": [PARAMETER]},
]
PULL = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
HOSTILE = "$(reboot)`id`;--profile file:///etc/passwd 'x' \"y\" arn:aws:iam::666:role/evil Evil666"


def denied(text: str, state: PlatformState | None = None, **container: Any) -> Diagnosis:
    """Return the diagnosis of an API whose newest task stopped with this reason."""
    planted, results = plant(by_id("api-role-denied"))
    (service,) = (s for s in planted.ecs_services if s.name == p.Names().of("registry"))
    planted = p.change(
        planted,
        "ecs_services",
        service.name,
        tasks=tuple(
            p.replace(t, stopped_reason=text) if "dead" in t.arn else t for t in service.tasks
        ),
    )
    definitions = tuple(
        p.replace(d, containers=(p.replace(d.containers[0], **container),))
        for d in planted.task_definitions
    )
    planted = p.replace(
        planted, task_definitions=definitions, secrets=state.secrets if state else planted.secrets
    )
    found = diagnose(results, planted, p.environment(p.Names()), None, p.NOW).diagnoses
    return next(d for d in found if d.cause == "execution-role-denied")


def statements(found: Diagnosis) -> list[dict[str, Any]]:
    """Return the statements of the policies that a diagnosis would have put."""
    words = [shlex.split(c) for c in found.remedy.fix if "put-role-policy" in c]
    return [s for w in words for s in json.loads(w[w.index("--policy-document") + 1])["Statement"]]


def refusal(action: str, resource: str) -> str:
    user = "arn:aws:sts::123456789012:assumed-role/exec/1"
    return (
        f"AccessDenied: User: {user} is not authorized to perform: {action} on resource: {resource}"
    )


def secrets(**keys: str) -> PlatformState:
    references = {"secret": (REFERENCE, "secret"), "parameter": ("/redis/endpoint", "parameter")}
    return PlatformState(
        secrets=tuple(
            SecretState(reference=references[n][0], exists=True, kind=references[n][1], kms_key=key)
            for n, key in keys.items()
        )
    )


@pytest.mark.parametrize(
    "text",
    [
        refusal("secretsmanager:GetSecretValue", SECRET),
        refusal("secretsmanager:GetSecretValue", "*"),
        refusal("secretsmanager:GetSecretValue", AWS.format("secretsmanager") + "secret:other"),
        refusal("secretsmanager:*", "arn:aws:secretsmanager:*:666:secret:*"),
        refusal("ssm:GetParameters", AWS.format("ssm") + "parameter/*"),
        refusal("ssm:PutParameter", PARAMETER),
        "AccessDeniedException: " + HOSTILE,
    ],
)
def test_a_role_gets_what_the_revision_refers_to_and_nothing_of_the_reason(text: str) -> None:
    found = denied(text)
    assert statements(found) == OWN
    assert found.remedy.decision == ""


@pytest.mark.parametrize(
    "text",
    [
        refusal("iam:PassRole", "arn:aws:iam::666:role/admin"),
        refusal("s3:GetObject", "arn:aws:s3:::evil/*"),
        refusal("sts:AssumeRole", "arn:aws:iam::666:role/admin"),
        refusal("ecr:GetAuthorizationToken", "*"),  # its image is of another registry
        refusal("kms:Decrypt", AWS.format("kms") + "key/evil"),
        "ECS was unable to assume the role arn:aws:iam::123456789012:role/exec",
        refusal("secretsmanager:GetSecretValue", SECRET) + " with an explicit deny",
    ],
)
def test_what_the_revision_does_not_refer_to_is_a_decision(text: str) -> None:
    found = denied(text)
    assert found.remedy.fix == ()
    assert found.remedy.decision
    assert not [w for w in ("666", "evil", "PassRole") if w in str(found.remedy)]


def test_the_registry_of_its_own_image_may_be_read() -> None:
    image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/api:7"
    found = denied(refusal("ecr:BatchGetImage", "arn:aws:ecr:*:*:repository/*"), image=image)
    repository = AWS.format("ecr") + "repository/shop/api"
    assert statements(found) == [
        {"Effect": "Allow", "Action": PULL, "Resource": [repository]},
        {"Effect": "Allow", "Action": ["ecr:GetAuthorizationToken"], "Resource": ["*"]},
        *OWN,
    ]


def test_its_own_log_group_may_be_written() -> None:
    found = denied(refusal("logs:CreateLogStream", "arn:aws:logs:*:*:*"), log_group="/ecs/a")
    group = AWS.format("logs") + "log-group:/ecs/a:*"
    actions = ["logs:CreateLogStream", "logs:PutLogEvents"]
    assert statements(found)[0] == {"Effect": "Allow", "Action": actions, "Resource": [group]}
    assert statements(found)[1:] == OWN


KEY = AWS.format("kms") + "key/1234-ab"


@pytest.mark.parametrize("text", ["AccessDenied: Access to KMS is not allowed", "AccessDenied"])
@pytest.mark.parametrize("key", [KEY, "1234-ab"])
def test_the_key_that_aws_describes_may_decrypt(text: str, key: str) -> None:
    found = denied(text, secrets(secret=key, parameter="alias/aws/ssm"))
    decrypt = {"Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": [KEY]}
    assert statements(found) == [decrypt, *OWN]
    assert found.remedy.decision == ""


def test_a_key_that_an_alias_names_is_a_decision() -> None:
    alias = secrets(parameter="alias/shop")
    found = denied("AccessDenied: Access to KMS is not allowed", alias)
    assert (found.remedy.fix, "KMS key" in found.remedy.decision) == ((), True)
    beside = denied(refusal("ssm:GetParameters", PARAMETER), alias)
    assert statements(beside) == OWN
    assert beside.remedy.decision.endswith("with the key behind alias/shop, too.")


@pytest.mark.parametrize(
    "reference",
    [
        AWS.format("secretsmanager") + "secret:*",
        AWS.format("secretsmanager") + "secret:app-${aws:username}",
        AWS.format("ssm") + "parameter/*",
        "arn:aws:iam::123456789012:role/admin",
        "a*",
        "file:///etc/passwd",
        "",
    ],
)
def test_a_reference_that_aws_would_not_take_is_no_resource(reference: str) -> None:
    found = denied("AccessDenied", secrets={"A": REFERENCE, "B": reference})
    assert statements(found) == OWN[:1]
    alone = denied("AccessDenied", secrets={"B": reference})
    assert (alone.remedy.fix, bool(alone.remedy.decision)) == ((), True)


def poisoned(state: PlatformState) -> PlatformState:
    """Return the state with hostile words behind every text that a third party writes."""

    def tasks(found: Iterable[Any]) -> tuple[Any, ...]:
        return tuple(
            p.replace(
                t,
                stopped_reason=f"{t.stopped_reason} {HOSTILE}",
                containers=tuple(
                    p.replace(c, reason=f"{c.reason} {HOSTILE}") for c in t.containers
                ),
            )
            if t.last_status == "STOPPED"
            else t
            for t in found
        )

    services = tuple(
        p.replace(
            s,
            tasks=tasks(s.tasks),
            events=tuple(p.replace(e, message=f"{e.message} {HOSTILE}") for e in s.events),
        )
        for s in state.ecs_services
    )
    logs = {
        name: tuple(p.replace(x, message=f"{x.message} {HOSTILE}") for x in lines)
        for name, lines in state.logs.items()
    }
    groups = tuple(
        p.replace(
            g,
            targets=tuple(
                p.replace(t, description=f"{t.description} {HOSTILE}") for t in g.targets
            ),
        )
        for g in state.target_groups
    )
    return p.replace(state, ecs_services=services, logs=logs, target_groups=groups)


def answered(results: list[Result]) -> list[Result]:
    """Return the results with hostile words behind every answer's text."""
    return [
        p.replace(
            r,
            steps=tuple(
                p.replace(
                    s,
                    evidence=tuple(
                        p.replace(e, excerpt=f"{e.excerpt} {HOSTILE}") if e.excerpt else e
                        for e in s.evidence
                    ),
                )
                for s in r.steps
            ),
        )
        for r in results
    ]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.id)
def test_no_word_of_a_third_party_is_in_a_remedy_or_a_resource(fault: Fault) -> None:
    state, results = plant(fault)
    environment = p.environment(p.Names())
    found = diagnose(answered(results), poisoned(state), environment, p.healthy(), p.NOW).diagnoses
    assert fault.cause in {d.cause for d in found}
    told = [(d.resource, d.remedy) for d in found]
    assert not [w for w in ("666", "evil", "reboot", "passwd") if w in str(told)]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.id)
def test_a_name_that_others_choose_freely_is_in_no_command(fault: Fault) -> None:
    state, results = plant(fault)
    groups = tuple(p.replace(g, name=f"{HOSTILE} {g.name}") for g in state.security_groups)
    state = p.replace(state, security_groups=groups)
    found = diagnose(results, state, p.environment(p.Names()), p.healthy(), p.NOW).diagnoses
    commands = [(d.remedy.inspect, d.remedy.fix, d.remedy.verify) for d in found]
    assert not [w for w in ("666", "evil", "reboot", "passwd") if w in str(commands)]


def test_a_value_is_never_read_as_an_option_or_as_shorthand() -> None:
    aws = Aws(p.environment(p.Names()))
    assert shlex.split(aws("ssm", "get-parameter", name="--profile"))[-1] == "--name=--profile"
    assert shlex.split(aws("ssm", "get-parameter", name="-x; id"))[-1] == "--name=-x; id"
    for hostile in ("file:///etc/passwd", "fileb://x", "http://evil/x", "https://evil/x", "a\nb"):
        for service, name in (("ssm", "Name"), ("ecs", "name"), ("logs", "name")):
            words = shlex.split(aws(service, "describe", name=hostile, since="1", force=True))
            assert words[5:8] == ["--since", "1", "--force"]
            assert words[8] == "--cli-input-json" and json.loads(words[9]) == {name: hostile}
            assert "\n" not in aws(service, "describe", name=hostile)
    for hostile in ("file:///etc/passwd", "--profile", "[x]", "{x}", "a\nb"):
        words = shlex.split(aws.ecs("describe-services", services=["a", hostile]))
        assert json.loads(words[-1]) == ["a", hostile] and words[-2] == "--services"
    state, results = plant(by_id("auth-secret-gone"))
    comma = "a,Key=Type,Values=String"
    missing = SecretState(reference="/redis/endpoint", exists=False, kind="parameter", name=comma)
    state = p.replace(state, secrets=(missing,))
    (found, *_) = diagnose(results, state, p.environment(p.Names()), None, p.NOW).diagnoses
    words = shlex.split(found.remedy.inspect[0])
    filters = json.loads(words[words.index("--filters") + 1])
    assert filters == [{"Key": "Name", "Values": [comma]}]


@pytest.mark.parametrize(
    ("group", "shown"),
    [
        ("/ecs/api", "aws logs tail --region"),
        ("#shared", "aws logs tail '#shared' --region"),
        ("/x $(reboot)", ""),
        ("--profile", ""),
        ("file:///etc/passwd", ""),
        ("/x; id", ""),
        ("/x\nid", ""),
    ],
)
def test_a_log_group_of_a_task_definition_is_a_name_or_no_part_of_a_command(
    group: str, shown: str
) -> None:
    state, results = plant(by_id("auth-crashes"))
    definitions = tuple(
        p.replace(d, containers=tuple(p.replace(c, log_group=group) for c in d.containers))
        for d in state.task_definitions
    )
    state = p.replace(state, task_definitions=definitions)
    found = diagnose(results, state, p.environment(p.Names()), p.healthy(), p.NOW).diagnoses
    tails = {c for d in found for c in d.remedy.inspect if " logs tail " in c}
    assert {c.partition(" us-east-1")[0].replace(" /ecs/api", "") for c in tails} == (
        {shown} if shown else set()
    )
