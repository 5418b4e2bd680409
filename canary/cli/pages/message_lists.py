"""Write AWS's lists of messages into docs/diagnosis.md, with the cause of each message."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from canary.cli.pages.markdown_table import table
from canary.control_plane.aws_lists import LISTS
from canary.control_plane.aws_lists.form import AwsList, Form

DOCUMENT = Path("docs") / "diagnosis.md"
BEGIN, END = "<!-- messages begin -->", "<!-- messages end -->"
_HEADS = ("message", "cause", "why, or what chooses", "what AWS tells to do")


def placed(document: str) -> str:
    """Return the document with the present lists at their place; it keeps all other text."""
    before, begin, rest = document.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n{written()}{END}{after}" if begin else document


def written() -> str:
    """Return all lists as Markdown."""
    return "\n".join(line for found in LISTS for line in _one(found)) + "\n"


def _one(found: AwsList) -> Iterator[str]:
    yield f"### {found.title}\n"
    links = (f"[{page.rsplit('/', 1)[-1].removesuffix('.html')}]({page})" for page in found.pages)
    yield f"From {', '.join(links)}.\n"
    yield from table(_HEADS, [_row(form) for form in found.forms])


def _row(form: Form) -> tuple[str, ...]:
    causes = ", ".join(f"`{cause}`" for cause in form.causes)
    none = "none: a healthy day, or on purpose" if form.normal else "none"
    return f"`{form.text.strip()}`", causes or none, form.why, form.answer
