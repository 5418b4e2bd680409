"""Routing: listeners and rules held against the paths of the contract."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from canary.diagnose import routing_remedies as remedies
from canary.diagnose.case import Atoms, Case
from canary.diagnose.claims import ROUTE, Claim, shown
from canary.diagnose.failures import Failure
from canary.diagnose.listeners import describe, secure, unused
from canary.diagnose.paths import matches, patterns, takes, winner
from canary.diagnose.symptoms import Symptom
from canary.model import Confidence, Evidence
from canary.observe.state import Listener, LoadBalancer, Rule


@dataclass(frozen=True, kw_only=True)
class Need:
    """A path of the contract, or one that failed, and the service that must receive it."""

    host: str
    path: str
    method: str
    service: str
    pattern: str
    priority: int

    def receivers(self, case: Case) -> frozenset[str]:
        """Return the ARNs of the target groups that are right."""
        return frozenset(g.arn for g in case.groups(self.service))


def needs(case: Case) -> tuple[Need, ...]:
    """Return the contract's paths first, then every path that failed at the balancer."""
    found = [
        Need(
            host=r.host,
            path=r.path,
            method="GET",
            service=r.service,
            pattern=r.pattern,
            priority=r.priority,
        )
        for r in case.environment.routes
        if r.service in case.services
    ]
    for failure in case.failures:
        if failure.scheme != "https" or failure.front not in case.services:
            continue
        found.append(_need(case, failure))
    return tuple(dict.fromkeys(found))


def _need(case: Case, failure: Failure) -> Need:
    own = [r for r in case.environment.routes if r.host == failure.host and r.pattern]
    fitting = [r for r in own if r.service == failure.front and matches(r.pattern, failure.path)]
    best = max(fitting, key=lambda r: len(r.pattern), default=None)
    return Need(
        host=failure.host,
        path=failure.path,
        method=failure.method,
        service=failure.front,
        pattern=best.pattern if best else "",
        priority=best.priority if best else 0,
    )


def rules(case: Case) -> Iterator[Claim]:
    """Claim each rule that takes a path away from the service that must answer it."""
    wrong: dict[tuple[str, str], list[Need]] = {}
    keep: dict[str, tuple[LoadBalancer, Listener, Rule]] = {}
    for need in needs(case):
        found = _misled(case, need)
        if found:
            kind = _kind(case, need, found[1], found[2])
            several = kind == "target-group-detached"  # one finding, however many rules
            arn = need.service if several else found[2].arn
            wrong.setdefault((arn, kind), []).append(need)
            keep[arn] = found
    for (arn, kind), victims in _joined(wrong).items():
        balancer, listener, rule = keep[arn]
        astray = _astray(listener, victims) if kind == "target-group-detached" else (rule,)
        for mine in _by_service(kind, victims):
            atoms: Atoms = frozenset().union(
                *(_victims(case, balancer, listener, r, mine) for r in astray)
            )
            if atoms:
                yield _claim(case, kind, balancer, listener, astray, mine, atoms)


def _joined(wrong: dict[tuple[str, str], list[Need]]) -> dict[tuple[str, str], list[Need]]:
    """Join what one default rule answers: paths with and without a pattern are one finding."""
    found: dict[tuple[str, str], list[Need]] = {}
    order = ("rule-on-wrong-listener", "rule-missing", "rule-wrong-target")
    for (arn, kind), victims in wrong.items():
        kinds = [k for a, k in wrong if a == arn]
        joined = next((k for k in order if k in kinds), kind)
        own = {v.pattern for v in victims} == {""}
        found.setdefault((arn, joined if own else kind), []).extend(victims)
    return found


def _astray(listener: Listener, victims: list[Need]) -> tuple[Rule, ...]:
    """Return every rule that takes one of these paths elsewhere."""
    took = [winner(listener, n.host, n.path, n.method) for n in victims]
    return tuple({r.arn: r for r in took if r is not None}.values())


def _by_service(kind: str, victims: list[Need]) -> list[list[Need]]:
    """Return the victims service by service; a rule in everyone's way is one finding."""
    if kind in ("rule-shadowed", "rule-missing", "rule-on-wrong-listener"):
        return [victims]
    services = dict.fromkeys(v.service for v in victims)
    return [[v for v in victims if v.service == s] for s in services]


def _misled(case: Case, need: Need) -> tuple[LoadBalancer, Listener, Rule] | None:
    """Return where a path goes wrong, or None where it goes right or cannot be told."""
    balancer = case.balancer(need.service)
    listener = secure(balancer) if balancer else None
    right = need.receivers(case)
    if not balancer or not listener or not right or not listener.rules:
        return None
    rule = winner(listener, need.host, need.path, need.method)
    if rule is None:
        return None
    if rule.action.type == "forward":
        live = [f for f in rule.action.forwards if f.weight > 0]
        if live and all(f.target_group in right for f in live):
            return None
        if need.pattern == "" and _by_design(case, need, rule):
            return None
    return balancer, listener, rule


