"""A request that a service must receive, with the rule that the contract has for it."""

from __future__ import annotations

from dataclasses import dataclass

from canary.diagnose.core.case import Case


@dataclass(frozen=True, kw_only=True)
class Need:
    """A path of the contract, or one that failed, and the service that must receive it."""

    host: str
    path: str
    method: str
    service: str
    pattern: str
    priority: int

    def receivers(self, case: Case) -> frozenset[str]:
        """Return the ARNs of the target groups that are right."""
        return frozenset(g.arn for g in case.groups(self.service))
