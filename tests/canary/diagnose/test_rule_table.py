"""Every rule with its rank and the readings without which it proves nothing."""

from __future__ import annotations

from canary.diagnose.rules import RULES

LB = "elasticloadbalancing:DescribeLoadBalancers"
LISTENERS = "elasticloadbalancing:DescribeListeners"
RULE = "elasticloadbalancing:DescribeRules"
GROUPS = "elasticloadbalancing:DescribeTargetGroups"
HEALTH = "elasticloadbalancing:DescribeTargetHealth"
ATTRIBUTES = "elasticloadbalancing:DescribeLoadBalancerAttributes"
ECS = "ecs:DescribeServices"
LIST = "ecs:ListTasks"
TASKS = "ecs:DescribeTasks"
REVISIONS = "ecs:DescribeTaskDefinition"
FIREWALL = "ec2:DescribeSecurityGroups"
SUBNETS = "ec2:DescribeSubnets"
CERTIFICATE = "acm:DescribeCertificate"

# rank, what it needs, without what it is LIKELY at most, whether it runs on a good day
TABLE: dict[str, tuple[int, tuple[str, ...], tuple[str, ...], bool]] = {
    "canary_itself.egress": (0, (), (), False),
    "canary_itself.credentials": (3, (), (), False),
    "canary_itself.permissions": (98, (), (), True),
    "edge.configured_names.config": (4, (LB, LISTENERS, GROUPS), (), False),
    "edge.configured_names.on_a_healthy_day": (4, (), (), True),
    "edge.dns.missing": (1, (), (), False),
    "edge.dns.elsewhere": (1, (), (), False),
    "edge.tls.certificates": (10, (), (LB, LISTENERS, CERTIFICATE), False),
    "routing.listeners.listeners": (10, (LB, LISTENERS), (), False),
    "routing.listeners.redirects": (20, (LB, LISTENERS, RULE), (), False),
    "routing.rules.rules": (20, (LB, LISTENERS, RULE, GROUPS), (), False),
    "routing.by_answers.closed_ports": (10, (), (), False),
    "routing.by_answers.misroutes": (20, (), (), False),
    "balancer.blocked.blocked": (23, (), (), False),
    "balancer.own_answers.own_answers": (26, (), (), False),
    "edge.idle_timeout.idle_timeout": (25, (), (ATTRIBUTES,), False),
    "network.security_groups.blocked": (30, (FIREWALL, ECS, LB), (SUBNETS,), False),
    "network.ways.stopped": (30, (ECS, LB), (), False),
    "network.start_ways.at_start": (31, (ECS,), (ECS, LIST, TASKS), False),
    "network.unreached.unreached": (33, (), (), False),
    "network.zones.zones": (32, (GROUPS, HEALTH, ECS), (SUBNETS,), False),
    "ecs.services.missing": (40, (ECS,), (), False),
    "ecs.services.scaled_to_zero": (40, (ECS,), (), False),
    "ecs.services.not_starting": (41, (ECS,), (ECS, LIST, TASKS), False),
    "ecs.side_cars.ended": (42, (ECS, LIST, TASKS, REVISIONS), (), False),
    "ecs.services.deployments": (80, (ECS,), (), False),
    "ecs.listen_port.listening": (66, (ECS, REVISIONS), (ECS, LIST, TASKS), False),
    "ecs.older_revision.reverted": (50, (ECS, REVISIONS), (), False),
    "ecs.configuration.upstream": (50, (ECS, REVISIONS), (ECS, LIST, TASKS), False),
    "ecs.configuration.changed": (50, (ECS, REVISIONS), (), False),
    "ecs.own_credential.refused": (50, (), (ECS, REVISIONS), False),
    "targets.targets.empty": (70, (GROUPS, HEALTH, ECS, LIST, TASKS), (LB, LISTENERS, RULE), False),
    "targets.health_checks.health_check": (68, (GROUPS, HEALTH), (ECS, REVISIONS), False),
    "targets.health_checks.guarded_path": (68, (GROUPS, HEALTH), (), False),
    "targets.ports.ports": (67, (GROUPS, HEALTH, ECS, REVISIONS), (), False),
    "targets.health_checks.protocol": (69, (GROUPS, HEALTH), (), False),
    "targets.protocol_version.refused": (69, (LB, LISTENERS, RULE, GROUPS, HEALTH), (), False),
    "targets.targets.foreign_targets": (70, (GROUPS, HEALTH, ECS, LIST, TASKS), (), False),
    "targets.targets.unhealthy": (75, (GROUPS, HEALTH), (), False),
    "targets.targets.replaced": (76, (ECS, LIST, TASKS), (), False),
    "dependencies.cloud_map.names": (60, (), (), False),
    "stores.by_aws.shown": (60, (), (), False),
    "stores.own_words.schema": (61, (), (), False),
    "stores.own_words.workers": (81, (), (), False),
    "dependencies.named_in_logs.by_words": (62, (), (), False),
    "dependencies.named_in_logs.named_in_health": (62, (), (), False),
    "dependencies.stuck_writes.stuck_writes": (62, (), (), False),
    "dependencies.mlflow.hanging": (63, (GROUPS, HEALTH, ECS), (FIREWALL,), False),
    "dependencies.slow.slow_dependency": (63, (), (), False),
    "dependencies.slow_with_key.slow_with_key": (63, (), (), False),
    "dependencies.slow.slow_auth": (64, (), (), False),
    "dependencies.mlflow.breaker": (66, (), (), False),
    "dependencies.mlflow.artifacts": (64, (), (), False),
    "access.auth_service.service_down": (80, (), (), False),
    "dependencies.named_in_answers.unreachable": (81, (), (), False),
    "access.keys.rejected": (90, (), (), False),
    "access.auth_service.header_lost": (82, (), (), False),
    "access.asked_otherwise.asked_otherwise": (90, (), (), False),
    "access.keys.scope": (90, (), (), False),
    "access.unprotected.unprotected": (83, (), (), False),
    "access.scope.excessive": (83, (), (), False),
    "access.auth_service.rate_limit": (98, (), (), False),
    "access.auth_service.misreported": (96, (), (), False),
    "application.routes": (91, (), (), False),
    "application.host_header": (90, (), (), False),
    "application.prefix": (92, (), (), False),
    "application.slow": (95, (), (), False),
    "application.throttled": (93, (), (), False),
    "failing_routes.failing_routes": (94, (), (), False),
    "refused_routes.refused_routes": (96, (ECS, REVISIONS), (), False),
    "dropped_body.dropped_body": (92, (), (), False),
    "dependencies.mlflow.breaker_document": (96, (), (), False),
    "application.broken": (94, (), (), False),
    "application.misleading_health": (97, (), (), False),
}


def test_a_rule_needs_these_readings() -> None:
    found = {r.name: (r.rank, r.needs, r.also, r.without_failures) for r in RULES}
    assert found == TABLE


def test_the_order_of_rules_is_the_order_of_the_table() -> None:
    assert [r.name for r in RULES] == list(TABLE)
