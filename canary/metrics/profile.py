"""Which metrics a profile publishes, and which checks have one of their own in every run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from canary.metrics.table import MOST_OWN
from canary.model import Frozen, Profile, Severity


class Ranked(Protocol):
    """A check or a result of one."""

    @property
    def severity(self) -> Severity:
        """Return the severity of the check."""
        ...


T = TypeVar("T", bound=Ranked)


def own(profile: Profile, ranked: Sequence[T]) -> Sequence[T]:
    """Return what has an alarm and a permanent metric of its own; the most severe come first.

    The alarms choose among checks and the metrics among results: both must choose the same.
    """
    if profile is Profile.LEAN:
        return ()
    if profile is Profile.STANDARD:
        ranked = [one for one in ranked if one.severity is Severity.CRITICAL]
    return ranked[:MOST_OWN]


class Selection(Frozen, frozen=True, kw_only=True):
    """What an environment publishes: `names` are its metrics, none of them means every one.

    A metric costs as much as three alarms, so that the cheaper profiles publish only what an alarm
    reads. What else a run counts stands in its log and in its report.
    """

    profile: Profile = Profile.FULL
    names: frozenset[str] = frozenset()

    def has(self, metric: str) -> bool:
        """Return whether a metric is published."""
        return not self.names or metric in self.names

    def own(self, ranked: Sequence[T]) -> Sequence[T]:
        """Return what has a metric in every run."""
        return own(self.profile, ranked)


EVERYTHING = Selection()
