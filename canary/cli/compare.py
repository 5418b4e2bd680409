"""`compare`: what is wrong in one report that was not in an earlier one, the worst first."""

from __future__ import annotations

from collections.abc import Iterable

import click
import msgspec

from canary.cli.options import as_json, environment_option, format_option, on_screen
from canary.cli.reports import READS, found, state_of, store_option
from canary.model import SEVERITY_ORDER, Change, Comparison, Result, Transition
from canary.report.text import when

WORST = (
    Change.BROKE,
    Change.STILL_FAILING,
    Change.FLAKY,
    Change.SLOWER,
    Change.REMOVED,
    Change.NEW,
    Change.FIXED,
)
"""The order in which changes are shown: what is wrong now comes first."""


@click.command(short_help="Compare two reports.", epilog=READS)
@click.argument("a")
@click.argument("b")
@environment_option
@store_option
@format_option()
def compare(a: str, b: str, environment: str, store: str | None, form: str) -> None:
    """Compare report B with the earlier report A, each given by file, run id or "latest".

    Prints what is wrong now, the most severe first: checks that broke, still fail or became slower;
    then the changes of the control plane between the two, and what was fixed.

    \b
    Examples:
      python -m canary compare before.json after.json
      python -m canary compare 20261122t120000250-1f260f latest
    """
    from canary.comparison.drift import drift, without_moving
    from canary.comparison.transitions import compare as comparing

    (before, read_before), (after, read_after) = (found(x, environment, store) for x in (a, b))
    now, valid = after.run.started_at, not after.run.cpu_starved
    changed = comparing(before, after.results, after.history, now=now, latency_valid=valid)
    old, new = state_of(before, read_before), state_of(after, read_after)
    if old is not None and new is not None:
        drifted = drift(old, new)
        if before.platform is None or after.platform is None:
            drifted = without_moving(drifted)
        changed = msgspec.structs.replace(changed, drift=drifted)
    click.echo(as_json(changed) if form == "json" else _described(changed, after.results))


def _described(changed: Comparison, results: Iterable[Result]) -> str:
    """Return what is wrong now, then what the control plane changed, then what is well again."""
    severity = {r.check_id: SEVERITY_ORDER.index(r.severity) for r in results}

    def rank(row: Transition) -> tuple[int, int, str]:
        return WORST.index(row.change), severity.get(row.check_id, len(severity)), row.check_id

    ranked = sorted(changed.transitions, key=rank)
    wrong = [t for t in ranked if t.change in WORST[:4]]
    drifted = [
        f"DRIFT          {d.resource}: {d.attribute}: {d.before or '-'} -> {d.after or '-'}"
        for d in changed.drift
    ]
    rest = [t for t in ranked if t.change not in WORST[:4]]
    rows = [*map(_transition, wrong), *drifted, *map(_transition, rest)]
    return on_screen(rows) or "nothing changed"


def _transition(row: Transition) -> str:
    return f"{row.change.value:14} {row.check_id}  since {when(row.since)}  {row.note}".rstrip()
