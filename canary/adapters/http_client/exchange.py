"""Requests and answers on one connection, read as strictly as RFC 9110 and RFC 9112 ask.

h11 reads the bytes: http.client takes a status line that ends anywhere, half a header and a length
that is no number, and a canary would call such an answer good.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable

import h11

MOST_HEAD = 65_536  # bytes of status line and headers, as http.client allowed for one line
_PIECE = 65_536
# Behind 102 and 103 a server may still be working when it answers: see `Exchange.reusable`.
_HARMLESS_INTERIM = 100
# Answers without a body, after which a wrong server sends one all the same.
_BODILESS = (204, 304)


class ExchangeError(Exception):
    """No complete answer that is HTTP came.

    NotHttpError    what came is not HTTP; the text says which part
    CutShortError   the connection ended before the answer was complete; the text says where
    NoAnswerError   the connection ended before the first byte of an answer
    """


class NotHttpError(ExchangeError):
    """What came is not HTTP; the text says which part."""


class CutShortError(ExchangeError):
    """The connection ended before the answer was complete; the text says where."""


class NoAnswerError(ExchangeError):
    """The connection ended before the first byte of an answer."""


class Exchange:
    """The HTTP side of one connection; not thread-safe, as the connection is not."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MOST_HEAD)
        self._received = 0
        self._ended = self._ragged = False  # the connection; without TLS's end
        self._doubtful = False  # something about the last answer makes the next one uncertain

    def send(
        self, method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes
    ) -> None:
        """Send one request; raise NotHttpError for one that HTTP cannot carry."""
        if self._http.our_state is h11.DONE:
            self._http.start_next_cycle()
        self._received = 0
        try:
            fields = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
            head = h11.Request(method=method, target=target, headers=fields)
            data = self._http.send(head)
            if body:
                data += self._http.send(h11.Data(data=body))
            data += self._http.send(h11.EndOfMessage())
        except (h11.LocalProtocolError, UnicodeError) as error:
            raise NotHttpError(f"the request cannot be sent: {error}") from error
        self._doubtful = method == "HEAD"
        self._sock.sendall(data)

    def read_head(self) -> h11.Response:
        """Return the final answer's head; interim answers (1xx) are read and passed over.

        Raises NotHttpError, CutShortError, NoAnswerError and what the socket raises.
        """
        while True:
            event = self._next("head")
            if isinstance(event, h11.Response):
                self._note(event)
                return event
            if isinstance(event, h11.InformationalResponse):
                if event.status_code == 101:
                    raise NotHttpError("101 Switching Protocols, which was not asked for")
                self._doubtful |= event.status_code != _HARMLESS_INTERIM
                continue
            raise NotHttpError("no answer where one must begin")

    def read_body(self, limit: int) -> bytes:
        """Return the body as it was sent, at most a little more than `limit` bytes of it.

        Raises NotHttpError, CutShortError and what the socket raises.
        """
        body = bytearray()
        while len(body) <= limit:
            event = self._next("body")
            if isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                if self._ragged:
                    raise CutShortError(
                        "the TLS connection ended without close_notify, and the answer"
                        " announced no length: it may be cut"
                    )
                break
            else:
                raise NotHttpError("the body is followed by no end")
        return bytes(body)

    @property
    def reusable(self) -> bool:
        """Return whether the next answer on this connection is surely that of the next request."""
        http = self._http
        done = http.our_state is h11.DONE and http.their_state is h11.DONE
        return done and not self._doubtful and not http.trailing_data[0]

    def _note(self, head: h11.Response) -> None:
        names = {name for name, _ in head.headers}
        framed = {b"content-length", b"transfer-encoding"} & names
        self._doubtful |= head.status_code in _BODILESS and bool(framed)
        self._doubtful |= len(framed) == 2  # RFC 9112, 6.3: such a connection is closed

    def _next(self, part: str) -> object:
        """Return the next event of h11, reading from the socket as it asks for data."""
        while True:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError as error:
                raise self._wrong(error, part) from error
            if event is not h11.NEED_DATA:
                return event
            self._http.receive_data(self._receive())

    def _receive(self) -> bytes:
        try:
            data = self._sock.recv(_PIECE)
        except ssl.SSLEOFError:  # the peer closed TCP without ending TLS
            self._ragged = True
            data = b""
        self._received += len(data)
        self._ended = not data
        return data

    def _wrong(self, error: h11.RemoteProtocolError, part: str) -> Exception:
        text = str(error)
        if self._ended:
            if not self._received:
                return NoAnswerError("closed without an answer")
            if part == "head":
                return CutShortError(f"the answer ends within its head, {self._received} bytes in")
            return CutShortError(text.removeprefix("peer closed connection without sending "))
        if "Receive buffer too long" in text:
            return NotHttpError(f"the head is longer than {MOST_HEAD:,} bytes")
        return NotHttpError(f"{part}: {text}"[:200])
