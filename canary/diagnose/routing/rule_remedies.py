"""Remedies for listener rules: as they were, or the whole rule with the one fault changed."""

from __future__ import annotations

import msgspec

from canary.control_plane.routing import free_priority, patterns, takes
from canary.control_plane.state import Action, Forward, Listener, Rule, TargetGroup
from canary.diagnose.core.case import Case
from canary.diagnose.remedies import build, well
from canary.diagnose.remedies.build import Edits
from canary.diagnose.remedies.edit import Edit
from canary.diagnose.remedies.listeners import default_actions, modify_listener
from canary.diagnose.remedies.rules import (
    create_rule,
    delete_rule,
    modify_rule,
    move_rule,
    path,
    with_forwards,
)
from canary.diagnose.routing.misroutes import Misroute, Need
from canary.model import Remedy


def look(case: Case, balancer: str) -> Remedy:
    """Return the commands that show the routing of a balancer."""
    arn = next((b.arn for b in case.state.load_balancers if b.name == balancer), "")
    inspect = [case.aws.elbv2("describe-load-balancers", names=[balancer])] if balancer else []
    if arn:
        inspect.append(case.aws.elbv2("describe-listeners", load_balancer_arn=arn))
    return Remedy(
        summary="Look at the rules of the listener that serves the address.",
        inspect=tuple(inspect),
        decision="The rules could not be read: give the canary the missing permission, or look."
        if case.environment.cluster
        else "Whoever may read the rules of this load balancer must look at them.",
    )


def for_rule(case: Case, misroute: Misroute, right: TargetGroup) -> Remedy:
    """Return the remedy for a rule that is missing, wrong or in the way of others."""
    listener, rule, need = misroute.listener, misroute.rules[0], misroute.shown
    if misroute.kind == "rule-shadowed":
        summary, edits = _out_of_the_way(case, listener, rule, misroute.paths)
    elif misroute.kind in ("rule-missing", "rule-on-wrong-listener"):
        summary, edits = _create(case, listener, rule, misroute.paths)
    else:
        summary = f"Let the rule for {need.pattern or need.path} forward to {right.name}."
        if len(misroute.rules) > 1 or misroute.kind == "target-group-detached":
            summary = f"Let the rules forward to {right.name}."
        each = (_retarget(case, listener, r, need, right) for r in misroute.rules)
        edits = tuple(e for found in each for e in found)
    show = case.aws.elbv2("describe-rules", listener_arn=listener.arn)
    health = case.aws.elbv2("describe-target-health", target_group_arn=right.arn)
    return build.remedy(case, summary, edits, inspect=(show, health), verify=(show,))


Fix = tuple[str, Edits]


def _create(case: Case, listener: Listener, rule: Rule, paths: list[Need]) -> Fix:
    """Return the edits that bring back a rule for each missing pattern, and the default one."""
    found: list[Edit] = []
    seen: set[str] = set()
    taken: set[int] = set()
    before = int(rule.priority) if rule.priority.isdigit() else None
    for need in paths:
        groups = case.groups(need.service)
        if need.pattern in seen or not groups:
            continue
        seen.add(need.pattern)
        if not need.pattern:
            if rule.priority == "default":
                found += _default(case, listener, need, groups[0])
            continue
        if narrowed := _conditions_back(case, listener, need):
            found += [e for e in narrowed if e not in found]
            continue
        gone = _gone(case, listener, need)
        wanted = int(gone.priority) if gone else need.priority
        priority = free_priority(listener, wanted, before, taken)
        taken.add(priority)
        if gone:
            parts = (gone.conditions, gone.actions, gone.transforms)
            found.append(create_rule(listener, priority, *parts))
        else:
            found.append(create_rule(listener, priority, path(need.pattern), to(groups[0])))
    return _create_summary(case, listener, paths), tuple(found)


def to(group: TargetGroup) -> tuple[Action, ...]:
    """Return the actions of a rule that only forwards to a group."""
    return (Action(type="forward", forwards=(Forward(target_group=group.arn),)),)


def _create_summary(case: Case, listener: Listener, paths: list[Need]) -> str:
    need = next((n for n in paths if n.pattern), paths[0])
    group = next(iter(case.groups(need.service)), None)
    name = group.name if group else need.service
    if not need.pattern:
        return f"Let the default action forward to {name}."
    if _conditions_back(case, listener, need):
        return f"Let the rule take {need.pattern} again, as before."
    return f"Create the rule for {need.pattern} towards {name}."


