"""Note what each command line was meant to do, while a diagnosis writes it.

A hook of the interpreter looks at the writers of commands; nothing is put in their place.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import botocore.session
from botocore import xform_name

from canary.diagnose.core.aws_cli import Aws
from canary.diagnose.remedies.command import command
from canary.diagnose.remedies.edit import Later
from tests.canary.support.aws_model.drawn import model
from tests.canary.support.operator.aws_cli import Arrived
from tests.canary.support.operator.shell import LATER

Call = tuple[str, str, str, dict[str, Any]]
_WRITERS = (command.__code__, Aws.__call__.__code__)
Noted = dict[str, Call]
"""A command line -> service and operation as the AWS CLI names them, region, parameters."""


@contextmanager
def noted() -> Iterator[Noted]:
    """Yield what the lines that are written meanwhile were meant to do."""
    found: Noted = {}

    def returns(frame: FrameType, event: str, value: object) -> Any:
        if event == "return" and isinstance(value, str):
            known = frame.f_locals
            found[value] = (
                (known["edit"].service, known["edit"].operation, known["region"],
                 known["edit"].parameters)
                if frame.f_code is command.__code__
                else (known["service"], known["operation"], known["self"].region, known["options"])
            )  # fmt: skip
        return returns

    before = sys.gettrace()
    sys.settrace(lambda frame, _event, _value: returns if frame.f_code in _WRITERS else None)
    try:
        yield found
    finally:
        sys.settrace(before)


def as_it_arrives(call: Call, answer: str) -> Arrived:
    """Return the call in AWS's names; `answer`: the text of others that another command prints."""
    service, operation, region, given = call
    name = _operation(service, operation)
    members = model(service).operation_model(name).input_shape.members if given else {}
    by_option = {xform_name(m): m for m in members}
    parameters = {
        by_option.get(k, k): _value(members[by_option.get(k, k)], v, answer)
        for k, v in given.items()
        if v is not None
    }
    return Arrived(service, name, region, parameters)


def _operation(service: str, operation: str) -> str:
    if operation.startswith("wait "):
        waiters = botocore.session.get_session().get_waiter_model(service)
        return str(waiters.get_waiter(_camel(operation.removeprefix("wait "))).operation)
    names = {xform_name(n, "-"): n for n in model(service).operation_names}
    return str(names[operation])


def _camel(text: str) -> str:
    return "".join(word.capitalize() for word in text.split("-"))


def _value(shape: Any, value: Any, answer: str) -> Any:
    if isinstance(value, str) and shape.type_name == "list":
        return json.loads(value)
    if isinstance(value, dict) and shape.type_name == "string":
        return json.dumps(value, separators=(",", ":"))  # a policy's document
    return _printed(value, answer)


def _printed(value: Any, answer: str) -> Any:
    """Return a value with what other commands print in it."""
    if isinstance(value, Later):
        return answer if value.of_others else LATER
    if isinstance(value, dict):
        return {k: _printed(v, answer) for k, v in value.items()}
    return [_printed(v, answer) for v in value] if isinstance(value, list | tuple) else value
