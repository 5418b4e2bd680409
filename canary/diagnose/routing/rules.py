"""Listener rules that do not lead the environment's routes to the right services."""

from __future__ import annotations

from collections.abc import Iterator

from canary.control_plane.routing import winner
from canary.control_plane.state import Listener, LoadBalancer, Rule
from canary.diagnose.core import serving
from canary.diagnose.core.case import Case, Failures
from canary.diagnose.core.failures import Failure
from canary.diagnose.core.finding import Finding
from canary.diagnose.core.symptoms import Symptom
from canary.diagnose.routing import rule_remedies as remedies
from canary.diagnose.routing.baseline_rules import before
from canary.diagnose.routing.in_words import instead
from canary.diagnose.routing.listeners import describe, redirect_port, unused
from canary.diagnose.routing.misroutes import (
    Misroute,
    Need,
    asks_its_service,
    kind_of,
    known_groups,
    misrouted,
    needs,
    reached,
)
from canary.model import Confidence, Evidence, Role


def rules(case: Case) -> Iterator[Finding]:
    """Report each rule that takes a path away from the service that must answer it."""
    wrong: dict[tuple[str, str], list[Need]] = {}
    keep: dict[str, tuple[LoadBalancer, Listener, Rule]] = {}
    for need in needs(case):
        found = misrouted(case, need)
        if found:
            kind = kind_of(case, need, found[1], found[2])
            key = _grouping_key(case, kind, need, found[2])
            wrong.setdefault((key, kind), []).append(need)
            keep[key] = found
    for (key, kind), group in _joined(wrong).items():
        balancer, listener, rule = keep[key]
        for paths in _by_service(kind, group):
            took = (rule,) if key == rule.arn else _wrong_rules(listener, paths)
            misroute = Misroute(
                kind=kind, balancer=balancer, listener=listener, rules=took, paths=paths
            )
            if failures := _failures(case, misroute):
                yield _finding(case, misroute, failures)


def _grouping_key(case: Case, kind: str, need: Need, rule: Rule) -> str:
    """Return the grouping key: rules to the same unknown target group are one finding."""
    if kind == "target-group-detached":
        return need.service
    live = sorted(f.target_group for f in rule.action.forwards if f.weight > 0)
    ours = known_groups(case)
    return " ".join(live) if live and ours.isdisjoint(live) else rule.arn


def _joined(wrong: dict[tuple[str, str], list[Need]]) -> dict[tuple[str, str], list[Need]]:
    """Join paths with and without a pattern into one finding if one default rule takes them."""
    found: dict[tuple[str, str], list[Need]] = {}
    order = ("rule-on-wrong-listener", "rule-missing", "rule-wrong-target")
    for (arn, kind), affected_paths in wrong.items():
        kinds = [k for a, k in wrong if a == arn]
        joined = next((k for k in order if k in kinds), kind)
        own = {v.pattern for v in affected_paths} == {""}
        found.setdefault((arn, joined if own else kind), []).extend(affected_paths)
    return found


def _wrong_rules(listener: Listener, affected_paths: list[Need]) -> tuple[Rule, ...]:
    """Return every rule that takes one of these paths."""
    took = [winner(listener, n.host, n.path, n.method) for n in affected_paths]
    return tuple({r.arn: r for r in took if r is not None}.values())


def _by_service(kind: str, affected_paths: list[Need]) -> list[list[Need]]:
    """Return the paths by service; a rule in the way of several services is one finding."""
    if kind in ("rule-shadowed", "rule-missing", "rule-on-wrong-listener"):
        return [affected_paths]
    services = dict.fromkeys(v.service for v in affected_paths)
    return [[v for v in affected_paths if v.service == s] for s in services]