def _gone(case: Case, listener: Listener, need: Need) -> Rule | None:
    """Return the rule of the listener that took the path while all was well, and is gone."""
    was, right = well.listener(case, listener.arn), need.receivers(case)
    known = {rule.arn for rule in listener.rules}
    for rule in was.rules if was else ():
        groups = {f.target_group for f in rule.action.forwards}
        mine = need.pattern in patterns(rule) and bool(groups) and groups <= right
        if rule.arn not in known and rule.priority.isdigit() and mine:
            return rule
    return None


def _conditions_back(case: Case, listener: Listener, need: Need) -> Edits:
    """Return the edit that restores the conditions with which a rule took the path before.

    A second rule beside the changed one would only hide the change.
    """
    right = need.receivers(case)
    for rule in listener.rules:
        old, groups = well.rule(case, rule.arn), {f.target_group for f in rule.action.forwards}
        if not old or not groups or not groups <= right or not rule.priority.isdigit():
            continue
        if takes(old, need.host, need.path, need.method) and old.conditions != rule.conditions:
            return (modify_rule(rule, conditions=old.conditions),)
    return ()


def _default(case: Case, listener: Listener, need: Need, right: TargetGroup) -> Edits:
    was = well.listener(case, listener.arn)
    now = default_actions(listener)
    wanted = default_actions(was) if was else ()
    if not wanted or wanted == now:
        wanted = retargeted(now, need.receivers(case), right)
    return (modify_listener(listener, actions=wanted),)


def _retarget(case: Case, listener: Listener, rule: Rule, need: Need, right: TargetGroup) -> Edits:
    """Return the edit that leads a rule to the right group: as it was, else that alone changed."""
    if rule.priority == "default":
        return _default(case, listener, need, right)
    was = well.rule(case, rule.arn)
    if was and was.actions != rule.actions:
        return (modify_rule(rule, actions=was.actions),)
    return (modify_rule(rule, actions=retargeted(rule.actions, need.receivers(case), right)),)


def retargeted(
    actions: tuple[Action, ...], receivers: frozenset[str], right: TargetGroup
) -> tuple[Action, ...]:
    """Return actions that lead to the right group; all that is not the fault stays."""
    *earlier, last = actions or to(right)
    named = {f.target_group for f in last.forwards}
    wrong = named - receivers
    if last.type != "forward":
        return (*earlier, *to(right))
    if wrong and not named & receivers and len(wrong) == 1:
        return (*earlier, with_forwards(last, dict.fromkeys(wrong, right.arn)))
    # of several groups the right one keeps its place: the others get no requests
    weights = dict.fromkeys(wrong, 0)
    forwards = tuple(
        msgspec.structs.replace(f, weight=weights.get(f.target_group, f.weight or 1))
        for f in last.forwards
    )
    if not named & receivers:
        forwards = (Forward(target_group=right.arn),)
    return (*earlier, msgspec.structs.replace(last, forwards=forwards, config={}))


def _out_of_the_way(case: Case, listener: Listener, rule: Rule, paths: list[Need]) -> Fix:
    """Move a rule to where it was, delete one that was not there, else move it behind all others.

    No rule can stand behind the default rule.
    """
    first, was = paths[0].path, well.rule(case, rule.arn)
    if was and was.priority.isdigit() and was.priority != rule.priority:
        back = f"Move rule {rule.priority} back to {was.priority}."
        return back, (move_rule(rule, int(was.priority)),)
    if was and was.conditions != rule.conditions:
        back = f"Give rule {rule.priority} its conditions back."
        return back, (modify_rule(rule, conditions=was.conditions),)
    numbered = [r for r in listener.rules if r.priority.isdigit() and r.arn != rule.arn]
    served = [any(takes(r, n.host, n.path, n.method) for r in numbered) for n in paths]
    if well.well(case) is not None or not all(served):
        deleted = f"Delete rule {rule.priority}, which takes {first} away."
        return deleted, (delete_rule(listener, rule),)
    target = free_priority(listener, max(int(r.priority) for r in numbered) + 1)
    summary = f"Move rule {rule.priority} behind the rules of the contract."
    return summary, (move_rule(rule, target),)
