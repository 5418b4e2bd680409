"""Make a remedy out of edits: their commands if they pass the check, else a decision."""

from __future__ import annotations

import json
from typing import Any

from canary.diagnose.core.case import Case
from canary.diagnose.remedies.check_whole import as_a_whole
from canary.diagnose.remedies.command import UnsafeTextError, command
from canary.diagnose.remedies.edit import Edit, Later
from canary.diagnose.remedies.never_worse import objections
from canary.diagnose.terraform.write import text
from canary.model import Difference, Remedy

Edits = tuple[Edit, ...]
_MAX_TEXT = 2000


def remedy(
    case: Case,
    summary: str,
    edits: Edits,
    *,
    inspect: tuple[str, ...] = (),
    verify: tuple[str, ...] = (),
    decision: str = "",
    otherwise: str = "",
    otherwise_command: str = "",
) -> Remedy:
    """Return the remedy that edits make, or the decision that is left where they must not be typed.

    `decision` goes with the commands; `otherwise` says what to do where there are none, and
    `otherwise_command` asks for the secret that it speaks of.
    """
    against = [*objections(case, edits), *as_a_whole(case, edits)]
    if edits and not against:
        region = case.environment.region
        undo, irreversible = _undo(edits, region)
        return Remedy(
            summary=summary,
            inspect=inspect,
            fix=tuple(command(e, region) for e in edits),
            verify=verify,
            decision=decision,
            difference=tuple(_difference(e) for e in edits if e.before != e.after),
            undo=undo,
            irreversible=irreversible,
            terraform=text(case, edits),
        )
    why = f"No command is printed, because {'; and '.join(against)}." if against else ""
    rest = otherwise or f"To do by hand: {summary}"
    return Remedy(
        summary=summary,
        inspect=inspect,
        verify=verify,
        decision=" ".join(t for t in (rest, why) if t),
        decision_command=otherwise_command,
    )


def _undo(edits: Edits, region: str) -> tuple[tuple[str, ...], str]:
    """Return the commands of the way back, and what of the fix has none."""
    found = list[str]()
    for edit in reversed(edits):
        if edit.undo is not None:
            try:
                found.append(command(edit.undo, region))
            except UnsafeTextError as error:  # a way back is whole or none
                return (), f"The way back is not printed: {error}."
    missing = (e for e in edits if e.undo is None)
    said = (e.irreversible or f"Nothing takes {e.service} {e.operation} back." for e in missing)
    return tuple(found), " ".join(dict.fromkeys(said))


def _difference(edit: Edit) -> Difference:
    return Difference(resource=edit.resource, before=_text(edit.before), after=_text(edit.after))


def _text(value: dict[str, Any] | None) -> str:
    if value is None:
        return ""
    return json.dumps(value, default=_later)[:_MAX_TEXT]


def _later(value: object) -> str:
    return "the new one" if isinstance(value, Later) else str(value)
