"""A report in which every text is an attack: markup, escapes, control and right-to-left text."""

from __future__ import annotations

from enum import Enum
from itertools import cycle
from typing import Any

import msgspec

from canary.control_plane.state import PlatformState
from canary.model import Report
from tests.canary.support import report_samples as samples
from tests.canary.support.report_parts import exchange, failing

SCRIPT = "<script>window.pwned = 1</script>"
PAYLOADS = (
    SCRIPT,
    "\"><img src=x onerror='window.pwned=1'>",
    "javascript:window.pwned=1",
    "</style></title><svg/onload=window.pwned=1>",
    "{{ 7 * 191 }}{% raw %}${7*191}",
    "a\x00b\x07c\x1b[31mred\x1b]0;title\x07\x9b2J\x7f",
    "safe\u202egnp.exe \u2066isolated \u200bzero",
    "שלום עולם، مرحبا",
    "lone \ud800 surrogate \ufffe",
    "| `tick` ``` ~~~ *bold* _it_ [x](http://evil.example) @everyone #1 <!-- -->",
    "]]> & &lt; &#x202e; <![CDATA[",
    "[red]rich markup[/red] [link=http://evil.example]x[/link]",
    "line one\nline two\r\nline three\ttab",
)


NEVER_SHOWN = ("baseline", "baseline_at", "platform_state", "state_kept_at")
"""What a report says to the next run alone."""


def poisoned(value: Any, texts: Any) -> Any:
    """Return the value with every text, and every key that is free, replaced."""
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return next(texts)
    if isinstance(value, msgspec.Struct):
        changed = {
            f.name: poisoned(getattr(value, f.name), texts)
            for f in msgspec.structs.fields(type(value))
            if f.name not in ("schema", "outcomes", "first_attempts", *NEVER_SHOWN)
        }
        return msgspec.structs.replace(value, **changed)
    if isinstance(value, tuple):
        return tuple(poisoned(item, texts) for item in value)
    if isinstance(value, dict):
        return {f"{next(texts)} {n}": poisoned(v, texts) for n, v in enumerate(value.values())}
    return value


def hostile() -> Report:
    """Return the seed day with every text hostile, and one answer of a megabyte."""
    texts = cycle(PAYLOADS)
    seed = samples.seed_day()
    state = msgspec.convert(seed.platform, PlatformState)
    bad: Report = poisoned(msgspec.structs.replace(seed, platform=None), texts)
    # The explanations must still name checks of this report, as a target's text never does.
    names = tuple(r.check_id for r in bad.results if r.status == "FAIL")
    causes = tuple(
        msgspec.structs.replace(d, explains=names[i::2]) for i, d in enumerate(bad.diagnoses)
    )
    return msgspec.structs.replace(
        bad,
        diagnoses=causes,
        results=(*bad.results, _megabyte()),
        platform=msgspec.to_builtins(poisoned(state, texts)),
    )


def _megabyte() -> Any:
    plain = samples.healthy().results[1]
    shown = exchange("https://auth.hokus.ai/health", 500, excerpt="A" * 1_000_000)
    return failing(plain, ("body", "a document", "B" * 1_000_000), shown)
