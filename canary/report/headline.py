"""The headline of page, index and messages: what users cannot do, and why, in words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from canary.comparison.blindness import is_own, unseen_checks
from canary.model import Confidence, Diagnosis, Report, Result, Status, Suite
from canary.report.text import line, plural

_CAUSE = 160  # characters of a cause; its card has all of it
_NAMED = 2  # services named, the others are counted
_SURE = {Confidence.CERTAIN: "", Confidence.LIKELY: "probably ", Confidence.POSSIBLE: "possibly "}
# Ordinary words with which a summary may begin; any other first word may be a name
_ORDINARY = frozenset(
    {"A", "All", "An", "Artifacts", "No", "Nothing", "Security", "Targets", "The"}
)
_ENDPOINT_KINDS = frozenset({"endpoint", "dependency", "certificate"})


def headline(report: Report) -> str:
    """Return the headline of a run in which checks fail, without a full stop.

    "registration and sign-in fail: the rule for /api/* forwards to …; 2 more causes"
    """
    unseen = unseen_checks(report.diagnoses)
    failing = [
        r
        for r in report.results
        if r.status is Status.FAIL and not r.muted and r.check_id not in unseen
    ]
    asked = [r.status for r in report.results if r.suite is not Suite.INFRASTRUCTURE]
    unhurt = set(asked) == {Status.PASS} and not any(map(_asked_by_users, failing))
    causes = [d for d in report.diagnoses if not is_own(d)] if failing else report.diagnoses
    return headline_of(failing, causes, unhurt=unhurt)


def headline_of(
    failing: Iterable[Result], causes: Sequence[Diagnosis], *, unhurt: bool = False
) -> str:
    """Return the headline of these failing checks and of the causes that explain them.

    The first cause is named, the others are counted. It begins with a small letter. `unhurt`:
    all that users do was tried and passes.
    """
    effect = affected(list(failing)) + (", what users do still passes" if unhurt else "")
    if not causes:
        return f"{effect}; no cause is proven"
    further = f"; {plural(len(causes) - 1, 'more cause')}" if len(causes) > 1 else ""
    return f"{effect}: {cause(causes[0])}{further}"


def affected(failing: Sequence[Result]) -> str:
    """Return what no longer works, in words of who uses it: "registration and sign-in fail"."""
    if not failing:
        return "a check fails"
    suites = {r.suite for r in failing}
    signing_in = [r for r in failing if r.suite is Suite.AUTHENTICATION]
    admitted = sum(map(_admits, signing_in))
    found = ["registration"] if Suite.REGISTRATION in suites else []
    found += ["sign-in"] if len(signing_in) > admitted else []
    parts = [_fails(found)] if found else []
    if admitted:
        parts.append("callers are admitted who must be refused")
    return " and ".join(parts) or _elsewhere(failing)


def _fails(subjects: list[str]) -> str:
    return f"{' and '.join(subjects)} {'fail' if len(subjects) > 1 else 'fails'}"


def _elsewhere(failing: Sequence[Result]) -> str:
    if asked := [r for r in failing if _asked_by_users(r)]:
        return f"requests to {_services(asked)} fail"
    verb = "fails" if len(failing) == 1 else "fail"
    count = plural(len(failing), "check")
    return f"{count} of {_services(failing)} {verb}"


def _asked_by_users(result: Result) -> bool:
    """Return whether a check asks what users ask: others look at the control plane alone."""
    return result.suite is not Suite.INFRASTRUCTURE or result.kind in _ENDPOINT_KINDS


def _services(results: Iterable[Result]) -> str:
    names = list(dict.fromkeys(line(r.service, 40) for r in results))
    if len(names) > _NAMED + 1:
        return f"{', '.join(names[:_NAMED])} and {len(names) - _NAMED} more services"
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)


def _admits(result: Result) -> bool:
    """Return whether a check failed because somebody got in: 200 where 401 was expected."""
    return any(
        a.subject == "status" and a.expected.startswith("4") and a.actual.startswith("2")
        for step in result.steps
        for a in step.assertions
        if not a.holds
    )


def cause(diagnosis: Diagnosis) -> str:
    """Return a cause as a clause: the first sentence of its summary, and how sure it is."""
    whole = line(diagnosis.summary, 4 * _CAUSE)
    first = re.split(r"(?<=[^.])\. (?=[A-Z])", whole, maxsplit=1)[0].rstrip(".")
    word, blank, rest = first.partition(" ")
    small = word.lower() if word in _ORDINARY else word
    return _SURE[diagnosis.confidence] + line(f"{small}{blank}{rest}", _CAUSE)


def capital(text: str) -> str:
    """Return a headline as a sentence begins; a name at its begin stays as it is."""
    return text[:1].upper() + text[1:]
