"""A request line holds what a check asks for: nothing is resolved, decoded or dropped."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from canary.adapters.http_client.client import HttpClient
from canary.adapters.http_client.pool import origin, target_of
from canary.model import Credential, Request
from tests.canary.support.servers.faults import read_head, serving
from tests.canary.support.servers.raw import HELLO


class Server:
    """Keeps the heads that came."""

    def __init__(self) -> None:
        self.heads: list[str] = []
        self.port = 0

    def answer(self, sock: socket.socket) -> None:
        self.heads.append(read_head(sock).decode("latin-1"))
        sock.sendall(HELLO)

    def seen(self) -> tuple[str, str]:
        """Return the target of the one request that came, and its Host."""
        (head,) = self.heads
        self.heads.clear()
        line, *fields = head.split("\r\n")
        (host,) = [f.partition(": ")[2] for f in fields if f.lower().startswith("host:")]
        method, target, version = line.split(" ")
        assert (method, version) == ("POST", "HTTP/1.1")
        return target, host


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    kept = Server()
    with serving(kept.answer) as kept.port:
        yield kept


def ask(server: Server, url: str, **more: object) -> tuple[str, str]:
    client = HttpClient(run_id="test", trusted=frozenset({origin(url)}))
    request = Request(method="POST", url=url, connect_to=f"127.0.0.1:{server.port}", **more)  # type: ignore[arg-type]
    answer = client.send(request, Credential("a b&c") if "credential_query" in more else None)
    client.close()
    assert (answer.failure, answer.body) == (None, b"hello")
    return server.seen()


PATHS = {
    "": "/",
    "/": "/",
    "/a": "/a",
    "/a/": "/a/",
    "/a/../b": "/a/../b",
    "/a/./b": "/a/./b",
    "/../../etc/passwd": "/../../etc/passwd",
    "/..": "/..",
    "/a/..;/b": "/a/..;/b",
    "/a%2fb": "/a%2fb",
    "/a%2Fb": "/a%2Fb",
    "/%2e%2e/a": "/%2e%2e/a",
    "/%41": "/%41",
    "/a%zz": "/a%zz",
    "/a%": "/a%",
    "/a%00": "/a%00",
    "/a//b": "/a//b",
    "//a//b": "//a//b",
    "//a:b//c": "//a:b//c",
    "//[": "//[",
    "/a:b@c": "/a:b@c",
    "/a b": "/a%20b",
    "/a+b": "/a+b",
    "/bücher/✓": "/b%C3%BCcher/%E2%9C%93",
    "/a\\b": "/a%5Cb",
    '/"<>^`{|}': "/%22%3C%3E%5E%60%7B%7C%7D",
    "/-._~!$&'()*+,;=:@[]": "/-._~!$&'()*+,;=:@[]",
    "/a#b": "/a",
    "/a?b#c": "/a?b",
    "#a": "/",
    "?a": "/?a",
    "/a?b=c&d": "/a?b=c&d",
    "/a?b=x y": "/a?b=x%20y",
    "/a?b=%20+%2B": "/a?b=%20+%2B",
    "/a?b=c?d/../e": "/a?b=c?d/../e",
    "/a?ü": "/a?%C3%BC",
    "/a?b=http://c/../d": "/a?b=http://c/../d",
}


@pytest.mark.parametrize("path", PATHS)
def test_a_path_and_a_query_are_sent_as_they_are_written(server: Server, path: str) -> None:
    assert ask(server, f"http://a.test{path}") == (PATHS[path], "a.test")


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://a.test/", "a.test"),
        ("HTTP://A.Test/", "a.test"),
        ("http://a.test:8080/", "a.test:8080"),
        ("http://a.test:80/", "a.test:80"),
        ("http://a.test./", "a.test."),
        ("http://bücher.test/", "xn--bcher-kva.test"),
        ("http://xn--bcher-kva.test/", "xn--bcher-kva.test"),
        ("http://my_host.test/", "my_host.test"),
        ("http://user:word@a.test:81/", "a.test:81"),
        ("http://127.0.0.1/", "127.0.0.1"),
        ("http://[::1]/", "[::1]"),
        ("http://[::1]:81/", "[::1]:81"),
        ("http://[2001:DB8:0::1]:81/", "[2001:db8:0::1]:81"),
    ],
)
def test_a_host_is_sent_as_rfc_9110_writes_it(server: Server, url: str, host: str) -> None:
    assert ask(server, url) == ("/", host)


@pytest.mark.parametrize(
    ("path", "target"),
    [("/", "/?key=a+b%26c"), ("/a?b", "/a?b&key=a+b%26c"), ("/../a#c", "/../a?key=a+b%26c")],
)
def test_a_credential_in_a_query_leaves_the_rest_as_it_is(
    server: Server, path: str, target: str
) -> None:
    assert ask(server, f"http://a.test{path}", credential_query="key") == (target, "a.test")


def test_a_header_of_the_check_takes_the_place_of_ours(server: Server) -> None:
    assert ask(server, "http://a.test/", headers=(("host", "b.test"),)) == ("/", "b.test")


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://A.test/", ("https", "a.test", 443)),
        ("HTTP://a.test", ("http", "a.test", 80)),
        ("http://[::1]:81/", ("http", "::1", 81)),
        ("ftp://a.test", ("ftp", "a.test", 0)),
    ],
)
def test_an_origin_is_scheme_host_and_port(url: str, place: tuple[str, str, int]) -> None:
    assert origin(url) == place


def test_a_target_is_path_and_query() -> None:
    assert target_of("http://a.test") == "/"
    assert target_of("http://a.test/a?b#c") == "/a?b"


def test_an_ipv6_literal_is_connected_to_as_it_is() -> None:
    kept = Server()
    with serving(kept.answer, address="::1") as port:
        client = HttpClient(run_id="test", trusted=frozenset())
        answer = client.send(Request(method="POST", url=f"http://[::1]:{port}//a/../b"))
    assert (answer.failure, answer.peer) == (None, f"[::1]:{port}")
    assert kept.seen() == ("//a/../b", f"[::1]:{port}")
