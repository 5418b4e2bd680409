"""A Redis client with four commands, which opens a connection for each operation."""

from __future__ import annotations

import socket
from dataclasses import dataclass

from sandbox.services.base.settings import log

TIMEOUT_S = 2.0


class CacheError(Exception):
    """The cache is unreachable or refused; the text is redis-py's."""


@dataclass(frozen=True)
class Cache:
    """The cache's address, password and timeout (None for no limit)."""

    host: str
    port: int
    password: str
    timeout_s: float | None = TIMEOUT_S

    def get(self, key: str) -> bytes | None:
        """Return a value, or None when there is none or the key is gone."""
        return self._ask("GET", key)

    def put(self, key: str, value: str, ttl_s: float) -> None:
        """Store a value for at most ttl_s seconds."""
        self._ask("SET", key, value, "PX", str(max(1, int(ttl_s * 1000))))

    def delete(self, key: str) -> None:
        """Forget a key."""
        self._ask("DEL", key)

    def count(self, key: str, ttl_s: float) -> int:
        """Increment a counter that expires after ttl_s seconds; return it."""
        number = int(self._ask("INCR", key) or 0)
        if number == 1:
            self._ask("PEXPIRE", key, str(int(ttl_s * 1000)))
        return number

    def ping(self) -> None:
        """Raise CacheError unless the cache answers."""
        self._ask("PING")

    def _ask(self, *words: str) -> bytes | None:
        try:
            with socket.create_connection((self.host, self.port), self.timeout_s) as connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                stream = connection.makefile("rb")
                if self.password:
                    connection.sendall(_encode(("AUTH", self.password)))
                    _reply(stream)
                connection.sendall(_encode(words))
                return _reply(stream)
        except TimeoutError as error:
            raise self._failed("Timeout connecting to server", error) from error
        except OSError as error:
            code = f"Error {error.errno} connecting to {self.host}:{self.port}."
            raise self._failed(f"{code} {error.strerror or error}", error) from error

    def _failed(self, text: str, cause: BaseException) -> CacheError:
        kind = "TimeoutError" if isinstance(cause, TimeoutError) else "ConnectionError"
        message = f"redis.exceptions.{kind}: {text} ({self.host}:{self.port})"
        log(f"WARNING:  Redis unavailable: {message}")
        return CacheError(message)


def _encode(words: tuple[str, ...]) -> bytes:
    parts = [f"*{len(words)}\r\n".encode()]
    for word in words:
        data = word.encode()
        parts.append(b"$%d\r\n%s\r\n" % (len(data), data))
    return b"".join(parts)


def _reply(stream: object) -> bytes | None:
    line = stream.readline()  # type: ignore[attr-defined]
    if not line:
        raise ConnectionResetError(104, "Connection reset by peer")
    kind, text = line[:1], line[1:].rstrip(b"\r\n")
    if kind == b"-":
        log(f"WARNING:  Redis refused: {text.decode()}")
        raise CacheError(text.decode())
    if kind != b"$":
        return bytes(text)
    size = int(text)
    return None if size < 0 else bytes(stream.read(size + 2)[:-2])  # type: ignore[attr-defined]
