"""The API's variables: names, defaults and precedence of the deployed one."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from sandbox.services.base import settings
from sandbox.services.registry.breaker import RECOVERY_S, THRESHOLD, Breaker
from sandbox.services.registry.dependencies import CacheCheck, DatabaseCheck
from sandbox.services.registry.upstream import Patience, Upstream
from sandbox.services.wire import postgres as pgwire
from sandbox.services.wire import redis as resp

NO_MLFLOW = "MLflow URL is not configured; set MLFLOW_TRACKING_URI or MLFLOW_SERVER_URL."
NO_PASSWORD = "Database password not found in environment"
DATABASE_HOST = "hokusai-mlflow-development.rds.amazonaws.com"
LOCAL = ("localhost", "127.0.0.1")
PLAIN_REFUSED = "AbstractConnection.__init__() got an unexpected keyword argument 'ssl_cert_reqs'"
CHECK_TIMEOUT_S = 2.0
A_DAY_S = 86_400.0


def mlflow() -> Upstream:
    """Read where MLflow is; raise the error that ends the process where nothing says so."""
    url = settings.first("MLFLOW_TRACKING_URI", "MLFLOW_SERVER_URL")
    if not url:
        raise settings.MissingSettingError(NO_MLFLOW)
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
        raise ValueError(f"Invalid MLflow URL: {url!r}")
    patience = Patience(
        request_s=settings.number("MLFLOW_HTTP_REQUEST_TIMEOUT", 5.0),
        retries=int(settings.number("MLFLOW_HTTP_REQUEST_MAX_RETRIES", 2)),
        backoff_s=settings.number("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", 1.0),
    )
    return Upstream(url.rstrip("/"), settings.first("MLFLOW_TRACKING_TOKEN"), patience)


def auth_url() -> str:
    """Read where the auth service is."""
    named = settings.first("HOKUSAI_AUTH_SERVICE_URL", "AUTH_SERVICE_URL")
    return (named or "https://auth.hokus.ai").rstrip("/")


def breaker(stays_open: bool = False) -> Breaker:
    """Make the breaker; its minute passes at the twin's speed, one that stays open is open now."""
    recovery = settings.number("MLFLOW_CB_RECOVERY_TIMEOUT", RECOVERY_S)
    threshold = int(settings.number("MLFLOW_CB_FAILURE_THRESHOLD", THRESHOLD))
    if stays_open:
        return Breaker(A_DAY_S, threshold, "OPEN", threshold, failed_at=time.monotonic())
    return Breaker(settings.scaled(recovery), threshold)


def database() -> DatabaseCheck:
    """Read the database's address, DB_* before DATABASE_*."""
    password = settings.first("DB_PASSWORD", "DATABASE_PASSWORD")
    if not password:
        raise settings.MissingSettingError(NO_PASSWORD)
    dsn = pgwire.Dsn(
        host=settings.first("DB_HOST", "DATABASE_HOST") or DATABASE_HOST,
        port=int(settings.first("DB_PORT", "DATABASE_PORT") or 5432),
        name=settings.first("DB_NAME", "DATABASE_NAME") or "mlflow_db",
        user=settings.first("DB_USER", "DATABASE_USER") or "mlflow",
        password=password,
    )
    return DatabaseCheck(
        dsn,
        settings.optional("DATABASE_FALLBACK_NAME", "mlflow"),
        settings.number("DATABASE_CONNECT_TIMEOUT", 10.0),
        int(settings.number("DATABASE_MAX_RETRIES", 3)),
        settings.number("DATABASE_RETRY_DELAY", 1.0),
    )


@dataclass(frozen=True)
class RedisAddress:
    """A Redis URL in its parts."""

    host: str
    port: int
    token: str
    tls: bool

    @property
    def url(self) -> str:
        """The URL with its token, as the deployed API builds and logs it."""
        token = f":{self.token}@" if self.token else ""
        return f"redis{'s' if self.tls else ''}://{token}{self.host}:{self.port}/0"

    def client(self, timeout_s: float | None) -> resp.Cache:
        """Make a client."""
        return resp.Cache(self.host, self.port, self.token, timeout_s, self.tls)


def _named_redis(host: str, tls: bool) -> RedisAddress:
    token = settings.first("REDIS_AUTH_TOKEN")
    url = settings.first("REDIS_URL")
    if "://" in url:
        parts = urlsplit(url)
        return RedisAddress(
            parts.hostname or "", parts.port or 6379, unquote(parts.password or ""),
            parts.scheme == "rediss",
        )  # fmt: skip
    bare, _, port = url.partition(":")
    number = int(port or settings.first("REDIS_PORT") or 6379)
    return RedisAddress(bare or host, number, token, tls)


def cache(patient: bool) -> resp.Cache | None:
    """Connect the middleware's cache, once: None where there is none, or it does not answer now."""
    host = settings.first("REDIS_HOST") or "localhost"
    address = _named_redis(host, resp.encrypted(host))
    if any(name in address.url for name in LOCAL):
        settings.log("INFO:     Skipping Redis connection for localhost")
        return None
    client = address.client(None if patient else resp.TIMEOUT_S)
    try:
        if not address.tls:  # the client's version takes no TLS option for a plain connection
            raise TypeError(PLAIN_REFUSED)
        client.ping()
    except (resp.CacheError, TypeError) as error:
        settings.log(f"WARNING:  Redis cache not available: {error}")
        return None
    settings.log("INFO:     Redis cache connected for auth middleware")
    return client


def cache_check(patient: bool) -> CacheCheck:
    """Read the cache's address for the health documents, whose TLS has a variable of its own."""
    host, url = settings.first("REDIS_HOST"), settings.first("REDIS_URL")
    named = bool(host) and not host.startswith("localhost")
    enabled = bool(url or settings.first("REDIS_AUTH_TOKEN") or named)
    if not (host or url):
        return CacheCheck(None, enabled)
    tls = os.environ.get("REDIS_TLS_ENABLED", "false").lower() == "true"
    address = _named_redis(host, tls)
    timeout = None if patient else CHECK_TIMEOUT_S
    return CacheCheck(address.client(timeout), enabled, address.url)
