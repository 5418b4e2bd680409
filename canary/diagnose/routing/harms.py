"""What the way back of lost paths would take from rules that somebody made since."""

from __future__ import annotations

from collections.abc import Sequence

from canary.control_plane.patterns import matches
from canary.control_plane.routing import takes
from canary.control_plane.state import Rule
from canary.diagnose.core.case import Case
from canary.diagnose.remedies.rules import OIDC
from canary.diagnose.routing.misroutes import Misroute, Need, misrouted, needs


def of_deletion(case: Case, misroute: Misroute, rule: Rule) -> str:
    """Return why no command deletes a new rule that takes lost paths, "" where one may."""
    lost = [*misroute.paths, *(n for n in needs(case) if misrouted(case, n))]
    path = next((n.path for n in lost if takes(rule, n.host, n.path, n.method)), lost[0].path)
    said = f"Rule {rule.priority} is new and takes {path} away"
    if more := _carried(rule, lost):
        return f"{said}, but it carries {', '.join(more)} as well: decide what it shall keep."
    if any(a.type == OIDC for a in rule.actions):
        return (
            f"{said}. AWS does not tell the client secret of its sign-in, so a deleted rule does"
            " not come back: decide whether anybody needs it."
        )
    return ""


def _carried(rule: Rule, lost: Sequence[Need]) -> list[str]:
    """Return the paths and hosts of a rule that no lost path needs: they would die with it."""
    found: list[str] = []
    for condition in rule.conditions:
        if condition.field == "path-pattern":
            found += [v for v in condition.values if not any(matches(v, n.path) for n in lost)]
        if condition.field == "host-header":
            hosts = {n.host for n in lost}
            found += [v for v in condition.values if not any(_is_host(v, h) for h in hosts)]
    return found


def _is_host(pattern: str, host: str) -> bool:
    return bool(matches(pattern, host, fold=True))
