"""Database and cache refuse and err in the words of the real ones; answers can be spoilt."""

from __future__ import annotations

import contextlib
import http.client
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from sandbox.services.base.broken_responses import HUGE_BYTES
from sandbox.services.base.web import json_response
from sandbox.services.wire import postgres as pgwire
from sandbox.services.wire import redis as resp
from tests.sandbox.support.service_ground import Ground, ask, ground, served


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with ground(tmp_path_factory.mktemp("stores")) as made:
        yield made


def refusal(dsn: pgwire.Dsn) -> str:
    with pytest.raises(pgwire.DatabaseError) as caught:
        pgwire.data_file(dsn, 0.5)
    return str(caught.value)


def test_the_database_says_where_its_rows_are(floor: Ground) -> None:
    assert pgwire.data_file(floor.dsn) == str(floor.folder / "auth_db.sqlite")


def test_each_wrong_part_of_a_dsn_has_its_own_words(floor: Ground) -> None:
    dsn = floor.dsn
    user = 'FATAL:  password authentication failed for user "{}"'
    assert user.format("auth") in refusal(replace(dsn, password="wrong"))
    assert user.format("postgres") in refusal(replace(dsn, user="postgres"))
    assert 'FATAL:  database "mlflow" does not exist' in refusal(replace(dsn, name="mlflow"))
    assert "Connection refused" in refusal(replace(dsn, port=1))


def test_a_missing_table_is_told_from_a_missing_database(floor: Ground) -> None:
    with (
        pytest.raises(pgwire.UndefinedTableError, match='relation "nope" does not exist'),
        pgwire.session(floor.dsn) as connection,
    ):
        connection.execute("SELECT * FROM nope")


def hello(dsn: pgwire.Dsn) -> list[tuple[bytes, bytes]]:
    """The messages of a session's start, up to where it waits for a query."""
    words = f"user\0{dsn.user}\0database\0{dsn.name}\0\0".encode()
    with socket.create_connection((dsn.host, dsn.port), 2) as plug:
        plug.sendall(struct.pack("!ii", len(words) + 8, pgwire.PROTOCOL) + words)
        assert pgwire.receive(plug) == (b"R", struct.pack("!i", 3))
        pgwire.send(plug, b"p", dsn.password.encode() + b"\0")
        found = [pgwire.receive(plug)]
        while found[-1][0] != b"Z":
            found.append(pgwire.receive(plug))
    return found


def test_a_session_starts_with_what_a_driver_needs(floor: Ground) -> None:
    messages = hello(floor.dsn)
    told = dict(payload.decode().split("\0")[:2] for kind, payload in messages if kind == b"S")
    assert [kind for kind, _ in messages] == [b"R", *[b"S"] * len(told), b"K", b"Z"]
    assert messages[0][1] == struct.pack("!i", 0)
    assert len(messages[-2][1]) == 8
    wanted = {
        "client_encoding": "UTF8",
        "server_encoding": "UTF8",
        "DateStyle": "ISO, MDY",
        "integer_datetimes": "on",
        "standard_conforming_strings": "on",
        "TimeZone": "UTC",
        "server_version": "15.8",
    }
    assert {name: told.get(name) for name in wanted} == wanted


def test_a_real_driver_asks_within_a_transaction(floor: Ground) -> None:
    psycopg2 = pytest.importorskip("psycopg2")
    dsn = floor.dsn
    with psycopg2.connect(
        host=dsn.host, port=dsn.port, dbname=dsn.name, user=dsn.user, password=dsn.password
    ) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)


def test_a_transaction_changes_the_state_that_the_session_reports(floor: Ground) -> None:
    dsn = floor.dsn
    words = f"user\0{dsn.user}\0database\0{dsn.name}\0\0".encode()
    states = []
    with socket.create_connection((dsn.host, dsn.port), 2) as plug:
        plug.sendall(struct.pack("!ii", len(words) + 8, pgwire.PROTOCOL) + words)
        pgwire.send(plug, b"p", dsn.password.encode() + b"\0")
        for query in ("", "BEGIN", "SELECT 1", "COMMIT"):
            if query:
                pgwire.send(plug, b"Q", query.encode() + b"\0")
            while (message := pgwire.receive(plug))[0] != b"Z":
                continue
            states.append(message[1])
    assert states == [b"I", b"T", b"T", b"I"]


def test_the_cache_keeps_a_value_for_its_time(floor: Ground) -> None:
    floor.cache.put("k", "v", 0.2)
    assert floor.cache.get("k") == b"v"
    time.sleep(0.3)
    assert floor.cache.get("k") is None
    assert [floor.cache.count("n", 60) for _ in range(3)] == [1, 2, 3]


def test_the_cache_admits_nobody_without_the_token(floor: Ground) -> None:
    cache = floor.cache
    with pytest.raises(resp.CacheError, match="NOAUTH"):
        resp.Cache(cache.host, cache.port, "").ping()
    with pytest.raises(resp.CacheError, match="WRONGPASS"):
        resp.Cache(cache.host, cache.port, "wrong").ping()


def test_a_real_client_speaks_to_the_cache(floor: Ground) -> None:
    redis = pytest.importorskip("redis")
    client = redis.Redis(floor.cache.host, floor.cache.port, password=floor.cache.password)
    client.set("a", "b" * 5000)
    assert client.get("a") == b"b" * 5000
    client.close()


def spoilt(switches: str) -> http.client.HTTPConnection:
    with served(lambda _: json_response(200, {}), switches) as url:
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=0.7)
        connection.request("GET", "/api/x")
        connection.response = connection.getresponse()  # type: ignore[attr-defined]
        connection.response.read()  # type: ignore[attr-defined]
        return connection


@pytest.mark.parametrize("switches", ["hang", "header-drip"])
def test_the_head_of_an_answer_may_never_end(switches: str) -> None:
    with served(lambda _: json_response(200, {}), switches) as url:
        host, _, port = url.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port)), 2) as connection:
            connection.sendall(b"GET /api/x HTTP/1.1\r\nHost: x\r\n\r\n")
            connection.settimeout(0.3)
            data, until = b"", time.monotonic() + 1.2
            while time.monotonic() < until:
                with contextlib.suppress(TimeoutError):
                    data += connection.recv(65536)
            assert b"\r\n\r\n" not in data
            assert bool(data) == (switches == "header-drip")
        assert ask(f"{url}/health").status == 200


def test_a_reset_comes_in_mid_body() -> None:
    with pytest.raises((ConnectionResetError, http.client.IncompleteRead)):
        spoilt("reset-body")


def test_a_huge_body_is_50_megabytes() -> None:
    with served(lambda _: json_response(200, {}), "huge-body") as url:
        assert len(ask(f"{url}/api/x").body) == HUGE_BYTES


@pytest.mark.parametrize(
    ("service", "variables", "text"),
    [
        (
            "api",
            {"PORT": "1", "MLFLOW_SERVER_URL": "http://x:5000"},
            "Database password not found in environment",
        ),
        ("auth", {"PORT": "1"}, "DATABASE_URL not found in environment"),
        ("api", {"SANDBOX_BEHAVIOUR": "crash-on-start:cannot import name"}, "cannot import name"),
    ],
)
def test_a_missing_variable_ends_the_process_with_its_words(
    service: str, variables: dict[str, str], text: str
) -> None:
    argv = [sys.executable, "-m", f"sandbox.services.{service}"]
    done = subprocess.run(argv, env=variables, capture_output=True, text=True, timeout=20)
    assert (done.returncode, f"RuntimeError: {text}" in done.stdout) == (1, True)
