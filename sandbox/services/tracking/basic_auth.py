"""MLflow's own authentication: users with passwords, in the tracking database."""

from __future__ import annotations

import importlib.util
import os
import sys
import types
from pathlib import Path
from typing import Any

NAME = "basic-auth"
CONFIGURATION = """[mlflow]
default_permission = READ
database_uri = {database}
auth_cache_ttl_seconds = 60
"""


class NoFormProtection:
    """Stands for Flask-WTF where it is not installed: it guards the page to sign up alone."""

    def init_app(self, app: Any) -> None:
        """Guard nothing: requests with a user and a password carry no token of a form."""

    def protect(self) -> None:
        """Refuse the form of the page to sign up, which cannot be guarded here."""
        raise RuntimeError("nobody signs up here")


def wanted() -> bool:
    """Return whether this server starts with `--app-name basic-auth`."""
    return os.environ.get("MLFLOW_APP_NAME", "") == NAME


def configure(database: Path) -> dict[str, str]:
    """Write MLflow's configuration of its users beside the database; return its variable."""
    file = database.with_name(f"{database.stem}-users.ini")
    file.write_text(CONFIGURATION.format(database=f"sqlite:///{database}"))
    return {"MLFLOW_AUTH_CONFIG_PATH": str(file)}


def create() -> None:
    """Add MLflow's own authentication to its web application; workers connect by themselves."""
    _stand_in()
    from mlflow.server import auth

    auth.create_app()
    auth.store.engine.dispose()


def _stand_in() -> None:
    """Stand for what MLflow's authentication imports and the light installation has not.

    Its gateway to language models needs numpy, and serves under uvicorn alone; no request of a
    tracking server reaches it.
    """
    if importlib.util.find_spec("flask_wtf") is None:
        _module("flask_wtf")
        _module("flask_wtf.csrf", CSRFProtect=NoFormProtection)
    if importlib.util.find_spec("numpy") is None:
        _module("mlflow.server.fastapi_app", create_fastapi_app=None)
        _module("mlflow.server.gateway_api", list_models=None)


def _module(name: str, **content: Any) -> None:
    made = types.ModuleType(name)
    made.__dict__.update(content)
    sys.modules[name] = made
