"""Groups whose protocol version does not take the requests that arrive: answers with 464.

AWS, "Troubleshoot your Application Load Balancers": HTTP 464 is a request whose protocol does not
fit the version of the target group. The version is given when a group is created, and stays.
"""

from __future__ import annotations

from collections.abc import Iterator

from canary.control_plane.routing import winner
from canary.control_plane.state import Rule, TargetGroup
from canary.diagnose.core import serving
from canary.diagnose.core.case import Case, Failures
from canary.diagnose.core.failures import Failure
from canary.diagnose.core.finding import Finding
from canary.diagnose.core.symptoms import Symptom
from canary.diagnose.remedies import build, well
from canary.diagnose.remedies.build import Edits
from canary.diagnose.remedies.listeners import default_actions, modify_listener
from canary.diagnose.remedies.rules import modify_rule
from canary.diagnose.targets.commands import GONE, inspect, verify
from canary.model import Confidence, Remedy

_INCOMPATIBLE = 464
_USUAL = "HTTP1"  # which takes every request


def refused(case: Case) -> Iterator[Finding]:
    """Report each group of a service whose protocol version takes none of the requests."""
    for name in case.services:
        found = [f for f in case.failures if _is_refused(f, name)]
        for group in case.groups(name):
            rules = [r for f in found for r in _rules(case, name, f, group)]
            if rules and version(group) != _USUAL:
                yield _finding(case, name, group, tuple({r.arn: r for r in rules}.values()))


def version(group: TargetGroup) -> str:
    """Return a group's protocol version; a group without one speaks HTTP/1.1."""
    return group.protocol_version or _USUAL


def _is_refused(failure: Failure, name: str) -> bool:
    return failure.entry_service == name and failure.status == _INCOMPATIBLE


def _rules(case: Case, name: str, failure: Failure, group: TargetGroup) -> list[Rule]:
    """Return the rule that leads a request to a group, none if another one took it."""
    listener = serving.listener(case, name, failure.host)
    if listener is None:
        return []
    rule = winner(listener, failure.host, failure.path, failure.method)
    named = {f.target_group for f in rule.action.forwards if f.weight} if rule else set()
    return [rule] if rule and group.arn in named else []


def _failures(case: Case, name: str) -> Failures:
    return frozenset(
        f
        for f in case.failures
        if _is_refused(f, name) or (f.symptom is Symptom.CONTROL_TARGETS and f.service == name)
    )


def _finding(case: Case, name: str, group: TargetGroup, rules: tuple[Rule, ...]) -> Finding:
    now, old = version(group), _before(case, group, rules)
    return Finding(
        cause="target-protocol-mismatch",
        service=name,
        resource=group.arn,
        confidence=Confidence.CERTAIN,
        summary=f"{group.name} has the protocol version {now}, and takes no request of HTTP/1.1.",
        evidence=case.evidence(
            group.name,
            f"protocol version {now}",
            f"before: {old.name} with {version(old)}" if old else f"protocol version {_USUAL}",
        ),
        remedy=_remedy(case, group, old, rules),
        explained_failures=_failures(case, name),
    )


def _before(case: Case, group: TargetGroup, rules: tuple[Rule, ...]) -> TargetGroup | None:
    """Return the group of another version to which these rules led while all was well."""
    past = [was for r in rules if (was := well.rule(case, r.arn))]
    old = sorted({f.target_group for was in past for f in was.action.forwards})
    known = (well.group(case, arn) for arn in old)
    return next((g for g in known if g and version(g) != version(group)), None)


def _remedy(
    case: Case, group: TargetGroup, old: TargetGroup | None, rules: tuple[Rule, ...]
) -> Remedy:
    """Return how requests come back to the group that took them, if it still has targets."""
    there = case.group(old.arn) if old else None
    live = there if there and any(t.state not in GONE for t in there.targets) else None
    wanted = version(old) if old else _USUAL
    return build.remedy(
        case,
        f"Let the rules forward to {live.name} again."
        if live
        else "A group's protocol version cannot be changed: make a new group.",
        tuple(e for r in rules for e in _as_it_was(case, r)) if live else (),
        inspect=inspect(case, group),
        verify=verify(case, live or group),
        otherwise=f"Create a target group of protocol version {wanted}, attach it to the ECS"
        " service and let the rules forward to it.",
    )


def _as_it_was(case: Case, rule: Rule) -> Edits:
    was = well.rule(case, rule.arn)
    if was is None:
        return ()
    if rule.priority != "default":
        return (modify_rule(rule, actions=was.actions),)
    listeners = [x for b in case.state.load_balancers for x in b.listeners if rule in x.rules]
    return tuple(
        modify_listener(x, actions=default_actions(old))
        for x in listeners
        if (old := well.listener(case, x.arn))
    )
