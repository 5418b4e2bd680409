"""Write a call's parameters as CloudTrail does: lower camel case, and no secret values."""

from __future__ import annotations

import contextlib
import datetime as dt
from typing import Any

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
"""What CloudTrail writes in place of a secret value."""
SECRET = {("KeyValuePair", "value"), ("AuthenticateOidcActionConfig", "ClientSecret")}
"""Members, by their shape, that hold secrets though the API's model does not call them so."""


def parameters(response: Any) -> dict[str, Any] | None:
    """Return the parameters of moto's request; None where there are none or they are unreadable."""
    from moto.core.utils import get_service_model

    with contextlib.suppress(Exception):  # a call that AWS's model does not know is refused anyway
        model = get_service_model(response.boto3_service_name)
        operation = model.operation_model(response._get_action())
        parsed = _parsed(response, operation, model)
        items = model.metadata["protocol"] == "ec2"
        return dict(_told(parsed, operation.input_shape, items=items)) or None
    return None


def _parsed(response: Any, operation: Any, model: Any) -> Any:
    if response.automated_parameter_parsing:
        return response.params
    from moto.core.parse import PROTOCOL_PARSERS
    from moto.core.request import determine_request_protocol

    request = response.normalized_request
    protocol = determine_request_protocol(model, request.content_type)
    parser = PROTOCOL_PARSERS[protocol](operation)
    return parser.parse(
        {
            "method": request.method,
            "values": request.values,
            "headers": request.headers,
            "body": request.data,
            "url_path": request.path,
            "url_params": getattr(response, "uri_match", None) or {},
        }
    )


def _told(value: Any, shape: Any, *, items: bool) -> Any:
    """Return a value as CloudTrail tells it; EC2's lists stand below `items`."""
    if shape.metadata.get("sensitive") or getattr(shape, "sensitive", False):
        return HIDDEN
    kind = shape.type_name
    if kind == "structure":
        return {
            lower(name): HIDDEN if (shape.name, name) in SECRET else told
            for name, member in shape.members.items()
            if value.get(name) is not None
            for told in (_told(value[name], member, items=items),)
        }
    if kind == "list":
        rows = [_told(one, shape.member, items=items) for one in value]
        return {"items": rows} if items else rows
    if kind == "map":
        return {str(k): _told(v, shape.value, items=items) for k, v in value.items()}
    if kind == "blob":
        return HIDDEN
    return value.isoformat() if isinstance(value, dt.datetime) else value


def lower(name: str) -> str:
    """Return a parameter's name as CloudTrail spells it: "SecretId" is "secretId"."""
    return name[:1].lower() + name[1:]