def _failures(case: Case, misroute: Misroute) -> Failures:
    """Return the failures of all requests that these rules take from the paths' services."""
    paths, listener = misroute.paths, misroute.listener
    services = {n.service for n in paths}
    lost = {s for s in services if not reached(listener, case, s)}
    hosts = {n.host for n in paths}
    names = {n.path for n in paths} | {n.pattern for n in paths if n.pattern}
    rules = {r.arn for r in misroute.rules}
    judges = case.environment.of_role(Role.IDENTITY)
    found: set[Failure] = set()
    for f in case.failures:
        if f.entry_service in services and f.host in hosts and asks_its_service(case, f):
            took = winner(listener, f.host, f.path, f.method)
            if took is not None and took.arn in rules:
                found.add(f)
        elif f.symptom is Symptom.CONTROL_RULE and redirect_port(f) is None:
            named = any(n in f.text for n in names)
            if named or (f.service in services and not _names_a_route(case, f)):
                found.add(f)
        elif f.symptom is Symptom.CONTROL_TARGETS and f.service in lost:
            if unused(case, f.service, misroute.balancer.name):
                found.add(f)
        elif f.symptom is Symptom.AUTH_UNAVAILABLE and services.intersection(judges):
            found.add(f)
    return frozenset(found)


def _names_a_route(case: Case, failure: Failure) -> bool:
    return any(r.path in failure.text for r in case.environment.routes if len(r.path) > 1)


_TEXTS = {
    "rule-missing": "No rule of {listener} leads {path} to {service}.",
    "rule-wrong-target": "The rule for {path} forwards to the wrong target group.",
    "rule-shadowed": "A rule of higher priority takes {path} away from {service}.",
    "target-group-empty": "A part of the traffic for {path} goes to a group without targets.",
    "target-group-detached": "The rules for {service} forward to a group that is not its own.",
    "rule-on-wrong-listener": "The rule for {path} stands on another listener only.",
}
_TEXTS_WITH_SERVICE = {
    "rule-wrong-target": "The rule for {path} forwards to {instead}.",
    "rule-shadowed": "A rule of higher priority takes {path} to {instead}.",
}
"""The same where it is known whose group the rule forwards to."""


def _finding(case: Case, misroute: Misroute, failures: Failures) -> Finding:
    rule, first = misroute.rules[0], misroute.shown
    right = case.groups(first.service)[0]
    where = f"{misroute.balancer.name}:{misroute.listener.port}"
    path = first.pattern or first.path
    other = instead(case, rule, first.service)
    text = (_TEXTS_WITH_SERVICE if other else {}).get(misroute.kind) or _TEXTS[misroute.kind]
    summary = text.format(listener=where, path=path, service=first.service, instead=other)
    return Finding(
        cause=misroute.kind,
        service=first.service,
        resource=_resource(misroute, right.arn),
        confidence=_how_sure(case, misroute),
        summary=f"{summary} The right target group is {right.name}.",
        evidence=case.evidence(
            f"{where} {first.host}{first.path}", describe(case, rule), f"forward to {right.name}"
        )
        + _changed(case, rule, first),
        remedy=remedies.for_rule(case, misroute, right),
        explained_failures=failures,
    )


def _how_sure(case: Case, misroute: Misroute) -> Confidence:
    """Return how sure it is: that a rule is missed, only a run in which it was there can show."""
    missed = misroute.kind == "rule-missing" and before(case, misroute.listener) is None
    return Confidence.LIKELY if missed else Confidence.CERTAIN


def _resource(misroute: Misroute, right: str) -> str:
    if misroute.kind == "target-group-detached":
        return right
    missing = misroute.kind in ("rule-missing", "rule-on-wrong-listener")
    return misroute.listener.arn if missing else misroute.rules[0].arn


def _changed(case: Case, rule: Rule, need: Need) -> tuple[Evidence, ...]:
    """Return a line of evidence if another rule or action served the path in the previous run."""
    if case.previous is None:
        return ()
    listener = serving.listener(case, need.service, need.host, case.previous)
    was = winner(listener, need.host, need.path, need.method) if listener else None
    if was is None or (was.arn == rule.arn and was.action == rule.action):
        return ()
    return case.evidence(
        f"{need.host}{need.path}",
        "changed since the previous run",
        f"before: {describe(case, was)}",
        case.previous.read_at,
    )
