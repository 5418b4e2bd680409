"""Serve the requests of a client's connection, with one access record for each."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Any

import msgspec

from emulator.balancer.actions import answer_of, in_turn
from emulator.balancer.choose import Chooser
from emulator.balancer.exchange.exchange import (
    LINGER_S,
    Client,
    ClientGoneError,
    Exchange,
    asked_of,
    discard_body,
    expects_continue,
    wants_keep_alive,
)
from emulator.balancer.exchange.forward import forward
from emulator.balancer.exchange.headers import too_many_forwarders, without_invalid
from emulator.balancer.exchange.pages import OwnAnswer, own, plain_http_to_https
from emulator.balancer.exchange.wire import (
    CHUNK_BYTES,
    RefusedError,
    RequestHead,
    TruncatedError,
    read_request,
)
from emulator.balancer.firewall import Firewall
from emulator.balancer.match import first_match
from emulator.balancer.model import Action
from emulator.balancer.sign_in import refused
from emulator.balancer.table import View

ViewNow = Callable[[], View | None]
Emit = Callable[[dict[str, Any]], None]
CLIENT_CLOSED = 460  # in the access record alone: there is nobody left to tell
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
NOT_HTTP1 = ("GRPC", "HTTP2")  # clients speak HTTP/1.1 here, which such groups do not take


class Serving:
    """Serves one connection; it can be closed without loss while `idle`."""

    def __init__(
        self, client: Client, view_now: ViewNow, chooser: Chooser, firewall: Firewall, emit: Emit
    ) -> None:
        self.client = client
        self.idle = True
        self._opened = time.monotonic()
        self._view_now = view_now
        self._chooser = chooser
        self._firewall = firewall
        self._emit = emit

    async def run(self, plain_on_tls: bool) -> None:
        """Serve until either side closes; raises only cancellation and OSError."""
        if plain_on_tls and (view := self._view_now()) is not None:
            await self._refuse(view, plain_http_to_https())
            return
        first = True
        while (view := self._view_now()) is not None:
            self.idle = True
            request = await self._next(view, first)
            view = self._view_now()
            if request is None or view is None:
                return
            self.idle, first = False, False
            headers = without_invalid(request.headers, view.balancer.attributes)
            request = msgspec.structs.replace(request, headers=headers)
            exchange = Exchange(client=self.client, view=view, request=request)
            await self._answer(exchange, request)
            if not exchange.keep_alive:
                return

    async def _next(self, view: View, first: bool) -> RequestHead | None:
        """Return the next request, or None if there is none or it is malformed.

        A client that sends nothing or an incomplete request gets an error; a connection that is
        idle between two requests is closed without one.
        """
        reader = self.client.reader
        before = reader.received
        try:
            async with reader.patience(view.idle_timeout_s):
                return await read_request(reader)
        except TimeoutError:
            if first or reader.received > before:
                await self._refuse(view, own(408, "no request within the idle timeout"))
            return None
        except TruncatedError:
            return None
        except RefusedError as error:
            await self._refuse(view, own(error.status, error.reason))
            return None

    async def _refuse(self, view: View, answer: OwnAnswer) -> None:
        exchange = Exchange(client=self.client, view=view, request=None, started=time.monotonic())
        exchange.answer(answer)
        self._emit(exchange.record())
        await self.client.writer.drain()
        await self._linger()

    async def _linger(self) -> None:
        """Read what the client still sends, because closing on unread bytes resets the response."""
        if self.client.writer.can_write_eof():
            self.client.writer.write_eof()
        with contextlib.suppress(TimeoutError, OSError):
            async with asyncio.timeout(LINGER_S):
                while await self.client.reader.read(CHUNK_BYTES):
                    pass

    async def _answer(self, exchange: Exchange, request: RequestHead) -> None:
        exchange.started = time.monotonic()
        young = exchange.started - self._opened < exchange.view.keep_alive_s
        exchange.keep_alive = wants_keep_alive(request) and young
        exchange.asked = asked_of(request, self.client.peer)
        try:
            if expects_continue(request):  # at once, before any target is asked
                self.client.writer.write(CONTINUE)
            answer = await self._decide(exchange, request)
            if answer is not None:
                await discard_body(exchange)
                exchange.answer(answer)
            await self.client.writer.drain()
        except (ClientGoneError, OSError) as error:
            exchange.keep_alive = False
            exchange.status = exchange.status or CLIENT_CLOSED
            exchange.reason = f"the client closed: {type(error).__name__}"
        finally:
            self._emit(exchange.record())

    async def _decide(self, exchange: Exchange, request: RequestHead) -> OwnAnswer | None:
        view, asked = exchange.view, exchange.asked
        assert asked is not None
        if request.method == "TRACE":
            return own(405, "TRACE is not let through")
        if too_many_forwarders(request.headers):
            return own(463, "too many addresses in X-Forwarded-For")
        if (acl := view.balancer.web_acl) is not None:
            version = "HTTP/{}.{}".format(*request.version)
            if (answer := self._firewall.refused(acl, asked, version)) is not None:
                return answer
        rule = first_match(view.rules, asked)
        exchange.rule = rule.arn if rule else None
        *guards, action = in_turn(rule.actions) if rule and rule.actions else [None]
        answer = refused(view, guards, asked) or answer_of(
            action, asked, view.scheme, view.listener.port
        )
        if answer is not None or action is None:
            return answer
        return await self._forward(exchange, request, action)

    async def _forward(
        self, exchange: Exchange, request: RequestHead, action: Action
    ) -> OwnAnswer | None:
        choice = self._chooser.choose(action, exchange.view.groups, request.headers)
        exchange.target_group = choice.group.arn if choice.group else None
        if choice.group is not None and choice.group.version in NOT_HTTP1:
            return own(464, "the target group takes no HTTP/1.1")
        if choice.target is None:
            return own(503, "no target may be asked")
        exchange.target = f"{choice.target.id}:{choice.target.port}"
        return await forward(exchange, request, choice, choice.target, self._chooser.flights)
