"""What failed in a run, as far as the readers that run after a failure need it."""

from __future__ import annotations

from collections.abc import Iterable

from canary.model import Exchange, Frozen, Result
from canary.model.results import exchanges_of


class Failed(Frozen, frozen=True, kw_only=True):
    """The services that failed, and what their failed steps got for answers."""

    services: frozenset[str] = frozenset()
    answers: tuple[Exchange, ...] = ()
    run_ids: tuple[str, ...] = ()  # of this run, then of the previous one: its requests bear them


NOTHING = Failed()


def failed_of(results: Iterable[Result], run_ids: tuple[str, ...]) -> Failed:
    """Return what failed among these results; answers of an earlier run are left out."""
    bad = tuple(r for r in results if r.status.is_bad)
    return Failed(
        services=frozenset(r.service for r in bad),
        answers=tuple(e for step, e in exchanges_of(bad) if step.status.is_bad),
        run_ids=tuple(filter(None, run_ids)),
    )
