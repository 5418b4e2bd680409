"""Debian's Chromium, headless: pages are served on loopback and looked at through a frame."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
# On a desk without Chromium tests of pages are skipped; in CI they are carried out always.
ABSENT = not CHROMIUM and os.environ.get("CANARY_BROWSER") != "required"
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic",
    "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--hide-scrollbars",
)  # fmt: skip
_DARK, _LIGHT = 0, 1  # Blink's preferred colour schemes

# What is asked of a page. It runs in the frame's parent: the page admits one script of ours alone.
_QUESTIONS = """
const page = document.querySelector('iframe').contentDocument, root = page.documentElement;
const view = page.defaultView;
const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
const luminance = ([r, g, b]) => [r, g, b].map((c) => c / 255)
  .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
  .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
const ground = (node) => {
  for (; node; node = node.parentElement) {
    const colour = rgb(view.getComputedStyle(node).backgroundColor);
    if (colour.length < 4 || colour[3] > 0) return colour;
  }
  return [255, 255, 255];
};
let contrast = 21, faint = '';
for (const node of page.body.querySelectorAll('*')) {
  const text = [...node.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
  if (!text || node.closest('svg') || !node.checkVisibility()) continue;
  const a = luminance(rgb(view.getComputedStyle(node).color)), b = luminance(ground(node));
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < contrast) { contrast = ratio; faint = node.textContent.trim().slice(0, 60); }
}
const levels = [...page.querySelectorAll('h1,h2,h3,h4')].map((h) => Number(h.tagName[1]));
const answer = {
  pwned: view.pwned ?? null,
  scripts: page.scripts.length,
  loaded: view.performance.getEntriesByType('resource').map((e) => e.name),
  width: root.clientWidth,
  overflow: root.scrollWidth - root.clientWidth,
  background: view.getComputedStyle(page.body).backgroundColor,
  contrast, faint, levels,
  title: page.title,
};
document.body.textContent = 'ANSWER' + encodeURIComponent(JSON.stringify(answer)) + 'END';
"""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What the browser found on a page."""

    pwned: object
    scripts: int
    loaded: list[str]
    width: int
    overflow: int
    background: str
    contrast: float
    faint: str
    levels: list[int]
    title: str


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: requests are no news in a test."""


@contextlib.contextmanager
def _served(folder: Path) -> Iterator[str]:
    handler = functools.partial(_Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def _run(folder: Path, *arguments: str) -> str:
    if not CHROMIUM:
        raise FileNotFoundError("Chromium is not installed, and CANARY_BROWSER needs it")
    profile = f"--user-data-dir={folder / 'profile'}"
    done = subprocess.run(
        [CHROMIUM, *FLAGS, profile, *arguments],
        check=True, capture_output=True, text=True, timeout=90,
    )  # fmt: skip
    return done.stdout


def look(folder: Path, page: str, *, width: int = 1200, dark: bool = False) -> Seen:
    """Load a page at a width and in a colour scheme, and return what is found."""
    (folder / "page.html").write_text(page, "utf-8")
    (folder / "frame.html").write_text(
        f'<body><iframe src="page.html" width="{width}" height="2000" style="border:0"></iframe>'
        f"<script>addEventListener('load', () => setTimeout(() => {{{_QUESTIONS}}}, 300))</script>",
        "utf-8",
    )
    scheme = f"--blink-settings=preferredColorScheme={_DARK if dark else _LIGHT}"
    with _served(folder) as address:
        found = _run(
            folder, scheme, "--virtual-time-budget=5000", "--window-size=1600,2000",
            "--dump-dom", f"{address}/frame.html",
        )  # fmt: skip
    quoted = found.partition("ANSWER")[2].partition("END")[0]
    return Seen(**json.loads(unquote(quoted)))


def printed(folder: Path, page: str) -> bytes:
    """Return the page as PDF."""
    (folder / "page.html").write_text(page, "utf-8")
    to = folder / "page.pdf"
    with _served(folder) as address:
        _run(folder, "--no-pdf-header-footer", f"--print-to-pdf={to}", f"{address}/page.html")
    return to.read_bytes()
