"""Access of the auth service to its database, with one session for each query."""

from __future__ import annotations

import time
from dataclasses import dataclass

from sandbox.services.keys import records as auth_keys
from sandbox.services.wire import postgres as pgwire


@dataclass(frozen=True)
class Store:
    """The key table behind a database address."""

    dsn: pgwire.Dsn

    def check(self) -> None:
        """Raise DatabaseError unless the key table can be read."""
        with pgwire.session(self.dsn, 3.0) as connection:
            connection.execute("SELECT count(*) FROM api_keys").fetchone()

    def find(self, api_key: str) -> auth_keys.KeyRecord | None:
        """Return a key's record, or None."""
        with pgwire.session(self.dsn) as connection:
            return auth_keys.find_by_key(connection, api_key)

    def find_id(self, key_id: str) -> auth_keys.KeyRecord | None:
        """Return the record of an id, or None."""
        with pgwire.session(self.dsn) as connection:
            return auth_keys.find_by_id(connection, key_id)

    def all(self) -> list[auth_keys.KeyRecord]:
        """Return every record."""
        with pgwire.session(self.dsn) as connection:
            return auth_keys.find_all(connection)

    def insert(self, record: auth_keys.KeyRecord, api_key: str) -> None:
        """Store a new key."""
        with pgwire.session(self.dsn) as connection:
            auth_keys.insert(connection, record, api_key)

    def revoke(self, key_id: str) -> str:
        """Revoke a key and return the digest under which the cache may know it."""
        with pgwire.session(self.dsn) as connection:
            auth_keys.deactivate(connection, key_id)
            query = "SELECT key_hash FROM api_keys WHERE key_id = ?"
            return str(connection.execute(query, (key_id,)).fetchone()[0])

    def record_usage(self, key_id: str) -> None:
        """Write one usage record."""
        with pgwire.session(self.dsn) as connection:
            connection.execute("INSERT INTO usage VALUES (?, ?)", (key_id, time.time()))
