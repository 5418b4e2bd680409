"""The task definitions of the services, as data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sandbox.services
from emulator.ecs.images import Image
from emulator.settings import IMAGE_REGISTRY, REGION
from sandbox.seed.secrets import Stored
from sandbox.world.parts import Service
from sandbox.world.world import API, AUTH, MLFLOW, World

Definition = dict[str, Any]

IMAGE_TAGS = ("2026-09-14", "2026-10-20", "2026-11-18")  # the last one runs
# the programs behind the repositories of the account's registry
_FOLDER = str(Path(sandbox.services.__file__).parent)
PROGRAMS = {
    AUTH: Image("sandbox.services.auth", 128, folder=_FOLDER),
    API: Image("sandbox.services.api", 128, folder=_FOLDER),
    MLFLOW: Image("sandbox.services.mlflow", 512, folder=_FOLDER),
}
SIDECAR = Image("sandbox.services.sidecar", 16)


def images(world: World) -> dict[str, Image]:
    """Return the repositories of a world's registry with the programs behind them."""
    beside = {str(one["image"]): SIDECAR for s in world.services.values() for one in s.beside}
    own = {service.image: PROGRAMS[part] for part, service in world.services.items()}
    return {**beside, **own}


def allowed_hosts(world: World) -> str:
    """Return the Host headers that MLflow takes; un-prefixed /health is exempt."""
    service = world.mlflow
    inside = f"{service.discovery}.{world.namespace}"
    public = world.api.host if API in world.services else service.host
    hosts = (
        inside,
        f"{inside}:{service.port}",
        public,
        f"{public}:*",
        "127.*",  # the edge's own address, for clients that cannot set a host name
        "localhost:*",
    )
    return ",".join(hosts)


def environment(world: World, part: str, as_found: bool = False) -> dict[str, str]:
    """Return the plain variables of a service's container; as found, nothing is mended."""
    service = world.services[part]
    common = {
        "PORT": str(service.port),
        "ENVIRONMENT": world.environment,
        "LOG_LEVEL": "INFO",
    }
    own = {AUTH: _of_auth, API: _of_api, MLFLOW: _of_mlflow}[part](world)
    mended = {"SANDBOX_MENDED": "all"} if part == API and not as_found else {}
    return {**common, **own, **mended, **service.variables}


def _of_auth(_world: World) -> dict[str, str]:
    return {}  # all that it needs is injected


def _of_api(world: World) -> dict[str, str]:
    mlflow = world.mlflow
    return {
        **_database(world),
        **_identity(world, "AUTH"),
        "MLFLOW_SERVER_URL": f"http://{mlflow.discovery}.{world.namespace}:{mlflow.port}",
        "REDIS_TLS_ENABLED": "true",
    }


def _of_mlflow(world: World) -> dict[str, str]:
    return {
        **_database(world),
        "MLFLOW_SERVE_ARTIFACTS": "true",
        "MLFLOW_ARTIFACTS_DESTINATION": f"s3://{world.artifact_bucket}",
        "MLFLOW_ALLOWED_HOSTS": allowed_hosts(world),
        "MLFLOW_STATIC_PREFIX": "/mlflow",
        **_identity(world, "HOKUSAI_AUTH"),
    }


def _identity(world: World, prefix: str) -> dict[str, str]:
    """Return the variables that name the auth service, where the world has one."""
    if AUTH not in world.services:
        return {}
    return {f"{prefix}_SERVICE_URL": world.url(AUTH), f"{prefix}_SERVICE_ID": "platform"}


def _database(world: World) -> dict[str, str]:
    database = world.database
    return {
        "DB_HOST": database.endpoint,
        "DB_PORT": str(database.port),
        "DB_NAME": database.name,
        "DB_USER": database.user,
    }


def injected(world: World, part: str, stored: Stored) -> dict[str, str]:
    """Return the variables that come from a secret or parameter: name -> valueFrom."""
    names = world.stored
    redis = {
        "REDIS_HOST": stored.parameters[names.cache_endpoint],
        "REDIS_PORT": stored.parameters[names.cache_port],
        "REDIS_AUTH_TOKEN": stored.secrets[names.cache_token],
    }
    password = {"DB_PASSWORD": f"{stored.secrets[names.app]}:database_password::"}
    return {
        AUTH: {
            **redis,
            "DATABASE_URL": f"{stored.secrets[names.auth]}:database_url::",
            "ADMIN_TOKEN": f"{stored.secrets[names.auth]}:admin_token::",
        },
        API: {
            **redis,
            **password,
            "MLFLOW_TRACKING_TOKEN": stored.secrets[names.mlflow_token],
        },
        MLFLOW: password if AUTH in world.services else {**password, **_users(world, stored)},
    }[part]


def _users(world: World, stored: Stored) -> dict[str, str]:
    """Return what MLflow needs to keep the users itself."""
    secret = stored.secrets[world.stored.auth]
    return {
        "MLFLOW_AUTH_ADMIN_USERNAME": f"{secret}:username::",
        "MLFLOW_AUTH_ADMIN_PASSWORD": f"{secret}:password::",
        "MLFLOW_FLASK_SERVER_SECRET_KEY": f"{secret}:flask_key::",
    }


def definition(
    world: World, part: str, stored: Stored, tag: str = IMAGE_TAGS[-1], as_found: bool = False
) -> Definition:
    """Return the keyword arguments of RegisterTaskDefinition for one service."""
    service = world.services[part]
    return {
        "family": service.name,
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": str(service.cpu),
        "memory": str(service.memory),
        "executionRoleArn": stored.roles[service.execution_role],
        "taskRoleArn": stored.roles[world.roles.task],
        "runtimePlatform": {"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"},
        "containerDefinitions": [
            {
                **_container(service, injected(world, part, stored), tag),
                "environment": _pairs("value", environment(world, part, as_found)),
            },
            *(_beside(service, one, tag) for one in service.beside),
        ],
    }


def _container(service: Service, secrets: dict[str, str], tag: str) -> Definition:
    port = service.port
    container: Definition = {
        "name": service.container,
        "image": f"{IMAGE_REGISTRY}/{service.image}:{tag}",
        "cpu": service.cpu - sum(int(one.get("cpu", 0)) for one in service.beside),
        "memory": service.memory - sum(int(one["memory"]) for one in service.beside),
        "essential": True,
        "portMappings": [_mapping(service)],
        "secrets": _pairs("valueFrom", secrets),
        "logConfiguration": _log(service),
    }
    if service.check_inside:
        container["healthCheck"] = {
            "command": ["CMD-SHELL", f"curl -f http://localhost:{port}/health || exit 1"],
            "interval": 30,
            "timeout": 5,
            "retries": 3,
            "startPeriod": 60,
        }
    return container


def _mapping(service: Service) -> Definition:
    named = {"name": service.port_name, "appProtocol": "http"} if service.port_name else {}
    return {"containerPort": service.port, "hostPort": service.port, "protocol": "tcp", **named}


def _beside(service: Service, container: Definition, tag: str) -> Definition:
    image = f"{IMAGE_REGISTRY}/{container['image']}:{tag}"
    return {**container, "image": image, "logConfiguration": _log(service)}


def _log(service: Service) -> Definition:
    return {
        "logDriver": "awslogs",
        "options": {
            "awslogs-group": service.log_group,
            "awslogs-region": REGION,
            "awslogs-stream-prefix": "ecs",
        },
    }


def _pairs(key: str, values: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, key: value} for name, value in sorted(values.items())]
