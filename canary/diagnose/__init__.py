"""Why: pure rules over results and control plane; the smallest set of causes, with remedies."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from canary.control_plane.state import PlatformState
from canary.diagnose import application
from canary.diagnose import canary_itself as canary
from canary.diagnose.access import auth_service as auth
from canary.diagnose.access import keys
from canary.diagnose.access import unprotected as doors
from canary.diagnose.core.case import Case
from canary.diagnose.core.choose import as_diagnosis, choose
from canary.diagnose.core.claim import Claim
from canary.diagnose.dependencies import cloud_map as discovery
from canary.diagnose.dependencies import mlflow_hangs as hanging
from canary.diagnose.dependencies import named_in_logs as dependencies
from canary.diagnose.dependencies import slow as slow_dependency
from canary.diagnose.dependencies import slow_auth, stuck_writes
from canary.diagnose.ecs import configuration
from canary.diagnose.ecs import listen_port as listening
from canary.diagnose.ecs import older_revision as reverted
from canary.diagnose.ecs import services as ecs
from canary.diagnose.edge import configured_names as environment_names
from canary.diagnose.edge import dns as names
from canary.diagnose.edge import idle_timeout as attributes
from canary.diagnose.edge import tls
from canary.diagnose.network import security_groups as network
from canary.diagnose.routing import listeners
from canary.diagnose.routing import rules as routing
from canary.diagnose.targets import health_checks, targets
from canary.diagnose.targets import ports as target_ports
from canary.diagnose.targets import replaced_tasks as replaced
from canary.model import Confidence, Diagnosis, Environment, Evidence, Frozen, Result

__all__ = ["RULES", "Rule", "Verdict", "diagnose"]


class Verdict(Frozen, frozen=True, kw_only=True):
    """The diagnoses, most important first, and the checks whose failure nothing explains."""

    diagnoses: tuple[Diagnosis, ...] = ()
    unexplained: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One way of finding a cause.

    Without the readings in `needs` the rule is not asked; without those in `also` what it finds is
    at most LIKELY.
    """

    find: Callable[[Case], Iterator[Claim]]
    needs: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


_ELB = "elasticloadbalancing:"
_LISTENERS = (f"{_ELB}DescribeLoadBalancers", f"{_ELB}DescribeListeners")
_RULES = (*_LISTENERS, f"{_ELB}DescribeRules")
_GROUPS = (f"{_ELB}DescribeTargetGroups",)
_HEALTH = (*_GROUPS, f"{_ELB}DescribeTargetHealth")
_ECS = ("ecs:DescribeServices",)
_TASKS = (*_ECS, "ecs:ListTasks", "ecs:DescribeTasks")
_REVISIONS = (*_ECS, "ecs:DescribeTaskDefinition")
_FIREWALL = ("ec2:DescribeSecurityGroups",)

RULES: tuple[Rule, ...] = (
    Rule(find=canary.egress),
    Rule(find=canary.credentials),
    Rule(find=canary.permissions),
    Rule(find=environment_names.config, needs=(*_LISTENERS, *_GROUPS)),
    Rule(find=names.missing),
    Rule(find=names.elsewhere),
    Rule(find=tls.certificates, also=(*_LISTENERS, "acm:DescribeCertificate")),
    Rule(find=listeners.listeners, needs=_LISTENERS),
    Rule(find=listeners.redirects, needs=_RULES),
    Rule(find=routing.rules, needs=(*_RULES, *_GROUPS)),
    Rule(find=routing.by_signature),
    Rule(find=attributes.idle_timeout, also=(f"{_ELB}DescribeLoadBalancerAttributes",)),
    Rule(
        find=network.blocked,
        needs=(*_FIREWALL, *_ECS, f"{_ELB}DescribeLoadBalancers"),
        also=("ec2:DescribeSubnets",),
    ),
    Rule(find=ecs.missing, needs=_ECS),
    Rule(find=ecs.scaled_to_zero, needs=_ECS),
    Rule(find=ecs.not_starting, needs=_ECS, also=_TASKS),
    Rule(find=ecs.deployments, needs=_ECS),
    Rule(find=listening.listening, needs=_REVISIONS, also=_TASKS),
    Rule(find=reverted.reverted, needs=_REVISIONS),
    Rule(find=configuration.upstream, needs=_REVISIONS, also=_TASKS),
    Rule(find=configuration.changed, needs=_REVISIONS),
    Rule(find=targets.empty, needs=(*_HEALTH, *_TASKS), also=_RULES),
    Rule(find=health_checks.health_check, needs=_HEALTH, also=_REVISIONS),
    Rule(find=target_ports.ports, needs=(*_HEALTH, *_REVISIONS)),
    Rule(find=health_checks.protocol, needs=_HEALTH),
    Rule(find=targets.strangers, needs=(*_HEALTH, *_TASKS)),
    Rule(find=targets.unhealthy, needs=_HEALTH),
    Rule(find=replaced.replaced, needs=_TASKS),
    Rule(find=discovery.names),
    Rule(find=dependencies.by_words),
    Rule(find=dependencies.named_in_health),
    Rule(find=stuck_writes.stuck_writes),
    Rule(find=hanging.hanging, needs=(*_HEALTH, *_ECS), also=_FIREWALL),
    Rule(find=slow_dependency.slow_dependency),
    Rule(find=slow_auth.slow_auth),
    Rule(find=dependencies.breaker),
    Rule(find=dependencies.artifacts),
    Rule(find=auth.service_down),
    Rule(find=keys.rejected),
    Rule(find=auth.header_lost),
    Rule(find=keys.scope),
    Rule(find=doors.let_through),
    Rule(find=auth.rate_limit),
    Rule(find=auth.misreported),
    Rule(find=application.routes),
    Rule(find=application.host_header),
    Rule(find=application.prefix),
    Rule(find=application.slow),
    Rule(find=application.throttled),
    Rule(find=application.broken),
    Rule(find=application.lying_health),
)


def diagnose(
    results: Iterable[Result],
    state: PlatformState,
    environment: Environment,
    previous: PlatformState | None,
    now: dt.datetime,
) -> Verdict:
    """Return what is broken and why; a run without failures and denials has no diagnosis."""
    case = Case(
        results=tuple(results),
        state=state,
        environment=environment,
        previous=previous,
        now=now,
    )
    claims = [claim for rule in RULES for claim in _ask(case, rule)]
    chosen, left = choose(case, claims)
    explained = {check for claim in chosen for check in (f.check_id for f in claim.atoms)}
    unexplained = sorted({f.check_id for f in left})
    return Verdict(
        diagnoses=tuple(as_diagnosis(c) for c in chosen),
        unexplained=tuple(u for u in unexplained if u not in explained or _wholly(case, u, left)),
    )


def _wholly(case: Case, check: str, left: frozenset[object]) -> bool:
    """Tell whether no failed step of a check is explained."""
    return all(f in left for f in case.failures if f.check_id == check)


def _ask(case: Case, rule: Rule) -> Iterator[Claim]:
    if not case.failures and rule.find is not canary.permissions:
        return
    if not case.read(*rule.needs):
        return
    for claim in rule.find(case):
        if case.read(*rule.also):
            yield claim
        else:
            unread = ", ".join(a for a in rule.also if not case.read(a))
            why = Evidence(resource=unread, seen="could not be read", expected="read")
            yield claim.at_most(Confidence.LIKELY, why)
