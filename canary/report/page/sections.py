"""What the first screen says in a line, and failing checks by the cause that explains them."""

from __future__ import annotations

from collections.abc import Sequence

from canary.model import Change, Diagnosis, Drift, Frozen, Report, Result
from canary.report.text import between, line, plural, when

_LOUD = (Change.BROKE, Change.FIXED, Change.FLAKY, Change.SLOWER)


class CauseGroup(Frozen, frozen=True, kw_only=True):
    """Failing checks of one cause; `number` is the cause's on the page, 0: none is proven.

    `full` are shown with their evidence, `brief` as rows.
    """

    number: int
    title: str
    full: tuple[Result, ...]
    brief: tuple[Result, ...]


def causes(diagnoses: Sequence[Diagnosis]) -> dict[str, int]:
    """Map a check to the number of the first diagnosis that explains it."""
    found: dict[str, int] = {}
    for number, diagnosis in enumerate(diagnoses, 1):
        for check in diagnosis.explains:
            found.setdefault(check, number)
    return found


def by_cause(report: Report, failing: Sequence[Result], most: int) -> tuple[CauseGroup, ...]:
    """Group failing checks by cause, in the order of the causes; the unexplained stand last.

    The `most` most severe checks of the run are shown in full.
    """
    numbers = causes(report.diagnoses)
    full = {r.check_id for r in failing[:most]}
    found: dict[int, list[Result]] = {}
    for result in failing:
        found.setdefault(numbers.get(result.check_id, 0), []).append(result)
    return tuple(
        CauseGroup(
            number=number,
            title=report.diagnoses[number - 1].summary if number else "",
            full=tuple(r for r in found[number] if r.check_id in full),
            brief=tuple(r for r in found[number] if r.check_id not in full),
        )
        for number in sorted(found, key=lambda n: n or len(report.diagnoses) + 1)
    )


def same_fixes(diagnoses: Sequence[Diagnosis]) -> dict[int, int]:
    """Map a cause's number to the number of an earlier cause that has the same fix."""
    first: dict[tuple[str, ...], int] = {}
    found = {}
    for number, diagnosis in enumerate(diagnoses, 1):
        earlier = first.setdefault(diagnosis.remedy.fix, number)
        if diagnosis.remedy.fix and earlier != number:
            found[number] = earlier
    return found


def changed(report: Report) -> str:
    """Return what changed since the previous run in one line: how much, when and by whom.

    "42 checks broke at 00:46 UTC (4 min ago); 4 changes in the control plane by alice"
    """
    compared = report.comparison
    if not compared.previous:
        return "This is the first run: there is no previous run to compare with."
    parts = [part for kind in _LOUD if (part := _moved(report, kind))]
    if lasting := sum(t.change is Change.STILL_FAILING for t in compared.transitions):
        parts.append(f"{plural(lasting, 'check')} still failing")
    if compared.drift:
        parts.append(_drifted(compared.drift))
    if not parts:
        return f"Nothing since the run of {when(compared.previous_at)}."
    return "; ".join(parts)


def _moved(report: Report, kind: Change) -> str:
    moved = [t for t in report.comparison.transitions if t.change is kind]
    if not moved:
        return ""
    first = min((t.since for t in moved if t.since), default="")
    verb = {Change.FLAKY: "became flaky", Change.SLOWER: "became slower"}.get(kind, kind.lower())
    told = f"{plural(len(moved), 'check')} {verb}"
    if not first or kind is not Change.BROKE:
        return told
    now = report.run.finished_at
    ago = between(first, now)
    return f"{told} at {_clock(first, now)}" + (f" ({ago} ago)" if ago else "")


def _clock(moment: str, now: str) -> str:
    """Return a time, without its date on the day of `now`: "10:01 UTC"."""
    whole, today = when(moment), when(now)
    day = len("10:01 UTC")
    return whole[-day:] if whole[:-day] == today[:-day] else whole


def _drifted(drift: Sequence[Drift]) -> str:
    told = f"{plural(len(drift), 'change')} in the control plane"
    who = list(dict.fromkeys(line(d.by, 60) for d in drift if d.by))
    if not who:
        return told
    return f"{told} by {', '.join(who[:2])}" + (f" and {len(who) - 2} more" if who[2:] else "")


def by_whom(diagnosis: Diagnosis, now: str) -> str:
    """Return who changed what a cause names: "changed by alice 4 min ago (DeleteRule)", or ""."""
    by = diagnosis.changed_by
    if by is None:
        return ""
    ago = between(by.at, now)
    return f"changed by {line(by.who, 120)}{f' {ago} ago' if ago else ''} ({line(by.call, 80)})"
