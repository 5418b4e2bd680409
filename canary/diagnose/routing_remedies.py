"""Remedies for listeners and rules: commands that put the contract's routing back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from canary.diagnose.commands import compact, substitute
from canary.diagnose.paths import free_priority, patterns, takes
from canary.model import Remedy
from canary.observe.state import Certificate, Listener, LoadBalancer, Rule, TargetGroup

if TYPE_CHECKING:
    from canary.diagnose.case import Case
    from canary.diagnose.routing import Need

_REDIRECT = {
    "Type": "redirect",
    "RedirectConfig": {
        "Protocol": "HTTPS",
        "Port": "443",
        "Host": "#{host}",
        "Path": "/#{path}",
        "Query": "#{query}",
        "StatusCode": "HTTP_301",
    },
}


def forward(group: str) -> str:
    """Return the shorthand of a forward action."""
    return f"Type=forward,TargetGroupArn={group}"


def look(case: Case, balancer: str) -> Remedy:
    """Return the commands that show the routing of a balancer."""
    arn = next((b.arn for b in case.state.load_balancers if b.name == balancer), "")
    inspect = [case.aws("elbv2", "describe-load-balancers", names=[balancer])] if balancer else []
    if arn:
        inspect.append(case.aws("elbv2", "describe-listeners", load_balancer_arn=arn))
    return Remedy(
        summary="Look at the rules of the listener on 443.",
        inspect=tuple(inspect),
        decision="The rules could not be read: give the canary the missing permission, or look.",
    )


def for_rule(
    case: Case,
    kind: str,
    listener: Listener,
    astray: tuple[Rule, ...],
    mine: list[Need],
    right: TargetGroup,
) -> Remedy:
    """Return the remedy of a rule that is missing, wrong or in the way."""
    rule = astray[0]
    need = next((n for n in mine if n.pattern), mine[0])
    makers = {
        "rule-missing": _create,
        "rule-on-wrong-listener": _create,
        "rule-wrong-target": _retarget,
        "target-group-empty": _retarget,
    }
    if kind == "rule-shadowed":
        summary, fix = _reorder(case, listener, rule, mine)
    elif kind == "target-group-detached":
        each = [_retarget(case, listener, r, need, right)[1] for r in astray]
        summary, fix = f"Let the rules forward to {right.name}.", tuple(c for f in each for c in f)
    else:
        summary, fix = makers[kind](case, listener, rule, need, right)
        if makers[kind] is _create:
            fix = _create_all(case, listener, rule, mine)
    return Remedy(
        summary=summary,
        inspect=(
            case.aws("elbv2", "describe-rules", listener_arn=listener.arn),
            case.aws("elbv2", "describe-target-health", target_group_arn=right.arn),
        ),
        fix=fix,
        verify=(case.aws("elbv2", "describe-rules", listener_arn=listener.arn),),
        terraform=_terraform(need, right),
    )


Made = tuple[str, tuple[str, ...]]


def _create(case: Case, listener: Listener, rule: Rule, need: Need, right: TargetGroup) -> Made:
    if not need.pattern:
        return _default(case, listener, right)
    before = int(rule.priority) if rule.priority.isdigit() else None
    priority = free_priority(listener, need.priority, before)
    command = case.aws(
        "elbv2",
        "create-rule",
        listener_arn=listener.arn,
        priority=priority,
        conditions=f"Field=path-pattern,Values={need.pattern}",
        actions=forward(right.arn),
    )
    return f"Create the rule for {need.pattern} towards {right.name}.", (command,)


def _create_all(case: Case, listener: Listener, rule: Rule, mine: list[Need]) -> tuple[str, ...]:
    """Return a command for each pattern that is missing, and one for the default if it is wrong."""
    found: list[str] = []
    seen: set[str] = set()
    taken: set[int] = set()
    before = int(rule.priority) if rule.priority.isdigit() else None
    for need in mine:
        groups = case.groups(need.service)
        if need.pattern in seen or not groups:
            continue
        seen.add(need.pattern)
        if not need.pattern:
            if rule.priority == "default":
                found += _default(case, listener, groups[0])[1]
            continue
        priority = free_priority(listener, need.priority, before, taken)
        taken.add(priority)
        found.append(
            case.aws(
                "elbv2",
                "create-rule",
                listener_arn=listener.arn,
                priority=priority,
                conditions=f"Field=path-pattern,Values={need.pattern}",
                actions=forward(groups[0].arn),
            )
        )
    return tuple(found)


def _default(case: Case, listener: Listener, right: TargetGroup) -> Made:
    command = case.aws(
        "elbv2",
        "modify-listener",
        listener_arn=listener.arn,
        default_actions=forward(right.arn),
    )
    return f"Let the default action forward to {right.name}.", (command,)


def _retarget(case: Case, listener: Listener, rule: Rule, need: Need, right: TargetGroup) -> Made:
    if rule.priority == "default":
        return _default(case, listener, right)
    command = case.aws("elbv2", "modify-rule", rule_arn=rule.arn, actions=forward(right.arn))
    return f"Let the rule for {need.pattern or need.path} forward to {right.name}.", (command,)


def _reorder(case: Case, listener: Listener, rule: Rule, mine: list[Need]) -> Made:
    """Move the rule that is in the way behind all others; what the default serves stays in its way.

    Nothing can be put behind the default rule, so then the rule has to go.
    """
    numbered = [r for r in listener.rules if r.priority.isdigit() and r.arn != rule.arn]
    served = [any(takes(r, n.host, n.path, n.method) for r in numbered) for n in mine]
    if not all(served):
        command = case.aws("elbv2", "delete-rule", rule_arn=rule.arn)
        return f"Delete rule {rule.priority}, which takes {mine[0].path} away.", (command,)
    target = free_priority(listener, max(int(r.priority) for r in numbered) + 1)
    command = case.aws(
        "elbv2",
        "set-rule-priorities",
        rule_priorities=f"RuleArn={rule.arn},Priority={target}",
    )
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


def redirect(case: Case, balancer: LoadBalancer, plain: Listener, rule: Rule) -> Remedy:
    """Return the remedy of a port 80 that does not redirect."""
    show = case.aws("elbv2", "describe-listeners", load_balancer_arn=balancer.arn)
    if rule.priority == "default":
        fix = case.aws(
            "elbv2",
            "modify-listener",
            listener_arn=plain.arn,
            default_actions=compact([_REDIRECT]),
        )
    else:
        fix = case.aws("elbv2", "delete-rule", rule_arn=rule.arn)
    return Remedy(
        summary="Let port 80 redirect to HTTPS again.",
        inspect=(show, case.aws("elbv2", "describe-rules", listener_arn=plain.arn)),
        fix=(fix,),
        verify=(show,),
    )


def listener(case: Case, name: str, balancer: LoadBalancer, port: int) -> Remedy:
    """Return the remedy of a missing listener, with the rules of the contract behind it."""
    show = case.aws("elbv2", "describe-listeners", load_balancer_arn=balancer.arn)
    if port == 80:
        fix = _plain_listener(case, balancer)
    else:
        fix = _moved(case, balancer) or _secure_listener(case, name, balancer)
    decision = "" if fix else "No issued certificate for the host was found: request one in ACM."
    return Remedy(
        summary=f"Put the listener on {port} back.",
        inspect=(show,),
        fix=fix,
        verify=(show,),
        decision=decision,
        terraform=f'resource "aws_lb_listener" "https" {{\n  port = {port}\n}}\n'
        if port == 443
        else "",
    )


def _plain_listener(case: Case, balancer: LoadBalancer) -> tuple[str, ...]:
    command = case.aws(
        "elbv2",
        "create-listener",
        load_balancer_arn=balancer.arn,
        protocol="HTTP",
        port=80,
        default_actions=compact([_REDIRECT]),
    )
    return (command,)


def _moved(case: Case, balancer: LoadBalancer) -> tuple[str, ...]:
    """Return the command that moves a listener back that carries the rules on another port."""
    for other in balancer.listeners:
        if other.port == 80 or not any(r.action.forwards for r in other.rules):
            continue
        certificate = other.certificates[0] if other.certificates else certificate_for(case)
        return (
            case.aws(
                "elbv2",
                "modify-listener",
                listener_arn=other.arn,
                protocol="HTTPS",
                port=443,
                certificates=f"CertificateArn={certificate}" if certificate else None,
            ),
        )
    return ()


def certificate_for(case: Case, host: str = "") -> str:
    """Return the ARN of a valid issued certificate that covers the host."""
    names = [host] if host else [case.host(n) for n in case.services if case.host(n)]
    fit = [c for c in case.state.certificates if usable(case, c) and covers(c, names)]
    return max(fit, key=lambda c: c.not_after).arn if fit else ""


def usable(case: Case, certificate: Certificate) -> bool:
    """Tell whether a certificate is issued and valid now."""
    return certificate.status in ("ISSUED", "") and case.age(certificate.not_after) < 0


def covers(certificate: Certificate, hosts: list[str]) -> bool:
    """Tell whether a certificate's names fit all hosts; a wildcard is one label deep."""
    names = {certificate.domain, *certificate.names}
    return all(h in names or "*." + h.partition(".")[2] in names for h in hosts)


