"""Requests and answers on one connection, read as strictly as RFC 9110 and RFC 9112 ask.

h11 reads the bytes: http.client takes a status line that ends anywhere, half a header and a length
that is no number, and a canary would call such an answer good.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterable
from typing import cast

import h11

MOST_HEAD = 65_536  # bytes of an answer up to its body, interim answers included
_PIECE = 65_536
_BEGINNING = b"HTTP/1."
# Answers without a body, after which a wrong server sends one all the same.
_BODILESS = (204, 304)
_TOO_LONG = f"the head is longer than {MOST_HEAD:,} bytes"
_SWITCHED = "101 Switching Protocols, which was not asked for"
_CUT = "peer closed connection without sending complete message body "
_PLAINLY = (  # patterns of what h11 writes, each with words for people
    (_CUT + r"\(received (\d+) bytes, expected (\d+)\)", r"the body ends after \1 of \2 bytes"),
    (_CUT + r"\(incomplete chunked read\)", "the body ends before its last chunk"),
    (r"peer unexpectedly closed connection", "the body ends within a chunk's line or the trailer"),
    (r"bytearray\((b(['\"]).*?\2)\)", r"\1"),
    (r"Informational.*should be in range.*, not (\d+)", r"the status code \1 is below 100"),
    (r".*_SWITCH_UPGRADE.*", _SWITCHED),
    (r"no response line received", "the answer begins with an empty line"),
    (r"Only (Transfer-Encoding): chunked is supported", r"\1 is not chunked"),
)


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
            head = cast(h11.Response | h11.InformationalResponse, self._next("head"))
            if not head.http_version.startswith(b"1."):
                raise NotHttpError(f"head: version {head.http_version.decode()} of HTTP")
            if isinstance(head, h11.Response):
                self._note(head)
                return head
            if head.status_code == 101:
                raise NotHttpError(_SWITCHED)
            self._doubtful = True  # the server may still be working when it answers

    def read_body(self, limit: int) -> bytes:
        """Return the body as it was sent, at most a little more than `limit` bytes of it.

        Raises NotHttpError, CutShortError and what the socket raises.
        """
        body = bytearray()
        while len(body) <= limit and isinstance(event := self._next("body"), h11.Data):
            body += event.data
        if self._ragged:
            raise CutShortError(
                "the TLS connection ended without close_notify, and the answer"
                " announced no length: it may be cut"
            )
        return bytes(body)

    @property
    def ended_by_close(self) -> bool:
        """Return whether nothing but the end of the connection marked the end of the body."""
        return self._ended

    @property
    def reusable(self) -> bool:
        """Return whether the next answer on this connection is surely that of the next request."""
        http = self._http
        done = http.our_state is h11.DONE and http.their_state is h11.DONE
        return done and not self._doubtful and not http.trailing_data[0]

    def _note(self, head: h11.Response) -> None:
        names = {name for name, _ in head.headers}
        both = {b"content-length", b"transfer-encoding"} <= names
        # RFC 9112, 6.3: a connection with both is closed
        self._doubtful |= both or head.status_code in _BODILESS

    def _next(self, part: str) -> object:
        """Return the next event of h11, reading from the socket as it asks for data."""
        while True:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError as error:
                raise self._wrong(error, part) from error
            if event is not h11.NEED_DATA:
                return event
            most = _PIECE if part == "body" else MOST_HEAD + 1 - self._received
            if most < 1:
                raise NotHttpError(_TOO_LONG)
            self._http.receive_data(self._receive(most))

    def _receive(self, most: int) -> bytes:
        try:
            data = self._sock.recv(most)
        except ssl.SSLEOFError:  # the peer closed TCP without ending TLS
            self._ragged = True
            data = b""
        self._received += len(data)
        self._ended = not data
        return data

    def _wrong(self, error: h11.RemoteProtocolError, part: str) -> Exception:
        unread = self._http.trailing_data[0]
        is_http = unread.startswith(_BEGINNING) or _BEGINNING.startswith(unread)
        text = str(error)
        if not is_http and (text == "illegal request line" or (self._ended and part == "head")):
            return NotHttpError(f"an answer begins with HTTP/1., this with {unread[:20]!r}")
        if self._ended and not self._received:
            return NoAnswerError("closed without an answer")
        if self._ended and part == "head":
            return CutShortError(f"the answer ends within its head, {self._received} bytes in")
        for words, plain in _PLAINLY:
            text = re.sub(words, plain, text)
        if self._ended:
            return CutShortError(text)
        if text == "Receive buffer too long":
            return NotHttpError(_TOO_LONG if part == "head" else "body: a chunk's line too long")
        return NotHttpError(f"{part}: {text}"[:200])
