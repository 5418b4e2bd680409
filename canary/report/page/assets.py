"""What each page carries within itself: styles, and one script with its hash."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from pathlib import Path

from markupsafe import Markup

FOLDER = Path(__file__).parents[1] / "templates"


@lru_cache
def css(name: str) -> Markup:
    """Return a style of ours: each page has the shared one and its own."""
    return Markup((FOLDER / name).read_text("utf-8"))  # noqa: S704 - our own file


@lru_cache
def script() -> Markup:
    """Return the one script of each page: its age, and buttons to copy."""
    text = (FOLDER / "page.js").read_text("utf-8")
    rows = (row.strip() for row in text.splitlines())  # each page carries it: indents are left out
    return Markup("\n".join(r for r in rows if not r.startswith("//")))  # noqa: S704 - our own file


def script_hash() -> str:
    """Return the source by which a Content Security Policy admits this script and no other.

    CSP Level 3, "hash-source": https://www.w3.org/TR/CSP3/#framework-directive-source-list
    """
    digest = hashlib.sha256(script().encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
