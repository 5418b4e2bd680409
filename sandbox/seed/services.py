"""Create the ECS cluster with its services, Cloud Map names and log groups."""

from __future__ import annotations

from typing import Any

import msgspec

from emulator.aws.endpoint import Endpoint
from sandbox.seed.balancers import Balancers
from sandbox.seed.definitions import IMAGE_TAGS, definition
from sandbox.seed.network import Vpc
from sandbox.seed.secrets import Stored
from sandbox.world.parts import Service
from sandbox.world.world import World


class Services(msgspec.Struct, frozen=True, kw_only=True):
    """Identifiers of the services."""

    namespace: str
    registries: dict[str, str]  # ECS service -> Cloud Map service ARN
    task_definitions: dict[str, str]  # ECS service -> ARN of the running revision


def build(
    aws: Endpoint,
    world: World,
    vpc: Vpc,
    balancers: Balancers,
    stored: Stored,
    as_found: bool,
) -> Services:
    """Create the cluster, its services, Cloud Map names and log groups."""
    namespace, registries = _discovery(aws, world, vpc.id)
    aws.client("ecs").create_cluster(clusterName=world.cluster)
    definitions = {}
    for part, service in world.services.items():
        aws.client("logs").create_log_group(logGroupName=service.log_group)
        aws.client("logs").put_retention_policy(logGroupName=service.log_group, retentionInDays=30)
        definitions[service.name] = _register(aws, world, part, stored, as_found)
        wanted = arguments(world, vpc, balancers, service, registries[service.name])
        aws.client("ecs").create_service(taskDefinition=definitions[service.name], **wanted)
    return Services(namespace=namespace, registries=registries, task_definitions=definitions)


def _register(aws: Endpoint, world: World, part: str, stored: Stored, as_found: bool) -> str:
    """Register the earlier revisions and the current one, and return the last ARN."""
    arn = ""
    for tag in IMAGE_TAGS:
        wanted = definition(world, part, stored, tag, as_found)
        answer = aws.client("ecs").register_task_definition(**wanted)
        arn = answer["taskDefinition"]["taskDefinitionArn"]
    return arn


def arguments(
    world: World, vpc: Vpc, balancers: Balancers, service: Service, registry: str
) -> dict[str, Any]:
    """Return the arguments of CreateService, without the revision."""
    found: dict[str, Any] = {
        "cluster": world.cluster,
        "serviceName": service.name,
        "desiredCount": service.count,
        "launchType": "FARGATE",
        "platformVersion": "1.4.0",
        "loadBalancers": [
            {
                "targetGroupArn": balancers.target_groups[service.target_group],
                "containerName": service.container,
                "containerPort": service.port,
            }
        ],
        "serviceRegistries": [{"registryArn": registry}],
        "networkConfiguration": {
            "awsvpcConfiguration": {
                "subnets": vpc.public if service.public else vpc.private,
                "securityGroups": [vpc.groups[service.group]],
                "assignPublicIp": "ENABLED" if service.public else "DISABLED",
            }
        },
        "deploymentConfiguration": {
            "deploymentCircuitBreaker": {"enable": True, "rollback": True},
            "minimumHealthyPercent": 100,
            "maximumPercent": 200,
        },
        "healthCheckGracePeriodSeconds": 120,
        "schedulingStrategy": "REPLICA",
        "propagateTags": "SERVICE",
        "tags": [{"key": "Environment", "value": world.environment}],
    }
    if "capacityProviderStrategy" in service.details:  # a service has one or the other
        del found["launchType"]
    if service.shift:
        found |= _shifted(world, balancers, service, found)
    return {**found, **service.details}


def _shifted(
    world: World, balancers: Balancers, service: Service, rolling: dict[str, Any]
) -> dict[str, Any]:
    """Return what is otherwise where the traffic is shifted from one group to another."""
    if service.shift == "CODE_DEPLOY":
        return {"deploymentController": {"type": "CODE_DEPLOY"}}
    (balancer,) = rolling["loadBalancers"]
    advanced = {
        "alternateTargetGroupArn": balancers.target_groups[service.alternate],
        "productionListenerRule": balancers.rules[service.production],
        "roleArn": f"arn:aws:iam::{world.account}:role/{world.label}-ecs-shift",
    }
    return {
        "loadBalancers": [{**balancer, "advancedConfiguration": advanced}],
        "deploymentConfiguration": {
            **rolling["deploymentConfiguration"],
            "strategy": "BLUE_GREEN",
            "bakeTimeInMinutes": 1,
        },
    }


def _discovery(aws: Endpoint, world: World, vpc: str) -> tuple[str, dict[str, str]]:
    """Create the private namespace and a name in it for each service."""
    client = aws.client("servicediscovery")
    client.create_private_dns_namespace(Name=world.namespace, Vpc=vpc)
    namespace = next(
        found["Id"]
        for found in client.list_namespaces()["Namespaces"]
        if found["Name"] == world.namespace
    )
    return namespace, {
        service.name: client.create_service(
            Name=service.discovery,
            NamespaceId=namespace,
            DnsConfig={
                "RoutingPolicy": "MULTIVALUE",
                "DnsRecords": [{"Type": "A", "TTL": 10}],
            },
            HealthCheckCustomConfig={"FailureThreshold": 1},
        )["Service"]["Arn"]
        for service in world.services.values()
    }
