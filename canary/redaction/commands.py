"""Withhold commands of which a part is masked: typed, they would do something else.

The redactor masks a secret wherever it stands, and a secret may be an object's name, too. A shell
would read the mask as a pattern of files.
"""

from __future__ import annotations

from typing import Any

import msgspec

from canary.model import Remedy, Report
from canary.redaction.named import MASK

_WHY = "because the canary masks a part of it, which is or looks like a secret"


def with_typeable(report: Report) -> Report:
    """Return a masked report whose commands can be typed as they are printed."""
    diagnoses = tuple(
        msgspec.structs.replace(d, remedy=typeable(d.remedy)) for d in report.diagnoses
    )
    return msgspec.structs.replace(report, diagnoses=diagnoses)


def typeable(remedy: Remedy) -> Remedy:
    """Return a masked remedy without the commands that hold a mask; a decision stands for them.

    A fix and its way back are whole or none.
    """
    changes: dict[str, Any] = {
        name: kept
        for name in ("inspect", "verify")
        if (kept := _whole(getattr(remedy, name))) != getattr(remedy, name)
    }
    if MASK in remedy.decision_command:
        changes |= {"decision_command": "", "decision": _said(remedy)}
    if _masked(remedy.fix):
        by_hand = f"To do by hand: {remedy.summary}"
        changes |= {"fix": (), "undo": (), "difference": (), "terraform": "", "irreversible": ""}
        changes["decision"] = f"{_said(remedy)} {by_hand}"
    else:
        changes |= _way_back(remedy)
    return msgspec.structs.replace(remedy, **changes) if changes else remedy


def _way_back(remedy: Remedy) -> dict[str, Any]:
    """Return what changes of a remedy whose fix can be typed."""
    changes: dict[str, Any] = {"terraform": ""} if MASK in remedy.terraform else {}
    if _masked(remedy.undo):
        said = f"{remedy.irreversible} The way back is not printed, {_WHY}."
        changes |= {"undo": (), "irreversible": said.strip()}
    return changes


def _said(remedy: Remedy) -> str:
    return f"{remedy.decision} No command is printed, {_WHY}.".strip()


def _masked(commands: tuple[str, ...]) -> bool:
    return any(MASK in command for command in commands)


def _whole(commands: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(command for command in commands if MASK not in command)
