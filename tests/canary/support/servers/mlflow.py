"""A real MLflow server for the time of a test module: gunicorn, SQLite, a scratch folder."""

from __future__ import annotations

import contextlib
import os
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Mlflow:
    """Where the server is, and its database."""

    url: str
    folder: Path

    def rows(self, table: str, where: str = "1=1") -> int:
        """Count rows, in the database itself."""
        with contextlib.closing(sqlite3.connect(self.folder / "m.db")) as connection:
            answer = connection.execute(f"select count(*) from {table} where {where}")
            return int(answer.fetchone()[0])

    def execute(self, statement: str) -> None:
        """Change the database as a fault would."""
        with contextlib.closing(sqlite3.connect(self.folder / "m.db", timeout=10)) as connection:
            connection.execute(statement)
            connection.commit()


def _environment(folder: Path) -> dict[str, str]:
    """Return the private names by which `mlflow server` configures its application."""
    store = f"sqlite:///{folder}/m.db"
    return os.environ | {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "_MLFLOW_SERVER_FILE_STORE": store,
        "_MLFLOW_SERVER_REGISTRY_STORE": store,
        "_MLFLOW_SERVER_ARTIFACT_DESTINATION": str(folder / "art"),
        "_MLFLOW_SERVER_ARTIFACT_ROOT": "mlflow-artifacts:/",
        "_MLFLOW_SERVER_SERVE_ARTIFACTS": "true",
    }


@contextlib.contextmanager
def serving_mlflow(folder: Path, python: str = sys.executable) -> Iterator[Mlflow]:
    """Serve MLflow of a Python environment; its process group is ended afterwards."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    command = [
        python,
        "-m",
        "gunicorn",
        "-b",
        f"127.0.0.1:{port}",
        "-w",
        "1",
        "--threads",
        "8",
        "--graceful-timeout",
        "1",
    ]
    command += ["--no-control-socket"] if python == sys.executable else []
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [*command, "mlflow.server:app"],
            env=_environment(folder),
            cwd=folder,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(server, url, folder)
        yield Mlflow(url, folder)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, 15)
        server.wait(10)


def _wait(server: subprocess.Popen[bytes], url: str, folder: Path) -> None:
    ask = f"{url}/api/2.0/mlflow/experiments/search?max_results=1"
    for _ in range(300):
        if server.poll() is not None:
            raise RuntimeError((folder / "server.log").read_text()[-2000:])
        with contextlib.suppress(OSError), urllib.request.urlopen(ask, timeout=60):
            return
        time.sleep(0.2)
    raise RuntimeError("MLflow did not start within 60 s")
