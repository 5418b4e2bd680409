"""Recognise the error pages that an Application Load Balancer writes by itself.

A page proves nothing alone: a target can write the same, header and all. Its absence says more: an
answer in other words was written by a rule of the listener, by AWS WAF, or by a target.
"""

from __future__ import annotations

import re

_PADDING = r"(<!-- a padding to disable MSIE and Chrome friendly error page -->\s*)*"
_PAGE = re.compile(
    r"\s*<html>\s*<head><title>(?P<code>[1-5]\d\d)(?P<words> [^<]{0,80})?</title></head>\s*"
    r"<body( bgcolor=\"white\")?>\s*<center><h1>(?P=code)(?P=words)?</h1></center>\s*"
    rf"</body>\s*</html>\s*{_PADDING}(<!--.{{0,70}})?",
    re.DOTALL,
)
# codes of AWS's own, for which no page was ever captured: an empty body is one of theirs, too
_WITHOUT_PAGE = frozenset({460, 463, 464, 561, 562})


def is_own_page(status: int, content_type: str, body: str) -> bool:
    """Return whether an answer has the form of the balancer's own page for its status."""
    if status in _WITHOUT_PAGE and not body.strip():
        return True
    found = _PAGE.fullmatch(body) if "html" in content_type else None
    # "The plain HTTP request was sent to HTTPS port" repeats the code in its words
    return found is not None and int(found["code"]) == status
