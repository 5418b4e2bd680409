"""An SVG badge: the environment and its state, readable without colour."""

from __future__ import annotations

from html import escape

from canary.model import Report, Status
from canary.report.text import line
from canary.report.verdict import groups, verdict

# White text on each of these has a contrast of at least 4.5.
_COLOURS = {
    Status.PASS: "#1a7a48",
    Status.FAIL: "#b3261e",
    Status.ERROR: "#8a5a00",
    Status.SKIP: "#59636e",
}
_CHARACTER = 6.7  # px of a character of Verdana at 11 px, on average, rounded up
_PADDING = 20  # px of a half, left and right together


def render(report: Report) -> str:
    """Return the badge of a run: "development | healthy"."""
    judged = verdict(report)
    failing = len(groups(report).failing)
    words = f"{failing} failing" if failing else judged.word
    return badge(report.run.environment, words, judged.status)


def badge(label: str, words: str, status: Status) -> str:
    """Return a badge of two halves; the words give the state, the colour only helps."""
    left_text, right_text = escape(line(label, 40)), escape(line(words, 40))
    left = round(len(line(label, 40)) * _CHARACTER + _PADDING)
    right = round(len(line(words, 40)) * _CHARACTER + _PADDING)
    middle = left + right / 2
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="22" role="img" '
        f'aria-label="{left_text}: {right_text}"><title>{left_text}: {right_text}</title>'
        f'<clipPath id="r"><rect width="{left + right}" height="22" rx="4"/></clipPath>'
        f'<g clip-path="url(#r)"><path fill="#3d444d" d="M0 0h{left}v22H0z"/>'
        f'<path fill="{_COLOURS[status]}" d="M{left} 0h{right}v22H{left}z"/></g>'
        '<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" '
        f'font-size="11"><text x="{left / 2:g}" y="15">{left_text}</text>'
        f'<text x="{middle:g}" y="15">{right_text}</text></g></svg>\n'
    )
