"""Tell a finding beside the platform in which its own checks were well last."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import msgspec

from canary.control_plane.baselines import Baseline, Baselines
from canary.diagnose.core.case import Case
from canary.diagnose.core.finding import Finding

Judge = Callable[[Case], Iterable[Finding]]
"""Judge a case by the rules that found something: the same rules for the past as for today."""


def beside(case: Case, well: Baseline) -> Case:
    """Return the case with an earlier platform as the one that was well, for all its checks."""
    of = dict.fromkeys(case.baselines.of, well)
    before = msgspec.structs.replace(well.state, read_at=well.at)
    return replace(case, previous=before, baselines=Baselines(of=of, incident=well))


class OwnPast:
    """Tells a finding beside the platform in which its own checks were well last.

    The baseline of the incident may be older: that of a check which fails for another reason. What
    somebody changed since then, and all was well, is no part of the way back.
    """

    def __init__(self, case: Case, judge: Judge) -> None:
        self._case, self._judge = case, judge
        self._said: dict[str, tuple[Finding, ...]] = {}

    def described(self, finding: Finding) -> Finding:
        """Return the same finding with the remedy that leads back to its own baseline."""
        known = self._case.baselines
        checks = {f.check_id for f in finding.explained_failures} & known.of.keys()
        if not checks or known.incident is None or finding.always_report:
            return finding
        # the oldest of its own: in the newest the fault may have stood already
        own = min((known.of[c] for c in checks), key=lambda b: b.at)
        if own.reference == known.incident.reference or own.at <= known.incident.at:
            return finding
        if own.reference not in self._said:
            self._said[own.reference] = tuple(self._judge(beside(self._case, own)))
        same = (
            f
            for f in self._said[own.reference]
            if (f.cause, f.resource) == (finding.cause, finding.resource)
        )
        return next(same, finding)
