"""Requests that a service refuses with a 4xx of no known kind since its revision changed."""

from __future__ import annotations

from collections.abc import Iterator

from canary.diagnose.access.auth_service import behaviour
from canary.diagnose.application import changed_service
from canary.diagnose.core.case import Case
from canary.diagnose.core.finding import Finding
from canary.diagnose.core.symptoms import Symptom
from canary.diagnose.ecs import revisions
from canary.model import Confidence


def refused_routes(case: Case) -> Iterator[Finding]:
    """Report refusals that nothing else tells of, where a newer revision runs than before.

    The refusal does not say why: the change is the one thing that is known, and no proof.
    """
    for entry in case.entry_services(Symptom.WRONG_ANSWER):
        own = case.having(Symptom.WRONG_ANSWER, entry=entry)
        failures = frozenset(f for f in own if 400 <= f.status < 500)
        owner = changed_service(case, entry, failures)
        change = revisions.rollout(case, owner)
        if change and not change.rolled_back:
            yield from behaviour(
                case,
                "route-failing",
                failures,
                "{service} refuses requests, and "
                + ("its revision" if owner == entry else f"the revision of {owner} behind it")
                + " has changed.",
                owner,
                confidence=Confidence.POSSIBLE,
            )
