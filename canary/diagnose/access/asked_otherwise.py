"""A service that asks for a credential that the canary does not send."""

from __future__ import annotations

from collections.abc import Iterator

from canary.diagnose.core.case import Case, Failures
from canary.diagnose.core.failures import Failure
from canary.diagnose.core.finding import Finding, top_evidence
from canary.diagnose.core.symptoms import Symptom
from canary.diagnose.ecs import revisions
from canary.model import Confidence, Remedy
from canary.model.principals import BASIC

_OF_KEY = ("", "bearer", "apikey")  # schemes of a challenge that a key of the canary can answer
_OF_BASIC = ("", "basic")  # those that a user name and a password answer


def not_sent(case: Case) -> Failures:
    """Return the refusals of requests to which no credential of the asked kind was sent."""
    refused = case.having(Symptom.NO_KEY_SEEN, Symptom.KEY_REFUSED)
    return frozenset(
        f for f in refused if f.principal and (_is_anonymous(case, f) or _is_other(case, f))
    )


def asked_otherwise(case: Case) -> Iterator[Finding]:
    """Report each principal from which a service asks what the canary does not send."""
    failures = not_sent(case)
    for entry, principal in sorted({(f.entry_service, f.principal) for f in failures}):
        own = frozenset(f for f in failures if (f.entry_service, f.principal) == (entry, principal))
        yield _finding(case, entry, principal, own)


def _is_anonymous(case: Case, failure: Failure) -> bool:
    known = case.environment.principals.get(failure.principal)
    return known is not None and known.anonymous


def _is_other(case: Case, failure: Failure) -> bool:
    basic = case.environment.sends_basic(failure.principal)
    return failure.challenge.lower() not in (_OF_BASIC if basic else _OF_KEY)


def _asked(failures: Failures) -> str:
    if any(f.challenge.lower() == BASIC for f in failures):
        return 'store `username` and `password`, and write `form = "basic"` there'
    return "the canary sends it as a bearer token or an API key"


def _finding(case: Case, entry: str, principal: str, failures: Failures) -> Finding:
    schemes = " or ".join(sorted({f.challenge for f in failures if f.challenge}))
    asked = f"asks for {schemes} authentication" if schemes else "asks for a credential"
    known = case.environment.principals.get(principal)
    anonymous = known is not None and known.anonymous
    pair = case.environment.sends_basic(principal)
    sent = "a user name and a password" if pair else "a key as a header"
    sent = "sends none" if anonymous else f"sends {sent}"
    change = revisions.change_evidence(case, entry)
    return Finding(
        cause="canary-credential-missing",
        service="canary",
        resource=case.environment.secret_of(principal) or principal,
        confidence=Confidence.POSSIBLE if change else Confidence.LIKELY,
        summary=f"{entry} {asked}, and principal {principal} of the environment file {sent}.",
        evidence=(*top_evidence(failures, 3), *change),
        remedy=Remedy(
            summary=f"Give principal {principal} what {entry} asks for.",
            inspect=revisions.inspect(case, entry) if entry in case.services else (),
            decision=f"If {entry} shall ask for this, store a credential that it takes in Secrets"
            f" Manager and name it as `secret` of [principals.{principal}]; {_asked(failures)}."
            f" If {entry} asked for none before, see what was deployed there.",
        ),
        shown_failures=0,
        explained_failures=failures,
    )
