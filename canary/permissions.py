"""Every IAM action that a run of an environment needs: what is read, and what is written."""

from __future__ import annotations

from canary.model import Environment
from canary.observe import Permission, statements

SECRET = "arn:aws:secretsmanager:{region}:{account}:secret:{name}-??????"  # noqa: S105 - a pattern of names


def needed(environment: Environment) -> tuple[Permission, ...]:
    """Return the permissions of the readers, and those of the canary's own secrets and store."""
    return (*statements(environment), *_secrets(environment), *_store(environment))


def _secrets(environment: Environment) -> list[Permission]:
    names = sorted(p.secret for p in environment.principals.values() if p.secret)
    where = {"region": environment.region, "account": environment.account}
    return [
        Permission(
            action="secretsmanager:GetSecretValue",
            resource=name if name.startswith("arn:") else SECRET.format(name=name, **where),
        )
        for name in names
    ]


def _store(environment: Environment) -> list[Permission]:
    if not environment.report_store.startswith("s3://"):
        return []
    bucket, _, prefix = environment.report_store.removeprefix("s3://").partition("/")
    objects = f"arn:aws:s3:::{bucket}/{prefix.strip('/') + '/' if prefix else ''}*"
    # ListBucket makes a missing report a 404 instead of a 403
    return [
        Permission(action="s3:GetObject", resource=objects),
        Permission(action="s3:PutObject", resource=objects),
        Permission(action="s3:ListBucket", resource=f"arn:aws:s3:::{bucket}"),
    ]
