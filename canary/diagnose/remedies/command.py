"""Write an edit as a command line in which no argument can be anything but a value.

Structures are JSON, never the CLI's shorthand. A text that the AWS CLI would read as an option or
as the name of a file is refused, and so is a control character. What an earlier command prints of
others' texts is not known here: it travels as JSON from one command to the next.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from canary.diagnose.core.aws_cli import quoted
from canary.diagnose.remedies.edit import Edit, Later, Parameters

_FIRST_CAP = re.compile(r"(.)([A-Z][a-z]+)")
_END_CAP = re.compile(r"([a-z0-9])([A-Z])")
_READ_AS_ELSE = ("-", "file://", "fileb://", "http://", "https://")
_RENAMED = {"--no-enable-execute-command": "--disable-execute-command"}  # by the AWS CLI itself
_MARK = "\x00later\x00"


class UnsafeTextError(ValueError):
    """A text that the AWS CLI would not take as a value."""


def command(edit: Edit, region: str) -> str:
    """Return the command line of an edit."""
    return _line(edit.service, edit.operation, region, edit.parameters)


def _line(service: str, operation: str, region: str, parameters: Parameters) -> str:
    words = ["aws", service, operation, "--region", quoted(region)]
    for name, value in parameters.items():
        words += _option(name, value, region)
    return " ".join(words)


def _option(name: str, value: Any, region: str) -> list[str]:
    option = "--" + _END_CAP.sub(r"\1-\2", _FIRST_CAP.sub(r"\1-\2", name)).lower()
    if isinstance(value, bool):
        off = f"--no-{option.removeprefix('--')}"
        return [option if value else _RENAMED.get(off, off)]
    if isinstance(value, Later) and value.of_others:
        return _text_of_others(name, value, region)
    if isinstance(value, Later):
        return [option, _later(value, region)]
    if isinstance(value, dict | list | tuple):
        if value and all(isinstance(v, str) for v in value) and not isinstance(value, dict):
            return [option, *(_word(v) for v in value)]
        return [option, _json(value, region)]
    if str(value).startswith("-"):  # else it were an option itself
        return [f"{option}={quoted(_printable(str(value)))}"]
    return [option, _word(str(value))]


def _printable(text: str) -> str:
    if not text or not text.isprintable() or text == "--":  # which argparse takes out everywhere
        raise UnsafeTextError(f"{text!r} cannot be an argument")
    return text


def _word(text: str) -> str:
    if _printable(text).startswith((*_READ_AS_ELSE, "[", "{")):
        raise UnsafeTextError(f"{text!r} cannot be an argument")
    return quoted(text)


def _text_of_others(name: str, value: Later, region: str) -> list[str]:
    """Return the words that set a parameter to a text of any form, also `file://` or `-x`."""
    found = replace(value, query=f"{value.query}|[0]|{{{name}:@}}")
    return ["--cli-input-json", _later(found, region, "json")]


def _later(value: Later, region: str, output: str = "text") -> str:
    found = {**value.parameters, "query": value.query, "output": output}
    return f'"$({_line(value.service, value.operation, region, found)})"'


def _json(value: Any, region: str) -> str:
    """Return JSON without blanks, quoted; what comes later stands between the quoted parts."""
    found: list[Later] = []

    def mark(one: Any) -> str:
        if not isinstance(one, Later):
            raise TypeError(f"{type(one)} has no JSON")
        found.append(one)
        return _MARK

    text = json.dumps(value, separators=(",", ":"), default=mark, ensure_ascii=True)
    parts = text.split(json.dumps(_MARK)[1:-1])
    line = quoted(parts[0])
    for later, part in zip(found, parts[1:], strict=True):
        line += _later(later, region) + quoted(part)
    return line
