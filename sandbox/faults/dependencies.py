"""Faults of databases, cache, service discovery and artifact store."""

from __future__ import annotations

import json
import sqlite3

from sandbox import names
from sandbox.faults.site import Site

SLOW_REDIS_S = 1.2


def redis_down(site: Site) -> None:
    """Have the cache refuse connections."""
    site.data.control("redis", refuse=True)


def redis_slow(site: Site) -> None:
    """Let each command of the cache take more than a second."""
    site.data.control("redis", delay_s=SLOW_REDIS_S)


def database_down(site: Site) -> None:
    """Stop the database server, and replace MLflow's task."""
    site.data.stop("database")
    site.deploy_for_good(names.MLFLOW_SERVICE, site.definition(names.MLFLOW_SERVICE))


def database_write_lock(site: Site) -> None:
    """Hold a lock on MLflow's database: it reads and cannot write."""
    site.data.lock(names.DATABASE_NAME)


def auth_schema_missing(site: Site) -> None:
    """Have the auth database without its tables, as if migrations never ran."""
    with sqlite3.connect(site.data.database_file(names.AUTH_DATABASE_NAME), timeout=5) as found:
        for (table,) in found.execute(
            "SELECT name FROM sqlite_master WHERE type='table'"
        ).fetchall():
            found.execute(f'DROP TABLE IF EXISTS "{table}"')
    site.data.flush_cache()


def discovery_missing(site: Site) -> None:
    """Remove MLflow's instances from Cloud Map."""
    client = site.client("servicediscovery")
    for instance in _instances(site):
        client.deregister_instance(ServiceId=_registry(site), InstanceId=instance["Id"])


def discovery_stale(site: Site) -> None:
    """Leave an address of yesterday as MLflow's only instance in Cloud Map."""
    discovery_missing(site)
    site.client("servicediscovery").register_instance(
        ServiceId=_registry(site),
        InstanceId="0123456789abcdef0123456789abcdef",
        Attributes={"AWS_INSTANCE_IPV4": "10.0.3.219", "AWS_INSTANCE_PORT": "5000"},
    )


def artifact_bucket_denied(site: Site) -> None:
    """Deny writing to the artifact bucket by its policy."""
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "FreezeArtifacts",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:PutObject",
                "Resource": f"arn:aws:s3:::{names.ARTIFACT_BUCKET}/*",
            }
        ],
    }
    site.client("s3").put_bucket_policy(Bucket=names.ARTIFACT_BUCKET, Policy=json.dumps(policy))


def _registry(site: Site) -> str:
    return site.platform.services.registries[names.MLFLOW_SERVICE].rpartition("/")[2]


def _instances(site: Site) -> list[dict[str, str]]:
    answer = site.client("servicediscovery").list_instances(ServiceId=_registry(site))
    return list(answer["Instances"])
