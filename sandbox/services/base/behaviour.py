"""What a task definition switches: misbehaviour on, and the platform's own faults off.

SANDBOX_BEHAVIOUR plants misbehaviour. The platform's public code has faults of its own, which the
programs have too; SANDBOX_MENDED names those that are mended (`all` for every one), and a switch
`as-found-NAME` in SANDBOX_BEHAVIOUR takes one mend away again.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass, field

HEALTH_PATHS = ("/health", "/ready", "/live", "/version", "/metrics")


@dataclass(frozen=True)
class Behaviour:
    """The switches of one process; `values` maps a switch to the text after its colon."""

    values: dict[str, str]
    mends: frozenset[str] = frozenset()
    _counter: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def has(self, switch: str) -> bool:
        """Return whether a switch is on."""
        return switch in self.values

    def mended(self, name: str) -> bool:
        """Return whether a fault of the platform's own code is mended in this process."""
        return bool(self.mends & {"all", name}) and not self.has(f"as-found-{name}")

    def delay_s(self, path: str) -> float:
        """Seconds to wait before answering a path; health paths are never slowed."""
        return 0.0 if is_health(path) else float(self.values.get("slow") or 0)

    def fails_now(self, path: str) -> bool:
        """Count a request and return whether it is a fifth one, which must fail."""
        if is_health(path) or not self.has("error-1-in-5"):
            return False
        return next(self._counter) % 5 == 0

    def transport(self, path: str) -> str:
        """Return the switch that breaks the transfer of a path's response, or an empty string."""
        if is_health(path):
            return ""
        breaking = ("hang", "header-drip", "reset-body", "huge-body")
        return next((s for s in breaking if self.has(s)), "")

    def unmounted(self, path: str) -> bool:
        """Return whether a path lies under an unmounted prefix."""
        prefix = self.values.get("unmount")
        return bool(prefix) and path.startswith(str(prefix))


def is_health(path: str) -> bool:
    """Return whether a path is a health path."""
    return path.startswith(HEALTH_PATHS)


def parse(text: str, mended: str = "") -> Behaviour:
    """Read `a,b:value` and the mends; the value of crash-on-start runs to the end of its text."""
    values: dict[str, str] = {}
    for part in _parts(text):
        name, _, value = part.partition(":")
        values[name] = value
    return Behaviour(values, frozenset(_parts(mended)))


def _parts(text: str) -> list[str]:
    return [piece.strip() for piece in text.split(",") if piece.strip()]


def from_environment() -> Behaviour:
    """Read the switches of this process."""
    return parse(os.environ.get("SANDBOX_BEHAVIOUR", ""), os.environ.get("SANDBOX_MENDED", ""))
