"""What the way back of lost paths would take from rules that somebody made since."""

from __future__ import annotations

from collections.abc import Sequence

from canary.control_plane.routing import idle_values, order, overlap, takes, winner
from canary.control_plane.state import Listener, Rule
from canary.diagnose.core import serving
from canary.diagnose.core.case import Case
from canary.diagnose.remedies.rules import OIDC
from canary.diagnose.routing.baseline_rules import same_action
from canary.diagnose.routing.misroutes import Misroute, leads_right, misrouted, needs


def of_deletion(case: Case, misroute: Misroute, rule: Rule) -> str:
    """Return why no command deletes a new rule that takes lost paths, "" where one may."""
    lost = [*misroute.paths, *(n for n in needs(case) if misrouted(case, n))]
    path = next((n.path for n in lost if takes(rule, n.host, n.path, n.method)), lost[0].path)
    said = f"Rule {rule.priority} is new and takes {path} away"
    if more := idle_values(rule, {n.host for n in lost}, {n.path for n in lost}):
        return f"{said}, but it carries {', '.join(more)} as well: decide what it shall keep."
    if any(a.type == OIDC for a in rule.actions):
        return (
            f"{said}. AWS does not tell the client secret of its sign-in, so a deleted rule does"
            " not come back: decide whether anybody needs it."
        )
    return ""


def of_places(back: Sequence[Rule], newer: Sequence[Rule]) -> list[str]:
    """Return which rules that are put back would take requests of newer rules behind them."""
    return [
        f"Put back, rule {rule.priority} would take requests for {_described(new)} away from rule"
        f" {new.priority}, which is newer: decide where each of them shall stand."
        for new in newer
        for rule in back
        if order(rule) < order(new) and overlap(rule, new) and not _alike(rule, new)
    ]


def _described(rule: Rule) -> str:
    return ", ".join(v for c in rule.conditions for v in c.values)


def _alike(one: Rule, other: Rule) -> bool:
    return same_action(one, other) and one.transforms == other.transforms


def of_crowding(rule: Rule) -> str:
    """Return the decision about a lost rule that finds no place between its neighbours."""
    return f"Other rules fill the places around rule {rule.priority}: decide which one makes room."


def of_turning(case: Case, now: Listener, after: Listener) -> list[str]:
    """Return which paths that are led right now would be led otherwise."""
    found: list[str] = []
    for need in needs(case):
        served = serving.listener(case, need.service, need.host)
        took = winner(now, need.host, need.path, need.method)
        if served is None or served.arn != now.arn or not took or misrouted(case, need):
            continue
        new = winner(after, need.host, need.path, need.method)
        if new is None or not (same_action(took, new) or leads_right(case, need, new)):
            found.append(
                f"Put back, the rules would lead {need.path} otherwise, which reaches"
                f" {need.service} now: decide how both shall be led."
            )
    return found
