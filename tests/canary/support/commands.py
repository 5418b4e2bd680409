"""Read a printed command as the AWS CLI does, and check it against AWS's own model."""

from __future__ import annotations

import json
import re
import shlex
from functools import cache
from typing import Any

import botocore.session
from botocore import xform_name
from botocore.model import OperationModel
from botocore.validate import ParamValidator

LATER = re.compile(r"\"\$\((?P<inner>aws [^()]*(?:\([^()]*\)[^()]*)*)\)\"")


@cache
def operations(service: str) -> dict[str, OperationModel]:
    """Return the operations of a service by their names in the AWS CLI."""
    model = botocore.session.get_session().get_service_model(service)
    return {xform_name(name, "-"): model.operation_model(name) for name in model.operation_names}


def parameters(command: str) -> dict[str, Any]:
    """Return the parameters that a command sends; what the shell puts in later is a text."""
    words = shlex.split(LATER.sub("later", command))
    assert words[0] == "aws"
    operation = operations(words[1])[words[2]]
    names = {xform_name(n, "-"): n for n in operation.input_shape.members}
    found: dict[str, list[str]] = {}
    for word in words[3:]:
        if word.startswith("--"):
            name, equals, value = word.removeprefix("--").partition("=")
            name = "no-enable-execute-command" if name == "disable-execute-command" else name
            found[name] = [value] if equals else []
            last = name
        else:
            found[last].append(word)
    found.pop("region")
    return {
        names.get(name, names.get(name.removeprefix("no-"), name)): _value(
            operation, names.get(name, ""), name, values
        )
        for name, values in found.items()
    }


def _value(operation: OperationModel, member: str, name: str, values: list[str]) -> Any:
    if not member:
        assert name.startswith("no-")
        return False
    shape = operation.input_shape.members[member]
    if not values:
        return True
    if shape.type_name == "list" and values[0][0] not in "[{":
        return values
    if shape.type_name in ("list", "structure", "map"):
        return json.loads(" ".join(values))
    (value,) = values
    return int(value) if shape.type_name in ("integer", "long") else value


def faults_of(command: str) -> str:
    """Return what AWS's model does not take of a command, "" if it takes all."""
    words = shlex.split(LATER.sub("later", command))
    shape = operations(words[1])[words[2]].input_shape
    return str(ParamValidator().validate(parameters(command), shape).generate_report())
