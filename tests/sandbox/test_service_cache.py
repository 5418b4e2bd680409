"""The cache over TLS, as its clients see it: real ones, kept connections, and none at all."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import redis

from sandbox.seed.authority import Authority
from sandbox.services.redis import CERTIFICATE, RedisServer
from sandbox.services.wire import redis as resp
from sandbox.world.load import load
from tests.sandbox.support.service_ground import TOKEN, running

NAME = "master.cache.example"


class Place:
    """A cache over TLS that can be stopped and started again at its address."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        material = Authority(load()).issue(NAME)
        (folder / CERTIFICATE).write_bytes(material.key + material.certificate)
        self.control()

    def control(self, **values: object) -> None:
        (self.folder / "redis.json").write_text(json.dumps({"password": TOKEN, **values}))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def cache(place: Place) -> Iterator[resp.Cache]:
    with running(RedisServer(("127.0.0.1", 0), place.folder)) as (host, port):
        yield resp.Cache(host, port, TOKEN, 0.5, tls=True)


def connected(cache: resp.Cache) -> int:
    """How many connections the cache has, without this one."""
    client = real_client(cache)
    found = int(client.info()["connected_clients"]) - 1
    client.close()
    return found


def real_client(cache: resp.Cache) -> redis.Redis:
    return redis.Redis(
        cache.host,
        cache.port,
        password=TOKEN,
        ssl=True,
        ssl_cert_reqs="none",
        protocol=2,
        health_check_interval=1,
        socket_timeout=2,
    )


def test_a_real_client_with_health_checks_speaks_to_it(cache: resp.Cache) -> None:
    client = real_client(cache)
    client.set("a", "b" * 5000)
    time.sleep(1.1)  # its pool now sends PING before the next command
    assert client.get("a") == b"b" * 5000
    assert client.info("server")["redis_version"] == "7.1.0"
    assert client.info()["role"] == "master"
    client.close()


def test_plain_is_refused_where_there_is_a_certificate(cache: resp.Cache) -> None:
    with pytest.raises(resp.CacheError, match=r"redis\.exceptions\.ConnectionError"):
        replace(cache, tls=False).ping()
    with socket.create_connection((cache.host, cache.port), 2) as plug:
        plug.sendall(b"*1\r\n$4\r\nPING\r\n")
        assert b"PONG" not in plug.recv(100)


def test_tls_is_refused_where_there_is_none(place: Place) -> None:
    (place.folder / CERTIFICATE).unlink()
    with (
        running(RedisServer(("127.0.0.1", 0), place.folder)) as (host, port),
        pytest.raises(resp.CacheError, match=r"redis\.exceptions"),
    ):
        resp.Cache(host, port, TOKEN, 0.5, tls=True).ping()


def test_nobody_is_admitted_to_info_without_the_token(cache: resp.Cache) -> None:
    with pytest.raises(resp.CacheError, match="NOAUTH"):
        replace(cache, password="")._ask("INFO")


def test_commands_one_after_another_share_a_connection(cache: resp.Cache) -> None:
    for number in range(5):
        assert cache.count("n", 60) == number + 1
    assert connected(cache) == 1


def test_a_kept_connection_that_died_is_made_anew(place: Place) -> None:
    with running(RedisServer(("127.0.0.1", 0), place.folder)) as (host, port):
        cache = resp.Cache(host, port, TOKEN, 0.5, tls=True)
        cache.put("k", "v", 60)
        place.control(refuse=True)
        with pytest.raises(resp.CacheError):
            cache.ping()  # the kept connection is ended, a new one is refused
        with pytest.raises(resp.CacheError):
            cache.ping()
        place.control()
        assert cache.get("k") == b"v"
        for one in cache._idle._kept:
            one._plug.shutdown(socket.SHUT_RDWR)
        assert cache.get("k") == b"v"


def test_a_slow_and_a_silent_cache_are_so_on_kept_connections_too(
    cache: resp.Cache, place: Place
) -> None:
    cache.ping()
    place.control(delay_s=0.3)
    began = time.monotonic()
    cache.ping()
    assert time.monotonic() - began >= 0.3
    place.control(delay_s=3600)
    with pytest.raises(resp.CacheError, match="TimeoutError: Timeout reading from socket"):
        cache.ping()
    place.control()
    cache.ping()


@pytest.mark.parametrize(
    ("host", "tls"),
    [
        ("master.hokusai-redis-development.abc123.use1.cache.amazonaws.com", True),
        ("clustercfg.other.abc123.use1.cache.amazonaws.com", True),
        ("master.hokusai.internal", True),
        ("localhost", False),
        ("hokusai-redis-development.cache.local", False),
    ],
)
def test_the_name_of_a_cache_says_whether_it_speaks_tls(host: str, tls: bool) -> None:
    assert resp.encrypted(host) is tls
