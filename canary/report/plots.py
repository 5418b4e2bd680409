"""Small plots as inline SVG: no script, no image; shape tells the state, colour only helps.

A pass is a short bar, a failure a full one, "could not tell" one of middle height, a skipped run a
tick. Colours come from the page's style (classes p, f, e, s), so that dark mode and print follow.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from canary.report.archive import Bucket
from canary.report.text import milliseconds, percent, plural

_HEIGHT = 20
_POINTS = 40  # of a latency line: more cannot be told apart at its width
_SHAPES = {"P": ("p", 8), "F": ("f", 20), "E": ("e", 14), "S": ("s", 3)}


def _svg(width: float, label: str, body: str, kind: str = "") -> str:
    return (
        f'<svg class="plot{kind}" viewBox="0 0 {width:g} {_HEIGHT}" width="{width:g}" '
        f'height="{_HEIGHT}" role="img" aria-label="{label}">{body}</svg>'
    )


def outcomes(letters: str, slots: int = 60) -> str:
    """Draw the last runs of a check, one bar a run, newest at the right.

    Equal neighbours are one dashed line as wide as the bars are high: a tenth of the bytes.
    """
    known = "".join(letter for letter in letters[-slots:] if letter in _SHAPES)
    place = (slots - len(known)) * 3
    paths: dict[str, list[str]] = {}
    for letter, run in groupby(known):
        kind, height = _SHAPES[letter]
        length = 3 * len(list(run))
        paths.setdefault(kind, []).append(f"M{place} {_HEIGHT - height / 2:g}h{length - 1}")
        place += length
    body = "".join(f'<path class="{kind}" d="{"".join(d)}"/>' for kind, d in paths.items())
    return _svg(slots * 3 - 1, _outcome_label(known), body, " runs")


def _outcome_label(known: Sequence[str]) -> str:
    words = {"P": "passed", "F": "failed", "E": "could not tell", "S": "skipped"}
    counts = [f"{known.count(k)} {word}" for k, word in words.items() if known.count(k)]
    return f"last {plural(len(known), 'run')}: {', '.join(counts)}" if known else "no runs yet"


def buckets(kept: Sequence[Bucket], slots: int, unit: str) -> str:
    """Draw availability by hour or day: what passed from below, what failed on top of it."""
    shown = kept[-slots:]
    place = (slots - len(shown)) * 5
    whole: list[str] = []
    parts: dict[str, list[str]] = {"p": [], "e": [], "f": []}
    for perfect, run in groupby(shown, key=lambda b: b.failed + b.unknown == 0):
        members = list(run)
        if perfect:
            whole.append(f"M{place} {_HEIGHT / 2:g}h{len(members) * 5 - 1}")
        else:
            for number, bucket in enumerate(members):
                _stack(bucket, place + number * 5, parts)
        place += len(members) * 5
    body = f'<path class="d" d="{"".join(whole)}"/>' if whole else ""
    body += "".join(f'<path class="{k}" d="{"".join(d)}"/>' for k, d in parts.items() if d)
    label = f"{availability(shown)} over the last {plural(len(shown), unit)}"
    return _svg(slots * 5 - 1, label, body)


def _stack(bucket: Bucket, place: int, parts: dict[str, list[str]]) -> None:
    total = bucket.passed + bucket.failed + bucket.unknown
    floor = float(_HEIGHT)
    for kind, count in (("p", bucket.passed), ("e", bucket.unknown), ("f", bucket.failed)):
        if count:
            # What happened at all must be seen: at least two of twenty units high.
            height = min(floor, max(2.0, round(_HEIGHT * count / total, 1)))
            floor -= height
            parts[kind].append(f"M{place} {floor:g}h4v{height:g}h-4z")


def availability(kept: Sequence[Bucket]) -> str:
    """Return the share of judged runs that passed; what could not be told counts as neither."""
    passed = sum(b.passed for b in kept)
    judged = passed + sum(b.failed for b in kept)
    return percent(100 * passed / judged) if judged else "not judged"


def spark(values: Sequence[float], width: int = 120) -> str:
    """Draw a latency line from zero; the label gives the last and the highest value."""
    if len(values) < 2:
        return ""
    drawn = values[-_POINTS:]
    top = max(drawn) or 1.0
    step = (width - 4) / (len(drawn) - 1)
    places = [
        f"{2 + i * step:.0f},{_HEIGHT - 2 - v / top * (_HEIGHT - 4):.3g}"
        for i, v in enumerate(drawn)
    ]
    x, y = places[-1].split(",")
    label = f"latency: last {milliseconds(values[-1])}, highest {milliseconds(top)}"
    body = f'<polyline class="l" points="{" ".join(places)}"/><circle cx="{x}" cy="{y}" r="2"/>'
    return _svg(width, label, body)
