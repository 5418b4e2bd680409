"""Key records of the auth service in its SQLite file."""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS api_keys (
  key_id TEXT PRIMARY KEY, key_hash TEXT UNIQUE NOT NULL, key_prefix TEXT NOT NULL,
  name TEXT NOT NULL, user_id TEXT NOT NULL, service_id TEXT NOT NULL, scopes TEXT NOT NULL,
  environment TEXT NOT NULL, is_active INTEGER NOT NULL, is_admin INTEGER NOT NULL,
  rate_limit_per_hour INTEGER NOT NULL, allowed_ips TEXT NOT NULL, billing_plan TEXT NOT NULL,
  created_at REAL NOT NULL, expires_at REAL);
CREATE TABLE IF NOT EXISTS usage (key_id TEXT NOT NULL, recorded_at REAL NOT NULL);
"""
COLUMNS = (
    "key_id, key_prefix, name, user_id, service_id, scopes, environment, is_active, is_admin, "
    "rate_limit_per_hour, allowed_ips, billing_plan, created_at, expires_at"
)


@dataclass(frozen=True, kw_only=True)
class KeyRecord:
    """One key as stored, without the key itself; times are epoch seconds."""

    key_id: str
    key_prefix: str
    name: str
    user_id: str
    service_id: str
    scopes: tuple[str, ...]
    environment: str
    is_active: bool
    is_admin: bool
    rate_limit_per_hour: int
    allowed_ips: tuple[str, ...]
    billing_plan: str
    created_at: float
    expires_at: float | None


def make_key(kind: str = "live") -> str:
    """Make a new key of the form hk_KIND_ and 32 characters."""
    return f"hk_{kind}_{secrets.token_hex(16)}"


def digest(api_key: str) -> str:
    """Return the stored digest of a key (the platform uses bcrypt, which is slow)."""
    return hashlib.sha256(api_key.encode()).hexdigest()


def create_schema(db_path: Path | str) -> None:
    """Run the auth service's migrations; running them again changes nothing."""
    with sqlite3.connect(db_path) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.executescript(SCHEMA)
    connection.close()


def plant(
    db_path: Path | str,
    *,
    api_key: str,
    name: str,
    service_id: str = "platform",
    scopes: Sequence[str] = ("model:read", "model:write", "mlflow:access"),
    is_active: bool = True,
    is_admin: bool = False,
    expires_at: float | None = None,
    rate_limit_per_hour: int = 1000,
    key_id: str | None = None,
) -> str:
    """Insert a ready-made key and return its id; for the seed, the service does not use it."""
    record = KeyRecord(
        key_id=key_id or str(uuid.uuid4()),
        key_prefix=api_key[:11],
        name=name,
        user_id=f"user-{name}",
        service_id=service_id,
        scopes=tuple(scopes),
        environment="production",
        is_active=is_active,
        is_admin=is_admin,
        rate_limit_per_hour=rate_limit_per_hour,
        allowed_ips=(),
        billing_plan="free",
        created_at=time.time(),
        expires_at=expires_at,
    )
    with sqlite3.connect(db_path) as connection:
        insert(connection, record, api_key)
    connection.close()
    return record.key_id


def insert(connection: sqlite3.Connection, record: KeyRecord, api_key: str) -> None:
    """Store a record with the digest of its key; a key of the same digest is replaced."""
    connection.execute(
        f"INSERT OR REPLACE INTO api_keys ({COLUMNS}, key_hash) VALUES ({'?, ' * 14}?)",
        (
            record.key_id,
            record.key_prefix,
            record.name,
            record.user_id,
            record.service_id,
            json.dumps(record.scopes),
            record.environment,
            record.is_active,
            record.is_admin,
            record.rate_limit_per_hour,
            json.dumps(record.allowed_ips),
            record.billing_plan,
            record.created_at,
            record.expires_at,
            digest(api_key),
        ),
    )


def find_by_key(connection: sqlite3.Connection, api_key: str) -> KeyRecord | None:
    """Return the record of a key, or None when it is unknown."""
    return _one(connection, "key_hash = ?", digest(api_key))


def find_by_id(connection: sqlite3.Connection, key_id: str) -> KeyRecord | None:
    """Return the record of an id, or None when it is unknown."""
    return _one(connection, "key_id = ?", key_id)


def find_all(connection: sqlite3.Connection) -> list[KeyRecord]:
    """Return all records, oldest first."""
    rows = connection.execute(f"SELECT {COLUMNS} FROM api_keys ORDER BY created_at").fetchall()
    return [_record(row) for row in rows]


def deactivate(connection: sqlite3.Connection, key_id: str) -> None:
    """Revoke a key."""
    connection.execute("UPDATE api_keys SET is_active = 0 WHERE key_id = ?", (key_id,))


def _one(connection: sqlite3.Connection, where: str, value: str) -> KeyRecord | None:
    row = connection.execute(f"SELECT {COLUMNS} FROM api_keys WHERE {where}", (value,)).fetchone()
    return _record(row) if row else None


def _record(row: tuple[object, ...]) -> KeyRecord:
    return KeyRecord(
        key_id=str(row[0]),
        key_prefix=str(row[1]),
        name=str(row[2]),
        user_id=str(row[3]),
        service_id=str(row[4]),
        scopes=tuple(json.loads(str(row[5]))),
        environment=str(row[6]),
        is_active=bool(row[7]),
        is_admin=bool(row[8]),
        rate_limit_per_hour=int(str(row[9])),
        allowed_ips=tuple(json.loads(str(row[10]))),
        billing_plan=str(row[11]),
        created_at=float(str(row[12])),
        expires_at=None if row[13] is None else float(str(row[13])),
    )
