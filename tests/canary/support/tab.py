"""A tab of Chromium that one module of tests shares: size, colours, keys, and questions.

Protocol: https://chromedevtools.github.io/devtools-protocol/tot/
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.canary.support.accessible import Pipe, browser

DESKTOP, PHONE = (1280, 800), (390, 844)
_KEYS = {"Tab": 9, "Enter": 13, "Space": 32}  # Windows' virtual key codes, as the protocol has them


@dataclass(frozen=True)
class Tab:
    """One page at a time; `show` loads the next."""

    pipe: Pipe
    session: str
    folder: Path

    def show(self, page: str, size: tuple[int, int] = DESKTOP, *, dark: bool = False) -> None:
        """Load a page in a window of this size."""
        self._ask(
            "Emulation.setDeviceMetricsOverride",
            width=size[0], height=size[1], deviceScaleFactor=1, mobile=size == PHONE,
        )  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._ask("Emulation.setEmulatedMedia", features=[scheme])
        (self.folder / "page.html").write_text(page, "utf-8")
        self._ask("Page.navigate", url=f"file://{self.folder / 'page.html'}")
        self.pipe.await_event("Page.loadEventFired")

    def at_time(self, now: str) -> None:
        """Show every page from here on at this time (ISO 8601) of the reader's clock."""
        source = f"{{ const now = Date.parse('{now}'); Date.now = () => now; }}"
        self._ask("Page.addScriptToEvaluateOnNewDocument", source=source)

    def value(self, expression: str) -> Any:
        """Return the value of an expression, or of the promise that it gives."""
        answer = self._ask(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True,
            userGesture=True,
        )  # fmt: skip
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def picture(self, at: str = "") -> bytes:
        """Return a PNG of the window: of the page's top, or from the section `at` on."""
        if at:
            self.value(
                f"scrollTo(0, document.getElementById('{at}').getBoundingClientRect().top - 20)"
            )
        return base64.b64decode(self._ask("Page.captureScreenshot", format="png")["data"])

    def press(self, key: str) -> None:
        """Press and release a key."""
        code = _KEYS[key]
        known = {
            "key": " " if key == "Space" else key,
            "code": key,
            "windowsVirtualKeyCode": code,
            **({"text": "\r"} if key == "Enter" else {}),
        }
        self._ask("Input.dispatchKeyEvent", type="keyDown", **known)
        self._ask("Input.dispatchKeyEvent", type="keyUp", **known)

    def _ask(self, method: str, **params: Any) -> dict[str, Any]:
        return self.pipe.ask(method, self.session, **params)


@contextmanager
def tab(folder: Path, hung_s: float = 170) -> Iterator[Tab]:
    """Start Chromium with one tab; it is killed after `hung_s` seconds."""
    with browser(folder, hung_s) as pipe:
        target = pipe.ask("Target.createTarget", url="about:blank")["targetId"]
        session = pipe.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        pipe.ask("Page.enable", session)
        yield Tab(pipe, session, folder)
