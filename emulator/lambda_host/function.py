"""A function's configuration as the host needs it, read from moto."""

from __future__ import annotations

from typing import Any

import msgspec

from emulator.lambda_host.interface import address


class Function(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of an execution environment; a change of any needs new environments."""

    arn: str
    name: str
    version: str
    handler: str
    runtime: str
    role: str
    account: str
    region: str
    sha: str
    """CodeSha256 of the deployed zip."""
    memory_mb: int
    timeout_s: float
    environment: tuple[tuple[str, str], ...]
    log_group: str
    log_format: str
    """`Text` or `JSON`."""
    log_level: str
    address: str = ""
    """The function's in its VPC."""


def read_function(model: Any) -> Function:
    """Return the configuration of moto's LambdaFunction."""
    logging = getattr(model, "logging_config", None) or {}
    return Function(
        arn=model.function_arn,
        name=model.function_name,
        version="$LATEST" if str(model.version) in ("1", "$LATEST") else str(model.version),
        handler=model.handler,
        runtime=model.run_time or "",
        role=model.role,
        account=model.account_id,
        region=model.region,
        sha=model.code_sha_256,
        memory_mb=int(model.memory_size),
        timeout_s=float(model.timeout),
        environment=tuple((k, str(v)) for k, v in (model.environment_vars or {}).items()),
        log_group=logging.get("LogGroup") or f"/aws/lambda/{model.function_name}",
        log_format=logging.get("LogFormat") or "Text",
        log_level=logging.get("ApplicationLogLevel") or "",
        address=address(model),
    )
