"""The task definitions of the three services, as data."""

from __future__ import annotations

from typing import Any

from emulator.ecs.images import Image
from emulator.settings import IMAGE_REGISTRY, REGION
from sandbox import names
from sandbox.seed.secrets import Stored

Definition = dict[str, Any]

IMAGE_TAGS = ("2026-09-14", "2026-10-20", "2026-11-18")  # the last one runs
# the repositories of the account's registry, with the programs behind them
IMAGES = {
    "hokusai-auth": Image("sandbox.services.auth", 128),
    "hokusai-api": Image("sandbox.services.api", 128),
    "hokusai-mlflow": Image("sandbox.services.mlflow", 512),
}
CPU_MEMORY = {
    names.AUTH_SERVICE: ("512", "1024"),
    names.API_SERVICE: ("512", "1024"),
    names.MLFLOW_SERVICE: ("1024", "2048"),
}
# MLflow refuses other Host headers; un-prefixed /health is exempt, so health checks pass
ALLOWED_HOSTS = ",".join(
    (
        f"mlflow.{names.NAMESPACE}",
        f"mlflow.{names.NAMESPACE}:5000",
        names.REGISTRY_HOST,
        f"{names.REGISTRY_HOST}:*",
        "127.*",  # the edge's own address, for clients that cannot set a host name
        "localhost:*",
    )
)


def environment(service: str, as_found: bool = False) -> dict[str, str]:
    """Return the plain variables of a service's container; as found, nothing is mended."""
    common = {
        "PORT": str(names.PORTS[service]),
        "ENVIRONMENT": names.ENVIRONMENT,
        "LOG_LEVEL": "INFO",
    }
    database = {
        "DB_HOST": names.DATABASE_ENDPOINT,
        "DB_PORT": str(names.DATABASE_PORT),
        "DB_NAME": names.DATABASE_NAME,
        "DB_USER": names.DATABASE_USER,
    }
    return {
        names.AUTH_SERVICE: common,
        names.API_SERVICE: {
            **common,
            **database,
            "AUTH_SERVICE_URL": f"https://{names.AUTH_HOST}",
            "AUTH_SERVICE_ID": "platform",
            "MLFLOW_SERVER_URL": f"http://mlflow.{names.NAMESPACE}:5000",
            "REDIS_TLS_ENABLED": "true",
            **({} if as_found else {"SANDBOX_MENDED": "all"}),
        },
        names.MLFLOW_SERVICE: {
            **common,
            **database,
            "MLFLOW_SERVE_ARTIFACTS": "true",
            "MLFLOW_ARTIFACTS_DESTINATION": f"s3://{names.ARTIFACT_BUCKET}",
            "MLFLOW_ALLOWED_HOSTS": ALLOWED_HOSTS,
            "MLFLOW_STATIC_PREFIX": "/mlflow",
            "HOKUSAI_AUTH_SERVICE_URL": f"https://{names.AUTH_HOST}",
            "HOKUSAI_AUTH_SERVICE_ID": "platform",
        },
    }[service]


def injected(service: str, stored: Stored) -> dict[str, str]:
    """Return the variables that come from a secret or parameter: name -> valueFrom."""
    redis = {
        "REDIS_HOST": stored.parameters[names.REDIS_ENDPOINT_PARAMETER],
        "REDIS_PORT": stored.parameters[names.REDIS_PORT_PARAMETER],
        "REDIS_AUTH_TOKEN": stored.secrets[names.REDIS_SECRET],
    }
    password = {"DB_PASSWORD": f"{stored.secrets[names.APP_SECRET]}:database_password::"}
    return {
        names.AUTH_SERVICE: {
            **redis,
            "DATABASE_URL": f"{stored.secrets[names.AUTH_SECRET]}:database_url::",
            "ADMIN_TOKEN": f"{stored.secrets[names.AUTH_SECRET]}:admin_token::",
        },
        names.API_SERVICE: {
            **redis,
            **password,
            "MLFLOW_TRACKING_TOKEN": stored.secrets[names.MLFLOW_TOKEN_SECRET],
        },
        names.MLFLOW_SERVICE: password,
    }[service]


def definition(
    service: str, stored: Stored, tag: str = IMAGE_TAGS[-1], as_found: bool = False
) -> Definition:
    """Return the keyword arguments of RegisterTaskDefinition for one service."""
    cpu, memory = CPU_MEMORY[service]
    execution = names.AUTH_EXECUTION_ROLE if service == names.AUTH_SERVICE else names.EXECUTION_ROLE
    return {
        "family": service,
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": cpu,
        "memory": memory,
        "executionRoleArn": stored.roles[execution],
        "taskRoleArn": stored.roles[names.TASK_ROLE],
        "runtimePlatform": {"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"},
        "containerDefinitions": [
            {
                **_container(service, stored, tag, int(cpu), int(memory)),
                "environment": _pairs("value", environment(service, as_found)),
            }
        ],
    }


def _container(service: str, stored: Stored, tag: str, cpu: int, memory: int) -> Definition:
    name, port = names.CONTAINERS[service], names.PORTS[service]
    container: Definition = {
        "name": name,
        "image": f"{IMAGE_REGISTRY}/{name}:{tag}",
        "cpu": cpu,
        "memory": memory,
        "essential": True,
        "portMappings": [{"containerPort": port, "hostPort": port, "protocol": "tcp"}],
        "secrets": _pairs("valueFrom", injected(service, stored)),
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": names.LOG_GROUPS[service],
                "awslogs-region": REGION,
                "awslogs-stream-prefix": "ecs",
            },
        },
    }
    if service != names.MLFLOW_SERVICE:  # MLflow's image has no curl: no container check
        container["healthCheck"] = {
            "command": ["CMD-SHELL", f"curl -f http://localhost:{port}/health || exit 1"],
            "interval": 30,
            "timeout": 5,
            "retries": 3,
            "startPeriod": 60,
        }
    return container


def _pairs(key: str, values: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, key: value} for name, value in sorted(values.items())]
