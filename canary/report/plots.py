"""Small plots as inline SVG: the shape gives the state, the colour only helps.

A pass is a short bar, a failure a full one, "could not tell" one of middle height, a skipped run a
tick. Colours come from the page's style (classes p, f, e, s), so that dark mode and print follow.
So do size and look, by the column of the table: a page has hundreds of plots, and each word in
them counts. A path without a class is drawn as passes, or as the line of latency.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from canary.model import parse_time
from canary.report.archive import Bucket, CheckArchive
from canary.report.text import milliseconds, percent, plural

_HEIGHT = 20  # of a row of bars
_LINE = 18  # of a latency line below them
_UNITS = {"hour": dt.timedelta(hours=1), "day": dt.timedelta(days=1)}
_RUNS = 60  # bars of the last runs
_SPARK, _POINTS = 120, 40  # width of a latency line, and its points: its width shows no more
_SHAPES = {"P": ("", 8), "F": (" class=f", 20), "E": (" class=e", 14), "S": (" class=s", 3)}
_SHAPES |= {"W": (" class=f", 14)}  # a failure that waited for a rollout


def _svg(label: str, body: str) -> str:
    heard = f'role=img aria-label="{label}"' if label else "aria-hidden=true"
    return f"<svg {heard}>{body}</svg>"


def outcomes(letters: str) -> str:
    """Draw the last 60 runs of a check, one bar a run, newest at the right.

    Neighbouring bars of one state are one dashed line: a tenth of the bytes.
    """
    known = "".join(letter for letter in letters[-_RUNS:] if letter in _SHAPES)
    place = (_RUNS - len(known)) * 3
    paths: dict[str, list[str]] = {}
    for letter, run in groupby(known):
        kind, height = _SHAPES[letter]
        length = 3 * len(list(run))
        paths.setdefault(kind, []).append(f"M{place} {_HEIGHT - height / 2:g}h{length - 1}")
        place += length
    body = "".join(f'<path{kind} d="{"".join(d)}"/>' for kind, d in paths.items())
    return _svg(_outcome_label(known), body)


def _outcome_label(known: Sequence[str]) -> str:
    words = {"P": "passed", "F": "failed", "E": "could not tell", "S": "skipped"}
    words |= {"W": "waited for a rollout"}
    counts = [f"{known.count(k)} {word}" for k, word in words.items() if known.count(k)]
    return f"last {plural(len(known), 'run')}: {', '.join(counts)}" if known else "no runs yet"


def past(kept: Sequence[Bucket], slots: int, unit: str, end: str) -> str:
    """Draw availability by hour or day above the latency of passes, up to the time `end`.

    A bar shows passes at the bottom and failures on top; a slot without a run is empty. Below the
    plot stand the availability and the mean latency of the slots.
    """
    shown = list(placed(kept, slots, unit, end))
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
    body = f'<path d="{"".join(whole)}"/>' if whole else ""
    body += "".join(f'<path class={k} d="{"".join(d)}"/>' for k, d in parts.items() if d)
    found = [bucket for _, bucket in shown]
    drawn = _svg(_highest([b.latency_ms for b in found if b.passed]), body + _line(shown))
    mean = latency(found)
    told = availability(found) + (f" · {milliseconds(mean)}" if mean else "")
    return f"{drawn}<p>{told}</p>"


def placed(kept: Sequence[Bucket], slots: int, unit: str, end: str) -> Iterator[tuple[int, Bucket]]:
    """Yield each bucket with its slot on the time axis; `end` is in the last slot."""
    last = parse_time(end)
    for bucket in kept:
        start = _begun(bucket.start)
        if last and start:
            slot = slots - 1 - (last - start) // _UNITS[unit]
            if 0 <= slot < slots:
                yield slot, bucket


# the checks of a run have the same hours and days: each is read once
_begun = functools.lru_cache(maxsize=256)(parse_time)


def _line(shown: Sequence[tuple[int, Bucket]]) -> str:
    """Draw the mean latency of each slot from zero; slots without a pass interrupt the line."""
    timed = [(slot, bucket.latency_ms) for slot, bucket in shown if bucket.passed]
    top = max((value for _, value in timed), default=0.0)
    if top <= 0:
        return ""
    pieces: list[list[tuple[int, int]]] = []
    before = None
    for slot, value in timed:
        if before != slot - 1:
            pieces.append([])
        y = _HEIGHT + _LINE - 1 - round(value / top * (_LINE - 4))
        pieces[-1].append((slot * 5 + 2, y))
        before = slot
    return _path(pieces)


def _path(pieces: Sequence[Sequence[tuple[int, int]]]) -> str:
    """Draw lines through whole places by relative steps; equal steps in a row are one.

    The round ends of a line make a point of a piece that is one place.
    """
    return f'<path d="{"".join(map(_drawn, pieces))}"/>'


def _drawn(piece: Sequence[tuple[int, int]]) -> str:
    """Return the path data of one piece: of "h9" and "l9 0", of "3-2" and "3 -2" the shorter."""
    steps = [(x - a, y - b) for (a, b), (x, y) in pairwise(piece)] or [(0, 0)]
    path, kind = f"M{piece[0][0]} {piece[0][1]}", ""
    for (across, down), run in groupby(steps):
        count = len(list(run))
        before, kind = kind, "l" if down else "h"
        path += kind if kind != before else " "
        path += f"{across * count}"
        if down:
            path += f"{down * count}" if down < 0 else f" {down * count}"
    return path


def latency(kept: Sequence[Bucket]) -> float:
    """Return the mean latency of passes in milliseconds."""
    passed = sum(b.passed for b in kept)
    return sum(b.latency_ms * b.passed for b in kept) / passed if passed else 0.0


def _highest(values: Sequence[float]) -> str:
    """Return what a plot of latency shows and its cell does not say."""
    top = max(values, default=0.0)
    return f"latency at most {milliseconds(top)}" if top else ""


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


def spark(values: Sequence[float]) -> str:
    """Draw a latency line from zero; the label gives the highest value, the cell the last one."""
    if len(values) < 2:
        return ""
    drawn = values[-_POINTS:]
    top = max(drawn) or 1.0
    step = (_SPARK - 4) / (len(drawn) - 1)
    places = [
        (2 + round(i * step), _HEIGHT - 2 - round(v / top * (_HEIGHT - 4)))
        for i, v in enumerate(drawn)
    ]
    return _svg(_highest(drawn), _path([places]))  # the style marks its end by a point
