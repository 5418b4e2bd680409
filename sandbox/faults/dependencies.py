"""Faults of databases, cache, service discovery and artifact store."""

from __future__ import annotations

import json
import sqlite3

from sandbox.faults.context import FaultContext

SLOW_REDIS_S = 1.2
SILENT_S = 86_400.0


def redis_down(context: FaultContext) -> None:
    """Have the cache refuse connections."""
    context.data.control("redis", refuse=True)


def redis_slow(context: FaultContext) -> None:
    """Let each command of the cache take more than a second."""
    context.data.control("redis", delay_s=SLOW_REDIS_S)


def redis_silent(context: FaultContext) -> None:
    """Let the cache accept connections and answer nothing, as a stopped process does."""
    context.data.control("redis", delay_s=SILENT_S)


def database_silent(context: FaultContext) -> None:
    """Let the database accept connections and answer nothing, as a stopped process does."""
    context.data.control("database", delay_s=SILENT_S)


def mlflow_silent(context: FaultContext) -> None:
    """Deploy a MLflow that accepts requests and answers none but health checks."""
    context.behave(context.mlflow, "hang")


def database_down(context: FaultContext) -> None:
    """Stop the database server, and replace MLflow's task."""
    context.data.stop("database")
    context.deploy_for_good(context.mlflow, context.definition(context.mlflow))


def database_write_lock(context: FaultContext) -> None:
    """Hold a lock on MLflow's database: it reads and cannot write."""
    context.data.lock(context.world.database.name)


def auth_schema_missing(context: FaultContext) -> None:
    """Have the auth database without its tables, as if migrations never ran."""
    with sqlite3.connect(
        context.data.database_file(context.world.database.auth_name), timeout=5
    ) as found:
        for (table,) in found.execute(
            "SELECT name FROM sqlite_master WHERE type='table'"
        ).fetchall():
            found.execute(f'DROP TABLE IF EXISTS "{table}"')
    context.data.flush_cache()


def discovery_missing(context: FaultContext) -> None:
    """Remove MLflow's instances from Cloud Map."""
    client = context.client("servicediscovery")
    for instance in _instances(context):
        client.deregister_instance(ServiceId=_registry(context), InstanceId=instance["Id"])


def discovery_stale(context: FaultContext) -> None:
    """Leave an address of yesterday as MLflow's only instance in Cloud Map."""
    discovery_missing(context)
    context.client("servicediscovery").register_instance(
        ServiceId=_registry(context),
        InstanceId="0123456789abcdef0123456789abcdef",
        Attributes={
            "AWS_INSTANCE_IPV4": "10.0.3.219",
            "AWS_INSTANCE_PORT": str(context.mlflow.port),
        },
    )


def artifact_bucket_denied(context: FaultContext) -> None:
    """Deny writing to the artifact bucket by its policy."""
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "FreezeArtifacts",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:PutObject",
                "Resource": f"arn:aws:s3:::{context.world.artifact_bucket}/*",
            }
        ],
    }
    context.client("s3").put_bucket_policy(
        Bucket=context.world.artifact_bucket, Policy=json.dumps(policy)
    )


def _registry(context: FaultContext) -> str:
    return context.platform.services.registries[context.mlflow.name].rpartition("/")[2]


def _instances(context: FaultContext) -> list[dict[str, str]]:
    answer = context.client("servicediscovery").list_instances(ServiceId=_registry(context))
    return list(answer["Instances"])
