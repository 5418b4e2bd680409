"""Remedies for listener rules: as they were, or the whole rule with the one fault changed."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from canary.control_plane.routing import free_priority, takes
from canary.control_plane.state import Action, Forward, Listener, Rule, TargetGroup
from canary.control_plane.unread import knows
from canary.diagnose.core.case import Case
from canary.diagnose.remedies import build, well
from canary.diagnose.remedies.build import Edits
from canary.diagnose.remedies.edit import Edit, Parameters
from canary.diagnose.remedies.listeners import default_actions, modify_listener
from canary.diagnose.remedies.rules import (
    create_rule,
    delete_rule,
    modify_rule,
    move_rules,
    path,
)
from canary.diagnose.routing import harms
from canary.diagnose.routing.misroutes import Misroute, Need
from canary.diagnose.routing.way_back import Back, way_back
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
    back = way_back(case, misroute)
    summary, edits = (back.summary, back.edits) if back else _smallest(case, misroute, right)
    against = back.against if back else _against(case, misroute, edits)
    show = case.aws.elbv2("describe-rules", listener_arn=misroute.listener.arn)
    health = case.aws.elbv2("describe-target-health", target_group_arn=right.arn)
    decision = " ".join(t for t in (back.decision, orphans(case, back)) if t) if back else ""
    need = misroute.shown
    return build.remedy(
        case,
        f"Lead {need.pattern or need.path} to {right.name} again." if against else summary,
        () if against else edits,
        inspect=(show, health),
        verify=(show,),
        decision=decision,
        otherwise=against,
    )


def _against(case: Case, misroute: Misroute, edits: Edits) -> str:
    """Return what the smallest edit would take from others, "" if nothing."""
    deletes = any(e.operation == "delete-rule" for e in edits)
    return harms.of_deletion(case, misroute, misroute.rules[0]) if deletes else ""


Fix = tuple[str, Edits]


def _smallest(case: Case, misroute: Misroute, right: TargetGroup) -> Fix:
    """Return the smallest edit that leads the paths right, where no baseline shows the way back."""
    listener, rule, need = misroute.listener, misroute.rules[0], misroute.shown
    if misroute.kind == "rule-shadowed":
        return _out_of_the_way(case, listener, rule, misroute.paths)
    if misroute.kind in ("rule-missing", "rule-on-wrong-listener"):
        return _create(case, listener, rule, misroute.paths)
    summary = f"Let the rule for {need.pattern or need.path} forward to {right.name}."
    if len(misroute.rules) > 1 or misroute.kind == "target-group-detached":
        summary = f"Let the rules forward to {right.name}."
    return summary, tuple(_retarget(case, listener, r, need, right) for r in misroute.rules)


def _create(case: Case, listener: Listener, rule: Rule, paths: list[Need]) -> Fix:
    """Return the edits that create a rule for each missing pattern, and mend the default one."""
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
                found.append(_default(case, listener, need, groups[0]))
            continue
        priority = free_priority(listener, need.priority, before, taken)
        taken.add(priority)
        found.append(create_rule(listener, priority, path(need.pattern), to(groups[0])))
    return _create_summary(case, paths), tuple(found)


def to(group: TargetGroup) -> tuple[Action, ...]:
    """Return the actions of a rule that only forwards to a group."""
    return (Action(type="forward", forwards=(Forward(target_group=group.arn),)),)


def _create_summary(case: Case, paths: list[Need]) -> str:
    need = next((n for n in paths if n.pattern), paths[0])
    group = next(iter(case.groups(need.service)), None)
    name = group.name if group else need.service
    if not need.pattern:
        return f"Let the default action forward to {name}."
    return f"Create the rule for {need.pattern} towards {name}."


def _default(case: Case, listener: Listener, need: Need, right: TargetGroup) -> Edit:
    wanted = retargeted(default_actions(listener), need.receivers(case), right)
    return modify_listener(listener, actions=wanted)


def _retarget(case: Case, listener: Listener, rule: Rule, need: Need, right: TargetGroup) -> Edit:
    """Return the edit that leads a rule to the right group, and changes nothing else."""
    if rule.priority == "default":
        return _default(case, listener, need, right)
    return modify_rule(rule, actions=retargeted(rule.actions, need.receivers(case), right))


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


def with_forwards(action: Action, groups: Mapping[str, str]) -> Action:
    """Return a forward action with target groups exchanged (old ARN to new), all else as it is."""
    config: Parameters = {}
    if action.config:
        config = dict(action.config)
        if "TargetGroupArn" in config:
            config["TargetGroupArn"] = groups.get(
                config["TargetGroupArn"], config["TargetGroupArn"]
            )
        weighted = config.get("ForwardConfig") or {}
        if weighted.get("TargetGroups"):
            config["ForwardConfig"] = {
                **weighted,
                "TargetGroups": [
                    {**g, "TargetGroupArn": groups.get(g["TargetGroupArn"], g["TargetGroupArn"])}
                    for g in weighted["TargetGroups"]
                ],
            }
    replace = msgspec.structs.replace
    return replace(
        action,
        config=config,
        forwards=tuple(
            replace(f, target_group=groups.get(f.target_group, f.target_group))
            for f in action.forwards
        ),
    )


def _out_of_the_way(case: Case, listener: Listener, rule: Rule, paths: list[Need]) -> Fix:
    """Delete a rule that was not there, else move it behind all others.

    No rule can stand behind the default rule.
    """
    numbered = [r for r in listener.rules if r.priority.isdigit() and r.arn != rule.arn]
    served = [any(takes(r, n.host, n.path, n.method) for r in numbered) for n in paths]
    was = well.listener(case, listener.arn)
    if (was is not None and knows(was, "rules")) or not all(served):
        deleted = f"Delete rule {rule.priority}, which takes {paths[0].path} away."
        return deleted, (delete_rule(listener, rule),)
    target = free_priority(listener, max(int(r.priority) for r in numbered) + 1)
    summary = f"Move rule {rule.priority} behind the rules of the contract."
    return summary, (move_rules([(rule, target)]),)


def orphans(case: Case, back: Back) -> str:
    """Return a sentence about the groups that are new and that nothing leads to after a fix.

    Nobody knows what a group was made for, and a deleted one comes back under another ARN: a
    person deletes it.
    """
    known, state = well.well(case), case.state
    if known is None or not knows(known, "target_groups"):
        return ""
    lists = [x for b in state.load_balancers for x in b.listeners]
    after = [back.listener if x.arn == back.listener.arn else x for x in lists]
    there = {g.arn for g in known.target_groups}
    used = {f.target_group for x in after for r in x.rules for f in r.action.forwards}
    used |= {arn for s in state.ecs_services for arn in s.target_groups}
    before = {f.target_group for x in lists for r in x.rules for f in r.action.forwards}
    names = [
        g.name for g in state.target_groups if g.arn in before - used - there and not g.targets
    ]
    if not names:
        return ""
    word = "group" if len(names) == 1 else "groups"
    return (
        f"Decide whether anybody needs the new target {word} {', '.join(names)}, to which nothing"
        " leads then: else delete it."
    )
