"""Type a remedy on an account, and compare all that AWS describes with what it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from canary.diagnose.core.case import Case
from canary.diagnose.core.finding import Finding
from canary.model import Remedy, Result
from tests.canary.support.aws_model.account import Account, case

Rule = Callable[[Case], Iterator[Finding]]


def remedy(
    rule: Rule, cause: str, broken: Account, well: Account | None, *results: Result
) -> Remedy:
    """Return the remedy that a rule of the diagnosis has for a cause."""
    found = [f for f in rule(case(broken, well, *results)) if f.cause == cause]
    assert found, f"the rule does not name {cause}"
    return found[0].remedy


def restores(found: Remedy, broken: Account, well: Account) -> None:
    """Check that a fix gives back what was well, and that its way back leads to what was broken."""
    assert found.fix, found.decision
    account = broken.copy()
    account.type(*found.fix)
    _same(well, account, found.fix)
    if found.undo:
        account.type(*found.undo)
        _same(broken, account, found.undo)


ALONE = "only the past tells"


def restores_if_confirmed(found: Remedy, broken: Account, well: Account) -> None:
    """Check the same where the present confirms what the past tells, else that nothing is typed."""
    if ALONE in found.decision:
        assert found.fix == ()
    else:
        restores(found, broken, well)


def _same(wanted: Account, found: Account, lines: tuple[str, ...]) -> None:
    left = differences(wanted, found)
    assert not left, f"{left} after {lines}"


def differences(before: Account, after: Account) -> dict[str, tuple[Any, Any]]:
    """Return what is described otherwise, by part and name."""
    one, two = before.shown(), after.shown()
    return {
        f"{part} {name}": (one[part].get(name), two[part].get(name))
        for part in one
        for name in one[part].keys() | two[part].keys()
        if one[part].get(name) != two[part].get(name)
    }
