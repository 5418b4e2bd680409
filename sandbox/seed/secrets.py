"""Create secrets, parameters and the roles that read them."""

from __future__ import annotations

import json
import secrets
from typing import Any

import msgspec

from emulator.aws.endpoint import Endpoint
from emulator.settings import ACCOUNT, REGION
from sandbox import names


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


def build(aws: Endpoint, credentials: Credentials) -> Stored:
    """Store the secrets and parameters, and create the roles that read them."""
    found = {name: _secret(aws, name, value) for name, value in secret_values(credentials).items()}
    parameters = {
        name: _parameter(aws, name, value) for name, value in _parameters(credentials).items()
    }
    return Stored(secrets=found, parameters=parameters, roles=_roles(aws, found, parameters))


def secret_values(credentials: Credentials) -> dict[str, str]:
    """Return the platform's secrets by name."""
    return {
        names.AUTH_SECRET: json.dumps(
            {
                "database_url": database_url(
                    names.AUTH_DATABASE_USER,
                    credentials.auth_database_password,
                    names.AUTH_DATABASE_NAME,
                ),
                "admin_token": credentials.admin_token,
            }
        ),
        names.APP_SECRET: json.dumps({"database_password": credentials.database_password}),
        names.REDIS_SECRET: credentials.redis_token,
        names.MLFLOW_TOKEN_SECRET: credentials.mlflow_token,
    }


def database_url(user: str, password: str, database: str) -> str:
    """Return the database URL that services get."""
    endpoint = f"{names.DATABASE_ENDPOINT}:{names.DATABASE_PORT}"
    return f"postgresql://{user}:{password}@{endpoint}/{database}"


def _parameters(credentials: Credentials) -> dict[str, str]:
    return {
        names.REDIS_ENDPOINT_PARAMETER: names.REDIS_ENDPOINT,
        names.REDIS_PORT_PARAMETER: str(names.REDIS_PORT),
        names.DATABASE_URL_PARAMETER: database_url(
            names.DATABASE_USER, credentials.database_password, names.DATABASE_NAME
        ),
    }


def _secret(aws: Endpoint, name: str, value: str) -> str:
    answer = aws.client("secretsmanager").create_secret(Name=name, SecretString=value)
    return str(answer["ARN"])


def _parameter(aws: Endpoint, name: str, value: str) -> str:
    kind = "SecureString" if name == names.DATABASE_URL_PARAMETER else "String"
    aws.client("ssm").put_parameter(Name=name, Value=value, Type=kind)
    return f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter{name}"


def _roles(aws: Endpoint, stored: dict[str, str], parameters: dict[str, str]) -> dict[str, str]:
    app = [
        stored[name] for name in (names.APP_SECRET, names.REDIS_SECRET, names.MLFLOW_TOKEN_SECRET)
    ]
    auth = [stored[names.AUTH_SECRET], stored[names.REDIS_SECRET]]
    bucket = f"arn:aws:s3:::{names.ARTIFACT_BUCKET}"
    return {
        names.EXECUTION_ROLE: _role(
            aws, names.EXECUTION_ROLE, execution_policy(app, list(parameters.values()))
        ),
        names.AUTH_EXECUTION_ROLE: _role(
            aws, names.AUTH_EXECUTION_ROLE, execution_policy(auth, list(parameters.values()))
        ),
        names.TASK_ROLE: _role(
            aws,
            names.TASK_ROLE,
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
