"""Commands for a person to look with: AWS's real names, quoted for a shell."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from canary.diagnose.core.aws_cli import Aws, compact
from tests.canary.support import platforms as p

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
    json = '{"logGroupName":"' + text + '"}'
    assert AWS("logs", "tail", log_group_name=text) == f"{HEAD} --cli-input-json '{json}'"


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
printf "%s\n" "$*" > "$SAID"
for last; do :; done
cat "${last#file://}" >> "$SAID"
"""


@pytest.mark.parametrize(
    ("service", "operation", "form", "options"),
    [
        ("secretsmanager", "put-secret-value", '{"api_key":"%s"}', {"secret_id": "a b"}),
        ("ssm", "put-parameter", "%s", {"name": "/p", "type": "SecureString"}),
    ],
    ids=["secret", "parameter"],
)
def test_a_secret_is_typed_and_never_an_argument(
    service: str, operation: str, form: str, options: dict[str, Any], tmp_path: Path
) -> None:
    """In place of the AWS CLI stands a program that writes its arguments and what it reads."""
    typed, said, fake = "s3cret \\n $(id) %s", tmp_path / "said", tmp_path / "aws"
    fake.write_text(FAKE)
    fake.chmod(0o755)
    line = AWS.with_secret(service, operation, form, **options)
    done = subprocess.run(
        ["bash", "-c", f"{line}; echo left:$VALUE"],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "SAID": str(said)},
        input=f"{typed}\n",
        text=True,
        capture_output=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("left:\n", "")
    arguments, _, read = said.read_text().partition("\n")
    assert read == form.replace("%s", typed)
    assert typed not in arguments and arguments.endswith(" file:///dev/stdin")
