"""Control file and command line that the database and the cache server share."""

from __future__ import annotations

import argparse
import json
import socketserver
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sandbox.services.base.settings import log

LOOK_AGAIN_S = 0.2


def read_control(path: Path) -> dict[str, Any]:
    """Return the JSON object of a control file, empty if the file is missing or invalid."""
    try:
        value = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def delay(control: Callable[[], dict[str, Any]]) -> None:
    """Wait for the control file's delay_s; a shorter one in the file counts at once."""
    began = time.monotonic()
    while (left := began + float(control().get("delay_s") or 0) - time.monotonic()) > 0:
        time.sleep(min(left, LOOK_AGAIN_S))


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
