"""The critical path: the longest chain of steps that had to wait for each other."""

from __future__ import annotations

from collections.abc import Iterable

from canary.model import Result, Step
from canary.plan import chain_lengths


def critical_path_ms(results: Iterable[Result]) -> float:
    """Return the length of the longest chain over needs and steps, in milliseconds.

    Steps of one check that overlap in time did not wait for each other; only the longest sequence
    without overlap counts. Waiting for a free slot of the run is not part of any chain.
    """
    nodes = {r.check_id: (chain_of(r.steps), r.needs) for r in results if not r.carried}
    return round(max(chain_lengths(nodes).values(), default=0.0), 2)


def chain_of(steps: tuple[Step, ...]) -> float:
    """Return the greatest sum of durations over steps that do not overlap."""
    ends: list[tuple[float, float]] = []  # (end, best sum up to here), sums never fall
    for start, end in sorted(
        ((s.started_ms, s.started_ms + s.duration_ms) for s in steps), key=_end
    ):
        before = max((best for e, best in ends if e <= start + 0.5), default=0.0)
        best = max(before + end - start, ends[-1][1] if ends else 0.0)
        ends.append((end, best))
    return ends[-1][1] if ends else 0.0


def _end(span: tuple[float, float]) -> tuple[float, float]:
    return span[1], span[0]
