"""The databases and the cache of the services, with their control documents."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

from emulator.network.addresses import loopback
from emulator.supervisor import Supervisor
from sandbox.seed.authority import Material
from sandbox.seed.platform import Platform
from sandbox.services.keys import records as auth_keys
from sandbox.world.world import World

A_DAY_S = 86_400.0
KEY_RATE_PER_HOUR = 100_000  # the greatest there is: a twin sees hundreds of runs within an hour
TOKEN_SCOPES = ("model:read", "mlflow:access", "registry:admin")


class Dataplane:
    """Database and cache of one twin: files, control documents, and their processes."""

    def __init__(self, world: World, folder: Path, supervisor: Supervisor) -> None:
        self._world = world
        self._servers = {
            "redis": (world.cache.address, world.cache.port),
            "database": (world.database.address, world.database.port),
        }
        self.folder = folder / "data"
        self._pristine = folder / "pristine"
        self._supervisor = supervisor
        self._controls: dict[str, dict[str, Any]] = {}
        self._locks: list[sqlite3.Connection] = []

    def prepare(self, platform: Platform, cache: Material) -> None:
        """Create the databases, the control documents and the cache's certificate."""
        self.folder.mkdir()
        self.put("redis.pem", (cache.key + cache.certificate).decode())
        self._pristine.mkdir()
        auth = self._pristine / f"{self._world.database.auth_name}.sqlite"
        auth_keys.create_schema(auth)
        for principal in platform.principals:
            if principal.known:
                auth_keys.plant(
                    auth,
                    api_key=principal.api_key,
                    name=f"canary-{principal.name}",
                    service_id=principal.service_id,
                    scopes=principal.scopes,
                    rate_limit_per_hour=KEY_RATE_PER_HOUR,
                    is_active=principal.active,
                    expires_at=time.time() - A_DAY_S if principal.expired else None,
                )
        auth_keys.plant(
            auth,
            api_key=platform.credentials.mlflow_token,
            name="api-to-mlflow",
            service_id="platform",
            scopes=TOKEN_SCOPES,
            rate_limit_per_hour=KEY_RATE_PER_HOUR,
        )
        (self._pristine / f"{self._world.database.name}.sqlite").touch()
        self._controls = _healthy_controls(self._world, platform)
        self.restore()

    def restore(self) -> None:
        """Restore the databases and controls, each file atomically."""
        while self._locks:
            self._locks.pop().close()
        for source in self._pristine.glob("*.sqlite"):
            temporary = self.folder / f".{source.name}"
            shutil.copyfile(source, temporary)
            for leftover in ("-journal", "-wal", "-shm"):
                (self.folder / f"{source.name}{leftover}").unlink(missing_ok=True)
            temporary.replace(self.folder / source.name)
        for name, values in self._controls.items():
            self._write(name, values)

    def revive(self) -> None:
        """Start the servers that a fault stopped or that died, and empty the cache."""
        for name in self._servers:
            if not self._supervisor.running(name):
                self._supervisor.end(name)
                self._start(name)
                self._await(name)
        self.flush_cache()

    def _await(self, name: str, timeout_s: float = 10.0) -> None:
        """Wait until a server accepts connections; raises TimeoutError."""
        address, port = self._servers[name]
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            with (
                contextlib.suppress(OSError),
                socket.create_connection((loopback(address), port), 0.5),
            ):
                return
            time.sleep(0.05)
        raise TimeoutError(f"{name} does not accept connections")

    def ready(self) -> None:
        """Wait until both servers accept connections; raises TimeoutError."""
        for name in self._servers:
            self._await(name)

    def keep(self, database: str) -> None:
        """Make a database's present content the one that `restore` uses."""
        shutil.copyfile(self.folder / f"{database}.sqlite", self._pristine / f"{database}.sqlite")

    def start(self) -> None:
        """Start the cache and the database server on their addresses."""
        for name in self._servers:
            self._start(name)

    def _start(self, name: str) -> None:
        address, port = self._servers[name]
        options = ["--host", loopback(address), "--port", str(port), "--data", str(self.folder)]
        argv = [sys.executable, "-m", f"sandbox.services.{name}", *options]
        self._supervisor.start(name, argv, {"PYTHONUNBUFFERED": "1"})

    def stop(self, name: str) -> None:
        """Stop `redis` or `database` until the next restore."""
        self._supervisor.end(name)

    def begin(self, name: str) -> None:
        """Start a server that was stopped; it listens a moment later."""
        if name not in self._supervisor.children:
            self._start(name)

    def lock(self, database: str) -> None:
        """Hold a database's write lock until the next restore, so that it is read-only."""
        connection = sqlite3.connect(self.database_file(database), check_same_thread=False)
        connection.execute("BEGIN IMMEDIATE")
        self._locks.append(connection)

    def change_database_password(self, user: str, password: str) -> None:
        """Give a database user a new password, as a rotation does."""
        users = json.loads((self.folder / "database.json").read_text())["users"]
        self.control("database", users={**users, user: password})

    def flush_cache(self) -> None:
        """Empty the cache, whose entries may be outdated."""
        self.stop("redis")
        self._start("redis")
        self._await("redis")

    def control(self, name: str, **changes: Any) -> None:
        """Change the behaviour of `redis` or `database` until the next restore."""
        path = self.folder / f"{name}.json"
        self._write(name, {**json.loads(path.read_text()), **changes})

    def database_file(self, database: str) -> Path:
        """Return the SQLite file behind a database."""
        return self.folder / f"{database}.sqlite"

    def _write(self, name: str, values: dict[str, Any]) -> None:
        self.put(f"{name}.json", json.dumps(values))

    def put(self, name: str, text: str) -> None:
        """Write a file that its owner alone reads, at once."""
        temporary = self.folder / f".{name}"
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(text)
        temporary.replace(self.folder / name)


def _healthy_controls(world: World, platform: Platform) -> dict[str, dict[str, Any]]:
    credentials = platform.credentials
    return {
        "redis": {"password": credentials.redis_token, "delay_s": 0.0, "refuse": False},
        "database": {
            "users": {
                world.database.user: credentials.database_password,
                world.database.auth_user: credentials.auth_database_password,
            },
            "delay_s": 0.0,
        },
    }
