"""What a channel is given to make a request, the request, and what several channels share."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from canary.messages.state import Message
from canary.model import Frozen


class RefusedError(Exception):
    """A channel answered that it did not take the message."""


class Given(Frozen, frozen=True, kw_only=True):
    """What a channel has beside the message; `secret` is never shown, stored or logged."""

    secret: Mapping[str, str]
    url: str = ""  # of the environment's file, "" for the service's usual address
    thread: str = ""  # what the channel called the incident's thread, "" where it has none


def no_thread(_answer: bytes) -> str:
    """Return that an answer names no thread."""
    return ""


class Post(Frozen, frozen=True, kw_only=True):
    """One POST with a JSON body; an answer other than 2xx is a refusal."""

    url: str
    body: bytes
    headers: dict[str, str]
    # reads the thread from an answer; raises RefusedError where it is a refusal after all
    thread: Callable[[bytes], str] = no_thread


def post(
    url: str,
    payload: Mapping[str, Any],
    headers: Mapping[str, str] | None = None,
    thread: Callable[[bytes], str] = no_thread,
) -> Post:
    """Return a request that posts a payload as JSON."""
    sent = {"Content-Type": "application/json; charset=utf-8", **(headers or {})}
    body = json.dumps(payload, ensure_ascii=False).encode()
    return Post(url=url, body=body, headers=sent, thread=thread)


def key(given: Given, name: str) -> str:
    """Return a value of the secret; raises RefusedError where it has none."""
    found = given.secret.get(name, "")
    if not found:
        raise RefusedError(f"the secret has no {name}")
    return found


def buttons(message: Message) -> list[tuple[str, str]]:
    """Return the titles and addresses of a message's buttons; only https:// opens anywhere."""
    found = [("Report", message.link), ("Runbook", message.runbook)]
    return [(title, link) for title, link in found if link.startswith("https://")]


def parts(text: str, most: int) -> list[str]:
    """Return a text in parts of at most so many characters, cut between its lines.

    A line that is longer than a part is cut within.
    """
    found: list[str] = []
    for row in text.splitlines():
        pieces = [row[at : at + most] for at in range(0, len(row), most)] or [""]
        for piece in pieces:
            if found and len(found[-1]) + 1 + len(piece) <= most:
                found[-1] += f"\n{piece}"
            else:
                found.append(piece)
    return found


def body_of(message: Message) -> str:
    """Return the text below the first line and the link, which a channel shows by itself."""
    return message.text.partition("\n\n")[2].strip("\n")


def head_of(message: Message) -> str:
    """Return the first line of a message, which is at most some 400 characters long."""
    return message.text.partition("\n")[0]
