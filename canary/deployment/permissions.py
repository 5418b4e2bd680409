"""Every IAM action that a run of an environment needs: what is read, and what is written."""

from __future__ import annotations

from canary.config.references import principals
from canary.model import Config, Environment
from canary.observe import Permission, statements

SECRET = "arn:aws:secretsmanager:{region}:{account}:secret:{name}-??????"  # noqa: S105 - a pattern of names


def needed(config: Config) -> tuple[Permission, ...]:
    """Return the permissions of the readers, and those of the canary's own secrets and store."""
    environment = config.environment
    return (*statements(environment), *_secrets(config), *_store(environment))


def secret_names(config: Config) -> list[str]:
    """Return the secrets of those as whom a check asks; the others' are none of the canary's.

    The administrator's token can do everything: only who enabled the key lifecycle hands it over.
    """
    asking = {name for check in config.checks for name in principals(check.spec)}
    known = config.environment.principals
    return sorted({known[name].secret for name in asking & known.keys() if known[name].secret})


def _secrets(config: Config) -> list[Permission]:
    environment, names = config.environment, secret_names(config)
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
