"""A request that a service must receive, with the rule that the environment names for it."""

from __future__ import annotations

from dataclasses import dataclass

from canary.diagnose.core.case import Case


@dataclass(frozen=True, kw_only=True)
class Need:
    """A route of the environment, or a path that failed, and the service that must receive it."""

    host: str
    path: str
    method: str
    service: str
    pattern: str
    priority: int

    def receivers(self, case: Case) -> frozenset[str]:
        """Return the ARNs of the right target groups."""
        return frozenset(g.arn for g in case.groups(self.service))
