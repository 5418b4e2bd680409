"""Add a resource type to moto's CloudFormation."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from botocore.exceptions import ClientError

_ABSENT_CODE = re.compile("NotFound|NoSuch|NonExistent|Unknown")
_ABSENT_TEXT = re.compile("not found|does not exist|cannot be found", re.IGNORECASE)


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A resource to create, or to change if `before` is set."""

    name: str
    """The name that the template gives or CloudFormation generates."""
    properties: Mapping[str, Any]
    region: str
    account: str
    before: str = ""
    """The physical id of the resource that is changed."""


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A resource that exists: its Ref and its GetAtt."""

    physical_id: str
    attributes: Mapping[str, Any] = {}


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """One resource type."""

    type: str
    put: Callable[[Request], Made]
    remove: Callable[[Request], None] = lambda _: None
    name: str = ""
    """The property that names the resource; a new name is a new resource."""


def plug(kind: Kind) -> None:
    """Add a type to moto, as a direct subclass of its model, which moto collects."""
    from moto.core.common_models import CloudFormationModel

    body = {**_MEMBERS, "kind": kind, "__module__": __name__, "__doc__": f"{kind.type}."}
    type(kind.type.replace("::", ""), (CloudFormationModel,), body)


def _init(self: Any, request: Request, made: Made) -> None:
    self.request = request
    self.made = made


def _create(
    cls: Any, /, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str,
    **_: Any,
) -> Any:  # fmt: skip
    request = Request(
        name=resource_name,
        properties=cloudformation_json.get("Properties", {}),
        region=region_name,
        account=account_id,
    )
    return cls(request, cls.kind.put(request))


def _update(
    cls: Any, /, original_resource: Any, new_resource_name: str, cloudformation_json: Any,
    account_id: str, region_name: str,
) -> Any:  # fmt: skip
    old = original_resource
    properties = cloudformation_json.get("Properties", {})
    renamed = cls.kind.name in properties and new_resource_name != old.request.name
    request = Request(
        name=new_resource_name if renamed else old.request.name,
        properties=properties,
        region=region_name,
        account=account_id,
        before="" if renamed else old.physical_resource_id,
    )
    made = cls.kind.put(request)
    if renamed:
        cls.kind.remove(old.removal())
    return cls(request, made)


def _attribute(self: Any, name: str) -> Any:
    from moto.cloudformation.exceptions import UnformattedGetAttTemplateException

    if name not in self.made.attributes:
        raise UnformattedGetAttTemplateException
    return self.made.attributes[name]


def _removal(self: Any) -> Request:
    request: Request = self.request
    return msgspec.structs.replace(request, before=self.made.physical_id)


def _delete(self: Any, *_: str) -> None:
    try:
        self.kind.remove(self.removal())
    except Exception as error:
        # moto removes in any order: a schedule goes with its group, a policy with its queue
        if not says_absent(error):
            raise


def says_absent(error: Exception) -> bool:
    """Return whether a call failed because there is nothing to remove, by its error code."""
    said = [type(error).__name__, *(getattr(error, key, "") for key in ("code", "error_type"))]
    if isinstance(error, ClientError):
        said.append(error.response["Error"]["Code"])
    return any(_ABSENT_CODE.search(str(s)) for s in said) or bool(_ABSENT_TEXT.search(str(error)))


_MEMBERS: Mapping[str, Any] = {
    "__init__": _init,
    "create_from_cloudformation_json": classmethod(_create),
    "update_from_cloudformation_json": classmethod(_update),
    "cloudformation_type": classmethod(lambda cls: cls.kind.type),
    "cloudformation_name_type": classmethod(lambda cls: cls.kind.name),
    "has_cfn_attr": classmethod(lambda *_: True),
    "get_cfn_attribute": _attribute,
    "is_created": lambda _: True,
    "physical_resource_id": property(lambda self: self.made.physical_id),
    "removal": _removal,
    "delete": _delete,
}
