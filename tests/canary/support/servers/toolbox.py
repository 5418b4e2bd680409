"""A ProbeContext for a probe under test: real HTTP and time, plain dictionaries for the rest."""

from __future__ import annotations

import datetime as dt
import functools
import time
from dataclasses import dataclass, field
from typing import Any

from canary.adapters.connect import connect
from canary.adapters.http_client.client import HttpClient
from canary.control_plane.state import PlatformState
from canary.model import (
    Check,
    Credential,
    Environment,
    Residue,
    RouteRule,
    RunLimits,
    Service,
    Severity,
    Status,
    Step,
    Suite,
)
from canary.probes import KINDS
from canary.probes.base.api import CredentialMissingError, ProbeContext, worst
from canary.runner.rate_limit import RateLimitBackoff


class SystemClock:
    """The machine's time."""

    def monotonic(self) -> float:
        return time.monotonic()

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)


@dataclass
class ManualClock(SystemClock):
    """A clock whose seconds are set by hand."""

    at: float = 0.0

    def monotonic(self) -> float:
        return self.at


@dataclass
class FixedClock:
    """A clock that stands at a moment."""

    at: dt.datetime

    def monotonic(self) -> float:
        return time.monotonic()

    def now(self) -> dt.datetime:
        return self.at


def environment(url: str = "", **more: Any) -> Environment:
    """Make an environment with one service, `target`."""
    fields: dict[str, Any] = {
        "name": "test",
        "account": "123456789012",
        "region": "us-east-1",
        "cluster": "c",
        "services": {"target": Service(url=url)},
        "run": RunLimits(request_timeout=6),
    }
    return Environment(**fields | more)


@dataclass
class Bench:
    """Carries one check out and keeps what it recorded."""

    environment: Environment
    credentials: dict[str, str | list[str]] = field(default_factory=dict)
    state: PlatformState = field(default_factory=PlatformState)
    clock: Any = field(default_factory=SystemClock)
    run_id: str = "t-1"
    seconds: float = 30.0
    left_behind: frozenset[str] = frozenset()
    steps: list[Step] = field(default_factory=list)
    residue: list[Residue] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)

    def credential(self, name: str) -> Credential:
        value = self.credentials.get(name)
        if value is None:
            raise CredentialMissingError(f"the secret of {name} could not be read")
        if isinstance(value, list):
            return Credential(value[min(self.forgotten.count(name), len(value) - 1)])
        return Credential(value)

    def context(self) -> ProbeContext:
        until = time.monotonic() + self.seconds
        backoff = RateLimitBackoff(self.clock)
        return ProbeContext(
            environment=self.environment,
            run_id=self.run_id,
            http=HttpClient.for_environment(self.environment, self.run_id),
            clock=self.clock,
            credential=self.credential,
            forget_credential=self.forgotten.append,
            state=lambda: self.state,
            remaining=lambda cleanup: until - time.monotonic() + (5 if cleanup else 0),
            blocked=lambda client: backoff.blocked(client, self.seconds),
            answered=backoff.answered,
            record=self.steps.append,
            residue=self.residue.append,
            left_behind=self.left_behind,
            connect=functools.partial(connect, self.environment),
        )

    def run(self, kind: str, service: str = "target", **spec: Any) -> Status:
        """Carry a check of a kind out and return its status."""
        made = KINDS[kind].spec(**spec)
        check = Check(
            id="target.check",
            title="a check",
            kind=kind,
            suite=Suite.ENDPOINTS,
            service=service,
            severity=Severity.LOW,
            runbook="docs/none.md",
            spec=made,
        )
        KINDS[kind].run(check, made, self.context())
        return worst([s.status for s in self.steps])

    def status(self, name: str) -> Status:
        """Return the status of a step."""
        return next(s.status for s in self.steps if s.name == name)

    def reason(self, name: str) -> str:
        """Return the reason of a step."""
        return next(s.reason for s in self.steps if s.name == name)


__all__ = ["Bench", "FixedClock", "RouteRule", "Service", "SystemClock", "environment"]
