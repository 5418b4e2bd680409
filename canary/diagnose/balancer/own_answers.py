"""Answers that a load balancer makes by itself before any target sees the request.

What an answer looks like proves nothing: a target can write the balancer's page and its name. The
readings single its meaning out; what they leave open is POSSIBLE, with where to look.
"""

from __future__ import annotations

from collections.abc import Iterator

from canary.control_plane.edge.counters import made_by_balancer, made_by_targets
from canary.control_plane.edge.own_pages import is_own_page
from canary.control_plane.unread import Known
from canary.diagnose.balancer.around import Around
from canary.diagnose.balancer.meaning import BLOCKED, REFUSED, Meaning
from canary.diagnose.balancer.meanings import MEANINGS, possible
from canary.diagnose.core.case import Case, Failures
from canary.diagnose.core.finding import Finding
from canary.diagnose.core.symptoms import Symptom
from canary.diagnose.remedies import well
from canary.model import Confidence, Evidence, Remedy

_STATUSES = frozenset(m.status for m in MEANINGS)
_LOOK_ABOVE = "The access log of the load balancer tells: an answer of its own has no target_status"


def own_answers(case: Case) -> Iterator[Finding]:
    """Report each status that a load balancer answers with by itself, service by service."""
    for entry in case.entry_services(Symptom.BALANCER_FIXED):
        own = case.having(Symptom.BALANCER_FIXED, entry=entry)
        for status in sorted({f.status for f in own} & _STATUSES):
            groups: dict[tuple[Meaning, ...], list[Around]] = {}
            for failure in sorted(own, key=lambda f: f.position):
                around = Around(case, failure)
                if failure.status != status or not _is_page(status, failure.body):
                    continue
                if around.fixed() is not Known.YES:  # else a rule answers so: `routing.rules`
                    groups.setdefault(tuple(m for m, _ in possible(around)), []).append(around)
            for meanings, those in groups.items():
                yield from _finding(case, entry, meanings, those)


def _is_page(status: int, body: str) -> bool:
    return is_own_page(status, "text/html", body)


def _finding(
    case: Case, entry: str, meanings: tuple[Meaning, ...], those: list[Around]
) -> Iterator[Finding]:
    first = those[0]
    if meanings and {m.cause for m in meanings} == {BLOCKED}:
        return  # `balancer.blocked` names the rule
    status = first.failure.status
    name = first.balancer.name if first.balancer else first.failure.host
    yield Finding(
        cause=meanings[0].cause if len({m.cause for m in meanings}) == 1 else REFUSED,
        service=entry,
        resource=_resource(first, meanings),
        confidence=_confidence(first, meanings),
        summary=f"{name} answers {status} by itself: {_said(meanings)}",
        evidence=evidence(first),
        remedy=_remedy(case, first, meanings),
        explained_failures=_failures(those),
    )


def _failures(those: list[Around]) -> Failures:
    return frozenset(a.failure for a in those)


def _said(meanings: tuple[Meaning, ...]) -> str:
    if not meanings:
        return "nothing that was read explains it."
    first, *rest = (m.says for m in meanings)
    return first if not rest else f"{first} Or: {' Or: '.join(rest)}"


def _resource(around: Around, meanings: tuple[Meaning, ...]) -> str:
    """Return the rule where the meaning lies in it, else the load balancer, else the host."""
    if around.rule and any(m.of_rule for m in meanings):
        return around.rule.arn
    return around.balancer.arn if around.balancer else around.failure.host


def _confidence(around: Around, meanings: tuple[Meaning, ...]) -> Confidence:
    """Return CERTAIN for a new setting of the rule that answers so, LIKELY for one meaning."""
    if len(meanings) != 1 or contradicted(around):
        return Confidence.POSSIBLE
    (only,) = meanings
    if only.of_rule and only.holds(around) is Known.YES and _is_new(around):
        return Confidence.CERTAIN
    return Confidence.LIKELY


def _is_new(around: Around) -> bool:
    """Return whether the rule had other actions before the target while all was well."""
    was = well.rule(around.case, around.rule.arn) if around.rule else None
    return was is not None and around.rule is not None and was.earlier != around.rule.earlier


def contradicted(around: Around) -> bool:
    """Return whether the counters know such answers of targets alone, and none of the balancer."""
    name = around.balancer.name if around.balancer else ""
    found, status = around.case.state.counters, around.failure.status
    by_targets = made_by_targets(found, name, status)
    return by_targets is not None and made_by_balancer(found, name, status) is None


def evidence(around: Around) -> tuple[Evidence, ...]:
    """Return what CloudWatch counted of answers of this class."""
    name = around.balancer.name if around.balancer else ""
    found, status = around.case.state.counters, around.failure.status
    lines = (made_by_balancer(found, name, status), made_by_targets(found, name, status))
    return tuple(
        Evidence(
            resource=f"{c.load_balancer} {c.metric}",
            seen=f"{c.total:.0f} in {c.minutes} min",
            at=c.newest,
        )
        for c in lines
        if c
    )


def _remedy(case: Case, around: Around, meanings: tuple[Meaning, ...]) -> Remedy:
    show = []
    if around.balancer:
        arn = around.balancer.arn
        show.append(case.aws.elbv2("describe-load-balancer-attributes", load_balancer_arn=arn))
    if around.listener:
        show.append(case.aws.elbv2("describe-rules", listener_arn=around.listener.arn))
    looks = "; ".join(dict.fromkeys(m.look for m in meanings))
    decision = f"Look at {looks}." if looks else f"{_LOOK_ABOVE}."
    if contradicted(around):
        decision += (
            " CloudWatch counts such answers of targets alone: see whether the application writes"
            " the page."
        )
    return Remedy(
        summary="Find out why the load balancer refuses the request.",
        inspect=tuple(show),
        decision=decision,
    )
