"""What a message says of a cause: why it is true, how to look, how to fix, how to verify.

A block of commands is whole or left to the report: a part of a command would do something else.
"""

from __future__ import annotations

from collections.abc import Iterable

from canary.model import Diagnosis, Difference, Remedy
from canary.report.text import command, decision, line

_BLOCK = 3_000  # characters of a block of commands
_ELSEWHERE = "  (too long for a message: the report has it)"
_EVIDENCE = 2
_NOT_PROVEN = "Cause: not proven."


def why(cause: Diagnosis | None) -> list[str]:
    """Return the cause, where it is and what shows it."""
    if cause is None:
        return [_NOT_PROVEN]
    rows = [
        f"Cause ({cause.confidence.value.lower()}): {line(cause.summary, 300)}",
        f"  {cause.cause} in {line(cause.service, 60)}, {line(cause.resource, 300)}",
    ]
    for evidence in cause.evidence[:_EVIDENCE]:
        expected = f"; expected {line(evidence.expected, 120)}" if evidence.expected else ""
        rows.append(f"  seen: {line(evidence.seen, 200)}{expected}")
    return rows


def what_to_do(cause: Diagnosis | None) -> list[str]:
    """Return Look, Fix or Decide, Undo and Verify, each with its commands."""
    if cause is None:
        return ["Look: the report shows what each check expected and what it saw.", ""]
    remedy = cause.remedy
    rows = [
        *_block("Look:", remedy.inspect),
        *_decision(remedy),
        *_fix(remedy),
        *_block("Verify:", remedy.verify),
    ]
    return [*rows, ""] if rows else []


def other(cause: Diagnosis) -> str:
    """Return a further cause as one line."""
    where = f"{cause.cause} in {line(cause.service, 60)}, {cause.confidence.value.lower()}"
    return f"Another cause: {line(cause.summary, 300)} ({where}; the report has its fix)"


def _fix(remedy: Remedy) -> list[str]:
    if not remedy.fix:
        return []
    return [
        *_block(f"Fix (CHANGES THE PLATFORM): {line(remedy.summary, 300)}", remedy.fix),
        *(_changed(d) for d in remedy.difference),
        *_block("Undo the fix:", remedy.undo),
        *([f"Without a way back: {line(remedy.irreversible, 400)}"] if remedy.irreversible else []),
    ]


def _changed(change: Difference) -> str:
    before, after = (line(t or "not there", 300) for t in (change.before, change.after))
    return f"  changes {line(change.resource, 300)}: {before} becomes {after}"


def _decision(remedy: Remedy) -> list[str]:
    if not remedy.decision:
        return []
    rows = [f"Decide: {decision(remedy.decision, 1_000)}"]
    if remedy.decision_command:
        rows += _block("Type, once decided (CHANGES THE PLATFORM):", (remedy.decision_command,))
    return rows


def _block(title: str, commands: Iterable[str]) -> list[str]:
    """Return a title and its commands, all or none of them."""
    rows = [f"  {command(c, _BLOCK)}" for c in commands]
    if not rows:
        return []
    return [title, *(rows if sum(map(len, rows)) <= _BLOCK else [_ELSEWHERE])]
