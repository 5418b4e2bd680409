"""Commands for a person to look with: AWS's real names, quoted for a shell."""

from __future__ import annotations

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
        ({"follow": True, "since": None, "limit": 1}, " --follow --limit 1"),
    ],
)
def test_an_option_is_written_as_the_aws_cli_takes_it(options: dict[str, Any], words: str) -> None:
    assert AWS("logs", "tail", **options) == HEAD + words


@pytest.mark.parametrize("text", ["file://x", "fileb://x", "http://x", "https://x"])
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


def test_a_structure_is_json_without_blanks() -> None:
    assert compact([{"Key": "Name", "Values": ["a"]}]) == '[{"Key":"Name","Values":["a"]}]'
