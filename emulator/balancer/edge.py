"""Open and close listening sockets as the snapshot says, without disturbing the others."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl

from emulator.balancer.alerts import told
from emulator.balancer.certificates import server_context
from emulator.balancer.choose import Chooser
from emulator.balancer.exchange.connection import Emit, Serving
from emulator.balancer.exchange.exchange import Client
from emulator.balancer.exchange.stream import Reader
from emulator.balancer.firewall import Firewall
from emulator.balancer.model import Certificate, Tls
from emulator.balancer.table import Place, View
from emulator.network.addresses import loopback

TLS_FIRST_BYTE = b"\x16"  # a handshake record; a request in clear text starts with a letter
HANDSHAKE_S = 10.0
BACKLOG = 512
FILLERS = 4  # more than a queue of one holds


class Edge:
    """A socket on this machine for a listener's door; it keeps its port while that is gone."""

    def __init__(self, view: View, chooser: Chooser, emit: Emit, firewall: Firewall) -> None:
        self.view: View | None = None
        self._chooser, self._emit, self._firewall = chooser, emit, firewall
        self._host = loopback(view.balancer.address)
        self._holder = self._bound(view.edge_port)
        self.port: int = self._holder.getsockname()[1]
        self._plug: socket.socket | None = None
        self._hole: list[socket.socket] = []
        self._accepting: asyncio.Task[None] | None = None
        self._secured_by: tuple[list[Certificate], Tls] | None = None
        self._context: ssl.SSLContext | None = None
        self._open: dict[asyncio.Task[None], Serving | None] = {}

    @property
    def address(self) -> tuple[str, int]:
        """Return where the listener is served."""
        return (self._host, self.port)

    def _bound(self, port: int) -> socket.socket:
        # With SO_REUSEADDR two sockets may be bound to one port while at most one listens:
        # the holder keeps the port for this edge and never listens.
        plug = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        plug.setblocking(False)
        try:
            plug.bind((self._host, port))
        except OSError:
            if not port:
                plug.close()
                raise
            plug.bind((self._host, 0))
        return plug

    def show(self, view: View) -> None:
        """Serve a view from now on."""
        self.view = view
        secured_by = (view.listener.certificates, view.listener.tls)
        if view.scheme == "https" and self._secured_by != secured_by:
            self._secured_by = secured_by
            self._context = server_context(*secured_by)
        if not view.door.admitted:
            self._stop_accepting()
            self._drop_packets()
            return
        self._let_go()
        if self._accepting is None:
            self._plug = plug = self._bound(self.port)
            plug.listen(BACKLOG)
            self._accepting = asyncio.create_task(self._accept(plug))

    def hide(self) -> None:
        """Stop listening; close idle connections and finish responses in progress."""
        self.view = None
        self._let_go()
        self._stop_accepting()

    def _drop_packets(self) -> None:
        """Let connections hang as with dropped packets, by a listening queue that is full."""
        if self._hole:
            return
        plug = self._bound(self.port)
        plug.listen(0)
        self._hole = [plug]
        for _ in range(FILLERS):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(self.address)
            self._hole.append(filler)

    def _let_go(self) -> None:
        for plug in reversed(self._hole):
            plug.close()
        self._hole = []

    def _stop_accepting(self) -> None:
        if self._accepting is not None:
            # Closed here and not only when the task ends: the port must be free at once.
            self._accepting.cancel()
            self._accepting = None
        if self._plug is not None:
            asyncio.get_running_loop().remove_reader(self._plug)
            self._plug.close()
            self._plug = None
        for task, serving in self._open.items():
            if serving is None or serving.idle:
                task.cancel()

    def close(self) -> None:
        """Close every connection and release the port."""
        self.hide()
        for task in self._open:
            task.cancel()
        self._holder.close()

    async def _accept(self, plug: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, peer = await loop.sock_accept(plug)
            except OSError:
                await asyncio.sleep(0.05)  # out of descriptors: wait for some to come back
                continue
            task = loop.create_task(self._welcome(connection, peer))
            self._open[task] = None
            task.add_done_callback(self._open.pop)

    async def _welcome(self, connection: socket.socket, peer: tuple[str, int]) -> None:
        writer: asyncio.StreamWriter | None = None
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            tls = self.view is not None and self.view.scheme == "https"
            plain_on_tls = tls and await self._first_byte(connection) != TLS_FIRST_BYTE
            context = self._context if tls and not plain_on_tls else None
            if tls and not plain_on_tls and context is None:
                return  # no certificate can be served: the handshake fails
            with told(connection) if context else contextlib.nullcontext():
                client = await _client(connection, peer, context)
            if self.view is not None:
                client.peer = self.view.seen(client.peer)
            writer = client.writer
            serving = Serving(client, lambda: self.view, self._chooser, self._firewall, self._emit)
            task = asyncio.current_task()
            if task is not None:
                self._open[task] = serving
            await serving.run(plain_on_tls)
        except (OSError, TimeoutError, EOFError):
            pass  # the client went, or its handshake failed: there is nobody to answer
        finally:
            if writer is not None:
                with contextlib.suppress(Exception):
                    writer.close()
            else:
                connection.close()

    async def _first_byte(self, connection: socket.socket) -> bytes:
        """Return a client's first byte without consuming it; raises EOFError, TimeoutError."""
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        loop.add_reader(connection, ready.set)
        try:
            async with asyncio.timeout(self.view.idle_timeout_s if self.view else HANDSHAKE_S):
                await ready.wait()
        finally:
            loop.remove_reader(connection)
        byte = connection.recv(1, socket.MSG_PEEK)
        if not byte:
            raise EOFError
        return byte


async def _client(
    connection: socket.socket, peer: tuple[str, int], context: ssl.SSLContext | None
) -> Client:
    loop = asyncio.get_running_loop()
    reader = Reader()
    protocol = asyncio.StreamReaderProtocol(reader)
    transport, _ = await loop.connect_accepted_socket(
        lambda: protocol,
        connection,
        ssl=context,
        ssl_handshake_timeout=HANDSHAKE_S if context else None,
    )
    writer = asyncio.StreamWriter(transport, protocol, reader, loop)
    return Client(reader=reader, writer=writer, peer=peer[0], peer_port=peer[1])


class Edges:
    """All listeners, by balancer, port and door."""

    def __init__(self, chooser: Chooser, emit: Emit) -> None:
        self._chooser, self._emit, self._firewall = chooser, emit, Firewall(emit)
        self._edges: dict[Place, Edge] = {}

    def apply(self, shown: dict[Place, View]) -> None:
        """Open, change and close listeners; a deleted one keeps its port in case it returns."""
        for place, edge in self._edges.items():
            if place not in shown:
                edge.hide()
        for place, view in shown.items():
            if place not in self._edges:
                self._edges[place] = Edge(view, self._chooser, self._emit, self._firewall)
            self._edges[place].show(view)

    def addresses(self) -> dict[Place, tuple[str, int]]:
        """Return where the open listeners are served."""
        return {place: edge.address for place, edge in self._edges.items() if edge.view}

    def close(self) -> None:
        """Close everything."""
        for edge in self._edges.values():
            edge.close()
