"""Start MLflow as deployed: check the database, then become gunicorn."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from sandbox.services.base import behaviour, settings
from sandbox.services.tracking import basic_auth
from sandbox.services.wire import postgres as pgwire

FIRST_CONNECT_S = 2.5
"""Seconds for the first connection, minutes in reality: a crash loop is told by its second end."""
LOG_FORMAT = '%(h)s - "%(r)s" %(s)s ua="%(a)s" traceparent="%({traceparent}i)s"'


def dsn() -> pgwire.Dsn:
    """Read where the tracking database is."""
    return pgwire.Dsn(
        host=settings.required("DB_HOST", "Database host not found in environment"),
        port=int(settings.optional("DB_PORT", "5432")),
        name=settings.optional("DB_NAME", "mlflow_db"),
        user=settings.optional("DB_USER", "mlflow"),
        password=settings.required("DB_PASSWORD", "Database password not found in environment"),
    )


def server_environment(path: str) -> dict[str, str]:
    """Return the variables that `mlflow server` sets for its web application.

    The names are private to MLflow, and the same from 3.1.4 to 3.17.2.
    """
    artifacts = settings.optional("MLFLOW_ARTIFACTS_DESTINATION", str(Path(path).parent / "art"))
    values = {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "_MLFLOW_SERVER_FILE_STORE": f"sqlite:///{path}",
        "_MLFLOW_SERVER_REGISTRY_STORE": f"sqlite:///{path}",
        "_MLFLOW_SERVER_ARTIFACT_DESTINATION": artifacts,
        "_MLFLOW_SERVER_ARTIFACT_ROOT": "mlflow-artifacts:/",
    }
    if settings.optional("MLFLOW_SERVE_ARTIFACTS", "true").lower() == "true":
        values["_MLFLOW_SERVER_SERVE_ARTIFACTS"] = "true"
    if basic_auth.wanted():
        values |= basic_auth.configure(Path(path))
        values["_MLFLOW_STATIC_PREFIX"] = os.environ.get("MLFLOW_STATIC_PREFIX", "").rstrip("/")
    hosts = os.environ.get("MLFLOW_ALLOWED_HOSTS")
    if hosts:
        values["MLFLOW_SERVER_ALLOWED_HOSTS"] = hosts
    return values


def main() -> None:
    """Check, then exec gunicorn in this process."""
    switches = behaviour.from_environment()
    try:
        if switches.has("crash-on-start"):
            raise settings.MissingSettingError(switches.values["crash-on-start"] or "failed")
        path = pgwire.data_file(dsn(), FIRST_CONNECT_S)
        address, port = settings.listen_address()
    except (RuntimeError, ValueError, pgwire.DatabaseError) as error:
        settings.die(error)
    environment = {**os.environ, **server_environment(path)}
    command = [
        sys.executable, "-m", "gunicorn", "--no-control-socket", "-b", f"{address}:{port}",
        "-w", "1", "--threads", "16", "--preload", "--graceful-timeout", "1",
        "--config", "python:sandbox.services.tracking.preload",
        "--access-logfile", "-", "--access-logformat", LOG_FORMAT,
        "sandbox.services.tracking.app:application",
    ]  # fmt: skip
    os.execve(sys.executable, command, environment)  # noqa: S606 one process, as in the image


if __name__ == "__main__":
    main()
