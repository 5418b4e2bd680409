"""The table of all rules of the diagnosis, with their ranks and the readings they need."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from canary.diagnose import (
    application,
    canary_itself,
    dropped_body,
    failing_routes,
    refused_routes,
)
from canary.diagnose.access import asked_otherwise, auth_service, keys, scope, unprotected
from canary.diagnose.balancer import blocked, own_answers
from canary.diagnose.core import finding
from canary.diagnose.core.case import Case
from canary.diagnose.core.finding import Finding
from canary.diagnose.dependencies import (
    cloud_map,
    mlflow,
    named_in_answers,
    named_in_logs,
    slow,
    slow_with_key,
    stuck_writes,
)
from canary.diagnose.ecs import (
    configuration,
    listen_port,
    older_revision,
    own_credential,
    services,
    side_cars,
)
from canary.diagnose.edge import configured_names, dns, idle_timeout, tls
from canary.diagnose.network import security_groups, start_ways, unreached, ways, zones
from canary.diagnose.routing import by_answers, listeners
from canary.diagnose.routing import rules as listener_rules
from canary.diagnose.stores import by_aws, own_words
from canary.diagnose.targets import health_checks, ports, protocol_version, targets


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule yields the findings for one kind of cause.

    The rule runs only if all readings in `needs` were taken. If a reading in `also` is missing,
    its findings have the confidence LIKELY at most.
    """

    find: Callable[[Case], Iterator[Finding]]
    rank: int  # how near to the edge the cause lies, from CANARY to APPLICATION
    needs: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    without_failures: bool = False  # the rule runs also if every check passes

    @property
    def name(self) -> str:
        """Return module and function, as "targets.ports.ports"."""
        return f"{self.find.__module__.removeprefix('canary.diagnose.')}.{self.find.__name__}"


_ELB = "elasticloadbalancing:"
_LISTENERS = (f"{_ELB}DescribeLoadBalancers", f"{_ELB}DescribeListeners")
_RULES = (*_LISTENERS, f"{_ELB}DescribeRules")
_ATTRIBUTES = (f"{_ELB}DescribeLoadBalancerAttributes",)
_GROUPS = (f"{_ELB}DescribeTargetGroups",)
_HEALTH = (*_GROUPS, f"{_ELB}DescribeTargetHealth")
_ECS = ("ecs:DescribeServices",)
_TASKS = (*_ECS, "ecs:ListTasks", "ecs:DescribeTasks")
_REVISIONS = (*_ECS, "ecs:DescribeTaskDefinition")
_SUBNETS = ("ec2:DescribeSubnets",)
_FIREWALL = ("ec2:DescribeSecurityGroups",)

