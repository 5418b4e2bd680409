"""The names of the classic world, as tests write them."""

from __future__ import annotations

from typing import Final

from sandbox.world.load import load

_WORLD = load()
_AUTH, _API, _MLFLOW = _WORLD.auth, _WORLD.api, _WORLD.mlflow
_AUTH_BALANCER, _REGISTRY = _WORLD.balancers["auth"], _WORLD.balancers["registry"]

PREFIX: Final = _WORLD.label
AUTH_HOST: Final = _AUTH.host
REGISTRY_HOST: Final = _API.host
API_HOST: Final = next(h for h in _WORLD.hosts if h not in (_AUTH.host, _API.host))
AUTH_BALANCER: Final = _AUTH_BALANCER.name
REGISTRY_BALANCER: Final = _REGISTRY.name
REDIS_ENDPOINT: Final = _WORLD.cache.endpoint
AUTH_TARGET_GROUP: Final = _AUTH.target_group
API_TARGET_GROUP: Final = _API.target_group
MLFLOW_TARGET_GROUP: Final = _MLFLOW.target_group
CLUSTER: Final = _WORLD.cluster
AUTH_SERVICE: Final = _AUTH.name
API_SERVICE: Final = _API.name
MLFLOW_SERVICE: Final = _MLFLOW.name
CONTAINERS: Final = {s.name: s.container for s in _WORLD.services.values()}
TARGET_GROUPS: Final = {s.name: s.target_group for s in _WORLD.services.values()}
DISCOVERY_NAMES: Final = {s.name: s.discovery for s in _WORLD.services.values()}
AUTH_SECRET: Final = _WORLD.stored.auth
APP_SECRET: Final = _WORLD.stored.app
REDIS_SECRET: Final = _WORLD.stored.cache_token
MLFLOW_TOKEN_SECRET: Final = _WORLD.stored.mlflow_token
REDIS_ENDPOINT_PARAMETER: Final = _WORLD.stored.cache_endpoint
REDIS_PORT_PARAMETER: Final = _WORLD.stored.cache_port
CANARY_SECRET: Final = _WORLD.stored.principals
EXECUTION_ROLE: Final = _WORLD.roles.execution
ARTIFACT_BUCKET: Final = _WORLD.artifact_bucket
REPORT_BUCKET: Final = _WORLD.report_bucket
REGISTRY_BALANCER_GROUP: Final = _REGISTRY.group
AUTH_TASK_GROUP: Final = _AUTH.group
API_TASK_GROUP: Final = _API.group
MLFLOW_TASK_GROUP: Final = _MLFLOW.group
REDIS_GROUP: Final = _WORLD.cache.group
DATABASE_GROUP: Final = _WORLD.database.group
