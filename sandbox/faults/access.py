"""Faults of keys, scopes and protection."""

from __future__ import annotations

import json
import sqlite3

from sandbox import names
from sandbox.faults.site import Site

API, AUTH = names.API_SERVICE, names.AUTH_SERVICE


def key_unknown(site: Site) -> None:
    """Lose the canary's valid key from the auth database, as a migration did."""
    _change_valid_key(site, "DELETE FROM api_keys WHERE name = 'canary-valid'")


def key_without_scope(site: Site) -> None:
    """Leave the canary's valid key with the right to read alone."""
    scopes = json.dumps(["model:read"])
    _change_valid_key(site, f"UPDATE api_keys SET scopes = '{scopes}' WHERE name = 'canary-valid'")


def authorization_stripped(site: Site) -> None:
    """Deploy an API that loses the credential's header."""
    site.behave(API, "strip-authorization")


def no_protection(site: Site) -> None:
    """Deploy an API that asks for no key."""
    site.behave(API, "no-auth")


def revoked_accepted(site: Site) -> None:
    """Deploy an auth service that accepts revoked keys."""
    site.behave(AUTH, "accept-revoked")


def expired_accepted(site: Site) -> None:
    """Deploy an auth service that accepts expired keys."""
    site.behave(AUTH, "accept-expired")


def rate_limit_headers_missing(site: Site) -> None:
    """Deploy an API whose rate limiter never runs."""
    site.behave(API, "no-rate-limit-headers")


def auth_down_misreported(site: Site) -> None:
    """Deploy an API that calls a broken auth service a wrong key, and break the auth service."""
    site.behave(API, "legacy-auth-errors")
    site.client("ecs").update_service(cluster=names.CLUSTER, service=AUTH, desiredCount=0)


def _change_valid_key(site: Site, statement: str) -> None:
    path = site.data.database_file(names.AUTH_DATABASE_NAME)
    with sqlite3.connect(path, timeout=5) as connection:
        connection.execute(statement)
    connection.close()
    site.data.flush_cache()  # both services keep a positive answer for a while
