"""The address of the emulated AWS API, and boto3 clients for it."""

from __future__ import annotations

import functools
from typing import Any

import boto3
import msgspec
from botocore.config import Config

from emulator.settings import OPERATOR_KEY_ID, OPERATOR_SECRET, REGION


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """The emulator's address; its clients act as the operator."""

    url: str
    region: str = REGION

    def client(self, service: str) -> Any:
        """Return a cached boto3 client of one service, with the operator's static keys."""
        return _client(service, self.url, self.region)


@functools.cache
def _client(service: str, url: str, region: str) -> Any:
    """Make a client once; it is thread-safe and takes up to 80 ms to make."""
    config = Config(
        retries={"max_attempts": 1},
        inject_host_prefix=False,  # "data-127.0.0.1" does not resolve
        max_pool_connections=20,
        s3={"addressing_style": "path"},
    )
    return _session().client(
        service,
        region_name=region,
        endpoint_url=url,
        aws_access_key_id=OPERATOR_KEY_ID,
        aws_secret_access_key=OPERATOR_SECRET,
        config=config,
    )


@functools.cache
def _session() -> boto3.session.Session:
    return boto3.session.Session()
