"""The API's own checks of its database and its cache, as its blocking documents make them."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from sandbox.services.base import settings
from sandbox.services.wire import postgres as pgwire
from sandbox.services.wire import redis as resp


@dataclass(frozen=True)
class DatabaseCheck:
    """Connects to the database by its name, then by its old one, several times."""

    dsn: pgwire.Dsn
    fallback: str = "mlflow"
    connect_s: float = pgwire.CONNECT_TIMEOUT_S
    attempts: int = 3
    delay_s: float = 1.0

    def error(self) -> str:
        """Return what the first name's last connection said, or an empty string."""
        text = ""
        for number in range(self.attempts):
            if number:
                time.sleep(self.delay_s * 2 ** (number - 1))
            text = self._once()
            if not text:
                return ""
        text = f"Database connection failed after {self.attempts} attempts: {text}"
        settings.log(f"ERROR:    {text}")
        return text

    def _once(self) -> str:
        try:
            pgwire.data_file(self.dsn, self.connect_s)
        except pgwire.DatabaseError as error:
            settings.log(f"WARNING:  Primary database connection failed: {error}")
            return "" if self._fallback() else str(error)
        return ""

    def _fallback(self) -> bool:
        try:
            pgwire.data_file(replace(self.dsn, name=self.fallback), self.connect_s)
        except pgwire.DatabaseError:
            return False
        return True


@dataclass(frozen=True)
class CacheCheck:
    """Pings the cache with a client of its own; `cache` is None where it has no address."""

    cache: resp.Cache | None
    enabled: bool = True
    shown_url: str = ""

    def announce(self) -> None:
        """Log the address with its token, as the deployed API does when it makes its queue."""
        if self.cache is not None:
            settings.log(f"INFO:     Creating Redis publisher with URL: {self.shown_url}")

    def state(self) -> str:
        """Ping, and return the cache's word in a document."""
        return "unhealthy" if self.enabled and self._error() else self._well()

    def _well(self) -> str:
        return "healthy" if self.enabled else "disabled"

    def _error(self) -> str:
        if self.cache is None:
            text = "Redis connection failed: neither REDIS_HOST nor REDIS_URL is set"
            settings.log(f"ERROR:    {text}")
            return text
        try:
            self.cache.ping()
        except resp.CacheError as error:
            text = f"Redis connection failed: {error}"
            settings.log(f"ERROR:    {text}")
            return text
        return ""
