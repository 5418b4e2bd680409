"""boto3 clients that call the emulator within its own process, without a socket.

Parameters are validated by botocore and requests take moto's whole path, as over HTTP, but no port
has to be known: needed while CloudFormation, itself inside a request, makes resources.
"""

from __future__ import annotations

import functools
import json
from typing import Any

import boto3
from botocore.config import Config

from emulator.settings import OPERATOR_KEY_ID, OPERATOR_SECRET, REGION


@functools.cache
def client(service: str, region: str = REGION) -> Any:
    """Return a cached client of one service, acting as the operator."""
    from moto.core.botocore_stubber import BotocoreStubber

    made = _session().client(
        service,
        region_name=region,
        aws_access_key_id=OPERATOR_KEY_ID,
        aws_secret_access_key=OPERATOR_SECRET,
        config=Config(
            retries={"max_attempts": 1},
            inject_host_prefix=False,
            ignore_configured_endpoint_urls=True,  # the operator's shell may point at a server
        ),
    )
    answerer = BotocoreStubber()
    answerer.enabled = True
    made.meta.events.register("before-send", answerer)
    return made


def call(region: str, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
    """Call an operation with parameters as CloudFormation writes them ("3", "true", extra keys)."""
    made = client(service, region)
    shape = made.meta.service_model.operation_model(made.meta.method_to_api_mapping[operation])
    fitted = fit(parameters, shape.input_shape)
    return dict(getattr(made, operation)(**fitted))


def fit(value: Any, shape: Any) -> Any:
    """Convert a value to the types of the API's shape, without keys that the shape lacks."""
    kind = shape.type_name
    if kind == "structure":
        return {k: fit(v, shape.members[k]) for k, v in value.items() if k in shape.members}
    if kind == "list":
        return [fit(item, shape.member) for item in value]
    if kind == "map":
        return {k: fit(v, shape.value) for k, v in value.items()}
    if kind in ("integer", "long"):
        return int(value)
    if kind in ("double", "float"):
        return float(value)
    if kind == "boolean":
        return value if isinstance(value, bool) else str(value).lower() == "true"
    if kind == "string" and not isinstance(value, str):
        return _text(value)
    return value


def _text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, dict | list | bool) else str(value)


# a session is not safe to share between threads while it makes clients; the cache makes few
@functools.cache
def _session() -> boto3.session.Session:
    return boto3.session.Session()
