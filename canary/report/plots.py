"""Small plots as inline SVG: the shape gives the state, the colour only helps.

A pass is a short bar, a failure a full one, "could not tell" one of middle height, a skipped run a
tick. Colours come from the page's style (classes p, f, e, s), so that dark mode and print follow.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from itertools import groupby

from canary.model import parse_time
from canary.report.archive import Bucket, CheckArchive
from canary.report.text import milliseconds, percent, plural

_HEIGHT = 20  # of a row of bars
_LINE = 18  # of a latency line below them
_UNITS = {"hour": dt.timedelta(hours=1), "day": dt.timedelta(days=1)}
_POINTS = 40  # of a latency line: its width shows no more
_SHAPES = {"P": ("p", 8), "F": ("f", 20), "E": ("e", 14), "S": ("s", 3)}


def _svg(width: float, label: str, body: str, kind: str = "", height: int = _HEIGHT) -> str:
    return (
        f'<svg class="plot{kind}" viewBox="0 0 {width:g} {height}" width="{width:g}" '
        f'height="{height}" role="img" aria-label="{label}">{body}</svg>'
    )


def outcomes(letters: str, slots: int = 60) -> str:
    """Draw the last runs of a check, one bar a run, newest at the right.

    Neighbouring bars of one state are one dashed line: a tenth of the bytes.
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


def past(kept: Sequence[Bucket], slots: int, unit: str, end: str) -> str:
    """Draw availability by hour or day above the latency of passes, up to the time `end`.

    A bar shows passes at the bottom and failures on top; a slot without a run is empty.
    """
    shown = list(_placed(kept, slots, unit, end))
    whole: list[str] = []
    parts: dict[str, list[str]] = {"p": [], "e": [], "f": []}
    # neighbouring slots in which everything passed are one dashed line: a tenth of the bytes
    for (perfect, _), run in groupby(
        enumerate(shown), key=lambda n: (not (n[1][1].failed + n[1][1].unknown), n[1][0] - n[0])
    ):
        members = [placed for _, placed in run]
        if perfect:
            whole.append(f"M{members[0][0] * 5} {_HEIGHT / 2:g}h{len(members) * 5 - 1}")
        else:
            for slot, bucket in members:
                _stack(bucket, slot * 5, parts)
    body = f'<path class="d" d="{"".join(whole)}"/>' if whole else ""
    body += "".join(f'<path class="{k}" d="{"".join(d)}"/>' for k, d in parts.items() if d)
    found = [bucket for _, bucket in shown]
    label = f"{availability(found)} over the last {plural(slots, unit)}{_latency_label(found)}"
    return _svg(slots * 5 - 1, label, body + _line(shown), height=_HEIGHT + _LINE)


def _placed(
    kept: Sequence[Bucket], slots: int, unit: str, end: str
) -> Iterator[tuple[int, Bucket]]:
    """Yield each bucket with its slot on the time axis; `end` is in the last slot."""
    last = parse_time(end)
    for bucket in kept:
        start = parse_time(bucket.start)
        if last and start:
            slot = slots - 1 - (last - start) // _UNITS[unit]
            if 0 <= slot < slots:
                yield slot, bucket


def _line(shown: Sequence[tuple[int, Bucket]]) -> str:
    """Draw the mean latency of each slot from zero; slots without a pass interrupt the line."""
    timed = [(slot, bucket.latency_ms) for slot, bucket in shown if bucket.passed]
    top = max((value for _, value in timed), default=0.0)
    if top <= 0:
        return ""
    path, before, height = "", None, 0
    for slot, value in timed:
        y = _HEIGHT + _LINE - 1 - round(value / top * (_LINE - 4))
        # Relative whole steps are half the bytes; round ends make a point of a slot alone.
        path += f" 5 {y - height}" if before == slot - 1 else f"M{slot * 5 + 2} {y}l0 0"
        before, height = slot, y
    return f'<path class="l" d="{path}"/>'


def latency(kept: Sequence[Bucket]) -> float:
    """Return the mean latency of passes in milliseconds."""
    passed = sum(b.passed for b in kept)
    return sum(b.latency_ms * b.passed for b in kept) / passed if passed else 0.0


def _latency_label(kept: Sequence[Bucket]) -> str:
    mean = latency(kept)
    if not mean:
        return ""
    top = max(b.latency_ms for b in kept if b.passed)
    return f"; latency {milliseconds(mean)} on average, at most {milliseconds(top)}"


def together(archives: Sequence[CheckArchive]) -> CheckArchive:
    """Return the archives of many checks as one, added up by hour and by day."""
    return CheckArchive(
        hours=_added([b for a in archives for b in a.hours]),
        days=_added([b for a in archives for b in a.days]),
    )


def _added(kept: Sequence[Bucket]) -> tuple[Bucket, ...]:
    found: dict[str, list[Bucket]] = {}
    for bucket in kept:
        found.setdefault(bucket.start, []).append(bucket)
    return tuple(
        Bucket(
            start=start,
            passed=sum(b.passed for b in same),
            failed=sum(b.failed for b in same),
            unknown=sum(b.unknown for b in same),
            latency_ms=latency(same),
        )
        for start, same in sorted(found.items())
    )


def _stack(bucket: Bucket, place: int, parts: dict[str, list[str]]) -> None:
    total = bucket.passed + bucket.failed + bucket.unknown
    floor = float(_HEIGHT)
    for kind, count in (("p", bucket.passed), ("e", bucket.unknown), ("f", bucket.failed)):
        if count:
            # a single outcome must be visible: at least two of twenty units high
            height = min(floor, max(2.0, round(_HEIGHT * count / total, 1)))
            floor -= height
            parts[kind].append(f"M{place} {floor:g}h4v{height:g}h-4z")


def availability(kept: Sequence[Bucket]) -> str:
    """Return the share of PASS among PASS and FAIL; other runs do not count."""
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
