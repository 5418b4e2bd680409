"""Who changed a resource before it failed."""

from __future__ import annotations

from canary.model.base import Frozen


class ChangedBy(Frozen, frozen=True, kw_only=True):
    """Who changed what a diagnosis names, by CloudTrail: names of others, masked and bounded."""

    who: str  # "alice", "the role deploy (session ci-7)", "AWS (ecs.amazonaws.com)"
    call: str  # "DeleteRule"
    at: str  # ISO 8601
