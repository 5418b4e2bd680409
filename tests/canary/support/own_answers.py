"""A balancer's own answers as AWS writes them, and their table in docs/diagnosis.md.

python -m tests.canary.support.own_answers writes the table anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from canary.diagnose.balancer.meanings import MEANINGS
from canary.model import Exchange
from tests.canary.support import platforms as p

BEGIN, END = "<!-- own answers begin -->", "<!-- own answers end -->"
PAGE = Path(__file__).parents[3] / "docs" / "diagnosis.md"
PHRASES = {
    400: "Bad Request", 401: "Authorization Required", 403: "Forbidden", 405: "Not Allowed",
    408: "Request Time-out", 413: "Request Entity Too Large", 414: "Request-URI Too Large",
    500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway",
    503: "Service Temporarily Unavailable", 504: "Gateway Time-out",
    505: "HTTP Version Not Supported", 507: "Insufficient Storage",
}  # fmt: skip


def page(status: int, words: str | None = None) -> str:
    """Return the page of a status; "" for one of AWS's own, for which no page was captured."""
    if words is None and status not in PHRASES:
        return ""
    title = f"{status} {PHRASES[status] if words is None else words}"
    return (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n"
        f"<center><h1>{title}</h1></center>\r\n</body>\r\n</html>\r\n"
    )


def own(url: str, status: int, body: str | None = None, **more: Any) -> Exchange:
    """Return an answer that the load balancer makes by itself."""
    known = {"answered_by": "balancer", "server": "awselb/2.0", "content_type": "text/html"}
    return p.answer(url, status, page(status) if body is None else body, **{**known, **more})


def table() -> Iterator[str]:
    """Yield the lines of the table of all meanings."""
    yield "| status | meaning | shown by | cause | else look at |"
    yield "|---|---|---|---|---|"
    for m in MEANINGS:
        yield f"| {m.status} | {m.says} | {m.fits or '–'} | `{m.cause}` | {m.look} |"


def written(text: str) -> str:
    """Return a document with the table as it is now."""
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    return "\n".join([before + BEGIN, *table(), END + after])


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
