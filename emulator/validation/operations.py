"""Validate the input of the operations that a person's fix uses, before moto answers.

Each service words what its model refuses in its own way. Sources: botocore's service models and the
error lists of each API's reference. Where the words are not known, they are the framework's.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from emulator.validation import access, services, stores
from emulator.validation.constraints import Broken, broken

Params = dict[str, Any]
# service -> operations, of which AWS's model is asked
OPERATIONS: dict[str, frozenset[str]] = {
    "ecs": frozenset({"CreateService", "UpdateService", "DeleteService"}),
    "elbv2": frozenset(
        {
            "AddListenerCertificates", "CreateListener", "CreateRule", "DeleteListener",
            "DeleteRule", "DeregisterTargets", "ModifyListener", "ModifyListenerAttributes",
            "ModifyLoadBalancerAttributes", "ModifyRule", "ModifyTargetGroup",
            "ModifyTargetGroupAttributes", "RegisterTargets", "RemoveListenerCertificates",
            "SetRulePriorities", "SetSecurityGroups",
        }
    ),
    "iam": frozenset(
        {
            "AttachRolePolicy", "DeleteRolePolicy", "DetachRolePolicy", "PutRolePolicy",
            "UpdateAssumeRolePolicy",
        }
    ),
    "logs": frozenset({"CreateLogGroup", "DeleteLogGroup"}),
    "secretsmanager": frozenset(
        {
            "CreateSecret", "DeleteSecret", "PutSecretValue", "RestoreSecret",
            "UpdateSecretVersionStage",
        }
    ),
    "servicediscovery": frozenset(
        {"CreateService", "DeregisterInstance", "ListServices", "RegisterInstance"}
    ),
    "ssm": frozenset({"GetParameterHistory", "PutParameter"}),
}  # fmt: skip
# members for which a service has words of its own, elsewhere in the emulator
OTHERWISE = {"elbv2": frozenset({"messageBody"})}
CHECKS = {**access.CHECKS, **services.CHECKS, **stores.CHECKS}
IAM_NAME = (
    "The specified value for {path} is invalid. It must contain only alphanumeric characters "
    "and/or the following: +=,.@_-"
)
_CAP = re.compile(r"(?<=[a-z])(?=[A-Z])")


def framework(found: Sequence[Broken]) -> str:
    """Return the sentence of AWS's framework for everything that is wrong."""
    count = f"{len(found)} validation error{'s' if len(found) > 1 else ''} detected: "
    return count + "; ".join(one.text for one in found)


def of_iam(found: Sequence[Broken]) -> str:
    """Return IAM's sentence: a name with a wrong character has one of its own."""
    names = [one for one in found if one.kind == "pattern" and one.path.endswith("Name")]
    return IAM_NAME.format(path=names[0].path) if names else framework(found)


def of_ecs(found: Sequence[Broken]) -> str:
    """Return ECS's sentence for the first thing that is wrong."""
    first = found[0]
    words = _CAP.sub(" ", re.sub(r"\.\d+\.member", "", first.path).rpartition(".")[2]).lower()
    if first.kind == "required":
        return f"{words} should not be null or empty."
    if first.kind == "enum":
        values = first.must.partition("[")[2].rstrip("]").replace(", ", ",")
        return f"{words} should be one of [{values}]"
    return f"{words} must {first.must}."


class Wording(NamedTuple):
    """How a service says that its model refuses an input: the code and the sentence."""

    code: str
    sentence: Callable[[Sequence[Broken]], str] = framework


WORDINGS = {
    "ecs": Wording("InvalidParameterException", of_ecs),
    "elbv2": Wording("ValidationError"),
    "iam": Wording("ValidationError", of_iam),
    "logs": Wording("InvalidParameterException"),
    "secretsmanager": Wording("ValidationException"),
    "servicediscovery": Wording("InvalidInput"),
    "ssm": Wording("ValidationException"),
}


@functools.cache
def install() -> None:
    """Ask the models before moto answers; call once, before what asks IAM."""
    from moto.core.responses import BaseResponse

    original = BaseResponse.call_action

    def call_action(self: Any) -> Any:
        found = refusal(str(self.boto3_service_name), str(self._get_action()), self)
        return original(self) if found is None else answer(self, *found)

    BaseResponse.call_action = call_action  # type: ignore[method-assign]


def refusal(service: str, name: str, response: Any) -> tuple[str, str] | None:
    """Return the code and the words with which AWS refuses a request, or None."""
    in_scope = name in OPERATIONS.get(service, ())
    check = CHECKS.get((service, name))
    if not in_scope and check is None:
        return None
    given = _params(response)
    other = OTHERWISE.get(service, ())
    found = broken(_input(service, name), given) if in_scope else ()
    if left := [one for one in found if one.path.rpartition(".")[2] not in other]:
        wording = WORDINGS[service]
        return wording.code, wording.sentence(left)
    return check(given) if check else None


@functools.cache
def _input(service: str, name: str) -> Any:
    from moto.core.utils import get_service_model

    return get_service_model(service).operation_model(name).input_shape


def _params(response: Any) -> Params:
    """Return the request's parameters; nothing where moto has not read them."""
    if getattr(response, "automated_parameter_parsing", False):
        return dict(response.params)
    try:
        return dict(json.loads(response.body or "{}"))
    except (ValueError, TypeError):
        return {}


def answer(response: Any, code: str, text: str) -> Any:
    """Return a refusal as the service's own protocol writes it."""
    from moto.core.exceptions import ServiceException
    from moto.core.responses import ActionResult

    # a class of this module: moto looks for a service model where a class of its own is defined
    refused = type("Refused", (ServiceException,), {"__module__": __name__})(code, text)
    status, headers, body = response.serialized(ActionResult(refused))
    headers["status"] = status
    return status, headers, body
