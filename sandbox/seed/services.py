"""Create the ECS cluster with its services, Cloud Map names and log groups."""

from __future__ import annotations

import msgspec

from emulator.aws.endpoint import Endpoint
from sandbox import names
from sandbox.seed.balancers import Balancers
from sandbox.seed.definitions import IMAGE_TAGS, definition
from sandbox.seed.network import Vpc
from sandbox.seed.secrets import Stored


class Services(msgspec.Struct, frozen=True, kw_only=True):
    """Identifiers of the services."""

    namespace: str
    registries: dict[str, str]  # ECS service -> Cloud Map service ARN
    task_definitions: dict[str, str]  # ECS service -> ARN of the running revision


def build(
    aws: Endpoint, vpc: Vpc, balancers: Balancers, stored: Stored, as_found: bool
) -> Services:
    """Create the cluster, its services, Cloud Map names and log groups."""
    namespace, registries = _discovery(aws, vpc.id)
    aws.client("ecs").create_cluster(clusterName=names.CLUSTER)
    definitions = {}
    for service in names.CONTAINERS:
        aws.client("logs").create_log_group(logGroupName=names.LOG_GROUPS[service])
        aws.client("logs").put_retention_policy(
            logGroupName=names.LOG_GROUPS[service], retentionInDays=30
        )
        definitions[service] = _register(aws, service, stored, as_found)
        _service(aws, vpc, balancers, service, definitions[service], registries[service])
    return Services(namespace=namespace, registries=registries, task_definitions=definitions)


def _register(aws: Endpoint, service: str, stored: Stored, as_found: bool) -> str:
    """Register the earlier revisions and the current one, and return the last ARN."""
    arn = ""
    for tag in IMAGE_TAGS:
        wanted = definition(service, stored, tag, as_found)
        answer = aws.client("ecs").register_task_definition(**wanted)
        arn = answer["taskDefinition"]["taskDefinitionArn"]
    return arn


def _service(
    aws: Endpoint,
    vpc: Vpc,
    balancers: Balancers,
    service: str,
    definition_arn: str,
    registry: str,
) -> None:
    aws.client("ecs").create_service(
        cluster=names.CLUSTER,
        serviceName=service,
        taskDefinition=definition_arn,
        desiredCount=1,
        launchType="FARGATE",
        platformVersion="1.4.0",
        loadBalancers=[
            {
                "targetGroupArn": balancers.target_groups[names.TARGET_GROUPS[service]],
                "containerName": names.CONTAINERS[service],
                "containerPort": names.PORTS[service],
            }
        ],
        serviceRegistries=[{"registryArn": registry}],
        networkConfiguration={
            "awsvpcConfiguration": {
                "subnets": vpc.private,
                "securityGroups": [vpc.groups[names.TASK_GROUPS[service]]],
                "assignPublicIp": "DISABLED",
            }
        },
        deploymentConfiguration={
            "deploymentCircuitBreaker": {"enable": True, "rollback": True},
            "minimumHealthyPercent": 100,
            "maximumPercent": 200,
        },
        healthCheckGracePeriodSeconds=120,
        schedulingStrategy="REPLICA",
        propagateTags="SERVICE",
        tags=[{"key": "Environment", "value": names.ENVIRONMENT}],
    )


def _discovery(aws: Endpoint, vpc: str) -> tuple[str, dict[str, str]]:
    """Create the private namespace and a name in it for each service."""
    client = aws.client("servicediscovery")
    client.create_private_dns_namespace(Name=names.NAMESPACE, Vpc=vpc)
    namespace = next(
        found["Id"]
        for found in client.list_namespaces()["Namespaces"]
        if found["Name"] == names.NAMESPACE
    )
    return namespace, {
        service: client.create_service(
            Name=name,
            NamespaceId=namespace,
            DnsConfig={
                "RoutingPolicy": "MULTIVALUE",
                "DnsRecords": [{"Type": "A", "TTL": 10}],
            },
            HealthCheckCustomConfig={"FailureThreshold": 1},
        )["Service"]["Arn"]
        for service, name in names.DISCOVERY_NAMES.items()
    }
