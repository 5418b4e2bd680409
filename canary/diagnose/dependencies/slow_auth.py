"""An auth service that judges keys, and takes long for it: it is slow, and not down."""

from __future__ import annotations

from collections.abc import Iterator

from canary.diagnose.access.auth_service import asked_about_keys, behaviour
from canary.diagnose.core.case import AUTH, Case
from canary.diagnose.core.claim import DEPENDS, Claim
from canary.diagnose.dependencies.slow import FAST_MS, QUICKER, SLOW_MS, late_ones, quickest


def slow_auth(case: Case) -> Iterator[Claim]:
    """Claim an auth service that is slow where it is asked about keys, and quick otherwise."""
    if AUTH not in case.services:
        return
    judged = [e.timing.total_ms for _, e in asked_about_keys(case) if 0 < e.status < 500]
    quick, least = quickest(case, AUTH), min(judged, default=0.0)
    if not quick or least < SLOW_MS or quick.timing.total_ms > max(FAST_MS, least / QUICKER):
        return
    asked = {n for n in case.services if AUTH in case.closure(n)}
    atoms = frozenset(f for f in late_ones(case) if f.front in asked and (f.principal or f.body))
    text = f"The auth service takes {least:.0f} ms and more to judge a key."
    yield from behaviour(case, "latency-degraded", atoms, text, DEPENDS + 4, AUTH)
