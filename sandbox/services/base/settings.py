"""Read the environment of a service, and end the process where a variable is missing."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from typing import NoReturn


class MissingSettingError(RuntimeError):
    """A variable without which the service cannot start."""


def required(name: str, message: str) -> str:
    """Return the variable's value, or raise MissingSettingError with the service's message."""
    value = os.environ.get(name, "")
    if not value:
        raise MissingSettingError(message)
    return value


def optional(name: str, default: str) -> str:
    """Return the variable's value, or the default the platform's code carries."""
    return os.environ.get(name) or default


def first(*names: str) -> str:
    """Return the first of several variables that is set, or an empty string."""
    return next((value for name in names if (value := os.environ.get(name, "").strip())), "")


def number(name: str, default: float) -> float:
    """Return a variable's number, or the default; raise ValueError for anything else."""
    return float(os.environ.get(name) or default)


def scaled(seconds: float) -> float:
    """Divide a duration in seconds by the twin's speed (1 outside the twin)."""
    return seconds / float(os.environ.get("SANDBOX_SPEED") or 1)


def now() -> str:
    """Return the time of day as the platform's documents write it."""
    return datetime.now(UTC).replace(tzinfo=None).isoformat()


def listen_address() -> tuple[str, int]:
    """Return where to listen: 0.0.0.0 as in a container, PORT from the task definition."""
    return optional("HOST", "0.0.0.0"), int(required("PORT", "PORT not found in environment"))


def log(line: str) -> None:
    """Write one line to standard output, which the agent ships to the log group."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def die(error: BaseException) -> NoReturn:
    """End the process with exit code 1 and the last lines of a traceback."""
    log("Traceback (most recent call last):")
    log('  File "/app/src/main.py", line 21, in <module>\n    settings = load_settings()')
    log(f"{type(error).__bases__[0].__name__}: {error}")
    sys.exit(1)
