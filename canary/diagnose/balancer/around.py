"""What the readings know of one request that a load balancer answered by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from canary.control_plane.edge.counters import counted
from canary.control_plane.edge.web_acl import Association
from canary.control_plane.routing import listener_at, winner
from canary.control_plane.state import Listener, LoadBalancer, Rule, TargetGroup
from canary.control_plane.unread import Known, knows, of
from canary.diagnose.core.case import Case
from canary.diagnose.core.failures import Failure

_SIGN_IN = ("authenticate-oidc", "authenticate-cognito")
_JWT = "jwt-validation"
IDLE = "idle_timeout.timeout_seconds"
DESYNC = "routing.http.desync_mitigation_mode"
CONNECT_S = 10.0
"""Seconds within which a balancer must reach a target (AWS, "HTTP 504: Gateway timeout")."""
_NEAR_S = 1.0


@dataclass(frozen=True, eq=False)
class Around:
    """One failed request, and what stands on its way."""

    case: Case
    failure: Failure

    @cached_property
    def balancer(self) -> LoadBalancer | None:
        """Return the load balancer that had to take the request."""
        name = self.failure.entry_service
        return self.case.balancer(name) if name in self.case.services else None

    @cached_property
    def listener(self) -> Listener | None:
        """Return the listener that took the request."""
        return listener_at(self.balancer, self.failure.scheme, self.failure.port)

    @cached_property
    def rule(self) -> Rule | None:
        """Return the rule that takes the request, None where no rule is known to."""
        at = self.failure
        return winner(self.listener, at.host, at.path, at.method) if self.listener else None

    @cached_property
    def groups(self) -> tuple[TargetGroup, ...]:
        """Return the target groups to which that rule forwards."""
        arns = {f.target_group for f in self.rule.action.forwards if f.weight} if self.rule else ()
        return tuple(g for g in self.case.state.target_groups if g.arn in arns)

    @property
    def association(self) -> Association | None:
        """Return what is known of the web ACL before the balancer, None where nothing is."""
        arn = self.balancer.arn if self.balancer else ""
        return next((a for a in self.case.state.web_acls if a.load_balancer == arn), None)

    def of_rule(self, holds: Callable[[Rule], bool]) -> Known:
        """Return whether something holds for the rule that takes the request."""
        return of(holds(self.rule)) if self.rule else Known.UNKNOWN

    def of_groups(self, holds: Callable[[TargetGroup], bool]) -> Known:
        """Return whether something holds for a group to which the request leads."""
        return of(any(map(holds, self.groups))) if self.groups else Known.UNKNOWN

    def fixed(self) -> Known:
        """Return whether the rule itself answers so, by a fixed response."""
        wanted = str(self.failure.status)
        return self.of_rule(
            lambda r: r.action.type == "fixed-response" and r.action.status_code == wanted
        )

    def signs_in(self, denies: bool | None = None) -> Known:
        """Return whether the rule signs users in, optionally whether it denies all others."""
        return self.of_rule(
            lambda r: any(
                a.type in _SIGN_IN and denies in (None, _denies(a.config)) for a in r.earlier
            )
        )

    def validates_tokens(self) -> Known:
        """Return whether the rule validates JSON web tokens."""
        return self.of_rule(lambda r: any(a.type == _JWT for a in r.earlier))

    def has_web_acl(self, action: str = "") -> Known:
        """Return whether a web ACL stands before the balancer, or one with such a rule."""
        if (found := self.association) is None:
            return Known.UNKNOWN
        rules = found.acl.rules if found.acl else ()
        return of(found.acl is not None and (not action or any(r.action == action for r in rules)))

    def attribute(self, name: str) -> str:
        """Return an attribute of the balancer, "" where it was not read."""
        return self.balancer.attributes.get(name, "") if self.balancer else ""

    def lambdas(self) -> Known:
        """Return whether the request leads to a Lambda function."""
        return self.of_groups(lambda g: g.target_type == "lambda")

    def over_tls(self) -> Known:
        """Return whether the balancer speaks TLS to the targets."""
        return self.of_groups(lambda g: g.protocol == "HTTPS")

    def target_states(self, *states: str) -> Known:
        """Return whether every target of the groups has one of these states, or none is there."""
        if not self.groups or not all(knows(g, "targets") for g in self.groups):
            return Known.UNKNOWN
        return of(all(t.state in states for g in self.groups for t in g.targets))

    def has_target(self, state: str) -> Known:
        """Return whether a target of the groups has this state."""
        return self.of_groups(lambda g: any(t.state == state for t in g.targets))

    def refuses_connections(self) -> Known:
        """Return whether connections to targets fail: CloudWatch counts them, health names them."""
        reason = "Target.FailedHealthChecks"
        if self.of_groups(lambda g: any(t.reason == reason for t in g.targets)) is Known.YES:
            return Known.YES
        return self.counts("TargetConnectionErrorCount")

    def counts(self, metric: str) -> Known:
        """Return whether CloudWatch counted something; what it did not count is unknown."""
        name = self.balancer.name if self.balancer else ""
        found = counted(self.case.state.counters, name, metric)
        return Known.YES if found and found.total else Known.UNKNOWN

    def took(self, seconds: float) -> Known:
        """Return whether the answer came after so many seconds."""
        return of(abs(self.failure.milliseconds / 1000 - seconds) <= _NEAR_S)

    def idle(self) -> Known:
        """Return whether the answer came when the balancer's idle timeout was over."""
        value = self.attribute(IDLE)
        return self.took(float(value)) if value.isdigit() else Known.UNKNOWN


def _denies(config: dict[str, object]) -> bool:
    parts = (config.get("AuthenticateOidcConfig"), config.get("AuthenticateCognitoConfig"))
    found = next((p for p in parts if isinstance(p, dict)), {})
    return found.get("OnUnauthenticatedRequest") == "deny"


def both(*answers: Known) -> Known:
    """Return whether all of these hold."""
    found = set(answers)
    return next((a for a in (Known.NO, Known.UNKNOWN) if a in found), Known.YES)
