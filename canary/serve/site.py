"""The pages of a store, metrics and health as a WSGI application (PEP 3333); it only reads."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable
from typing import Any

from canary.adapters.store.protocol import Store, StoreError, latest_page
from canary.model import Environment, Frozen
from canary.model.schedule import schedule_period
from canary.serve.status import Board

Start = Callable[[str, list[tuple[str, str]]], object]
"""PEP 3333's start_response."""
NAMES = re.compile(r"/(index\.html|(latest|badges|runs)/[\w][\w.-]{0,120}\.(html|json|svg))")
"""Addresses that are names of the store; nothing else of it is served, mutes and messages least."""
TYPES = {
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "svg": "image/svg+xml",
    "text": "text/plain; charset=utf-8",
}
METRICS = "text/plain; version=0.0.4; charset=utf-8"
SAFE = (
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
)


class Answer(Frozen, frozen=True, kw_only=True):
    """An answer over HTTP."""

    status: str
    kind: str
    body: bytes
    location: str = ""


class Site:
    """Answers GET and HEAD."""

    def __init__(
        self, store: Store, environment: Environment, board: Board, now: Callable[[], dt.datetime]
    ) -> None:
        self._store, self._environment, self._board, self._now = store, environment, board, now

    def __call__(self, asked: dict[str, Any], start: Start) -> Iterable[bytes]:
        """Answer a request, as PEP 3333 wants it."""
        method, path = str(asked["REQUEST_METHOD"]), str(asked.get("PATH_INFO") or "/")
        if method in ("GET", "HEAD"):
            answer = self.answer(path)
        else:
            answer = _text("405 Method Not Allowed", "only GET and HEAD are answered\n")
        headers = [("Content-Type", answer.kind), ("Content-Length", str(len(answer.body))), *SAFE]
        if answer.location:
            headers.append(("Location", answer.location))
        if answer.status.startswith("405"):
            headers.append(("Allow", "GET, HEAD"))
        start(answer.status, headers)
        return [b"" if method == "HEAD" else answer.body]

    def answer(self, path: str) -> Answer:
        """Return the answer to an address."""
        if path == "/metrics":
            from canary.serve.exposition import exposed  # the first scrape pays for the library

            body = exposed(self._board.now, self._environment.name)
            return Answer(status="200 OK", kind=METRICS, body=body)
        if path == "/health":
            return self._health()
        if path == "/latest":
            page = latest_page(self._environment.name)
            return Answer(status="302 Found", kind=TYPES["text"], body=b"", location=f"/{page}")
        found = NAMES.fullmatch("/index.html" if path == "/" else path)
        return (
            self._stored(found[1]) if found else _text("404 Not Found", "there is no such page\n")
        )

    def _health(self) -> Answer:
        period = schedule_period(self._environment.schedule.expression)
        why = self._board.now.ill(self._now(), period)
        return _text("503 Service Unavailable", f"{why}\n") if why else _text("200 OK", "ok\n")

    def _stored(self, name: str) -> Answer:
        try:
            data = self._store.read(name)
        except StoreError as error:
            return _text("503 Service Unavailable", f"the store could not be read: {error}\n")
        if data is None:
            return _text("404 Not Found", f"there is no {name}; the first run writes the pages\n")
        return Answer(status="200 OK", kind=TYPES[name.rpartition(".")[2]], body=data)


def _text(status: str, text: str) -> Answer:
    return Answer(status=status, kind=TYPES["text"], body=text.encode())