def _secure_listener(case: Case, name: str, balancer: LoadBalancer) -> tuple[str, ...]:
    certificate = certificate_for(case, case.host(name))
    groups = case.groups(name)
    if not certificate or not groups:
        return ()
    create = case.aws(
        "elbv2",
        "create-listener",
        load_balancer_arn=balancer.arn,
        protocol="HTTPS",
        port=443,
        certificates=f"CertificateArn={certificate}",
        default_actions=forward(groups[0].arn),
    )
    return (create, *_rules_behind(case, balancer))


def _rules_behind(case: Case, balancer: LoadBalancer) -> tuple[str, ...]:
    """Return the rules of the previous run, else of the contract, for a listener made anew.

    The listener's ARN exists only after the first command, so the shell asks for it.
    """
    found = substitute(
        case.aws(
            "elbv2",
            "describe-listeners",
            load_balancer_arn=balancer.arn,
            query="Listeners[?Port==`443`].ListenerArn",
            output="text",
        )
    )
    return tuple(
        case.aws(
            "elbv2",
            "create-rule",
            listener_arn=found,
            priority=priority,
            conditions=f"Field=path-pattern,Values={','.join(paths)}",
            actions=forward(group),
        )
        for priority, paths, group in _wanted_rules(case, balancer)
    )


def _wanted_rules(case: Case, balancer: LoadBalancer) -> list[tuple[int, tuple[str, ...], str]]:
    before = case.previous.load_balancers if case.previous else ()
    rules = [
        r
        for b in before
        if b.arn == balancer.arn
        for x in b.listeners
        if x.port == 443
        for r in x.rules
        if r.priority.isdigit() and patterns(r) and len(r.action.forwards) == 1
    ]
    if rules:
        return [(int(r.priority), patterns(r), r.action.forwards[0].target_group) for r in rules]
    wanted: list[tuple[int, tuple[str, ...], str]] = []
    for route in case.environment.routes:
        service = case.services.get(route.service)
        if not route.pattern or not service or service.load_balancer != balancer.name:
            continue
        groups = case.groups(route.service)
        if groups and (route.pattern,) not in [w[1] for w in wanted]:
            wanted.append((route.priority or 100 + len(wanted), (route.pattern,), groups[0].arn))
    return wanted
