"""Targets that answer well or badly, each on a loopback address of its own, in one thread."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
import struct
import threading
from collections.abc import Awaitable, Callable, Iterator

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
BIG_BYTES = 50_000_000


async def _head(reader: asyncio.StreamReader) -> tuple[str, str, list[tuple[str, str]]]:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = lines[0].split(" ")
    pairs = [line.partition(":") for line in lines[1:] if line]
    return method, target, [(name, value.strip()) for name, _, value in pairs]


async def _body(reader: asyncio.StreamReader, headers: list[tuple[str, str]]) -> bytes:
    named = {name.lower(): value for name, value in headers}
    if named.get("transfer-encoding") == "chunked":
        whole = b""
        while size := int(await reader.readline(), 16):
            whole += (await reader.readexactly(size + 2))[:-2]
        await reader.readline()
        return whole
    return await reader.readexactly(int(named.get("content-length", 0)))


def answer(status: str, body: bytes, *more: str) -> bytes:
    """Return the bytes of a whole answer."""
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *more]
    return ("\r\n".join(head) + "\r\n\r\n").encode() + body


def reset(writer: asyncio.StreamWriter) -> None:
    """Break a connection with RST instead of FIN."""
    plug = writer.get_extra_info("socket")
    plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def says(data: bytes, then: str = "close") -> Behaviour:
    """Return a target that sends fixed bytes after a request, then closes, resets or hangs."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, _, headers = await _head(reader)
        await _body(reader, headers)
        writer.write(data)
        await writer.drain()
        if then == "hang":
            await asyncio.sleep(3600)
        if then == "reset":
            await asyncio.sleep(0.05)  # what was sent shall arrive before the reset does
            reset(writer)

    return behave


def status(code: int) -> Behaviour:
    """Return a target that answers one code."""
    return says(answer(f"{code} Text", b"from the target", "Content-Type: text/plain"))


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer with what was received, as JSON."""
    method, target, headers = await _head(reader)
    body = await _body(reader, headers)
    seen = {
        "method": method,
        "target": target,
        "headers": headers,
        "body_bytes": len(body),
        "peer": writer.get_extra_info("peername")[0],
    }
    kind = "Content-Type: application/json"
    writer.write(answer("200 OK", json.dumps(seen).encode(), kind, "Server: target/1"))


async def quiet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take a request and never answer."""
    await reader.read(65536)
    await asyncio.sleep(3600)


async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Reset after the request."""
    await _head(reader)
    reset(writer)


async def leaving(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Close after the request without a word."""
    await _head(reader)


async def big(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer with 50 MB, streamed."""
    await _head(reader)
    writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {BIG_BYTES}\r\n\r\n".encode())
    for _ in range(BIG_BYTES // 100_000):
        writer.write(b"x" * 100_000)
        await writer.drain()


def drip(data: bytes, pause_s: float, step: int = 1) -> Behaviour:
    """Return a target that sends an answer a few bytes at a time."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _head(reader)
        for start in range(0, len(data), step):
            writer.write(data[start : start + step])
            await writer.drain()
            await asyncio.sleep(pause_s)

    return behave


class Targets:
    """A thread that runs targets, and can change what one does while it runs."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._servers: list[asyncio.Server] = []
        self._behaviours: dict[tuple[str, int], Behaviour] = {}

    def run(
        self, behaviour: Behaviour, address: str = "127.0.1.10", tls: ssl.SSLContext | None = None
    ) -> int:
        """Start a target and return its port."""
        future = asyncio.run_coroutine_threadsafe(self._serve(behaviour, address, tls), self._loop)
        return future.result(5)

    def change(self, address: str, port: int, behaviour: Behaviour) -> None:
        """Let a running target behave in another way from the next connection on."""
        self._behaviours[(address, port)] = behaviour

    async def _serve(self, behaviour: Behaviour, address: str, tls: ssl.SSLContext | None) -> int:
        place = (address, 0)

        async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError, EOFError, asyncio.CancelledError):
                await self._behaviours[place](reader, writer)
            writer.close()

        server = await asyncio.start_server(one, address, 0, ssl=tls)
        place = (address, int(server.sockets[0].getsockname()[1]))
        self._behaviours[place] = behaviour
        self._servers.append(server)
        return place[1]

    def stop(self) -> None:
        """Stop all targets."""
        self._loop.call_soon_threadsafe(self._end)
        self._thread.join(5)

    def _end(self) -> None:
        for server in self._servers:
            server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.call_later(0.05, self._loop.stop)


@contextlib.contextmanager
def targets() -> Iterator[Targets]:
    """Run targets for as long as they are needed."""
    running = Targets()
    try:
        yield running
    finally:
        running.stop()


def free_port(address: str = "127.0.1.10") -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as plug:
        plug.bind((address, 0))
        return int(plug.getsockname()[1])
