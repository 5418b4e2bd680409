"""The data behind the services: databases, cache, and their controls."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from sandbox import names
from sandbox.network.addresses import loopback
from sandbox.seed.platform import Platform
from sandbox.services import auth_keys
from sandbox.supervisor import Supervisor

A_DAY_S = 86_400.0


class Dataplane:
    """Database and cache of one twin: files, control documents and the processes that serve them."""

    def __init__(self, folder: Path, supervisor: Supervisor) -> None:
        self.folder = folder / "data"
        self._pristine = folder / "pristine"
        self._supervisor = supervisor
        self._controls: dict[str, dict[str, Any]] = {}

    def prepare(self, platform: Platform) -> None:
        """Create the databases and the control documents of the healthy platform."""
        self.folder.mkdir()
        self._pristine.mkdir()
        auth = self._pristine / f"{names.AUTH_DATABASE_NAME}.sqlite"
        auth_keys.create_schema(auth)
        for principal in platform.principals:
            if principal.known:
                auth_keys.plant(
                    auth,
                    api_key=principal.api_key,
                    name=f"canary-{principal.name}",
                    service_id=principal.service_id,
                    scopes=principal.scopes,
                    is_active=principal.active,
                    expires_at=time.time() - A_DAY_S if principal.expired else None,
                )
        (self._pristine / f"{names.DATABASE_NAME}.sqlite").touch()
        self._controls = _healthy_controls(platform)
        self.restore()

    def restore(self) -> None:
        """Put the pristine databases and controls back, atomically file by file."""
        for source in self._pristine.glob("*.sqlite"):
            temporary = self.folder / f".{source.name}"
            shutil.copyfile(source, temporary)
            for leftover in ("-journal", "-wal", "-shm"):
                (self.folder / f"{source.name}{leftover}").unlink(missing_ok=True)
            temporary.replace(self.folder / source.name)
        for name, values in self._controls.items():
            self._write(name, values)

    def keep(self, database: str) -> None:
        """Make a database's present content the one that `restore` puts back."""
        shutil.copyfile(self.folder / f"{database}.sqlite", self._pristine / f"{database}.sqlite")

    def start(self) -> None:
        """Start the cache and the database server on their addresses."""
        for name, address, port in (
            ("redis", names.REDIS_ADDRESS, names.REDIS_PORT),
            ("database", names.DATABASE_ADDRESS, names.DATABASE_PORT),
        ):
            module = f"sandbox.services.{name}"
            options = ["--host", loopback(address), "--port", str(port)]
            argv = [sys.executable, "-m", module, *options, "--data", str(self.folder)]
            self._supervisor.start(name, argv, {"PYTHONUNBUFFERED": "1"})

    def control(self, name: str, **changes: Any) -> None:
        """Change the behaviour of `redis` or `database` until the next restore."""
        path = self.folder / f"{name}.json"
        self._write(name, {**json.loads(path.read_text()), **changes})

    def database_file(self, database: str) -> Path:
        """The SQLite file behind a database."""
        return self.folder / f"{database}.sqlite"

    def _write(self, name: str, values: dict[str, Any]) -> None:
        temporary = self.folder / f".{name}.json"
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            json.dump(values, file)
        temporary.replace(self.folder / f"{name}.json")


def _healthy_controls(platform: Platform) -> dict[str, dict[str, Any]]:
    credentials = platform.credentials
    return {
        "redis": {"password": credentials.redis_token, "delay_s": 0.0, "refuse": False},
        "database": {
            "users": {
                names.DATABASE_USER: credentials.database_password,
                names.AUTH_DATABASE_USER: credentials.auth_database_password,
            },
            "delay_s": 0.0,
        },
    }
