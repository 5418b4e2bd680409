"""Names and addresses of the platform.

Addresses are the VPC's (10.0.a.b); on this machine they are loopback addresses (127.0.a.b).
"""

from __future__ import annotations

from typing import Final

ENVIRONMENT: Final = "development"
PREFIX: Final = "hokusai"

# public hosts
AUTH_HOST: Final = "auth.hokus.ai"
REGISTRY_HOST: Final = "registry.hokus.ai"
API_HOST: Final = "api.hokus.ai"
ZONE: Final = "hokus.ai"

# load balancers and the addresses of their nodes
AUTH_BALANCER: Final = "hokusai-auth-development"
REGISTRY_BALANCER: Final = "hokusai-registry-development"
AUTH_BALANCER_ADDRESS: Final = "10.0.101.10"
REGISTRY_BALANCER_ADDRESS: Final = "10.0.101.20"
BALANCER_ADDRESSES: Final = {
    AUTH_BALANCER: AUTH_BALANCER_ADDRESS,
    REGISTRY_BALANCER: REGISTRY_BALANCER_ADDRESS,
}
HOST_BALANCERS: Final = {
    AUTH_HOST: AUTH_BALANCER,
    REGISTRY_HOST: REGISTRY_BALANCER,
    API_HOST: REGISTRY_BALANCER,
}

# dependencies
REDIS_ADDRESS: Final = "10.0.2.50"
REDIS_PORT: Final = 6379
REDIS_ENDPOINT: Final = "master.hokusai-redis-development.abc123.use1.cache.amazonaws.com"
DATABASE_ADDRESS: Final = "10.0.2.60"
DATABASE_PORT: Final = 5432
DATABASE_ENDPOINT: Final = "hokusai-mlflow-development.rds.local"
DATABASE_NAME: Final = "mlflow_db"
DATABASE_USER: Final = "mlflow"
AUTH_DATABASE_NAME: Final = "auth_db"
AUTH_DATABASE_USER: Final = "auth"

# target groups
AUTH_TARGET_GROUP: Final = "hokusai-auth-tg-development"
API_TARGET_GROUP: Final = "hokusai-reg-api-development"
MLFLOW_TARGET_GROUP: Final = "hokusai-mlflow-tg-development"

# ECS
CLUSTER: Final = "hokusai-development"
AUTH_SERVICE: Final = "hokusai-auth-development"
API_SERVICE: Final = "hokusai-api-development"
MLFLOW_SERVICE: Final = "hokusai-mlflow-development"
CONTAINERS: Final = {
    AUTH_SERVICE: "hokusai-auth",
    API_SERVICE: "hokusai-api",
    MLFLOW_SERVICE: "hokusai-mlflow",
}
PORTS: Final = {AUTH_SERVICE: 8000, API_SERVICE: 8001, MLFLOW_SERVICE: 5000}
TARGET_GROUPS: Final = {
    AUTH_SERVICE: AUTH_TARGET_GROUP,
    API_SERVICE: API_TARGET_GROUP,
    MLFLOW_SERVICE: MLFLOW_TARGET_GROUP,
}
LOG_GROUPS: Final = {
    AUTH_SERVICE: "/ecs/hokusai-auth-development",
    API_SERVICE: "/ecs/hokusai-api-development",
    MLFLOW_SERVICE: "/ecs/hokusai-mlflow-development",
}

# Cloud Map
NAMESPACE: Final = "hokusai-development.local"
DISCOVERY_NAMES: Final = {AUTH_SERVICE: "auth", API_SERVICE: "api", MLFLOW_SERVICE: "mlflow"}

# secrets and parameters
AUTH_SECRET: Final = "hokusai/auth-service/development"
APP_SECRET: Final = "hokusai/app-secrets/development"
REDIS_SECRET: Final = "hokusai/redis/development/auth-token"
REDIS_ENDPOINT_PARAMETER: Final = "/hokusai/development/redis/endpoint"
REDIS_PORT_PARAMETER: Final = "/hokusai/development/redis/port"
DATABASE_URL_PARAMETER: Final = "/hokusai/development/database/url"
MLFLOW_TOKEN_SECRET: Final = "hokusai/mlflow/development/tracking-token"
CANARY_SECRET_PREFIX: Final = "hokusai/canary/development/"

# roles
EXECUTION_ROLE: Final = "hokusai-data-pipeline-ecs-execution-development"
AUTH_EXECUTION_ROLE: Final = "hokusai-auth-task-execution-development"
TASK_ROLE: Final = "hokusai-data-pipeline-ecs-task-development"

# the rest
ARTIFACT_BUCKET: Final = "hokusai-mlflow-artifacts-development"
REPORT_BUCKET: Final = "hokusai-canary-reports-development"
ALERT_TOPIC: Final = "hokusai-alerts-development"

# security groups
AUTH_BALANCER_GROUP: Final = "hokusai-auth-alb-development"
REGISTRY_BALANCER_GROUP: Final = "hokusai-registry-alb-development"
AUTH_TASK_GROUP: Final = "hokusai-auth-tasks-development"
API_TASK_GROUP: Final = "hokusai-api-tasks-development"
MLFLOW_TASK_GROUP: Final = "hokusai-mlflow-tasks-development"
REDIS_GROUP: Final = "hokusai-redis-development"
DATABASE_GROUP: Final = "hokusai-rds-development"
CANARY_GROUP: Final = "hokusai-canary-development"
TASK_GROUPS: Final = {
    AUTH_SERVICE: AUTH_TASK_GROUP,
    API_SERVICE: API_TASK_GROUP,
    MLFLOW_SERVICE: MLFLOW_TASK_GROUP,
}

# principals the canary can take; each has a secret CANARY_SECRET_PREFIX + name
PRINCIPALS: Final = (
    "valid",
    "read-only",
    "revoked",
    "expired",
    "other-service",
    "unknown",
    "admin",
)