def _by_design(case: Case, need: Need, rule: Rule) -> bool:
    """Tell a failed path that another service's rule of the contract rightly takes."""
    known = [r for r in case.environment.routes if r.host == need.host]
    if any(r.path == need.path and r.service == need.service for r in known):
        return False
    own = {f.target_group for f in rule.action.forwards}
    return any(
        r.pattern in patterns(rule) and own <= {g.arn for g in case.groups(r.service)}
        for r in known
        if r.pattern and r.service in case.services
    )


def _kind(case: Case, need: Need, listener: Listener, rule: Rule) -> str:
    """Return the cause: what is the matter with the rule that takes the path."""
    foreign = _foreign(case, need, listener, rule)
    if foreign:
        return foreign
    if rule.priority == "default":
        return _for_default(case, need, listener, rule)
    later = [r for r in listener.rules if r is not rule and _right(case, need, r)]
    usual = [need.pattern] if need.pattern else []
    if any(p in patterns(rule) for p in usual):
        return "rule-wrong-target" if not _exact_later(later, usual) else "rule-shadowed"
    if later and (need.pattern == "" or _exact_later(later, usual) or _added(case, rule)):
        return "rule-shadowed"
    if _was_right(case, need, rule):
        return "rule-wrong-target"
    return _elsewhere(case, need, listener) or "rule-missing"


def _foreign(case: Case, need: Need, listener: Listener, rule: Rule) -> str:
    """Return the cause where a rule forwards to groups that are no service's of ours."""
    live = [f.target_group for f in rule.action.forwards if f.weight > 0]
    ours = {g.arn for n in case.services for g in case.groups(n)}
    strange = [a for a in live if a not in ours]
    if rule.action.type != "forward" or not strange:
        return ""
    if need.receivers(case).intersection(live):  # a part of the traffic goes astray
        group = case.group(strange[0])
        empty = group is not None and not group.targets
        return "target-group-empty" if empty else "rule-wrong-target"
    if not _reached(listener, case, need.service) and len(strange) == len(live):
        return "target-group-detached"
    return ""


def _exact_later(later: list[Rule], usual: list[str]) -> bool:
    return any(p in patterns(r) for r in later for p in usual)


def _right(case: Case, need: Need, rule: Rule) -> bool:
    right = need.receivers(case)
    return (
        takes(rule, need.host, need.path, need.method)
        and rule.action.type == "forward"
        and bool(rule.action.forwards)
        and all(f.target_group in right for f in rule.action.forwards if f.weight)
    )


def _for_default(case: Case, need: Need, listener: Listener, rule: Rule) -> str:
    if rule.action.type == "forward" and not need.pattern:
        return "rule-wrong-target"
    if not need.pattern and _was_right(case, need, rule):
        return "rule-wrong-target"
    return _elsewhere(case, need, listener) or "rule-missing"


def _elsewhere(case: Case, need: Need, listener: Listener) -> str:
    """Return "rule-on-wrong-listener" when the right rule stands on another listener."""
    for balancer in case.state.load_balancers:
        for other in balancer.listeners:
            if other.arn == listener.arn:
                continue
            for rule in other.rules:
                if rule.priority != "default" and _right(case, need, rule):
                    return "rule-on-wrong-listener"
    return ""


def _before(case: Case, arn: str) -> Rule | None:
    balancers = case.previous.load_balancers if case.previous else ()
    return next((r for b in balancers for x in b.listeners for r in x.rules if r.arn == arn), None)


def _was_right(case: Case, need: Need, rule: Rule) -> bool:
    before = _before(case, rule.arn)
    return before is not None and _right(case, need, before)


def _added(case: Case, rule: Rule) -> bool:
    """Tell a rule that the previous run did not see, or that leads nowhere of ours."""
    if case.previous is not None and _before(case, rule.arn) is None:
        return True
    return rule.action.type != "forward"


def _victims(
    case: Case, balancer: LoadBalancer, listener: Listener, rule: Rule, mine: list[Need]
) -> Atoms:
    """Return the failures of every request that this rule takes from its services."""
    services = {n.service for n in mine}
    lost = {s for s in services if not _reached(listener, case, s)}
    paths = {n.path for n in mine} | {n.pattern for n in mine if n.pattern}
    found: set[Failure] = set()
    for f in case.failures:
        if f.scheme == "https" and f.front in services and f.host in {n.host for n in mine}:
            took = winner(listener, f.host, f.path, f.method)
            if took is not None and took.arn == rule.arn:
                found.add(f)
        elif f.symptom is Symptom.CONTROL_RULE:
            named = any(p in f.text for p in paths)
            if named or (f.service in services and not _names_a_route(case, f)):
                found.add(f)
        elif f.symptom is Symptom.CONTROL_TARGETS and f.service in lost:
            if unused(case, f.service, balancer.name):
                found.add(f)
        elif f.symptom is Symptom.AUTH_UNAVAILABLE and "auth" in services:
            found.add(f)
    return frozenset(found)


