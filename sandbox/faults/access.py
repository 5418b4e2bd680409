"""Faults of keys, scopes and unprotected routes."""

from __future__ import annotations

import json
import sqlite3

from sandbox.faults.context import FaultContext


def key_unknown(context: FaultContext) -> None:
    """Lose the canary's valid key from the auth database, as a migration did."""
    _change_valid_key(context, "DELETE FROM api_keys WHERE name = 'canary-valid'")


def key_without_scope(context: FaultContext) -> None:
    """Leave the canary's valid key with the right to read alone."""
    scopes = json.dumps(["model:read"])
    _change_valid_key(
        context, f"UPDATE api_keys SET scopes = '{scopes}' WHERE name = 'canary-valid'"
    )


def authorization_stripped(context: FaultContext) -> None:
    """Deploy an API that loses the credential's header."""
    context.behave(context.api, "strip-authorization")


def no_protection(context: FaultContext) -> None:
    """Deploy an API that asks for no key."""
    context.behave(context.api, "no-auth")


def revoked_accepted(context: FaultContext) -> None:
    """Deploy an auth service that accepts revoked keys."""
    context.behave(context.auth, "accept-revoked")


def expired_accepted(context: FaultContext) -> None:
    """Deploy an auth service that accepts expired keys."""
    context.behave(context.auth, "accept-expired")


def rate_limit_headers_missing(context: FaultContext) -> None:
    """Deploy an API whose rate limiter never runs."""
    context.behave(context.api, "no-rate-limit-headers")


def read_only_key_writes(context: FaultContext) -> None:
    """Deploy the API as found, which refuses a read-only key's writes to the registry alone."""
    context.behave(context.api, "as-found-write-scope")


def auth_down_misreported(context: FaultContext) -> None:
    """Deploy an API that calls a broken auth service a wrong key, and break the auth service."""
    context.behave(context.api, "legacy-auth-errors")
    context.client("ecs").update_service(
        cluster=context.world.cluster, service=context.auth.name, desiredCount=0
    )


def _change_valid_key(context: FaultContext, statement: str) -> None:
    path = context.data.database_file(context.world.database.auth_name)
    with sqlite3.connect(path, timeout=5) as connection:
        connection.execute(statement)
    connection.close()
    context.data.flush_cache()  # both services keep a positive answer for a while
