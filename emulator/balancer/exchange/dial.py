"""Open a connection from a load balancer to a target."""

from __future__ import annotations

import asyncio
import socket
import ssl

import msgspec

from emulator.balancer.exchange.stream import Reader
from emulator.network.addresses import loopback

# Linux: choose the port at connect, so that many connections to one target do not use up
# the ports of the balancer's address (ip(7)).
_IP_BIND_ADDRESS_NO_PORT = 24


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """How to reach a target at its VPC address; if not reachable, packets are dropped."""

    source: str
    address: str
    port: int
    tls: bool
    reachable: bool


class Wire(msgspec.Struct, kw_only=True):
    """An open connection to a target."""

    reader: Reader
    writer: asyncio.StreamWriter

    def close(self) -> None:
        """Close at once, without waiting for a target that still sends."""
        self.writer.transport.abort()


def _client_context() -> ssl.SSLContext:
    """Return a context that trusts any certificate: a balancer does not validate its targets."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


_TLS = _client_context()


async def connect(route: Route, timeout_s: float) -> Wire:
    """Open a connection; raises TimeoutError, or OSError: refused, reset, TLS broken."""
    async with asyncio.timeout(timeout_s):
        if not route.reachable:
            await asyncio.Event().wait()  # what a dropped packet looks like: nothing, ever
        loop = asyncio.get_running_loop()
        plug = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            plug.setblocking(False)
            plug.setsockopt(socket.IPPROTO_IP, _IP_BIND_ADDRESS_NO_PORT, 1)
            plug.bind((loopback(route.source), 0))
            await loop.sock_connect(plug, (loopback(route.address), route.port))
        except BaseException:
            plug.close()
            raise
        reader = Reader()
        protocol = asyncio.StreamReaderProtocol(reader)
        transport, _ = await loop.create_connection(
            lambda: protocol,
            sock=plug,
            ssl=_TLS if route.tls else None,
            server_hostname="" if route.tls else None,
        )
        return Wire(reader=reader, writer=asyncio.StreamWriter(transport, protocol, reader, loop))
