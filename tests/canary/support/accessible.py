"""What a screen reader hears of a page: Chromium's accessibility tree, asked through its pipe.

Protocol: https://chromedevtools.github.io/devtools-protocol/tot/Accessibility/
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from tests.canary.support.browser import CHROMIUM, FLAGS

_HUNG_S = 90.0
"""Seconds after which a browser that does not answer is killed, so that its test fails."""
_LOUD = frozenset({"StaticText", "image", "img"})
"""Roles whose name is read out; those of others are made of these, or are announced as places."""


@dataclass(frozen=True, kw_only=True)
class Heard:
    """A node of the tree that is not ignored, with what is heard of it and below it, in order."""

    role: str
    name: str
    words: list[str] = field(default_factory=list)


class Pipe:
    """Messages to and from the browser, each ended by a zero byte."""

    def __init__(self, to: BinaryIO, back: BinaryIO) -> None:
        self._to, self._back, self._ids = to, back, itertools.count(1)

    def ask(self, method: str, session: str = "", **params: Any) -> dict[str, Any]:
        number = next(self._ids)
        asked = {"id": number, "method": method, "params": params}
        message = asked | ({"sessionId": session} if session else {})
        self._to.write(json.dumps(message).encode() + b"\0")
        self._to.flush()
        while (answer := self._read()).get("id") != number:
            pass
        assert "error" not in answer, answer
        found: dict[str, Any] = answer["result"]
        return found

    def await_event(self, method: str) -> None:
        while self._read().get("method") != method:
            pass

    def _read(self) -> dict[str, Any]:
        read = bytearray()
        while (byte := self._back.read(1)) != b"\0":
            assert byte, "the browser has ended"
            read += byte
        found: dict[str, Any] = json.loads(read)
        return found


@contextmanager
def browser(folder: Path, hung_s: float = _HUNG_S) -> Iterator[Pipe]:
    """Start Chromium: it reads commands from descriptor 3 and answers on 4."""
    if not CHROMIUM:
        raise FileNotFoundError("Chromium is not installed, and CANARY_BROWSER needs it")
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={folder / 'profile'}", "--remote-debugging-pipe"]
    shell = f'exec "$0" "$@" 3<&{theirs_in} 4>&{theirs_out}'
    process = subprocess.Popen(
        ["bash", "-c", shell, *command],
        pass_fds=(theirs_in, theirs_out), stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(theirs_in)
    os.close(theirs_out)
    watch = threading.Timer(hung_s, process.kill)
    watch.start()
    try:
        with os.fdopen(ours_out, "wb") as to, os.fdopen(ours_in, "rb") as back:
            pipe = Pipe(to, back)
            yield pipe
            pipe.ask("Browser.close")
        process.wait(30)
    finally:
        watch.cancel()
        process.kill()
        process.wait()


def heard(folder: Path, page: str) -> list[Heard]:
    """Return the nodes of a page that are not ignored, parents before children."""
    (folder / "page.html").write_text(page, "utf-8")
    with browser(folder) as pipe:
        target = pipe.ask("Target.createTarget", url="about:blank")["targetId"]
        session = pipe.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        pipe.ask("Page.enable", session)
        pipe.ask("Page.navigate", session, url=f"file://{folder / 'page.html'}")
        pipe.await_event("Page.loadEventFired")
        nodes = pipe.ask("Accessibility.getFullAXTree", session)["nodes"]
    by_id = {n["nodeId"]: n for n in nodes}
    return [_heard(n, by_id) for n in nodes if not n.get("ignored")]


def _heard(node: dict[str, Any], by_id: dict[str, dict[str, Any]]) -> Heard:
    return Heard(role=_role(node), name=_name(node), words=list(_words(node, by_id)))


def _words(node: dict[str, Any], by_id: dict[str, dict[str, Any]]) -> Iterator[str]:
    if _role(node) in _LOUD and not node.get("ignored"):
        yield _name(node)
        return
    for child in node.get("childIds", ()):
        if child in by_id:
            yield from _words(by_id[child], by_id)


def _role(node: dict[str, Any]) -> str:
    return str(node.get("role", {}).get("value", ""))


def _name(node: dict[str, Any]) -> str:
    return str(node.get("name", {}).get("value", "")).strip()
