"""A conversation: what is said over one connection that is not HTTP, kept as evidence."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Self

import msgspec

from canary.model import Exchange, Failure, FailureKind, Timing
from canary.probes.base.api import NO_TIME, NoTimeError, NotOpenError, Opening, ProbeContext
from canary.probes.base.evidence import EXCERPT_CHARACTERS
from canary.redaction.patterns import mask_foreign

LEAST_TIME_S = 0.05
KEPT = 4 * EXCERPT_CHARACTERS
"""Bytes of each side that are kept: masked first and cut afterwards, so more than are shown."""


class Conversation:
    """One connection and what is said over it; nothing that the other side does raises.

    `failure` is why it could not be opened, or ended before its time; None while all is well.
    Each wait ends with the time of the check. Raises NoTimeError where none is left at the start.
    """

    def __init__(
        self,
        context: ProbeContext,
        host: str,
        port: int,
        *,
        tls: bool = False,
        alpn: tuple[str, ...] = (),
    ) -> None:
        seconds = context.remaining(False)
        if seconds < LEAST_TIME_S:
            raise NoTimeError(f"{NO_TIME} for this step")
        self.failure: Failure | None = None
        self.url = f"{'tls' if tls else 'tcp'}://{f'[{host}]' if ':' in host else host}:{port}"
        self._context, self._peer = context, ""
        self._opening = Opening()
        self._begin()
        try:
            self._socket = context.connect(
                host, port, tls=tls, alpn=alpn, seconds=seconds, note=self._note
            )
        except NotOpenError as error:
            self.failure = error.failure
        self._open_at = self._asked_at = context.clock.monotonic()
        if self.failure is None:
            self._peer = _printed(self._socket.getpeername())

    def _begin(self) -> None:
        now = self._context.clock.monotonic()
        self._sent = self._heard = b""
        self._bytes = 0
        self._began = self._open_at = self._asked_at = now
        self._first_at = self._last_at = 0.0

    def _note(self, opening: Opening) -> None:
        self._opening = opening

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; what was said stays."""
        if self._peer:
            self._socket.close()

    @property
    def protocol(self) -> str:
        """Return the protocol that both sides agreed on over TLS (ALPN), "" for none."""
        open_ = self._socket if self._peer else None
        return (open_.selected_alpn_protocol() or "") if isinstance(open_, ssl.SSLSocket) else ""

    def send(self, data: bytes) -> None:
        """Say something; after a failure nothing is said."""
        if self.failure is not None or not data:
            return
        self._sent = (self._sent + data)[:KEPT]
        if not self._first_at:  # what is said after an answer began, it did not wait for
            self._asked_at = self._context.clock.monotonic()
        self._tried(lambda: self._socket.sendall(data))

    def receive(self, most: int = 65_536) -> bytes:
        """Return the next bytes, at most so many; none at the end and after a failure."""
        if self.failure is not None:
            return b""
        data = self._tried(lambda: self._socket.recv(most)) or b""
        now = self._context.clock.monotonic()
        self._first_at, self._last_at = self._first_at or (now if data else 0.0), now
        self._bytes += len(data)
        self._heard = (self._heard + data)[:KEPT]
        return data

    def _tried(self, action: Callable[[], bytes | None]) -> bytes | None:
        try:
            self._socket.settimeout(max(self._context.remaining(False), 0.01))
            return action()
        except OSError as error:
            self.failure = self._why(error)
            return None

    def _why(self, error: OSError) -> Failure:
        if isinstance(error, TimeoutError):
            after = f" after {self._bytes} bytes" if self._bytes else ""
            detail = f"nothing {'more ' if after else ''}came within the time{after}"
            return Failure(kind=FailureKind.READ_TIMEOUT, detail=detail)
        lost = isinstance(error, ConnectionError)
        kind = FailureKind.RESET if lost else FailureKind.PROTOCOL
        return Failure(kind=kind, detail=f"{type(error).__name__}: {error}")

    def exchange(self, *, sent: str = "", heard: str = "") -> Exchange:
        """Return what was said since the last exchange as evidence: masked and bounded.

        `sent` and `heard` are words for bytes that nobody could read.
        """
        failure = self.failure
        made = Exchange(
            method="CONNECT",
            url=self.url,
            sent=shown(sent or self._sent),
            excerpt=shown(heard or self._heard),
            body_bytes=self._bytes,
            failure=failure.kind.value if failure else "",
            failure_detail=mask_foreign(failure.detail)[:300] if failure else "",
            failure_code=failure.code if failure else 0,
            timing=self._timing(),
            peer=self._peer,
            dead_addresses=self._opening.dead_addresses,
        )
        self._opening = Opening(timing=Timing(reused=True))
        self._begin()
        return made

    def _timing(self) -> Timing:
        """Return the phases; of one that failed the rest of its time was waiting."""
        answered = self._first_at
        end = self._last_at or (self._context.clock.monotonic() if self._peer else self._open_at)
        return msgspec.structs.replace(
            self._opening.timing,
            first_byte_ms=_ms(answered - self._asked_at) if answered else 0.0,
            transfer_ms=_ms(end - answered) if answered else 0.0,
            total_ms=_ms(end - self._began),
        )


def shown(given: bytes | str) -> str:
    """Return what was said as text on one line, masked, and cut afterwards."""
    text = given.decode("utf-8", "backslashreplace") if isinstance(given, bytes) else given
    return mask_foreign(" ".join(text.split()))[:EXCERPT_CHARACTERS]


def _printed(address: tuple[object, ...]) -> str:
    host = str(address[0])
    return f"{f'[{host}]' if ':' in host else host}:{address[1]}"


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)
