"""The shop of the worked example: a WebSocket on one port, gRPC's own server on another."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import grpc
import trustme
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import HealthServicer
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, Ping, RejectConnection, Request

ROOT = Path(__file__).resolve().parents[4]
EXAMPLE = ROOT / "docs" / "examples" / "plugin"
FULL = b"HTTP/1.1 421 Misdirected Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
AUTHORITY = trustme.CA()
PRICES = "acme.shop.Prices"
STATES = {
    "": health_pb2.HealthCheckResponse.SERVING,
    PRICES: health_pb2.HealthCheckResponse.SERVING,
    "acme.shop.Carts": health_pb2.HealthCheckResponse.NOT_SERVING,
    "acme.shop.New": health_pb2.HealthCheckResponse.UNKNOWN,
}


def install(folder: Path) -> Path:
    """Build the example and install it into a folder, without what it needs; return the folder."""
    uv = Path(sys.executable).parent / "uv"
    command = [str(uv), "pip", "install", "--quiet", "--offline", "--no-deps"]
    command += ["--no-build-isolation", "--python", sys.executable, "--target", str(folder)]
    subprocess.run([*command, str(EXAMPLE)], check=True, timeout=120)
    return folder


def beside(place: Path) -> dict[str, str]:
    """Return the variables of a process that finds the example beside the canary of the clone."""
    return {**os.environ, "PYTHONPATH": f"{place}{os.pathsep}{ROOT}"}


class Shop:
    """A web shop on one port: `/stock` is a WebSocket, unless the gateway is full."""

    def __init__(self, *, full: bool, takes: bool) -> None:
        self.full, self.takes = full, takes
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self.server.close()

    def _serve(self) -> None:
        while True:
            try:
                taken, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(taken,), daemon=True).start()

    def _answer(self, taken: socket.socket) -> None:
        with taken, suppress(OSError):
            head = taken.recv(65_536)
            if b"pgrade" not in head:
                well = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
                taken.sendall(FULL if self.full else well)
                return
            self._socket(taken, head)

    def _socket(self, taken: socket.socket, head: bytes) -> None:
        server, data = WSConnection(ConnectionType.SERVER), head
        while data:
            server.receive_data(data)
            for event in server.events():
                if isinstance(event, Request):
                    refusal = RejectConnection(status_code=403)
                    taken.sendall(server.send(AcceptConnection() if self.takes else refusal))
                elif isinstance(event, Ping):
                    taken.sendall(server.send(event.response()))
            data = taken.recv(65_536)


@contextmanager
def grpc_server(*, health: bool = True, tls: bool = False) -> Iterator[int]:
    """Serve gRPC on a port, with the health service of gRPC's authors."""
    server = grpc.server(ThreadPoolExecutor(2))
    if health:
        servicer = HealthServicer()
        for name, state in STATES.items():
            servicer.set(name, state)
        health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    if tls:
        leaf = AUTHORITY.issue_cert("prices.example")
        chain = b"".join(part.bytes() for part in leaf.cert_chain_pems)
        given = grpc.ssl_server_credentials([(leaf.private_key_pem.bytes(), chain)])
        port = server.add_secure_port("127.0.0.1:0", given)
    else:
        port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(None).wait(5)


@contextmanager
def whole_shop(*, full: bool = False, takes: bool = True) -> Iterator[str]:
    """Serve the shop and its prices; yield the example's environment with their addresses."""
    with ExitStack() as stack:
        shop = stack.enter_context(closing(Shop(full=full, takes=takes)))
        prices = stack.enter_context(grpc_server())
        text = (EXAMPLE / "canary.toml").read_text()
        text = text.replace("https://shop.example.com", f"http://127.0.0.1:{shop.port}")
        yield text.replace("https://prices.example.com", f"http://127.0.0.1:{prices}")
