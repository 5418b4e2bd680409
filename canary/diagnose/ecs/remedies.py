"""Remedies for ECS: roll back, make a log group, create a service."""

from __future__ import annotations

import msgspec

from canary.control_plane.state import EcsService
from canary.diagnose.core.aws_cli import compact
from canary.diagnose.core.case import Case
from canary.diagnose.ecs import revisions
from canary.diagnose.ecs.role_remedies import grant
from canary.diagnose.ecs.secret_remedies import restore, value_back
from canary.diagnose.ecs.task_stops import Stop
from canary.model import Remedy


def start_remedy(case: Case, name: str, stop: Stop) -> Remedy:
    """Return the remedy of a service whose tasks do not start."""
    if stop.cause == "execution-role-denied":
        return grant(case, name, stop)
    if stop.cause == "log-group-missing":
        return _log_group(case, name)
    if stop.cause in ("secret-unavailable", "database-auth-failed"):
        return restore(case, name, stop.words, stop.cause)
    back = revisions.rollback(case, name)
    if not back.fix and stop.cause in ("task-crash-loop", "environment-variable-wrong"):
        value = value_back(case, name, ("",))  # an injected value may have changed
        if value.fix:
            return value
    texts = {
        "image-pull-failed": "Build and push the image that the revision names, or deploy another.",
        "image-wrong-architecture": "Build the image for the architecture of the task definition.",
        "task-out-of-memory": "Give the task definition more memory.",
        "task-crash-loop": "Read the log: the image or its settings must be mended.",
        "database-schema-missing": "Run the migrations of the service against its database.",
        "database-unreachable": "See whether the database runs and accepts connections.",
        "security-group-blocked": "See the tasks' security group, routes and VPC endpoints.",
    }
    decision = texts.get(stop.cause, "Register a revision that is complete.")
    verify = revisions.verify(case, name)
    remedy = revisions.remedy(case, name, decision, verify=verify)
    return msgspec.structs.replace(remedy, inspect=(*remedy.inspect, *back.inspect))


def _log_group(case: Case, name: str) -> Remedy:
    """Return how to create a missing log group; a task does not start without it."""
    groups = {c.log_group for c in case.containers(name) if c.log_group}
    name_it = "Create the log group that the task definition names."
    group = min(groups, default="/")
    show = case.aws("logs", "describe-log-groups", log_group_name_prefix=group)
    make = case.aws("logs", "create-log-group", log_group_name=group)
    one = len(groups) == 1  # of several groups, ECS does not say which one is gone
    return Remedy(
        summary=f"Create the log group {group} again, then start tasks." if one else name_it,
        inspect=(show, *revisions.inspect(case, name)[:2]),
        fix=(make, revisions.deploy(case, name)) if one else (),
        verify=(show, *revisions.verify(case, name)),
        decision="" if one else name_it,
        terraform=f'resource "aws_cloudwatch_log_group" "{name}" {{\n  name = "{group}"\n}}\n',
    )


def create_service(case: Case, name: str) -> Remedy:
    """Return how to create a service as the previous run saw it, else with usual values."""
    part = case.services[name]
    old = case.ecs_before(name)
    show = case.aws.ecs("describe-services", services=[part.ecs_service])
    network = _network(case, name, old)
    if not network:
        return Remedy(
            summary=f"Create the ECS service {part.ecs_service}.",
            inspect=(show,),
            decision="Nothing shows in which subnets and security groups it ran: apply Terraform.",
        )
    create = _create(case, name, old, network)
    wait = case.aws.ecs("wait services-stable", services=[part.ecs_service])
    return Remedy(
        summary=f"Create the ECS service {part.ecs_service} as it was.",
        inspect=(show, case.aws("ecs", "list-task-definitions", family_prefix=part.ecs_service)),
        fix=(create,),
        verify=(wait, show),
        terraform=f'resource "aws_ecs_service" "{name}" {{\n  name = "{part.ecs_service}"\n}}\n',
    )


def _network(case: Case, name: str, old: EcsService | None) -> str:
    """Return the network settings that the service had, else those of another service."""
    if old and old.subnets:
        return compact(awsvpc(old.subnets, old.security_groups))
    other = next((s for s in case.state.ecs_services if s.subnets), None)
    task_groups = _task_groups(case, name)
    if other is None or not task_groups:
        return ""
    return compact(awsvpc(other.subnets, task_groups))


def _task_groups(case: Case, name: str) -> tuple[str, ...]:
    """Return the group of the service's tasks: it admits the balancer on the service's port."""
    balancer = case.balancer(name)
    port = case.services[name].port
    return tuple(
        g.id
        for g in case.state.security_groups
        if balancer
        for r in g.ingress
        if r.from_port <= port <= r.to_port and set(balancer.security_groups) & set(r.groups)
    )[:1]


def awsvpc(subnets: tuple[str, ...], groups: tuple[str, ...]) -> dict[str, object]:
    """Return the network configuration of a service's tasks."""
    return {
        "awsvpcConfiguration": {
            "subnets": list(subnets),
            "securityGroups": list(groups),
            "assignPublicIp": "DISABLED",
        }
    }


def _create(case: Case, name: str, old: EcsService | None, network: str) -> str:
    part = case.services[name]
    group = next(iter(case.groups(name)), None)
    registry = next((s.arn for s in case.state.discovery if s.name == part.discovery), "")
    definition = old.task_definition if old else part.ecs_service
    balancer = (
        f"targetGroupArn={group.arn},containerName={part.container},containerPort={part.port}"
        if group
        else None
    )
    return case.aws.ecs(
        "create-service",
        service_name=part.ecs_service,
        task_definition=definition,
        desired_count=(old.desired if old else 0) or 1,
        launch_type="FARGATE",
        network_configuration=network,
        load_balancers=balancer,
        service_registries=f"registryArn={registry}" if registry else None,
        deployment_configuration=compact(
            {
                "deploymentCircuitBreaker": {"enable": True, "rollback": True},
                "minimumHealthyPercent": 100,
                "maximumPercent": 200,
            }
        ),
        health_check_grace_period_seconds=(old.grace_period_s if old else 120) or None,
    )
