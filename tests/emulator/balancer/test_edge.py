"""Listeners, certificates and the process itself: what follows a snapshot, and what ends when."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.emulator.support import faulty_targets as faulty
from tests.emulator.support.balancer_rig import (
    BALANCER,
    Rig,
    fixed_response,
    listener,
    rule,
    running,
    target,
)

CA = trustme.CA()
SHUT = {"name": "internet", "admitted": False}


def certificate(*names: str, default: bool = False, **more: Any) -> dict[str, Any]:
    """Return a listener's certificate for some names, issued by the tests' own authority."""
    issued = CA.issue_cert(*names, **more)
    pem = [one.bytes().decode() for one in issued.cert_chain_pems]
    key = issued.private_key_pem.bytes().decode()
    return {
        "arn": "arn:certificate/" + names[0],
        "default": default,
        "certificate": pem[0],
        "chain": "".join(pem[1:]),
        "key": key,
    }


def tls(*certificates: dict[str, Any], text: str = "tls") -> dict[str, Any]:
    return listener(
        rule("default", fixed_response(text)),
        port=443,
        protocol="HTTPS",
        certificates=list(certificates),
    )


def served_names(rig: Rig, name: str | None) -> set[str]:
    """Return the names of the certificate that is served to a client who asks for a name."""
    context = ssl.create_default_context()
    CA.configure_trust(context)
    context.check_hostname = False
    with (
        socket.create_connection(rig.edge(443), timeout=5) as plug,
        context.wrap_socket(plug, server_hostname=name) as wrapped,
    ):
        found: Any = wrapped.getpeercert()
        return {value for _, value in found["subjectAltName"]}


def test_the_certificate_is_chosen_by_the_name_asked_for_else_it_is_the_default(rig: Rig) -> None:
    rig.show(
        tls(
            certificate("*.hokus.ai"),
            certificate("example.com", "default.example.com", default=True),
            certificate("deep.api.hokus.ai"),
        )
    )
    assert served_names(rig, "auth.hokus.ai") == {"*.hokus.ai"}
    assert served_names(rig, "AUTH.hokus.ai") == {"*.hokus.ai"}
    assert served_names(rig, "deep.api.hokus.ai") == {"deep.api.hokus.ai"}
    for other in ("a.b.hokus.ai", "hokus.ai", "unknown.org", None):
        assert served_names(rig, other) == {"example.com", "default.example.com"}


def test_of_several_certificates_for_a_name_ecdsa_is_preferred(rig: Rig) -> None:
    rsa = certificate("*.hokus.ai", key_type=trustme.KeyType.RSA, default=True)
    ecdsa = certificate("auth.hokus.ai", key_type=trustme.KeyType.ECDSA)
    rig.show(tls(rsa, ecdsa))
    assert served_names(rig, "auth.hokus.ai") == {"auth.hokus.ai"}


def test_an_imported_certificate_is_served_from_the_next_connection_on(rig: Rig) -> None:
    rig.show(tls(certificate("old.hokus.ai", default=True)))
    assert served_names(rig, "x.org") == {"old.hokus.ai"}
    rig.show(tls(certificate("new.hokus.ai", default=True)))
    assert served_names(rig, "x.org") == {"new.hokus.ai"}


def test_a_certificate_that_cannot_be_read_spoils_nothing_else(rig: Rig) -> None:
    broken = {**certificate("broken.org"), "certificate": "no PEM"}
    clear = listener(rule("default", fixed_response("80")))
    rig.show(tls(broken, certificate("fine.org", default=True)), clear)
    assert served_names(rig, "broken.org") == {"fine.org"}
    rig.show(tls(broken), clear)
    with pytest.raises((ssl.SSLError, ConnectionError)):
        served_names(rig, "broken.org")
    assert rig.get().body == b"80"


def test_no_key_stays_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    with running(tmp_path) as own:
        own.show(tls(certificate("x.org", default=True)))
        assert list(temporary.iterdir()) == []


def test_clear_text_on_the_tls_port_is_told_so(rig: Rig) -> None:
    rig.show(tls(certificate("x.org", default=True)))
    answer = rig.raw(b"GET / HTTP/1.1\r\nHost: x.org\r\n\r\n", port=443)
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\nServer: awselb/2.0")
    assert b"<h1>400 The plain HTTP request was sent to HTTPS port</h1>" in answer


def test_https_and_http2_clients_are_offered_http_1_1(rig: Rig) -> None:
    rig.show(tls(certificate("x.org", default=True)))
    context = ssl.create_default_context()
    CA.configure_trust(context)
    context.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection(rig.edge(443), timeout=5) as plug,
        context.wrap_socket(plug, server_hostname="x.org") as wrapped,
    ):
        assert wrapped.selected_alpn_protocol() == "http/1.1"


def test_a_deleted_listener_refuses_and_comes_back_on_its_port(rig: Rig) -> None:
    other = listener(rule("default", fixed_response("other")), port=8080)
    rig.show(listener(rule("default", fixed_response("one"))), other)
    place = rig.edge(80)
    kept = http.client.HTTPConnection(*rig.edge(8080), timeout=5)
    idle = http.client.HTTPConnection(*place, timeout=5)
    for connection in (kept, idle):
        connection.request("GET", "/")
        connection.getresponse().read()
    plug = kept.sock
    rig.show(other)
    assert (BALANCER, 80) not in rig.balancer.edge_ports
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(place, timeout=1)
    assert idle.sock.recv(1) == b""  # idle connections are closed with their listener
    idle.close()
    rig.show(listener(rule("default", fixed_response("again"))), other)
    assert rig.edge(80) == place and rig.get().body == b"again"
    kept.request("GET", "/")
    assert kept.getresponse().read() == b"other" and kept.sock is plug  # never disturbed
    kept.close()


def test_a_listener_that_admits_nobody_drops_packets_and_opens_again(rig: Rig) -> None:
    rig.show(listener(rule("default", fixed_response("open"))))
    place = rig.edge()
    rig.show(listener(rule("default", fixed_response("open")), doors=[SHUT]))
    assert rig.edge() == place
    with pytest.raises(TimeoutError):
        socket.create_connection(place, timeout=0.5)
    rig.show(listener(rule("default", fixed_response("again"))))
    assert rig.edge() == place and rig.get().body == b"again"


def test_a_changed_rule_holds_from_the_next_request_on_the_same_connection(rig: Rig) -> None:
    rig.show(listener(rule("default", fixed_response("before"))))
    connection = http.client.HTTPConnection(*rig.edge(), timeout=5)
    with contextlib.closing(connection):
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"before"
        rig.show(listener(rule("default", fixed_response("after"))))
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"after"


def test_a_snapshot_that_cannot_be_read_leaves_the_last_one_served(rig: Rig) -> None:
    rig.show(listener(rule("default", fixed_response("kept"))))
    rig.balancer.publish({"balancers": [], "target_groups": [{"arn": 5}]})
    assert not rig.balancer.applied(0.3)
    assert rig.get().body == b"kept"
    rig.show(listener(rule("default", fixed_response("next"))))
    assert rig.get().body == b"next"


def test_a_killed_balancer_comes_back_on_its_ports_with_its_last_snapshot(tmp_path: Path) -> None:
    with running(tmp_path) as rig:
        rig.show(listener(rule("default", fixed_response("one"))))
        place, pid = rig.edge(), rig.balancer.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        while rig.balancer.pid is not None:
            time.sleep(0.01)
        rig.balancer.start()
        assert rig.balancer.applied() and rig.edge() == place
        assert rig.get().body == b"one"


def test_a_stopped_balancer_leaves_no_process_and_no_port(tmp_path: Path) -> None:
    with running(tmp_path) as rig:
        rig.show(listener(rule("default", fixed_response("one"))))
        place, pid = rig.edge(), rig.balancer.pid
    assert pid is not None and not Path(f"/proc/{pid}").exists()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(place, timeout=1)


def test_the_balancer_ends_with_a_killed_parent(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path\n"
        "from emulator.balancer.process import Balancer\n"
        "b = Balancer(Path(sys.argv[1]), print, print); b.start()\n"
        "print(b.pid, flush=True); time.sleep(60)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent.stdout:
        pid = int(parent.stdout.readline())
        parent.kill()
        parent.wait()
    end = time.monotonic() + 3
    while Path(f"/proc/{pid}").exists() and time.monotonic() < end:
        time.sleep(0.02)
    assert not Path(f"/proc/{pid}").exists()


def test_the_balancer_adds_less_than_a_millisecond(tmp_path: Path) -> None:
    with faulty.targets() as targets, running(tmp_path) as rig:
        port = targets.run(faulty.echo)
        rig.forward_to(target(port))
        direct = median_ms(("127.0.1.10", port))
        through = median_ms(rig.edge())
    # A whole machine's load is in both; the bound is wide so that other tests do not break it.
    assert through - direct < 3.0


def median_ms(place: tuple[str, int]) -> float:
    """Return the median time of an answer over a new connection each, in milliseconds."""
    times = []
    for _ in range(100):
        before = time.perf_counter()
        with contextlib.closing(http.client.HTTPConnection(*place, timeout=5)) as connection:
            connection.request("GET", "/")
            connection.getresponse().read()
        times.append((time.perf_counter() - before) * 1000)
    return sorted(times)[50]
