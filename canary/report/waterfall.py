"""The steps of a flow on one time axis, each request split into its phases."""

from __future__ import annotations

from canary.model import Exchange, Frozen, Report, Result, Status, Step, Suite

PHASES = ("dns", "tcp", "tls", "wait", "transfer", "own")
# "own" is the work of the canary itself in a step: making the model, comparing bytes


class Segment(Frozen, frozen=True, kw_only=True):
    """A part of a bar, in percent of the flow's duration."""

    phase: str
    start: float
    width: float


class Bar(Frozen, frozen=True, kw_only=True):
    """One step: its phases in milliseconds and its segments on the axis."""

    step: Step
    phases: dict[str, float]
    segments: tuple[Segment, ...]


class Waterfall(Frozen, frozen=True, kw_only=True):
    """One flow with its bars."""

    result: Result
    total_ms: float
    bars: tuple[Bar, ...]


def waterfalls(report: Report) -> tuple[Waterfall, ...]:
    """Return a waterfall for each flow of the registration suite that ran."""
    return tuple(
        _draw(result)
        for result in report.results
        if result.suite is Suite.REGISTRATION and len(result.steps) > 1
    )


def _draw(result: Result) -> Waterfall:
    starts = _starts(result.steps)
    first = min(starts)
    ends = [s + step.duration_ms for s, step in zip(starts, result.steps, strict=True)]
    total = max(max(ends) - first, 0.001)
    bars = tuple(
        _bar(step, start - first, total) for start, step in zip(starts, result.steps, strict=True)
    )
    return Waterfall(result=result, total_ms=total, bars=bars)


def _starts(steps: tuple[Step, ...]) -> list[float]:
    """Return the start of each step; steps without a time follow one another."""
    starts: list[float] = []
    end = 0.0
    for step in steps:
        begun = step.started_ms if step.started_ms > 0 else end
        starts.append(begun)
        end = begun + step.duration_ms
    return starts


def _bar(step: Step, offset: float, total: float) -> Bar:
    phases = dict.fromkeys(PHASES, 0.0)
    segments: list[Segment] = []
    place = offset
    if step.status is not Status.SKIP:
        for exchange in step.evidence:
            for phase, took in _phases(exchange):
                phases[phase] += took
                segments.append(_segment(phase, place, took, total))
                place += took
        own = step.duration_ms - (place - offset)
        # less than half a millisecond or a tenth of the step is rounding, not work
        if not step.evidence or own > max(0.5, step.duration_ms / 10):
            phases["own"] = max(own, 0.0)
            segments.append(_segment("own", place, phases["own"], total))
    return Bar(step=step, phases=phases, segments=tuple(segments))


def _phases(exchange: Exchange) -> list[tuple[str, float]]:
    timing = exchange.timing
    known = [
        ("dns", timing.dns_ms),
        ("tcp", timing.tcp_ms),
        ("tls", timing.tls_ms),
        ("wait", timing.first_byte_ms),
        ("transfer", timing.transfer_ms),
    ]
    # a failed exchange lacks its last phases: the rest of its time was waiting
    left = timing.total_ms - sum(took for _, took in known)
    if left > 0 and (exchange.failure or not any(took for _, took in known)):
        known.append(("wait", left))
    return [(phase, took) for phase, took in known if took > 0]


def _segment(phase: str, start: float, took: float, total: float) -> Segment:
    begin = min(100 * start / total, 99.8)
    width = min(max(100 * took / total, 0.2), 100 - begin)
    return Segment(phase=phase, start=round(begin, 2), width=round(width, 2))
