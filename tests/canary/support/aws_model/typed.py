"""Type a printed command: the words as a shell makes them, the call as the AWS CLI makes it."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any

import jmespath
from awscli.clidriver import create_clidriver
from botocore.validate import ParamValidator

from tests.canary.support.aws_model.drawn import model

Call = Callable[[str, str, dict[str, Any]], dict[str, Any]]
"""Answer an operation of a service by its name in AWS's API."""
_PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./-]+")  # what no shell reads as anything else
_GLOBAL = ("--region", "--query", "--output")


def typed(line: str, call: Call) -> str:
    """Type a command; return what it prints (with --query and --output text)."""
    found = words(line, lambda inner: typed(inner, call))
    assert found[0] == "aws"
    plain, options = _apart(found[3:])
    operation, parameters = _parsed(found[1], found[2], tuple(plain))
    shape = model(found[1]).operation_model(operation).input_shape
    report = ParamValidator().validate(parameters, shape)
    assert not report.has_errors(), report.generate_report()
    answer = call(found[1], operation, parameters)
    if "--query" not in options:
        return ""
    printed = jmespath.search(options["--query"], answer)
    if options["--output"] == "json":
        return json.dumps(printed)
    return "\t".join(printed) if isinstance(printed, list) else str(printed)


def words(line: str, run: Callable[[str], str]) -> list[str]:
    """Return the words of a command line; `run` prints what stands in "$(…)"."""
    found: list[str] = []
    word: str | None = None
    at = 0
    while at < len(line):
        if line[at] == " ":
            found += [] if word is None else [word]
            word, at = None, at + 1
            continue
        text, at = _piece(line, at, run)
        word = (word or "") + text
    return found if word is None else [*found, word]


def _piece(line: str, at: int, run: Callable[[str], str]) -> tuple[str, int]:
    if line[at] == "'":
        end = line.index("'", at + 1)
        return line[at + 1 : end], end + 1
    if line.startswith('"$(', at):
        end = _closing(line, at + 3)
        assert line[end : end + 2] == ')"'
        return run(line[at + 3 : end]), end + 2
    if line[at] == '"':
        end = line.index('"', at + 1)
        assert not set(line[at + 1 : end]) & set("$`\\!")
        return line[at + 1 : end], end + 1
    found = _PLAIN.match(line, at)
    assert found, f"the shell reads {line[at]!r} in {line}"
    return found[0], found.end()


def _closing(line: str, at: int) -> int:
    while line[at] != ")":
        at = line.index("'", at + 1) + 1 if line[at] == "'" else at + 1
    return at


def _apart(found: list[str]) -> tuple[list[str], dict[str, str]]:
    """Return the words of the operation, and the options that every command takes."""
    plain: list[str] = []
    options: dict[str, str] = {}
    rest = iter(found)
    for word in rest:
        if word in _GLOBAL:
            options[word] = next(rest)
        else:
            plain.append(word)
    return plain, options


class _Noted:
    """Take the call that the AWS CLI would send."""

    def __init__(self) -> None:
        self.call: tuple[str, dict[str, Any]] = ("", {})

    def invoke(
        self, _service: str, operation: str, parameters: dict[str, Any], _options: object
    ) -> int:
        self.call = (operation, parameters)
        return 0


@cache
def _commands(service: str) -> dict[str, Any]:
    driver = create_clidriver()
    found: dict[str, Any] = driver._get_command_table()[service]._get_command_table()
    return found


def _parsed(service: str, name: str, options: tuple[str, ...]) -> tuple[str, dict[str, Any]]:
    noted, command = _Noted(), _commands(service)[name]
    command._operation_caller = noted
    known = argparse.Namespace(
        region="r", endpoint_url=None, verify_ssl=True, paginate=True, output="json", query=None,
        v2_debug=False, no_sign_request=False, debug=False, command=service,
    )  # fmt: skip
    command(list(options), known)
    return noted.call
