"""Refuse blocking checks without a light check before them, and needs that lead to one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from canary.model import Check, Severity
from canary.probes.base.api import Kind


def problems(check: Check, known: Mapping[str, Check], kinds: Mapping[str, Kind]) -> Iterator[str]:
    """Yield what is wrong with a check's `load` and needs, each `key: what is wrong`."""
    needed = [known[n] for n in check.needs if n in known]
    for need in (n for n in needed if n.blocking):
        yield f"needs: {need.id} is blocking and not asked in every run, no check can wait for it"
    if not check.blocking:
        return
    if check.severity is Severity.CRITICAL:
        yield (
            "severity: a blocking check cannot be critical, a page would wait for its cadence;"
            " make a light check that it needs critical"
        )
    if not any(_asks(need, kinds[need.kind]) for need in needed):
        yield (
            "needs: a blocking check is asked only after a light check passed that sends a request"
            " to the same dependency (or through the proxy), and it needs none"
        )


def _asks(need: Check, kind: Kind) -> bool:
    """Return whether a need is light and its request reaches the service behind the balancer."""
    return not need.blocking and not kind.handshake and kind.requests(need.spec) > 0
