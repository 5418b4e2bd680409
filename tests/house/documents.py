"""What the documents say, taken apart: commands, links, headings and fenced blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = (ROOT / "README.md", ROOT / "sandbox" / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
TUTORIAL = ROOT / "emulator" / "README.md"  # tests/emulator/test_tutorial.py runs all of it
FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^ *```$", re.M | re.S)
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
INDENTED = re.compile(r"^    (\S.*)$", re.M)
HEADING = re.compile(r"^#+ (.+)$", re.M)


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    page: Path
    number: int
    language: str
    text: str


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(language: str) -> list[Block]:
    """Return the fenced blocks of a language."""
    found = []
    for page in PAGES:
        for number, match in enumerate(FENCE.finditer(page.read_text(encoding="utf-8")), start=1):
            if match["language"] == language:
                indent = match["indent"]
                lines = [line.removeprefix(indent) for line in match["text"].splitlines()]
                found.append(Block(page, number, language, "\n".join(lines) + "\n"))
    return found


def code(page: Path) -> Iterator[str]:
    """Yield every line of code on a page: of fenced and indented blocks, and code spans."""
    text = page.read_text(encoding="utf-8")
    for match in FENCE.finditer(text):
        if match["language"] in ("", "sh", "bash", "console"):
            yield from match["text"].splitlines()
    rest = FENCE.sub("", text)
    yield from INDENTED.findall(rest)
    yield from SPAN.findall(rest)


def links(page: Path) -> list[str]:
    """Return the targets of a page's links that lead into the project."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    return [t for t in LINK.findall(text) if not t.startswith(("http://", "https://", "mailto:"))]


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    plain = (re.sub(r"[^\w\- ]", "", h.strip().lower()) for h in HEADING.findall(text))
    return {p.replace(" ", "-") for p in plain}
