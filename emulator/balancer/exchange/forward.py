"""Stream a request to a target and its response back to the client.

Source: "Troubleshoot your Application Load Balancers" (what is 502, what is 504). Assumption: the
answer's head is held back until its first body byte, so that a target which stops before it
is still told apart as 502 or 504; after that byte the client sees a truncated answer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from emulator.balancer.choose import Choice
from emulator.balancer.exchange.dial import Route, Wire, connect
from emulator.balancer.exchange.exchange import ClientGoneError, Exchange
from emulator.balancer.exchange.flights import Flights
from emulator.balancer.exchange.headers import to_client, to_target
from emulator.balancer.exchange.pages import OwnAnswer, own
from emulator.balancer.exchange.wire import (
    CHUNKED,
    LAST_CHUNK,
    UNTIL_CLOSE,
    RefusedError,
    RequestHead,
    ResponseHead,
    TruncatedError,
    body,
    chunk,
    head_bytes,
    read_response,
)
from emulator.balancer.model import Target


def _route(exchange: Exchange, choice: Choice, target: Target) -> Route:
    balancer = exchange.view.balancer
    tls = choice.group is not None and (choice.group.protocol or "HTTP") == "HTTPS"
    return Route(
        source=balancer.address,
        address=target.id,
        port=target.port,
        tls=tls,
        reachable=target.reachable.get(balancer.arn, True),
    )


async def forward(
    exchange: Exchange, request: RequestHead, choice: Choice, target: Target, flights: Flights
) -> OwnAnswer | None:
    """Relay a request to a target and its response back; return an own response on failure.

    Raises ClientGoneError.
    """
    exchange.target_started = time.monotonic()
    try:
        wire = await connect(_route(exchange, choice, target), exchange.view.connect_timeout_s)
    except TimeoutError:
        return own(504, "no connection to the target in time")
    except OSError as error:
        return own(502, f"no connection to the target: {type(error).__name__}")
    upload: asyncio.Task[None] | None = None
    try:
        wire.writer.write(_request_bytes(exchange, request))
        upload = _start_upload(exchange, request, wire)
        exchange.client.reader.when_gone(lambda: wire.reader.set_exception(ClientGoneError()))
        group = choice.group.arn if choice.group else ""
        with flights.counted((group, target.id, target.port), wire):
            return await _ask(exchange, request, wire, choice, upload)
    finally:
        exchange.client.reader.when_gone(None)
        if upload is not None and not upload.done():
            exchange.keep_alive = False
            upload.cancel()
        wire.close()


def _request_bytes(exchange: Exchange, request: RequestHead) -> bytes:
    view = exchange.view
    headers = to_target(
        request.headers,
        peer=exchange.client.peer,
        peer_port=exchange.client.peer_port,
        scheme=view.scheme,
        port=view.listener.port,
        length=request.length,
        options=view.balancer.attributes,
    )
    return head_bytes(f"{request.method} {request.target} HTTP/1.1", headers)


def _start_upload(
    exchange: Exchange, request: RequestHead, wire: Wire
) -> asyncio.Task[None] | None:
    exchange.body_read = True
    if request.length == 0:
        return None
    return asyncio.create_task(_upload(exchange, request, wire))


async def _upload(exchange: Exchange, request: RequestHead, wire: Wire) -> None:
    """Forward a request's body; a client error ends the wait for the response."""
    client, idle = exchange.client.reader, exchange.view.idle_timeout_s
    pieces = body(client, request.length)
    try:
        while True:
            exchange.client_owes = True
            async with client.patience(idle):
                piece = await anext(pieces, b"")
            exchange.client_owes = False
            if not piece:
                break
            try:
                wire.writer.write(chunk(piece) if request.length == CHUNKED else piece)
                await wire.writer.drain()
            except OSError:
                exchange.keep_alive = False
                return  # the target takes no more; its answer, or its silence, decides
            wire.reader.touch()
        if request.length == CHUNKED:
            wire.writer.write(LAST_CHUNK)
    except TimeoutError:
        wire.reader.set_exception(RefusedError(408, "the client sent no data"))
    except RefusedError as error:
        wire.reader.set_exception(error)
    except (TruncatedError, OSError):
        wire.reader.set_exception(ClientGoneError())


async def _ask(
    exchange: Exchange,
    request: RequestHead,
    wire: Wire,
    choice: Choice,
    upload: asyncio.Task[None] | None,
) -> OwnAnswer | None:
    idle = exchange.view.idle_timeout_s
    try:
        async with wire.reader.patience(idle):
            head = await read_response(wire.reader, request.method)
            exchange.target_status = head.status
            pieces = body(wire.reader, head.length)
            piece = await anext(pieces, b"")
    except TimeoutError:
        exchange.keep_alive = exchange.keep_alive and (upload is None or upload.done())
        if exchange.client_owes:  # both waits end at the same time; the client's came first
            return own(408, "the client sent no data")
        return own(504, "no answer from the target within the idle timeout")
    except RefusedError as error:
        of_client = error is wire.reader.exception()  # set by the upload
        return own(error.status if of_client else 502, error.reason)
    except TruncatedError as error:
        return own(502, f"the target closed: {error}")
    except OSError as error:
        return own(502, f"the target broke the connection: {type(error).__name__}")
    exchange.target_ms = _since(exchange.target_started)
    exchange.status, exchange.answered_by = head.status, "target"
    if upload is not None and not upload.done():
        exchange.keep_alive = False
    await _relay(exchange, request, wire, head, choice.cookies, piece, pieces)
    return None


async def _relay(
    exchange: Exchange,
    request: RequestHead,
    wire: Wire,
    head: ResponseHead,
    cookies: list[str],
    piece: bytes,
    pieces: AsyncIterator[bytes],
) -> None:
    unknown = head.length in (CHUNKED, UNTIL_CLOSE)
    rechunk = unknown and request.version == (1, 1)
    if unknown and not rechunk:
        exchange.keep_alive = False
    headers = to_client(
        head.headers,
        length=head.length,
        rechunk=rechunk,
        keep_alive=exchange.keep_alive,
        cookies=cookies,
        server=exchange.view.names_server,
    )
    start = head_bytes(f"HTTP/1.1 {head.status} {head.phrase}", headers)
    idle, writer = exchange.view.idle_timeout_s, exchange.client.writer
    try:
        while piece:
            exchange.send(start + (chunk(piece) if rechunk else piece))
            start = b""
            async with wire.reader.patience(idle):
                await writer.drain()
                piece = await anext(pieces, b"")
    except (TimeoutError, RefusedError, TruncatedError, OSError) as error:
        exchange.keep_alive = False
        exchange.reason = f"the answer was cut off: {type(error).__name__}"
        return
    exchange.send(start + (LAST_CHUNK if rechunk else b""))


def _since(started: float | None) -> float | None:
    return None if started is None else round((time.monotonic() - started) * 1000, 3)
