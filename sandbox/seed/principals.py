"""The canary's principals, each with a key that is made at run time."""

from __future__ import annotations

import json

import msgspec

from emulator.aws.endpoint import Endpoint
from sandbox.environment import Table, of_world
from sandbox.seed.secrets import ADMINISTRATOR, fresh_key
from sandbox.world.world import AUTH, World

WRITE_SCOPES = ("model:read", "model:write", "mlflow:write", "mlflow:access", "registry:admin")


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """One identity with its key and its record in the auth database."""

    name: str
    api_key: str
    known: bool = True  # False: the auth database has never heard of it
    service_id: str = "platform"
    scopes: tuple[str, ...] = ("model:read",)
    active: bool = True
    expired: bool = False


def fresh_principals(admin_token: str) -> list[Principal]:
    """Return new keys for one twin; `admin` is the auth service's own token and no key."""
    return [
        Principal(name="valid", api_key=fresh_key(), scopes=WRITE_SCOPES),
        Principal(name="read-only", api_key=fresh_key()),
        Principal(name="revoked", api_key=fresh_key(), scopes=WRITE_SCOPES, active=False),
        Principal(name="expired", api_key=fresh_key(), scopes=WRITE_SCOPES, expired=True),
        Principal(
            name="other-service",
            api_key=fresh_key(),
            service_id="website",
            scopes=WRITE_SCOPES,
        ),
        Principal(name="unknown", api_key=fresh_key(), known=False),
        Principal(name="admin", api_key=admin_token, known=False),
    ]


def basic_principals(password: str) -> list[Principal]:
    """Return the one user of a MLflow that keeps the users itself."""
    return [Principal(name="user", api_key=password, known=False)]


def store(aws: Endpoint, world: World, principals: list[Principal]) -> None:
    """Put each principal's key where the canary reads it: in the one secret, or in its own."""
    file = of_world(world)
    entries: dict[str, dict[str, str]] = {}
    for principal in principals:
        name, key = principal.name, principal.api_key
        value = {"admin_token" if name == "admin" else "api_key": key}
        if AUTH not in world.services:
            value = {"login": ADMINISTRATOR, "word": key}
        if _is_entry(file, name):
            entries[name] = value
        else:
            _create(aws, f"{world.stored.principals}/{name}", value)
    if entries:
        _create(aws, file["principals_secret"], entries)


def _is_entry(file: Table, name: str) -> bool:
    """Return whether the environment's file gives a principal no way but the one secret."""
    ways = {"secret", "generated", "anonymous"}
    return "principals_secret" in file and not ways & set(file["principals"].get(name, ways))


def _create(aws: Endpoint, name: str, value: object) -> None:
    aws.client("secretsmanager").create_secret(Name=name, SecretString=json.dumps(value))
