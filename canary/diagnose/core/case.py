"""The run that the rules explain: its failures, and AWS as this and the previous run saw it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple
from urllib.parse import urlsplit

from canary.control_plane.baselines import NO_BASELINES, Baselines
from canary.control_plane.dependencies import closure, used
from canary.control_plane.log_lines import is_request
from canary.control_plane.service_groups import groups_of, in_turn
from canary.control_plane.state import (
    EVERYTHING,
    Container,
    EcsService,
    LoadBalancer,
    LogLine,
    PlatformState,
    Rule,
    SecurityGroup,
    TargetGroup,
    TaskDefinition,
)
from canary.diagnose.core.aws_cli import Aws
from canary.diagnose.core.failures import Failure, collect, entry_service_at
from canary.diagnose.core.memo import remembered
from canary.diagnose.core.symptoms import BALANCER_5XX, CONTROL, DOWN, EDGE, Symptom
from canary.diagnose.core.who_answered import attributed
from canary.model import Environment, Evidence, Exchange, Result, Role, Service, Status, Step
from canary.model.results import exchanges_of

Failures = frozenset[Failure]
AHEAD_S = 120.0  # by which the clock of a log may be ahead; a later line proves nothing


class Suspect(NamedTuple):
    """A service whose outage, or churn, explains failures."""

    name: str
    service: EcsService
    failures: Failures


@dataclass(frozen=True, kw_only=True)
class Case:
    """One run to explain; its methods only look things up."""

    results: tuple[Result, ...]
    state: PlatformState
    environment: Environment
    previous: PlatformState | None
    now: dt.datetime
    baselines: Baselines = NO_BASELINES

    @cached_property
    def failures(self) -> tuple[Failure, ...]:
        """Every failed step of every failed check."""
        shown = attributed(self.results, self.environment, self.state)
        return collect(shown, self.environment)

    @cached_property
    def exchanges(self) -> tuple[tuple[Step, Exchange], ...]:
        """The steps of this run with their answers, without results reused from an earlier run."""
        return tuple(exchanges_of(self.results))

    def entry_of(self, exchange: Exchange) -> str:
        """Return the service that had to answer a request, "" if none is known."""
        return entry_service_at(self.environment, exchange.url)

    def passed(self, entry: str) -> list[Exchange]:
        """Return the answers that a service had to give, of the steps that passed."""
        good = (e for step, e in self.exchanges if step.status is Status.PASS)
        return [e for e in good if self.entry_of(e) == entry]

    @cached_property
    def aws(self) -> Aws:
        """The writer of AWS CLI commands for this environment."""
        return Aws(self.environment)

    @cached_property
    def _unread(self) -> frozenset[str]:
        return frozenset(u.action for u in self.state.unavailable)

    def read(self, *actions: str) -> bool:
        """Return whether all these AWS actions succeeded; a missing reading proves nothing."""
        return not actions or not self._unread.intersection((EVERYTHING, *actions))

    @property
    def services(self) -> dict[str, Service]:
        """The platform's services by name, as the environment file lists them."""
        return self.environment.services

    @remembered
    def closure(self, name: str) -> frozenset[str]:
        """Return a service and everything it depends on, directly or not."""
        return closure(self.environment, name)

    def used(self, role: Role, by: str = "") -> str:
        """Return the service of a role that a service uses, else any of the role, else ""."""
        return used(self.environment, role, by)

    def dependants(self, name: str) -> frozenset[str]:
        """Return the services that depend on this one, and itself."""
        return frozenset(n for n in self.services if name in self.closure(n))

    def ecs(self, name: str, state: PlatformState | None = None) -> EcsService | None:
        """Return the ECS service of a platform service, None if there is none."""
        wanted = self.services[name].ecs_service if name in self.services else ""
        where = self.state if state is None else state
        return next((s for s in where.ecs_services if wanted and s.name == wanted), None)

    def ecs_before(self, name: str) -> EcsService | None:
        """Return a platform service's ECS service as the previous run saw it."""
        return self.ecs(name, self.previous) if self.previous else None

    def balancer(self, name: str, state: PlatformState | None = None) -> LoadBalancer | None:
        """Return the load balancer in front of a platform service."""
        wanted = self.services[name].load_balancer
        where = self.state if state is None else state
        return next((b for b in where.load_balancers if wanted and b.name == wanted), None)

    def groups(self, name: str) -> tuple[TargetGroup, ...]:
        """Return the target groups that belong to a service."""
        return groups_of(self.environment, self.state, name)

    def group(self, arn: str, state: PlatformState | None = None) -> TargetGroup | None:
        """Return a target group by ARN."""
        where = self.state if state is None else state
        return next((g for g in where.target_groups if g.arn == arn), None)

    def definition(self, arn: str) -> TaskDefinition | None:
        """Return a task definition by ARN, as this run or else the previous one read it."""
        known = self.state.task_definitions
        before = self.previous.task_definitions if self.previous else ()
        return next((d for d in (*known, *before) if d.arn == arn), None)

    def definition_of(self, name: str) -> TaskDefinition | None:
        """Return the revision that a service runs, None if it is unknown."""
        service = self.ecs(name)
        return self.definition(service.task_definition) if service else None

    def containers(self, name: str) -> tuple[Container, ...]:
        """Return the containers of the revision that a service runs, none if it is unknown."""
        definition = self.definition_of(name)
        return definition.containers if definition else ()

    def rules_before(self, listener: str = "") -> tuple[Rule, ...]:
        """Return the listener rules that the previous run saw, optionally of one listener."""
        balancers = self.previous.load_balancers if self.previous else ()
        listeners = [x for b in balancers for x in b.listeners if listener in ("", x.arn)]
        return tuple(rule for x in listeners for rule in x.rules)

    def security_group(self, identifier: str) -> SecurityGroup | None:
        """Return a security group by id."""
        return next((g for g in self.state.security_groups if g.id == identifier), None)

    def host(self, name: str) -> str:
        """Return a service's public host name, "" if it has none."""
        return urlsplit(self.services[name].url).hostname or ""

    @remembered
    def log_lines(self, name: str) -> tuple[LogLine, ...]:
        """Return the program's own recent error lines: none of requests, none of the future."""
        lines = self.state.logs.get(name, ())
        return tuple(
            line for line in lines if self.age(line.at) > -AHEAD_S and not is_request(line.message)
        )

    def log_text(self, name: str) -> str:
        """Return the program's own recent error lines as one text."""
        return "\n".join(line.message for line in self.log_lines(name))

    def evidence(
        self, resource: str, seen: str, expected: str, at: str | None = None
    ) -> tuple[Evidence]:
        """Return a line of evidence about AWS, by default as this run read it."""
        when = self.state.read_at if at is None else at
        return (Evidence(resource=resource, seen=seen, expected=expected, at=when),)

    def having(self, *symptoms: Symptom, entry: str = "") -> Failures:
        """Return the failures with one of these symptoms, optionally of one entry service."""
        return frozenset(
            f
            for f in self.failures
            if f.symptom in symptoms and (not entry or f.entry_service == entry)
        )

    def entry_services(self, *symptoms: Symptom) -> list[str]:
        """Return the names of the entry services whose failures have one of these symptoms."""
        return sorted({f.entry_service for f in self.having(*symptoms)})

    def suspects(self, *, churn: bool = False) -> Iterator[Suspect]:
        """Yield each ECS service whose outage, or churn, explains failures, and these failures."""
        explained = self.failures_during_churn if churn else self.failures_of_outage
        for name in self.services:
            service, failures = self.ecs(name), explained(name)
            if service and failures:
                yield Suspect(name, service, failures)

    def suspect_groups(self) -> Iterator[tuple[str, TargetGroup, Failures]]:
        """Yield each target group of a service whose outage, or churn, explains failures."""
        for name in self.services:
            failures = self.failures_during_churn(name)
            for group in in_turn(self.environment, self.state, name) if failures else ():
                yield name, group, failures

    @remembered
    def failures_of_outage(self, name: str, via: str = "") -> Failures:
        """Return the failures that an outage of a service explains, its dependants' included.

        `via`: only those of requests through this dependant, for a broken link between the two.
        """
        return frozenset(f for f in self.failures if self._follows(f, name, via))

    def has_healthy_targets(self, name: str) -> bool:
        """Return whether tasks of a service run, and each group in turn has a healthy target."""
        service, groups = self.ecs(name), in_turn(self.environment, self.state, name)
        runs = bool(service and service.running >= 1) and bool(groups)
        return runs and all(any(t.state == "healthy" for t in g.targets) for g in groups)

    def failures_during_churn(self, name: str) -> Failures:
        """Return the failures that tasks explain which start and stop again and again.

        While other tasks of the service answer, this excludes errors of the application itself.
        """
        failures = self.failures_of_outage(name)
        if not self.has_healthy_targets(name):
            return failures
        return frozenset(f for f in failures if f.symptom in CONTROL | EDGE | BALANCER_5XX)

    def _follows(self, failure: Failure, name: str, via: str) -> bool:
        if failure.symptom in CONTROL:
            if failure.symptom not in (Symptom.CONTROL_ECS, Symptom.CONTROL_TARGETS):
                return False
            return (via or name) in self.closure(failure.service)
        if failure.symptom not in DOWN or name not in failure.implicated:
            return False
        return not via or via in self.closure(failure.entry_service)

    def age(self, at: str) -> float:
        """Return the seconds since a time in ISO 8601, infinity for a missing time."""
        try:
            return (self.now - dt.datetime.fromisoformat(at)).total_seconds()
        except (ValueError, TypeError):
            return float("inf")
