"""Control file and command line that the database and the cache server share."""

from __future__ import annotations

import argparse
import json
import socketserver
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sandbox.services.base.settings import log


def read_control(path: Path) -> dict[str, Any]:
    """Return the JSON object of a control file, empty if the file is missing or invalid."""
    try:
        value = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def serve(
    program: str,
    make: Callable[[tuple[str, int], Path], socketserver.BaseServer],
    port: int,
    ready: str,
) -> None:
    """Serve at the address of the command line until told to stop; log a line when ready."""
    parser = argparse.ArgumentParser(prog=f"python -m {program}")
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, default=port)
    parser.add_argument("--data", type=Path, required=True)
    options = parser.parse_args()
    with make((options.host, options.port), options.data) as server:
        log(f"{ready} {options.host}:{options.port}")
        server.serve_forever()
