"""Real servers for the services' tests: cache, database, and services on ports of their own."""

from __future__ import annotations

import contextlib
import http.client
import json
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.services.auth import AuthService
from sandbox.services.base import behaviour, web
from sandbox.services.database import DatabaseServer
from sandbox.services.keys import records as auth_keys
from sandbox.services.keys.store import Store
from sandbox.services.redis import RedisServer
from sandbox.services.wire import postgres as pgwire
from sandbox.services.wire import redis as resp

TOKEN = "cache-token"
ADMIN = "admin-token"


@dataclass(frozen=True)
class Answer:
    """What a service answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Ground:
    """A cache and a database with an auth schema, and the folder that controls them."""

    folder: Path
    cache: resp.Cache
    dsn: pgwire.Dsn

    def plant(self, **given: Any) -> str:
        """Plant a key in the auth database and return it."""
        key = auth_keys.make_key()
        path = self.folder / "auth_db.sqlite"
        auth_keys.plant(path, api_key=key, **{"name": "tester", **given})
        return key

    def control(self, name: str, **values: Any) -> None:
        """Rewrite a control document."""
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **values}))

    def auth(self, switches: str = "") -> AuthService:
        """An auth service on this ground."""
        return AuthService(Store(self.dsn), self.cache, ADMIN, behaviour.parse(switches))


@contextlib.contextmanager
def running(server: socketserver.BaseServer) -> Iterator[tuple[str, int]]:
    """Serve in a thread and yield the address."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_address[:2]  # type: ignore[misc]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextlib.contextmanager
def ground(folder: Path) -> Iterator[Ground]:
    """Start cache and database."""
    (folder / "redis.json").write_text(json.dumps({"password": TOKEN}))
    (folder / "database.json").write_text(json.dumps({"users": {"auth": "p#w"}}))
    auth_keys.create_schema(folder / "auth_db.sqlite")
    with (
        running(RedisServer(("127.0.0.1", 0), folder)) as redis,
        running(DatabaseServer(("127.0.0.1", 0), folder)) as database,
    ):
        dsn = pgwire.Dsn(database[0], database[1], "auth_db", "auth", "p#w")
        yield Ground(folder, resp.Cache(redis[0], redis[1], TOKEN), dsn)


@contextlib.contextmanager
def served(route: web.Route, switches: str = "") -> Iterator[str]:
    """Serve a route over HTTP and yield its base URL."""
    server = web.make_server(("127.0.0.1", 0), route, behaviour.parse(switches))
    with running(server) as (host, port):
        yield f"http://{host}:{port}"


def ask(
    url: str,
    method: str = "GET",
    key: str = "",
    body: Any = None,
    timeout: float = 5.0,
    **headers: str,
) -> Answer:
    """Send one request; a key goes into the Authorization header."""
    host, _, path = url.removeprefix("http://").partition("/")
    connection = http.client.HTTPConnection(host, timeout=timeout)
    if key:
        headers["Authorization"] = f"Bearer {key}"
    data = json.dumps(body).encode() if body is not None else None
    try:
        connection.request(method, f"/{path}", body=data, headers=headers)
        answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, found, answer.read())
    finally:
        connection.close()