RULES: tuple[Rule, ...] = (
    Rule(find=canary_itself.egress, rank=finding.CANARY),
    Rule(find=canary_itself.credentials, rank=finding.CANARY + 3),
    Rule(find=canary_itself.permissions, rank=finding.APPLICATION + 8, without_failures=True),
    Rule(find=configured_names.config, rank=finding.CANARY + 4, needs=(*_LISTENERS, *_GROUPS)),
    Rule(
        find=configured_names.on_a_healthy_day,
        rank=finding.CANARY + 4,
        without_failures=True,
    ),
    Rule(find=dns.missing, rank=finding.CANARY + 1),
    Rule(find=dns.elsewhere, rank=finding.CANARY + 1),
    Rule(
        find=tls.certificates, rank=finding.TLS_EDGE, also=(*_LISTENERS, "acm:DescribeCertificate")
    ),
    Rule(find=listeners.listeners, rank=finding.TLS_EDGE, needs=_LISTENERS),
    Rule(find=listeners.redirects, rank=finding.ROUTE, needs=_RULES),
    Rule(find=listener_rules.rules, rank=finding.ROUTE, needs=(*_RULES, *_GROUPS)),
    Rule(find=by_answers.closed_ports, rank=finding.TLS_EDGE),
    Rule(find=by_answers.misroutes, rank=finding.ROUTE),
    Rule(find=blocked.blocked, rank=finding.ROUTE + 3),
    Rule(find=own_answers.own_answers, rank=finding.ROUTE + 6),
    Rule(find=idle_timeout.idle_timeout, rank=finding.ROUTE + 5, also=_ATTRIBUTES),
    Rule(
        find=security_groups.blocked,
        rank=finding.NETWORK,
        needs=(*_FIREWALL, *_ECS, f"{_ELB}DescribeLoadBalancers"),
        also=("ec2:DescribeSubnets",),
    ),
    Rule(find=ways.stopped, rank=finding.NETWORK, needs=(*_ECS, f"{_ELB}DescribeLoadBalancers")),
    Rule(find=start_ways.at_start, rank=finding.NETWORK + 1, needs=_ECS, also=_TASKS),
    Rule(find=unreached.unreached, rank=finding.NETWORK + 3),
    Rule(find=zones.zones, rank=finding.NETWORK + 2, needs=(*_HEALTH, *_ECS), also=_SUBNETS),
    Rule(find=services.missing, rank=finding.START, needs=_ECS),
    Rule(find=services.scaled_to_zero, rank=finding.START, needs=_ECS),
    Rule(find=services.not_starting, rank=finding.START + 1, needs=_ECS, also=_TASKS),
    Rule(find=side_cars.ended, rank=finding.START + 2, needs=(*_TASKS, _REVISIONS[-1])),
    Rule(find=services.deployments, rank=finding.SERVE, needs=_ECS),
    Rule(find=listen_port.listening, rank=finding.TARGET - 4, needs=_REVISIONS, also=_TASKS),
    Rule(find=older_revision.reverted, rank=finding.SETTINGS, needs=_REVISIONS),
    Rule(find=configuration.upstream, rank=finding.SETTINGS, needs=_REVISIONS, also=_TASKS),
    Rule(find=configuration.changed, rank=finding.SETTINGS, needs=_REVISIONS),
    Rule(find=own_credential.refused, rank=finding.SETTINGS, also=_REVISIONS),
    Rule(find=targets.empty, rank=finding.TARGET, needs=(*_HEALTH, *_TASKS), also=_RULES),
    Rule(find=health_checks.health_check, rank=finding.TARGET - 2, needs=_HEALTH, also=_REVISIONS),
    Rule(find=health_checks.guarded_path, rank=finding.TARGET - 2, needs=_HEALTH),
    Rule(find=ports.ports, rank=finding.TARGET - 3, needs=(*_HEALTH, *_REVISIONS)),
    Rule(find=health_checks.protocol, rank=finding.TARGET - 1, needs=_HEALTH),
    Rule(find=protocol_version.refused, rank=finding.TARGET - 1, needs=(*_RULES, *_HEALTH)),
    Rule(find=targets.foreign_targets, rank=finding.TARGET, needs=(*_HEALTH, *_TASKS)),
    Rule(find=targets.unhealthy, rank=finding.TARGET + 5, needs=_HEALTH),
    Rule(find=targets.replaced, rank=finding.TARGET + 6, needs=_TASKS),
    Rule(find=cloud_map.names, rank=finding.DEPENDS),
    Rule(find=by_aws.shown, rank=finding.DEPENDS),
    Rule(find=own_words.schema, rank=finding.DEPENDS + 1),
    Rule(find=own_words.workers, rank=finding.SERVE + 1),
    Rule(find=named_in_logs.by_words, rank=finding.DEPENDS + 2),
    Rule(find=named_in_logs.named_in_health, rank=finding.DEPENDS + 2),
    Rule(find=stuck_writes.stuck_writes, rank=finding.DEPENDS + 2),
    Rule(find=mlflow.hanging, rank=finding.DEPENDS + 3, needs=(*_HEALTH, *_ECS), also=_FIREWALL),
    Rule(find=slow.slow_dependency, rank=finding.DEPENDS + 3),
    Rule(find=slow_with_key.slow_with_key, rank=finding.DEPENDS + 3),
    Rule(find=slow.slow_auth, rank=finding.DEPENDS + 4),
    Rule(find=mlflow.breaker, rank=finding.DEPENDS + 6),
    Rule(find=mlflow.artifacts, rank=finding.DEPENDS + 4),
    Rule(find=auth_service.service_down, rank=finding.SERVE),
    # after the rules that know one dependency, such as the one before
    Rule(find=named_in_answers.unreachable, rank=finding.SERVE + 1),
    Rule(find=keys.rejected, rank=finding.APPLICATION),
    Rule(find=auth_service.header_lost, rank=finding.SERVE + 2),
    Rule(find=asked_otherwise.asked_otherwise, rank=finding.APPLICATION),
    Rule(find=keys.scope, rank=finding.APPLICATION),
    Rule(find=unprotected.unprotected, rank=finding.SERVE + 3),
    Rule(find=scope.excessive, rank=finding.SERVE + 3),
    Rule(find=auth_service.rate_limit, rank=finding.APPLICATION + 8),
    Rule(find=auth_service.misreported, rank=finding.APPLICATION + 6),
    Rule(find=application.routes, rank=finding.APPLICATION + 1),
    Rule(find=application.host_header, rank=finding.APPLICATION),
    Rule(find=application.prefix, rank=finding.APPLICATION + 2),
    Rule(find=application.slow, rank=finding.APPLICATION + 5),
    Rule(find=application.throttled, rank=finding.APPLICATION + 3),
    Rule(find=failing_routes.failing_routes, rank=finding.APPLICATION + 4),
    Rule(find=refused_routes.refused_routes, rank=finding.APPLICATION + 6, needs=_REVISIONS),
    Rule(find=dropped_body.dropped_body, rank=finding.APPLICATION + 2),
    Rule(find=mlflow.breaker_document, rank=finding.APPLICATION + 6),
    Rule(find=application.broken, rank=finding.APPLICATION + 4),
    Rule(find=application.misleading_health, rank=finding.APPLICATION + 7),
)
