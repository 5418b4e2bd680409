"""The table of all rules of the diagnosis, each with the readings of AWS that it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from canary.diagnose import application, canary_itself
from canary.diagnose.access import auth_service, keys, unprotected
from canary.diagnose.core.case import Case
from canary.diagnose.core.finding import Finding
from canary.diagnose.dependencies import (
    artifact_store,
    circuit_breaker,
    cloud_map,
    mlflow_hangs,
    named_in_logs,
    slow,
    stuck_writes,
)
from canary.diagnose.ecs import configuration, listen_port, older_revision, services
from canary.diagnose.edge import configured_names, dns, idle_timeout, tls
from canary.diagnose.network import security_groups
from canary.diagnose.routing import listeners
from canary.diagnose.routing import rules as listener_rules
from canary.diagnose.targets import health_checks, ports, replaced_tasks, targets


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule yields the findings for one kind of cause.

    The rule runs only if all readings in `needs` were taken. If a reading in `also` is missing,
    its findings have the confidence LIKELY at most.
    """

    find: Callable[[Case], Iterator[Finding]]
    needs: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    without_failures: bool = False  # the rule runs also if every check passes


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
    Rule(find=canary_itself.egress),
    Rule(find=canary_itself.credentials),
    Rule(find=canary_itself.permissions, without_failures=True),
    Rule(find=configured_names.config, needs=(*_LISTENERS, *_GROUPS)),
    Rule(find=dns.missing),
    Rule(find=dns.elsewhere),
    Rule(find=tls.certificates, also=(*_LISTENERS, "acm:DescribeCertificate")),
    Rule(find=listeners.listeners, needs=_LISTENERS),
    Rule(find=listeners.redirects, needs=_RULES),
    Rule(find=listener_rules.rules, needs=(*_RULES, *_GROUPS)),
    Rule(find=listener_rules.by_signature),
    Rule(find=idle_timeout.idle_timeout, also=(f"{_ELB}DescribeLoadBalancerAttributes",)),
    Rule(
        find=security_groups.blocked,
        needs=(*_FIREWALL, *_ECS, f"{_ELB}DescribeLoadBalancers"),
        also=("ec2:DescribeSubnets",),
    ),
    Rule(find=services.missing, needs=_ECS),
    Rule(find=services.scaled_to_zero, needs=_ECS),
    Rule(find=services.not_starting, needs=_ECS, also=_TASKS),
    Rule(find=services.deployments, needs=_ECS),
    Rule(find=listen_port.listening, needs=_REVISIONS, also=_TASKS),
    Rule(find=older_revision.reverted, needs=_REVISIONS),
    Rule(find=configuration.upstream, needs=_REVISIONS, also=_TASKS),
    Rule(find=configuration.changed, needs=_REVISIONS),
    Rule(find=targets.empty, needs=(*_HEALTH, *_TASKS), also=_RULES),
    Rule(find=health_checks.health_check, needs=_HEALTH, also=_REVISIONS),
    Rule(find=ports.ports, needs=(*_HEALTH, *_REVISIONS)),
    Rule(find=health_checks.protocol, needs=_HEALTH),
    Rule(find=targets.foreign_targets, needs=(*_HEALTH, *_TASKS)),
    Rule(find=targets.unhealthy, needs=_HEALTH),
    Rule(find=replaced_tasks.replaced, needs=_TASKS),
    Rule(find=cloud_map.names),
    Rule(find=named_in_logs.by_words),
    Rule(find=named_in_logs.named_in_health),
    Rule(find=stuck_writes.stuck_writes),
    Rule(find=mlflow_hangs.hanging, needs=(*_HEALTH, *_ECS), also=_FIREWALL),
    Rule(find=slow.slow_dependency),
    Rule(find=slow.slow_auth),
    Rule(find=circuit_breaker.breaker),
    Rule(find=artifact_store.artifacts),
    Rule(find=auth_service.service_down),
    Rule(find=keys.rejected),
    Rule(find=auth_service.header_lost),
    Rule(find=keys.scope),
    Rule(find=unprotected.unprotected),
    Rule(find=auth_service.rate_limit),
    Rule(find=auth_service.misreported),
    Rule(find=application.routes),
    Rule(find=application.host_header),
    Rule(find=application.prefix),
    Rule(find=application.slow),
    Rule(find=application.throttled),
    Rule(find=application.broken),
    Rule(find=application.misleading_health),
)
