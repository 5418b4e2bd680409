"""Commands for a person to look with: AWS's real names, quoted for a shell."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from canary.diagnose.core.aws_cli import Aws, compact
from tests.canary.support import platforms as p
from tests.house import documents

AWS = Aws(p.environment(p.Names()))
HEAD = "aws logs tail --region us-east-1"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, ""),
        ({"log_group_name": "/ecs/api"}, " --log-group-name /ecs/api"),
        ({"names": ["a", "b c"]}, " --names a 'b c'"),
        ({"limit": 20}, " --limit 20"),
        ({"names": ["a", "-b"]}, """ --names '["a","-b"]'"""),
        ({"names": ["[b", "a"]}, """ --names '["[b","a"]'"""),
        ({"names": ["a", "{b"]}, """ --names '["a","{b"]'"""),
        ({"names": ["a", "file://b"]}, """ --names '["a","file://b"]'"""),
        ({"follow": True}, " --follow"),
        ({"follow": False}, ""),
        ({"since": None}, ""),
        ({"filter": "-x"}, " --filter=-x"),
        ({"filter": "- x"}, " --filter='- x'"),
        ({"filter": "a;b"}, " --filter 'a;b'"),
        ({"filter": "=ls"}, " --filter '=ls'"),  # zsh reads it as the path of a program
        ({"names": ["=ls", "a=b"]}, " --names '=ls' a=b"),
        ({"follow": True, "since": None, "limit": 1}, " --follow --limit 1"),
    ],
)
def test_an_option_is_written_as_the_aws_cli_takes_it(options: dict[str, Any], words: str) -> None:
    assert AWS("logs", "tail", **options) == HEAD + words


@pytest.mark.parametrize("text", ["file://x", "fileb://x", "http://x", "https://x", "--"])
def test_what_the_aws_cli_would_read_stands_in_json(text: str) -> None:
    inside = '{"logGroupName":"' + text + '"}'
    assert AWS("logs", "tail", log_group_name=text) == f"{HEAD} --cli-input-json '{inside}'"


def test_the_parameters_of_a_service_begin_as_aws_writes_them() -> None:
    odd = {"long_name_of": "file://x"}
    assert '\'{"longNameOf":"file://x"}\'' in AWS("ecs", "x", **odd)
    assert '\'{"LongNameOf":"file://x"}\'' in AWS("elbv2", "x", **odd)


def test_the_short_forms_name_service_and_cluster() -> None:
    assert AWS.elbv2("describe-rules", listener_arn="x") == (
        "aws elbv2 describe-rules --region us-east-1 --listener-arn x"
    )
    assert AWS.ecs("describe-services", services=["a"]) == (
        "aws ecs describe-services --region us-east-1 --cluster hokusai-cluster-development"
        " --services a"
    )
    assert AWS("ecs", "wait services-stable") == "aws ecs wait services-stable --region us-east-1"


def test_the_region_is_quoted() -> None:
    environment = p.replace(p.environment(p.Names()), region="x; touch made")
    assert Aws(environment)("ecs", "x") == "aws ecs x --region 'x; touch made'"


def test_a_structure_is_json_without_blanks() -> None:
    assert compact([{"Key": "Name", "Values": ["a"]}]) == '[{"Key":"Name","Values":["a"]}]'


FAKE = r"""#!/bin/sh
if [ "$2" = get-secret-value ]; then echo "$KEPT"; exit "${FAILS:-0}"; fi
printf "%s\n" "$*" > "$SAID"
for last; do :; done
cat "${last#file://}" >> "$SAID"
exit "${FAILS:-0}"
"""
KEY = AWS.with_secret("secretsmanager", "put-secret-value", '{"api_key":"%s"}', secret_id="a b")
PARAMETER = AWS.with_secret("ssm", "put-parameter", name="/p", type="SecureString")
DOCUMENTED = {
    f"{page.name} {number}": line.strip()
    for page in documents.PAGES
    for number, line in enumerate(documents.code(page))
    if "read -rs " in line
}
PAIRS = {
    "pair": AWS.with_secret(
        "secretsmanager", "create-secret", '{"username":"%s","password":"%s"}', name="x"
    ),
    **{name: line for name, line in DOCUMENTED.items() if "read -r NAME" in line},
}
# one credential among those of a secret: the others are read and written back
AMONG = {name: line for name, line in DOCUMENTED.items() if "| jq " in line}
OTHERS = {n: line for n, line in DOCUMENTED.items() if n not in PAIRS and n not in AMONG}
IN_JSON = {"key": KEY, **OTHERS}
LINES = {"parameter": PARAMETER, **IN_JSON, **AMONG}
KEPT = {"PRINCIPAL": {"api_key": "old"}, "other": {"username": "ida", "password": "p"}}
WITHOUT_S = shutil.which("dash")  # its `read` has no option -s


class Entered(NamedTuple):
    """What the AWS CLI got as arguments and read, None if it was not called."""

    arguments: str | None
    read: str
    told: str


@pytest.fixture
def enter(tmp_path: Path) -> Callable[..., Entered]:
    """Type a command and a secret; in place of the AWS CLI stands a program that notes both."""
    said, fake = tmp_path / "said", tmp_path / "aws"
    fake.write_text(FAKE)
    fake.chmod(0o755)

    def typed(line: str, secret: str, shell: str = "bash", fails: int = 0) -> Entered:
        done = subprocess.run(
            [shell, "-c", f"{line}; echo left:$VALUE"],
            env={
                "PATH": f"{tmp_path}:/usr/bin:/bin",
                "SAID": str(said),
                "FAILS": str(fails),
                "KEPT": json.dumps(KEPT),
            },
            input=secret,
            text=True,
            capture_output=True,
            check=True,
        )
        assert done.stdout == "left:\n"
        arguments, _, read = said.read_text().partition("\n") if said.exists() else (None, "", "")
        return Entered(arguments, read, done.stderr)

    return typed


def test_a_secret_is_typed_and_never_an_argument(enter: Callable[..., Entered]) -> None:
    typed = ' s3cret  "\\n $(id) %s '
    found = enter(PARAMETER, f"{typed}\n")
    assert (found.read, found.told) == (typed, "")
    assert found.arguments and typed.strip() not in found.arguments
    assert found.arguments.endswith(" --value file:///dev/stdin")


@pytest.mark.parametrize("line", IN_JSON.values(), ids=IN_JSON)
@pytest.mark.parametrize("typed", ["s3cret", "  it's $(id) `id` %s !! é  "])
def test_a_secret_of_a_form_is_a_value_of_json(
    line: str, typed: str, enter: Callable[..., Entered]
) -> None:
    found = enter(line, f"{typed}\n")
    assert ([*json.loads(found.read).values()], found.told) == ([typed], "")
    assert found.arguments and typed not in found.arguments
    assert found.arguments.endswith(" --secret-string file:///dev/stdin")


@pytest.mark.skipif(shutil.which("jq") is None, reason="this machine has no jq")
@pytest.mark.parametrize("line", AMONG.values(), ids=AMONG)
@pytest.mark.parametrize("typed", ["s3cret", "  it's $(id) `id` %s !! é  "])
def test_one_credential_among_others_is_replaced_alone(
    line: str, typed: str, enter: Callable[..., Entered]
) -> None:
    found = enter(line, f"{typed}\n")
    assert json.loads(found.read) == {**KEPT, "PRINCIPAL": {"api_key": typed}}
    assert found.arguments and typed not in found.arguments
    assert found.arguments.endswith(" --secret-string file:///dev/stdin")


def test_each_kind_of_documented_command_is_tried() -> None:
    assert len(AMONG) == 1 and len(PAIRS) >= 2 and len(IN_JSON) >= 2


@pytest.mark.parametrize("line", PAIRS.values(), ids=PAIRS)
@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("ida\n s3cret %s \n", {"username": "ida", "password": " s3cret %s "}),
        ("ida\n\n", None),
        ("\ns3cret\n", None),
        ("ida\n", None),
        ('i"da\ns3cret\n', None),
        ("ida\ns3\\cret\n", None),
    ],
)
def test_a_name_is_asked_for_before_its_password(
    line: str, typed: str, stored: dict[str, str] | None, enter: Callable[..., Entered]
) -> None:
    found = enter(line, typed)
    assert (json.loads(found.read) if found.read else None) == stored
    assert "s3cret" not in (found.arguments or "")
    assert found.told == ("" if stored else "The secret was not stored.\n")


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
@pytest.mark.parametrize("typed", ["", "\n", "cut off"], ids=["end", "empty", "no line"])
def test_nothing_is_stored_where_nothing_was_typed(
    line: str, typed: str, enter: Callable[..., Entered]
) -> None:
    assert enter(line, typed) == (None, "", "The secret was not stored.\n")


@pytest.mark.parametrize("line", (IN_JSON | AMONG).values(), ids=IN_JSON | AMONG)
@pytest.mark.parametrize("typed", ['p"a', "p\\a", "p\ta", "\\", '"', "p\x1b[Aa"])
def test_what_would_break_the_json_is_not_stored(
    line: str, typed: str, enter: Callable[..., Entered]
) -> None:
    assert enter(line, f"{typed}\n") == (None, "", "The secret was not stored.\n")


def test_a_refused_call_is_told(enter: Callable[..., Entered]) -> None:
    found = enter(KEY, "s3cret\n", fails=254)
    assert (found.read, found.told) == ('{"api_key":"s3cret"}', "The secret was not stored.\n")


@pytest.mark.skipif(WITHOUT_S is None, reason="this machine has no dash")
@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_a_shell_that_cannot_hide_a_secret_stores_nothing(
    line: str, enter: Callable[..., Entered]
) -> None:
    found = enter(line, "s3cret\n", shell=str(WITHOUT_S))
    assert found.arguments is None and found.told.endswith("The secret was not stored.\n")
