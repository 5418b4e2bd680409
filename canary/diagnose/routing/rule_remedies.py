"""Remedies for listener rules: create, retarget or reorder them."""

from __future__ import annotations

from canary.control_plane.routing import free_priority, patterns, takes
from canary.control_plane.state import Condition, Listener, Rule, TargetGroup
from canary.diagnose.core.case import Case
from canary.diagnose.routing.misroutes import Misroute, Need
from canary.diagnose.routing.rule_commands import conditions_back, create_rule, forward, path
from canary.model import Remedy


def look(case: Case, balancer: str) -> Remedy:
    """Return the commands that show the routing of a balancer."""
    arn = next((b.arn for b in case.state.load_balancers if b.name == balancer), "")
    inspect = [case.aws.elbv2("describe-load-balancers", names=[balancer])] if balancer else []
    if arn:
        inspect.append(case.aws.elbv2("describe-listeners", load_balancer_arn=arn))
    return Remedy(
        summary="Look at the rules of the listener on 443.",
        inspect=tuple(inspect),
        decision="The rules could not be read: give the canary the missing permission, or look."
        if case.environment.cluster
        else "Whoever may read the rules of this load balancer must look at them.",
    )


def for_rule(case: Case, misroute: Misroute, right: TargetGroup) -> Remedy:
    """Return the remedy for a rule that is missing, wrong or in the way of others."""
    listener, rule, need = misroute.listener, misroute.rules[0], misroute.shown
    if misroute.kind == "rule-shadowed":
        summary, fix = _reorder(case, listener, rule, misroute.paths)
    elif misroute.kind in ("rule-missing", "rule-on-wrong-listener"):
        summary = _create_summary(case, listener, need, right)
        fix = _create(case, listener, rule, misroute.paths)
    elif len(misroute.rules) > 1 or misroute.kind == "target-group-detached":
        each = [_retarget(case, listener, r, need, right)[1] for r in misroute.rules]
        summary, fix = f"Let the rules forward to {right.name}.", tuple(c for f in each for c in f)
    else:
        summary, fix = _retarget(case, listener, rule, need, right)
    show = case.aws.elbv2("describe-rules", listener_arn=listener.arn)
    health = case.aws.elbv2("describe-target-health", target_group_arn=right.arn)
    return Remedy(
        summary=summary,
        inspect=(show, health),
        fix=fix,
        verify=(show,),
        terraform=_terraform(need, right),
    )


Fix = tuple[str, tuple[str, ...]]  # a summary and its commands


def _create_summary(case: Case, listener: Listener, need: Need, right: TargetGroup) -> str:
    if not need.pattern:
        return f"Let the default action forward to {right.name}."
    if conditions_back(case, listener, need):
        return f"Let the rule take {need.pattern} again, as before."
    return f"Create the rule for {need.pattern} towards {right.name}."


def _create(case: Case, listener: Listener, rule: Rule, paths: list[Need]) -> tuple[str, ...]:
    """Return a command for each missing pattern, and one for the default rule if it is wrong."""
    found: list[str] = []
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
                found += _default(case, listener, groups[0])[1]
            continue
        narrowed = conditions_back(case, listener, need)
        if narrowed:
            found += [command for command in narrowed if command not in found]
            continue
        priority = free_priority(listener, need.priority, before, taken)
        taken.add(priority)
        wanted = _before(case, listener, need, groups[0])
        found.append(create_rule(case, listener.arn, priority, wanted, groups[0].arn))
    return tuple(found)


def _before(
    case: Case, listener: Listener, need: Need, right: TargetGroup
) -> tuple[Condition, ...]:
    """Return the conditions of the lost rule from the previous run, else the path alone."""
    known = {rule.arn for rule in listener.rules}
    gone = (
        rule.conditions
        for rule in case.rules_before(listener.arn)
        if rule.arn not in known
        and need.pattern in patterns(rule)
        and [f.target_group for f in rule.action.forwards] == [right.arn]
    )
    return next(gone, path(need.pattern))


def _default(case: Case, listener: Listener, right: TargetGroup) -> Fix:
    action = forward(right.arn)
    command = case.aws.elbv2("modify-listener", listener_arn=listener.arn, default_actions=action)
    return f"Let the default action forward to {right.name}.", (command,)


def _retarget(case: Case, listener: Listener, rule: Rule, need: Need, right: TargetGroup) -> Fix:
    if rule.priority == "default":
        return _default(case, listener, right)
    command = case.aws.elbv2("modify-rule", rule_arn=rule.arn, actions=forward(right.arn))
    return f"Let the rule for {need.pattern or need.path} forward to {right.name}.", (command,)


def _reorder(case: Case, listener: Listener, rule: Rule, paths: list[Need]) -> Fix:
    """Move a rule behind all others, or delete it if it takes paths from the default rule.

    No rule can stand behind the default rule.
    """
    numbered = [r for r in listener.rules if r.priority.isdigit() and r.arn != rule.arn]
    served = [any(takes(r, n.host, n.path, n.method) for r in numbered) for n in paths]
    if not all(served):
        command = case.aws.elbv2("delete-rule", rule_arn=rule.arn)
        first = paths[0].path
        return f"Delete rule {rule.priority}, which takes {first} away.", (command,)
    target = free_priority(listener, max(int(r.priority) for r in numbered) + 1)
    order = f"RuleArn={rule.arn},Priority={target}"
    command = case.aws.elbv2("set-rule-priorities", rule_priorities=order)
    return f"Move rule {rule.priority} behind the rules of the contract.", (command,)


def _terraform(need: Need, right: TargetGroup) -> str:
    if not need.pattern:
        return ""
    name = need.service.replace("-", "_")
    return (
        f'resource "aws_lb_listener_rule" "{name}" {{\n'
        f"  listener_arn = aws_lb_listener.https.arn\n"
        f"  priority     = {need.priority or 100}\n"
        f"  action {{\n"
        f'    type             = "forward"\n'
        f"    target_group_arn = aws_lb_target_group.{name}.arn  # {right.name}\n"
        f"  }}\n"
        f"  condition {{\n"
        f'    path_pattern {{ values = ["{need.pattern}"] }}\n'
        f"  }}\n"
        f"}}\n"
    )
