"""What changed, in the order of a reader's interest: what broke first, and of that the worst."""

from __future__ import annotations

from canary.model import SEVERITY_ORDER, Change, Report, Transition

_ORDER = tuple(Change)


def changes(report: Report) -> tuple[Transition, ...]:
    """Return every transition in order; one of a check that is gone comes last of its kind."""
    weight = {r.check_id: SEVERITY_ORDER.index(r.severity) for r in report.results}
    return tuple(
        sorted(
            report.comparison.transitions,
            key=lambda t: (_ORDER.index(t.change), weight.get(t.check_id, len(SEVERITY_ORDER))),
        )
    )
