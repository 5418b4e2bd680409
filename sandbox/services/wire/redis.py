"""A Redis client with five commands, which keeps its connections as redis-py's pool does."""

from __future__ import annotations

import io
import select
import socket
import ssl
import threading
from dataclasses import dataclass, field

from sandbox.services.base.settings import log

TIMEOUT_S = 2.0
# what the platform takes for an ElastiCache with encryption in transit
ENCRYPTED_PREFIX, ENCRYPTED_SUFFIX = "master.hokusai", ".cache.amazonaws.com"


class CacheError(Exception):
    """The cache is unreachable or refused; the text is redis-py's."""


def encrypted(host: str) -> bool:
    """Return whether the platform speaks TLS to a cache of this name."""
    return host.startswith(ENCRYPTED_PREFIX) or host.endswith(ENCRYPTED_SUFFIX)


class _Connection:
    """One connection that is logged in."""

    def __init__(self, plug: socket.socket, password: str) -> None:
        plug.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._plug = plug
        self._stream = plug.makefile("rb")
        if password:
            self.ask("AUTH", password)

    def ask(self, *words: str) -> bytes | None:
        """Send one command and return its answer."""
        self._plug.sendall(_encode(words))
        return _reply(self._stream)

    def dead(self) -> bool:
        """Return whether the server ended it: it asked nothing, so all it can read is an end."""
        return bool(select.select([self._plug], [], [], 0)[0])

    def close(self) -> None:
        """Close it."""
        self._stream.close()
        self._plug.close()


@dataclass
class _Idle:
    """The connections that nobody uses at the moment."""

    _kept: list[_Connection] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self) -> _Connection | None:
        """Take a connection that is alive, if there is one."""
        while True:
            with self._lock:
                if not self._kept:
                    return None
                found = self._kept.pop()
            if not found.dead():
                return found
            found.close()

    def give(self, connection: _Connection) -> None:
        """Keep a connection for the next command."""
        with self._lock:
            self._kept.append(connection)


@dataclass(frozen=True)
class Cache:
    """The cache's address, password and timeout (None for no limit); TLS without verification."""

    host: str
    port: int
    password: str
    timeout_s: float | None = TIMEOUT_S
    tls: bool = False
    _idle: _Idle = field(default_factory=_Idle, init=False, repr=False, compare=False)

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
        """Send a command over a kept connection, or over a new one where none is alive."""
        connection = self._idle.take() or self._connect()
        try:
            answer = connection.ask(*words)
        except TimeoutError as error:
            connection.close()
            raise self._failed("Timeout reading from socket", error) from error
        except OSError as error:
            connection.close()
            text = f"Error while reading from {self.host}:{self.port} : {error}"
            raise self._failed(text, error) from error
        except CacheError:
            connection.close()
            raise
        self._idle.give(connection)
        return answer

    def _connect(self) -> _Connection:
        plug = None
        try:
            plug = socket.create_connection((self.host, self.port), self.timeout_s)
            if self.tls:
                plug = _unverified().wrap_socket(plug, server_hostname=self.host)
            return _Connection(plug, self.password)
        except (OSError, CacheError) as error:
            if plug is not None:
                plug.close()
            if isinstance(error, CacheError):
                raise
            if isinstance(error, TimeoutError):
                raise self._failed("Timeout connecting to server", error) from error
            code = f"Error {error.errno} connecting to {self.host}:{self.port}."
            raise self._failed(f"{code} {error.strerror or error}", error) from error

    def _failed(self, text: str, cause: BaseException) -> CacheError:
        kind = "TimeoutError" if isinstance(cause, TimeoutError) else "ConnectionError"
        message = f"redis.exceptions.{kind}: {text} ({self.host}:{self.port})"
        log(f"WARNING:  Redis unavailable: {message}")
        return CacheError(message)


def _unverified() -> ssl.SSLContext:
    """Return a context that believes any certificate, as the platform's clients do."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _encode(words: tuple[str, ...]) -> bytes:
    parts = [f"*{len(words)}\r\n".encode()]
    for word in words:
        data = word.encode()
        parts.append(b"$%d\r\n%s\r\n" % (len(data), data))
    return b"".join(parts)


def _reply(stream: io.BufferedReader) -> bytes | None:
    line = stream.readline()
    if not line:
        raise ConnectionResetError(104, "Connection reset by peer")
    kind, text = line[:1], line[1:].rstrip(b"\r\n")
    if kind == b"-":
        log(f"WARNING:  Redis refused: {text.decode()}")
        raise CacheError(text.decode())
    if kind != b"$":
        return text
    size = int(text)
    return None if size < 0 else stream.read(size + 2)[:-2]