def _names_a_route(case: Case, failure: Failure) -> bool:
    return any(r.path in failure.text for r in case.environment.routes if len(r.path) > 1)


def _reached(listener: Listener, case: Case, service: str) -> bool:
    right = {g.arn for g in case.groups(service)}
    return any(
        f.target_group in right and f.weight for r in listener.rules for f in r.action.forwards
    )


_TEXTS = {
    "rule-missing": "No rule of {listener} leads {path} to {service}.",
    "rule-wrong-target": "The rule for {path} forwards to the wrong target group.",
    "rule-shadowed": "A rule of higher priority takes {path} away from {service}.",
    "target-group-empty": "A part of the traffic for {path} goes to a group without targets.",
    "target-group-detached": "The rules for {service} forward to a group that is not its own.",
    "rule-on-wrong-listener": "The rule for {path} stands on another listener only.",
}


def _claim(
    case: Case,
    kind: str,
    balancer: LoadBalancer,
    listener: Listener,
    astray: tuple[Rule, ...],
    mine: list[Need],
    atoms: Atoms,
) -> Claim:
    rule = astray[0]
    first = next((n for n in mine if n.pattern), mine[0])
    right = case.groups(first.service)[0]
    where = f"{balancer.name}:{listener.port}"
    path = first.pattern or first.path
    summary = _TEXTS[kind].format(listener=where, path=path, service=first.service)
    remedy = remedies.for_rule(case, kind, listener, astray, mine, right)
    return Claim(
        cause=kind,
        service=first.service,
        resource=_resource(kind, listener, rule, right.arn),
        confidence=Confidence.CERTAIN,
        summary=f"{summary} The right target group is {right.name}.",
        evidence=(
            Evidence(
                resource=f"{where} {first.host}{first.path}",
                seen=describe(case, rule),
                expected=f"forward to {right.name}",
                at=case.state.read_at,
            ),
            *_changed(case, rule, first),
            *shown(atoms),
        ),
        remedy=remedy,
        atoms=atoms,
        rank=ROUTE,
    )


def _resource(kind: str, listener: Listener, rule: Rule, right: str) -> str:
    if kind == "target-group-detached":
        return right
    return listener.arn if kind in ("rule-missing", "rule-on-wrong-listener") else rule.arn


def _changed(case: Case, rule: Rule, need: Need) -> tuple[Evidence, ...]:
    """Return what the previous run saw in this place, where it differs."""
    if case.previous is None:
        return ()
    balancer = case.balancer(need.service, case.previous)
    listener = secure(balancer) if balancer else None
    before = winner(listener, need.host, need.path, need.method) if listener else None
    if before is None or (before.arn == rule.arn and before.action == rule.action):
        return ()
    return (
        Evidence(
            resource=f"{need.host}{need.path}",
            seen="changed since the previous run",
            expected=f"before: {describe(case, before)}",
            at=case.previous.read_at,
        ),
    )


def by_signature(case: Case) -> Iterator[Claim]:
    """Claim from the answers alone, where the rules could not be read."""
    if case.read(
        "elasticloadbalancing:DescribeRules",
        "elasticloadbalancing:DescribeListeners",
        "elasticloadbalancing:DescribeLoadBalancers",
        "elasticloadbalancing:DescribeTargetGroups",
    ):
        return
    for cause, symptom, summary in (
        ("rule-missing", Symptom.BALANCER_404, "The load balancer has no rule for {path}."),
        ("rule-wrong-target", Symptom.MLFLOW_404, "{path} reaches MLflow past the API."),
    ):
        for service in sorted({f.front for f in case.having(symptom)}):
            atoms = frozenset(f for f in case.having(symptom) if f.front == service)
            first = min(atoms, key=lambda f: (f.path, f.check_id))
            balancer = case.services[service].load_balancer if service in case.services else ""
            yield Claim(
                cause=cause,
                service=service,
                resource=balancer or first.host,
                confidence=Confidence.LIKELY,
                summary=summary.format(path=first.path) + " The rules could not be read.",
                evidence=shown(atoms),
                remedy=remedies.look(case, balancer),
                atoms=atoms,
                rank=ROUTE,
            )
