"""Keep and show function settings that moto accepts and forgets."""

from __future__ import annotations

import functools
from typing import Any

from emulator.lambda_host import interface


@functools.cache
def keep_configuration() -> None:
    """Let moto's functions keep LoggingConfig, TracingConfig, Architectures and the VPC's id."""
    from moto.awslambda.models import LambdaFunction

    interface.install()
    create, show, change = (
        LambdaFunction.__init__,
        LambdaFunction.get_configuration,
        LambdaFunction.update_configuration,
    )

    def init(self: Any, account_id: str, spec: dict[str, Any], *rest: Any, **named: Any) -> None:
        create(self, account_id, spec, *rest, **named)
        keep(self, spec)

    def get_configuration(self: Any, on_create: bool = False) -> dict[str, Any]:
        shown = show(self, on_create)
        group = f"/aws/lambda/{self.function_name}"
        default = {"LogFormat": "Text", "LogGroup": group}
        kept = getattr(self, "logging_config", None) or {}
        shown["LoggingConfig"] = default | kept
        return shown

    def update_configuration(self: Any, updates: dict[str, Any]) -> dict[str, Any]:
        change(self, updates)
        keep(self, updates)
        return get_configuration(self)

    patched: Any = LambdaFunction
    patched.__init__ = init
    patched.get_configuration = get_configuration
    patched.update_configuration = update_configuration
    patched.vpc_config = property(_vpc_config)


def keep(model: Any, settings: dict[str, Any]) -> None:
    """Store the settings that are given."""
    if logging := settings.get("LoggingConfig"):
        if logging.get("LogFormat") == "JSON":
            levels = {"ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO"}
            logging = levels | logging
        model.logging_config = logging
        model.logs_group_name = logging.get("LogGroup") or model.logs_group_name
    if tracing := settings.get("TracingConfig"):
        model.tracing_config = tracing
    if architectures := settings.get("Architectures"):
        model.architectures = architectures


def _vpc_config(model: Any) -> dict[str, Any] | None:
    config = model._vpc_config
    if not config:
        return None
    from moto.ec2.models import ec2_backends

    backend = ec2_backends[model.account_id][model.region]
    wanted = set(config.get("SubnetIds") or ())
    subnets = (s for zone in backend.subnets.values() for s in zone.values() if s.id in wanted)
    found = next(subnets, None)
    return config | {"VpcId": found.vpc_id} if found else dict(config)
