"""The last day and month: a strip of bars for each suite, uptime, error budget, incidents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from math import floor

from canary.model import Frozen, Report, Severity, Status, Suite
from canary.report.archive import DAYS, HOURS, Archive, Bucket, CheckArchive, happened
from canary.report.plots import availability, latency, placed, together
from canary.report.text import between, line, milliseconds, plural, when

SLO = 99.9
"""The share of critical checks that shall pass in 31 days, in percent, where no file says it."""

_HEIGHT, _SLOT = 20, 5
# a slot's letter, the class of its bar and its height: the shape tells the state, too
_BARS = {"P": ("p", 8), "d": ("f", 14), "F": ("f", 20), "?": ("e", 11)}
_WORDS = {
    "P": "passed",
    "d": "partly failed",
    "F": "failed",
    "?": "not judged",
    ".": "without a run",
}


class Strip(Frozen, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """A suite's last 24 hours and 31 days, a letter each, and the share that passed, as text."""

    name: str
    day: str
    month: str
    day_share: str = ""
    month_share: str = ""


class Fact(Frozen, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """A figure with its name; `note` says what it is made of."""

    name: str
    value: str
    note: str = ""


def strips(report: Report, archive: Archive) -> tuple[Strip, ...]:
    """Return a strip for each suite that was judged within the last month."""
    end = report.run.started_at
    members: dict[Suite, list[CheckArchive]] = {}
    for result in report.results:
        if kept := archive.checks.get(result.check_id):
            members.setdefault(result.suite, []).append(kept)
    found = []
    for suite in Suite:
        if suite in members:
            long = together(members[suite])
            found.append(
                Strip(
                    name=suite,
                    day=letters(long.hours, HOURS, "hour", end),
                    month=letters(long.days, DAYS, "day", end),
                    day_share=availability(long.hours),
                    month_share=availability(long.days),
                )
            )
    return tuple(found)


def letters(kept: Sequence[Bucket], slots: int, unit: str, end: str) -> str:
    """Return a letter for each slot up to the time `end`, the newest last; "." had no run."""
    found = ["."] * slots
    for slot, bucket in placed(kept, slots, unit, end):
        if not bucket.passed + bucket.failed:
            found[slot] = "?"
        elif not bucket.failed:
            found[slot] = "P"
        else:
            found[slot] = "d" if bucket.passed else "F"
    return "".join(found)


def drawn(known: str, unit: str) -> str:
    """Draw a strip of letters as SVG; other letters are left empty."""
    paths: dict[tuple[str, int], list[str]] = {}
    place = 0
    for letter, run in groupby(known[:DAYS]):
        length = _SLOT * len(list(run))
        if letter in _BARS:
            kind, height = _BARS[letter]
            paths.setdefault((kind, height), []).append(
                f"M{place} {_HEIGHT - height / 2:g}h{length - 1}"
            )
        place += length
    body = "".join(
        f'<path class={kind} stroke-width={height} d="{"".join(d)}"/>'
        for (kind, height), d in paths.items()
    )
    counts = [f"{known.count(k)} {word}" for k, word in _WORDS.items() if known.count(k)]
    told = f"last {plural(len(known), unit)}: {', '.join(counts)}"
    return (
        f'<svg role=img aria-label="{told}" viewBox="0 0 {_SLOT * len(known)} {_HEIGHT}" '
        f"preserveAspectRatio=none>{body}</svg>"
    )


_INCIDENT, _CHANGES = "Last incident", "Changes of the platform"


def for_public(figures: Iterable[Fact]) -> tuple[Fact, ...]:
    """Return the figures that name no resource and no person."""
    return tuple(
        Fact(name=f.name, value=f.value) if f.name == _INCIDENT else f
        for f in figures
        if f.name != _CHANGES
    )


def facts(report: Report, archive: Archive, slo: float = SLO) -> tuple[Fact, ...]:
    """Return uptime, error budget, the registration flow's latency, the last incident, changes."""
    found = [*_uptime(report, archive, slo), *_registration(report, archive)]
    return (*found, _incident(report, archive), _lately(report))


def _uptime(report: Report, archive: Archive, slo: float) -> Iterable[Fact]:
    """Yield the share of critical checks that passed, and what is left of the error budget.

    What could not be judged counts on neither side.
    """
    critical = {r.check_id for r in report.results if r.severity is Severity.CRITICAL}
    chosen = critical or {r.check_id for r in report.results}
    days = [b for name in chosen & archive.checks.keys() for b in archive.checks[name].days]
    failed = sum(b.failed for b in days)
    judged = failed + sum(b.passed for b in days)
    if not judged:
        return
    share = 100 * (judged - failed) / judged
    what = "critical checks" if critical else "checks"
    yield Fact(
        name=f"Uptime in {DAYS} days",
        value=_percent(share),
        note=f"{failed:,} of {judged:,} {what} failed",
    )
    spent = round(100 * failed / (judged * (100 - slo)), 6)  # 0.1 % is no whole binary number
    left = f"{floor(round(100 * (1 - spent), 4))} % left" if spent < 1 else "spent"
    more = f", {spent:.1f} times" if spent > 1 else ""
    yield Fact(name="Error budget", value=left + more, note=f"goal {slo:g} %")


def _percent(share: float) -> str:
    """Return a percentage that is never rounded up to a better one: 99.996 is 99.99 %."""
    return f"{floor(share * 100 + 1e-9) / 100:.2f}".rstrip("0").rstrip(".") + " %"


def _registration(report: Report, archive: Archive) -> Iterable[Fact]:
    flow = next((r for r in report.results if r.kind == "registration"), None)
    if flow is None:
        return
    mean = latency(archive.checks.get(flow.check_id, CheckArchive()).hours)
    usual = f"{milliseconds(mean)} on average in {HOURS} hours" if mean else ""
    now = milliseconds(flow.duration_ms) if flow.status is Status.PASS else "does not pass"
    yield Fact(name="Registration flow", value=now, note=usual)


def _incident(report: Report, archive: Archive) -> Fact:
    """Return the last incident of failing checks: how long it was, when, and its cause."""
    failing = (i for i in happened(archive) if i.status is Status.FAIL)
    last = next(failing, None)
    if last is None:
        return Fact(name=_INCIDENT, value="none known")
    lasted = between(last.began, last.ended or report.run.finished_at) or "less than a second"
    titles = {r.check_id: r.title for r in report.results}
    what = last.cause or _affected(last.checks, titles)
    return Fact(
        name=_INCIDENT,
        value=lasted if last.ended else f"{lasted}, not over",
        note=f"{when(last.began)}: {what}",
    )


def _affected(checks: Sequence[str], titles: dict[str, str]) -> str:
    first = line(titles.get(checks[0], checks[0]), 120)
    return f"{first}, and {plural(len(checks) - 1, 'more check')}" if checks[1:] else first


def _lately(report: Report) -> Fact:
    """Return the last change of the control plane that runs have seen."""
    known = report.changes or report.comparison.drift
    if not known:
        return Fact(name=_CHANGES, value="none known")
    last = known[0]
    who = f" by {line(last.by, 60)}" if last.by else ""
    ago = between(last.at, report.run.finished_at) if last.at else ""
    return Fact(
        name=_CHANGES,
        value=f"the last {ago} ago" if ago else plural(len(known), "change"),
        note=f"{line(last.resource, 80)}: {line(last.attribute, 60)}{who}; {len(known)} in all",
    )
