"""Text for people: control characters made visible, lengths bounded, times formatted."""

from __future__ import annotations

import functools

from canary.model import Drift, parse_time

_LONGEST_COMMAND = 30_000
LIMIT = 4_000  # characters of one value on a page; an answer of a target is cut earlier


class ReportError(Exception):
    """A report or state file could not be read: not JSON, incomplete, or of another schema."""


_NAMES = (
    "NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "HT", "LF", "VT", "FF", "CR",
    "SO", "SI", "DLE", "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB", "ESC",
    "FS", "GS", "RS", "US",
)  # fmt: skip


@functools.cache
def _pictures() -> dict[int, str]:
    """Map characters that are invisible or change the direction to names between ⟨ and ⟩.

    Unicode has pictures of control characters, but many fonts lack them.
    """
    names = {code: f"\u27e8{name}\u27e9" for code, name in enumerate(_NAMES) if code not in (9, 10)}
    names[0x7F] = "\u27e8DEL\u27e9"
    invisible = [0xAD, 0x61C, 0x180E, 0xFEFF, 0xFFFE, 0xFFFF]
    for first, last in (
        (0x80, 0x9F),  # C1 controls
        (0x200B, 0x200F),  # zero width, directional marks
        (0x2028, 0x202E),  # separators, embeddings and overrides
        (0x2060, 0x206F),  # joiners, isolates
        (0xD800, 0xDFFF),  # lone surrogates, which UTF-8 cannot encode
        (0xFFF9, 0xFFFB),
        (0xE0000, 0xE007F),  # tags
    ):
        invisible.extend(range(first, last + 1))
    names.update({code: f"\u27e8U+{code:04X}\u27e9" for code in invisible})
    return names


def visible(text: str) -> str:
    """Return the text with control characters and directional overrides shown as symbols.

    Tabs and line ends stay; `line` removes them as well.
    """
    if text.isascii() and text.isprintable():
        return text
    return text.replace("\r\n", "\n").translate(_pictures())


def by_whom(change: Drift) -> str:
    """Return who made a change of the control plane, or that nobody is known or was asked."""
    if change.by is None:
        return "nobody was asked who made it"
    return f"by {change.by}" if change.by else "CloudTrail names nobody"


def clip(text: str, limit: int = LIMIT) -> str:
    """Return at most `limit` characters, with the number of those left out."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]} … (+{len(text) - limit:,} characters)"


def line(text: str, limit: int = LIMIT) -> str:
    """Return the text on one line, visible and bounded."""
    if len(text) < limit and text.isascii() and text.isprintable():
        return text
    return " ".join(visible(clip(text, limit)).split())


def command(text: str, limit: int = _LONGEST_COMMAND) -> str:
    """Return a command on one line with every character that is typed, or that it is too long.

    A part of a command would do something else, and so would one in which two blanks are one.
    """
    return whole(text, limit) if text.isprintable() else line(text, limit)


def whole(text: str, limit: int = _LONGEST_COMMAND) -> str:
    """Return a text that somebody copies with every character; of a long one nothing but that."""
    if len(text) > limit:
        return f"# a text of {len(text):,} characters: the report in JSON has it"
    return visible(text)


def decision(text: str, limit: int) -> str:
    """Return a decision; of a long one its beginning and its last sentence, which says what to do.

    The text holds names of others, which may be long.
    """
    before, stop, last = text.rpartition(". ")
    if len(text) <= limit or not stop:
        return line(text, limit)
    return f"{line(before + '.', limit)} {line(last, 1_000)}"


def when(moment: str) -> str:
    """Return a time as "22 Nov 2026 10:01 UTC"; a text that is not a time stays as it is."""
    parsed = parse_time(moment)
    return f"{parsed.day} {parsed:%b %Y %H:%M} UTC" if parsed else line(moment, 40)


def milliseconds(value: float) -> str:
    """Return a duration given in milliseconds: "18 ms", "1.4 s", "2 min 5 s"."""
    if value < 10:
        return f"{value:.1f} ms"
    if value < 1000:
        return f"{value:.0f} ms"
    return f"{value / 1000:.1f} s" if value < 60_000 else duration(value / 1000)


def duration(seconds: float) -> str:
    """Return a duration given in seconds in its two largest units: "2 h 5 min"."""
    left = max(0, round(seconds))
    parts = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        amount, left = divmod(left, size)
        if amount:
            parts.append(f"{amount} {unit}")
    return " ".join(parts[:2]) or "0 s"


def between(start: str, end: str) -> str:
    """Return the time between two times, "" if one of them cannot be read."""
    first, last = parse_time(start), parse_time(end)
    return duration((last - first).total_seconds()) if first and last else ""


def plural(count: int, noun: str) -> str:
    """Return "1 check", "2 checks"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def percent(value: float) -> str:
    """Return a percentage; only a whole reads 100 %."""
    if 99.9 < value < 100:
        return "99.9 %"
    return f"{value:.1f}".removesuffix(".0") + " %"
