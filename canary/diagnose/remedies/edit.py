"""An edit: one call of AWS that changes one object, with the object before and after."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Parameters = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Later:
    """An identifier that exists only after an earlier command, as a command that prints it."""

    service: str
    operation: str
    parameters: Parameters
    query: str  # JMESPath
    of_others: bool = False  # a text that others wrote, which may begin as the name of a file


@dataclass(frozen=True, kw_only=True)
class Edit:
    """One call that a person types; `parameters` have the names of AWS's API.

    `before` and `after` hold the fields that differ, None where the object is not there.
    """

    service: str  # as the AWS CLI names it: "elbv2", "ecs"
    operation: str  # "modify-rule"
    parameters: Parameters
    resource: str
    before: Parameters | None = field(default_factory=dict)
    after: Parameters | None = field(default_factory=dict)
    undo: Edit | None = None
    irreversible: str = ""  # why there is no `undo`


def modify(
    service: str, operation: str, arn: tuple[str, str], before: Parameters, after: Parameters
) -> Edit:
    """Return the edit that sets fields of one object; its way back sets those that it had.

    `arn`: the name of AWS's parameter for the object, and its ARN.
    """

    def call(old: Parameters, new: Parameters, undo: Edit | None = None) -> Edit:
        parameters = {arn[0]: arn[1], **new}
        return Edit(
            service=service, operation=operation, parameters=parameters, resource=arn[1],
            before=old, after=new, undo=undo,
        )  # fmt: skip

    return call(before, after, call(after, before))
