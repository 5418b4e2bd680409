"""Write AWS CLI commands that run as printed: real names, quoted for a POSIX shell."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from typing import Any

from canary.model import Environment

Value = str | int | bool | Sequence[str] | None


class Aws:
    """Write commands for one region and cluster."""

    def __init__(self, environment: Environment) -> None:
        self.region = environment.region
        self.cluster = environment.cluster

    def __call__(self, service: str, operation: str, /, **options: Value) -> str:
        """Return a command: `a_b="x"` becomes `--a-b x`, True a flag, a list several words."""
        words = ["aws", service, *operation.split(), "--region", self.region]
        for name, value in options.items():
            if value is None or value is False:
                continue
            option = "--" + name.replace("_", "-")
            if isinstance(value, str) and value.startswith("-"):  # else it were an option itself
                words.append(f"{option}={shlex.quote(value)}")
                continue
            words.append(option)
            if value is True:
                continue
            many = [value] if isinstance(value, str | int) else list(value)
            words += [shlex.quote(str(v)) for v in many]
        return " ".join(words)

    def elbv2(self, operation: str, /, **options: Value) -> str:
        """Return a command for load balancers, their listeners, rules and target groups."""
        return self("elbv2", operation, **options)

    def ecs(self, operation: str, /, **options: Value) -> str:
        """Return an ECS command for the cluster."""
        return self("ecs", operation, cluster=self.cluster, **options)


def compact(value: Any) -> str:
    """Return JSON without blanks, for an option that takes a structure."""
    return json.dumps(value, separators=(",", ":"))
