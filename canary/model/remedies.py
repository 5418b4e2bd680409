"""A remedy: commands to type with their way back, or a decision."""

from __future__ import annotations

from canary.model.base import Frozen


class Difference(Frozen, frozen=True, kw_only=True):
    """What a fix changes of one resource; an empty text: it is not there."""

    resource: str
    before: str  # JSON of the fields that change
    after: str


class Remedy(Frozen, frozen=True, kw_only=True):
    """Commands for people to type, or a decision; the canary never executes them."""

    summary: str
    inspect: tuple[str, ...] = ()
    fix: tuple[str, ...] = ()
    verify: tuple[str, ...] = ()
    terraform: str = ""
    decision: str = ""  # the decision of a person, where no command is safe
    decision_command: str = ""  # of the decision: it asks for a secret, or has no way back
    difference: tuple[Difference, ...] = ()  # before and after the fix
    undo: tuple[str, ...] = ()  # the way back from the fix
    irreversible: str = ""  # what of the fix has no way back, and why

    def __post_init__(self) -> None:
        """Refuse a remedy that helps nobody."""
        if not (self.fix or self.decision):
            raise ValueError("a remedy needs a fix or a decision")
