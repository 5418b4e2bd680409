"""Requests that AWS WAF ends before the load balancer's rules see them.

AWS WAF guide: "Viewing a sample of web requests", "How to handle false positives" (an exception
for the path in the rule's statement, a label match, or the rule's action set to Count).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from canary.control_plane.edge.own_pages import is_own_page
from canary.control_plane.edge.web_acl import AclRule, OwnRequest, WebAcl
from canary.control_plane.unread import Known
from canary.diagnose.balancer.around import Around
from canary.diagnose.balancer.meaning import BLOCKED
from canary.diagnose.balancer.own_answers import contradicted, evidence
from canary.diagnose.core.case import Case, Failures
from canary.diagnose.core.finding import Finding
from canary.diagnose.core.symptoms import Symptom
from canary.model import Confidence, Evidence, Remedy

_PAGES = (403, 405, 500)  # what AWS WAF answers without a response of the rule's own
_LEAVE = (
    "Decide with whoever owns the web ACL whether the rule is right. AWS's ways to let good"
    " requests pass: exclude this path in the rule's statement, match a label of the rule in a"
    " later one, or set this one rule to Count while you look. Do not take the web ACL away."
)


@dataclass(frozen=True)
class _Seen:
    """A rule with a request of the canary that it ended."""

    rule: AclRule
    request: OwnRequest


def blocked(case: Case) -> Iterator[Finding]:
    """Report the web ACL before each load balancer that may have answered for it."""
    for entry in case.entry_services(Symptom.BALANCER_FIXED):
        own = case.having(Symptom.BALANCER_FIXED, entry=entry)
        every = [Around(case, f) for f in sorted(own, key=lambda f: f.position)]
        those = [a for a in every if _may_be(a)]
        acl = next((a.association.acl for a in those if a.association), None)
        if acl is None:
            yield from _unknown(case, entry, [a for a in those if a.association is None])
            continue
        left = those
        for rule in acl.rules:
            seen = {a: s for a in left if (s := _seen(rule, a))}
            if seen:
                left = [a for a in left if a not in seen]
                yield _named(case, entry, acl, seen)
        if left:
            yield _perhaps(case, entry, acl, left)


def _may_be(around: Around) -> bool:
    """Return whether AWS WAF may have written the answer: its page, or words of a rule's own."""
    at = around.failure
    if around.fixed() is Known.YES:
        return False
    page = is_own_page(at.status, "text/html", at.body)
    return at.status in _PAGES if page else around.has_web_acl() is Known.YES


def _seen(rule: AclRule, around: Around) -> _Seen | None:
    """Return the sampled request that is this one: by method and path, of this run first."""
    at = around.failure
    same = [r for r in rule.own if (r.method, r.path) == (at.method, at.path)]
    fits = [r for r in same if r.status in (0, at.status)]
    newest = max(fits, key=lambda r: (r.of_this_run, r.at), default=None)
    return _Seen(rule, newest) if newest else None


def _named(case: Case, entry: str, acl: WebAcl, seen: dict[Around, _Seen]) -> Finding:
    first, shown = next(iter(seen.items()))
    rule = json.dumps(shown.rule.name) + (
        f" ({json.dumps(shown.request.inner)})" if shown.request.inner else ""
    )
    return Finding(
        cause=BLOCKED,
        service=entry,
        resource=acl.arn,
        confidence=_confidence(seen),
        summary=f"The rule {rule} of the web ACL {json.dumps(acl.name)} ends the canary's request"
        f" with {shown.request.action}.",
        evidence=(
            Evidence(
                resource=f"{shown.request.method} {shown.request.path}",
                seen=f"{shown.request.action} by the rule {rule}, as AWS WAF sampled it",
                expected="allowed",
                at=shown.request.at,
            ),
            *evidence(first),
        ),
        remedy=_remedy(case, first, acl),
        explained_failures=_failures(seen),
    )


def _confidence(seen: dict[Around, _Seen]) -> Confidence:
    """Return CERTAIN for requests of this run that were blocked, where no counter speaks against.

    A sample of the run before shows that a rule ended a like request, not that it ended this one.
    """
    own = all(s.request.of_this_run for s in seen.values())
    doubted = any(map(contradicted, seen))
    if own and not doubted and all(s.request.action == "BLOCK" for s in seen.values()):
        return Confidence.CERTAIN
    return Confidence.LIKELY if own or not doubted else Confidence.POSSIBLE


def _perhaps(case: Case, entry: str, acl: WebAcl, those: list[Around]) -> Finding:
    """Return a finding for a web ACL that shows no request of the canary."""
    first = those[0]
    ends = [r for r in acl.rules if r.ended]
    named = ", ".join(json.dumps(r.name) for r in ends[:3])
    page = all(a.failure.status == 403 for a in those)  # AWS names nothing else for a 403
    sure = page and bool(acl.rules) and not any(map(contradicted, those))
    return Finding(
        cause=BLOCKED,
        service=entry,
        resource=acl.arn,
        confidence=Confidence.LIKELY if sure else Confidence.POSSIBLE,
        summary=f"The web ACL {json.dumps(acl.name)} stands before the load balancer, which answers"
        f" {first.failure.status} by itself."
        + (f" It ended requests lately by {named}." if named else ""),
        evidence=(
            *case.evidence(json.dumps(acl.name), _samples(acl), "no request that is ended"),
            *evidence(first),
        ),
        remedy=_remedy(case, first, acl),
        explained_failures=_failures(those),
    )


def _samples(acl: WebAcl) -> str:
    read = [r for r in acl.rules if r.sampled]
    if not read:
        return "its sampled requests could not be read"
    return f"{sum(r.ended for r in read)} sampled requests were ended, none known as the canary's"


def _unknown(case: Case, entry: str, those: list[Around]) -> Iterator[Finding]:
    """Yield a finding for a 403 of the balancer's own where nobody knows of a web ACL."""
    left = [a for a in those if a.failure.status == 403]
    if not left:
        return
    first = left[0]
    yield Finding(
        cause=BLOCKED,
        service=entry,
        resource=first.balancer.arn if first.balancer else first.failure.host,
        confidence=Confidence.POSSIBLE,
        summary="The load balancer answers 403 by itself, as it does for a request that AWS WAF"
        " blocks. Its web ACL was not read.",
        evidence=evidence(first),
        remedy=_remedy(case, first, None),
        explained_failures=_failures(left),
    )


def _failures(those: Iterable[Around]) -> Failures:
    return frozenset(a.failure for a in those)


def _remedy(case: Case, around: Around, acl: WebAcl | None) -> Remedy:
    show: tuple[str, ...] = ()
    if around.balancer:
        arn = around.balancer.arn
        show = (case.aws("wafv2", "get-web-acl-for-resource", resource_arn=arn),)
    rule = f" of the web ACL {json.dumps(acl.name)}" if acl else ""
    return Remedy(
        summary=f"Decide about the rule{rule} that ends the request.", inspect=show, decision=_LEAVE
    )
