"""Make clients of AWS on first use, with short time-outs and few retries.

botocore makes them: boto3's own session imports s3transfer for uploads in parts, which costs a
fifth of the cold start and which nothing here needs.
"""

from __future__ import annotations

import os
import threading
from typing import Any

from botocore.config import Config as BotoConfig
from botocore.session import get_session

import canary
from canary.model import Environment

CONNECT_S = 2
READ_S = 5
ATTEMPTS = 2
"""botocore's own 60 s and 5 attempts would burn a whole run where a network path is missing."""
EMULATOR = "test"
"""The emulator's operator; used only with an endpoint URL and without other credentials."""


class Clients:
    """Clients of one environment's account and region, one per service. Thread-safe.

    `read_s` is the read time-out in seconds: longer only where a call waits for work. `session` is
    that of a person who named a profile or a role; a function has its own role and none of these.
    """

    def __init__(
        self, environment: Environment, read_s: float = READ_S, session: Any = None
    ) -> None:
        self._environment = environment
        self._read_s = read_s
        self._made: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._given = session is not None
        self._session: Any = session

    def client(self, service: str) -> Any:
        """Return the client of a service: "ecs", "elbv2", …"""
        with self._lock:
            if service not in self._made:
                self._made[service] = self._make(service)
            return self._made[service]

    def _make(self, service: str) -> Any:
        endpoint = self._environment.aws_endpoint_url or None
        if self._session is None:
            self._session = get_session()
        return self._session.create_client(
            service,
            region_name=self._environment.region,
            endpoint_url=endpoint,
            config=_settings(service, endpoint, self._read_s),
            **self._operator(endpoint),
        )

    def _operator(self, endpoint: str | None) -> dict[str, str]:
        """Return the emulator's operator, unless the person's session has credentials."""
        found = _operator(endpoint)
        own = found and self._given and self._session.get_credentials() is not None
        return {} if own else found


def _settings(service: str, endpoint: str | None, read_s: float) -> BotoConfig:
    emulated = endpoint or os.environ.get("AWS_ENDPOINT_URL")
    return BotoConfig(
        # botocore signs links with version 2 by default, which buckets made since 2020 refuse
        signature_version="s3v4" if service == "s3" else None,
        connect_timeout=CONNECT_S,
        read_timeout=read_s,
        retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
        max_pool_connections=16,
        user_agent_extra=f"hokusai-canary/{canary.__version__}",
        # an emulator has no bucket host names
        s3={"addressing_style": "path"} if emulated else {},
    )


def _operator(endpoint: str | None) -> dict[str, str]:
    at_hand = os.environ.get("AWS_ACCESS_KEY_ID") or os.environ.get("AWS_PROFILE")
    if endpoint is None or at_hand:
        return {}
    return {"aws_access_key_id": EMULATOR, "aws_secret_access_key": EMULATOR}
