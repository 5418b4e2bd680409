"""Send commands to a running twin's control endpoint."""

from __future__ import annotations

from typing import Any

import urllib3

from sandbox.state import State

_pool = urllib3.PoolManager(retries=False)


class RefusedError(Exception):
    """The twin refused the command."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def send(state: State, command: str, timeout_s: float = 120.0, **arguments: Any) -> dict[str, Any]:
    """Send one command and return the answer.

    Raises RefusedError for an error of the twin, urllib3.exceptions.HTTPError if it is not there.
    """
    answer = _pool.request(
        "POST", f"{state.control_url}/{command}", json=arguments, timeout=timeout_s
    )
    body: dict[str, Any] = answer.json()
    if answer.status != 200:
        raise RefusedError(answer.status, str(body.get("error", answer.status)))
    return body
