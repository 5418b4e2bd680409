"""Create secrets, parameters and the roles that read them."""

from __future__ import annotations

import json
import secrets
from typing import Any

import msgspec

from emulator.aws.endpoint import Endpoint
from emulator.settings import ACCOUNT, REGION
from sandbox.world.world import AUTH, World

ADMINISTRATOR = "tracker-owner"
"""The user whom MLflow makes by itself where it keeps the users."""


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """Values made at run time; none is written into the project."""

    database_password: str
    auth_database_password: str
    redis_token: str
    admin_token: str
    mlflow_token: str  # the API's own key for MLflow's gateway


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """ARNs of what was stored."""

    secrets: dict[str, str]  # name -> ARN
    parameters: dict[str, str]  # name -> ARN
    roles: dict[str, str]  # name -> ARN


def fresh_credentials() -> Credentials:
    """Return new random values for one twin."""
    return Credentials(
        database_password=secrets.token_urlsafe(18),
        auth_database_password=secrets.token_urlsafe(18),
        redis_token=secrets.token_urlsafe(24),
        admin_token=secrets.token_urlsafe(24),
        mlflow_token=fresh_key(),
    )


def fresh_key() -> str:
    """Return a key of the platform's form: hk_, the kind, 32 characters."""
    return f"hk_{'live'}_{secrets.token_hex(16)}"


def build(aws: Endpoint, world: World, credentials: Credentials) -> Stored:
    """Store the secrets and parameters, and create the roles that read them."""
    values = secret_values(world, credentials)
    found = {name: _secret(aws, name, value) for name, value in values.items()}
    parameters = {
        name: _parameter(aws, name, value, secret=name == world.stored.database_url)
        for name, value in _parameters(world, credentials).items()
    }
    roles = _roles(aws, world, found, parameters)
    return Stored(secrets=found, parameters=parameters, roles=roles)


def secret_values(world: World, credentials: Credentials) -> dict[str, str]:
    """Return the platform's secrets by name."""
    names = world.stored
    return {
        names.auth: json.dumps(_of_auth(world, credentials)),
        names.app: json.dumps({"database_password": credentials.database_password}),
        names.cache_token: credentials.redis_token,
        names.mlflow_token: credentials.mlflow_token,
    }


def _of_auth(world: World, credentials: Credentials) -> dict[str, str]:
    """Return what the auth service needs, or MLflow where it keeps the users itself."""
    if AUTH not in world.services:
        return {
            "username": ADMINISTRATOR,
            "password": credentials.admin_token,
            "flask_key": credentials.mlflow_token,
        }
    database = world.database
    url = database_url(
        world, database.auth_user, credentials.auth_database_password, database.auth_name
    )
    return {"database_url": url, "admin_token": credentials.admin_token}


def database_url(world: World, user: str, password: str, database: str) -> str:
    """Return the database URL that services get."""
    endpoint = f"{world.database.endpoint}:{world.database.port}"
    return f"postgresql://{user}:{password}@{endpoint}/{database}"


def _parameters(world: World, credentials: Credentials) -> dict[str, str]:
    names, database = world.stored, world.database
    return {
        names.cache_endpoint: world.cache.endpoint,
        names.cache_port: str(world.cache.port),
        names.database_url: database_url(
            world, database.user, credentials.database_password, database.name
        ),
    }


def _secret(aws: Endpoint, name: str, value: str) -> str:
    answer = aws.client("secretsmanager").create_secret(Name=name, SecretString=value)
    return str(answer["ARN"])


def _parameter(aws: Endpoint, name: str, value: str, *, secret: bool) -> str:
    kind = "SecureString" if secret else "String"
    aws.client("ssm").put_parameter(Name=name, Value=value, Type=kind)
    return f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter{name}"


def _roles(
    aws: Endpoint, world: World, stored: dict[str, str], parameters: dict[str, str]
) -> dict[str, str]:
    names, roles = world.stored, world.roles
    app = [stored[name] for name in (names.app, names.cache_token, names.mlflow_token)]
    auth = [stored[names.auth], stored[names.cache_token]]
    app += [] if AUTH in world.services else [stored[names.auth]]
    bucket = f"arn:aws:s3:::{world.artifact_bucket}"
    return {
        roles.execution: _role(
            aws, roles.execution, execution_policy(app, list(parameters.values()))
        ),
        roles.auth_execution: _role(
            aws, roles.auth_execution, execution_policy(auth, list(parameters.values()))
        ),
        roles.task: _role(
            aws,
            roles.task,
            [
                _allow(["s3:ListBucket"], [bucket]),
                _allow(["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], [f"{bucket}/*"]),
            ],
        ),
    }


def execution_policy(secret_arns: list[str], parameter_arns: list[str]) -> list[dict[str, Any]]:
    """Return an execution role's policy for images, log streams and its own secrets."""
    return [
        _allow(
            [
                "ecr:GetAuthorizationToken",
                "ecr:BatchCheckLayerAvailability",
                "ecr:GetDownloadUrlForLayer",
                "ecr:BatchGetImage",
            ],
            ["*"],
        ),
        _allow(["logs:CreateLogStream", "logs:PutLogEvents"], ["*"]),
        _allow(["secretsmanager:GetSecretValue"], secret_arns),
        _allow(["ssm:GetParameters", "ssm:GetParameter"], parameter_arns),
    ]


def put_policy(aws: Endpoint, role: str, statements: list[dict[str, Any]]) -> None:
    """Replace a role's inline policy."""
    aws.client("iam").put_role_policy(
        RoleName=role,
        PolicyName=f"{role}-policy",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statements}),
    )


def _role(aws: Endpoint, name: str, statements: list[dict[str, Any]]) -> str:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    answer = aws.client("iam").create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps(trust)
    )
    put_policy(aws, name, statements)
    return str(answer["Role"]["Arn"])


def _allow(actions: list[str], resources: list[str]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resources}
