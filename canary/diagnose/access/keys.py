"""Keys of the canary that are refused or lack a scope; no secret value stands in a command."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from canary.diagnose.access import stored
from canary.diagnose.access.asked_otherwise import not_sent
from canary.diagnose.access.auth_service import key_validations
from canary.diagnose.access.new_key import key_evidence, rejected_key
from canary.diagnose.core.case import Case, Failures
from canary.diagnose.core.failures import Failure
from canary.diagnose.core.finding import Finding
from canary.diagnose.core.symptoms import Symptom
from canary.diagnose.ecs import revisions
from canary.model import Confidence, Remedy, Role, Status

_WHY = (
    (r"\binactive\b|\brevoked\b", "it was revoked"),
    (r"\bhas expired\b", "it has expired"),
    (r"not authorized for this service", "it was made for another service"),
    (r"allow-?list", "the canary's address is not among those from which it may be used"),
    (r"not found", "the auth service does not know it"),
)


def _valid(case: Case, principal: str) -> bool:
    known = principal in case.environment.principals  # the file of an earlier run had others
    return known and not case.environment.must_refuse(principal)


def rejected(case: Case) -> Iterator[Finding]:
    """Report a valid key that is refused as if it were unknown."""
    failures = frozenset(
        f for f in case.having(Symptom.KEY_REFUSED) - not_sent(case) if _must_be_known(case, f)
    )
    for alike in _by_form(case, failures):
        yield _rejected(case, alike)


def _by_form(case: Case, failures: Failures) -> Iterator[Failures]:
    """Yield the failures with a key, and those with a user and a password, where there are any."""
    pairs = frozenset(f for f in failures if case.environment.sends_basic(f.principal))
    yield from filter(None, (failures - pairs, pairs))


def _rejected(case: Case, failures: Failures) -> Finding:
    refusals = Counter(f.principal for f in sorted(failures, key=lambda f: f.position))
    principals = [name for name, _ in refusals.most_common()]
    secret = case.environment.secret_of(principals[0])
    if _accepted_by_auth(case, principals[0], failures):
        return _refused_by_a_front(case, principals[0], failures)
    return Finding(
        cause="credential-rejected",
        service=_judge(case, failures),
        resource=secret or principals[0],
        summary=f"The {stored.noun(case.environment, principals[0])} of principal"
        f" {' and of '.join(principals)} is refused:"
        f" {_why(case, failures)}.",
        evidence=key_evidence(case, secret),
        shown_failures=3,
        remedy=rejected_key(case, principals, _judge(case, failures)),
        explained_failures=failures,
    )


def _judge(case: Case, failures: Failures) -> str:
    """Return the service that judges the keys of these requests, else the one that refused.

    No identity service judges a user and a password: the service that refuses them keeps its users
    itself. Of several that refuse, the one behind the others does.
    """
    fronts = {f.entry_service for f in failures}
    if any(case.environment.sends_basic(f.principal) for f in failures):
        return min(fronts, key=lambda n: (len(case.closure(n) & fronts), n))
    front = min(fronts)
    return case.used(Role.IDENTITY, front) or front


def _at_a_judge(case: Case, failures: Failures) -> Failures:
    judges = case.environment.of_role(Role.IDENTITY)
    return frozenset(f for f in failures if f.entry_service in judges)


def _accepted_by_auth(case: Case, principal: str, failures: Failures) -> bool:
    """Return whether the auth service accepts a key that only other services refuse."""
    accepted = {
        e.principal for s, e in key_validations(case) if s.status is Status.PASS and e.status == 200
    }
    keeps_users = case.environment.sends_basic(principal)  # who refuses them: see `_judge`
    return principal in accepted and not keeps_users and not _at_a_judge(case, failures)


def _refused_by_a_front(case: Case, principal: str, failures: Failures) -> Finding:
    front = min(f.entry_service for f in failures)
    judge = case.used(Role.IDENTITY, front)
    return Finding(
        cause="credential-rejected",
        service=front,
        resource=case.services[front].ecs_service or front,
        confidence=Confidence.POSSIBLE,
        summary=f"{front} refuses the key of principal {principal}, and {judge} accepts it when it"
        f" is asked directly: {front} asks {judge} as another service or elsewhere, or what stands"
        f" behind {front} refuses the key.",
        shown_failures=3,
        remedy=Remedy(
            summary=f"See how {front} asks {judge}.",
            inspect=revisions.inspect(case, front),
            decision=f"The key is good: compare the service id and the address with which {front},"
            f" and what it hands the key on to, asks {judge}.",
        ),
        explained_failures=failures,
    )


def _why(case: Case, failures: Failures) -> str:
    """Return the auth service's reason for a refusal; the API gives the same text for all."""
    if any(case.environment.sends_basic(f.principal) for f in failures):
        return "user or password is wrong, or lost on the way"
    answers = " ".join(sorted(f.body for f in _at_a_judge(case, failures)))
    found = [text for words, text in _WHY if re.search(words, answers, re.IGNORECASE)]
    return found[0] if len(found) == 1 else "unknown, revoked, expired, or made for another service"


def _must_be_known(case: Case, failure: Failure) -> bool:
    """Return whether the auth service must know this key: it is valid or only lacks a scope."""
    unmet = [part.partition(" / ")[0] for part in failure.text.split(" | ")]
    lacks_scope = any("403" in wanted or "scope" in wanted for wanted in unmet[2:])
    return _valid(case, failure.principal) or (
        lacks_scope and failure.principal in case.environment.principals
    )


def scope(case: Case) -> Iterator[Finding]:
    """Report a valid key that lacks a scope for the check's requests."""
    failures = frozenset(f for f in case.having(Symptom.FORBIDDEN) if _valid(case, f.principal))
    for alike in _by_form(case, failures):
        yield _lacks_scope(case, alike)


def _lacks_scope(case: Case, failures: Failures) -> Finding:
    principal = min(f.principal for f in failures)
    secret = case.environment.secret_of(principal)
    noun = stored.noun(case.environment, principal)
    return Finding(
        cause="scope-insufficient",
        service=_judge(case, failures),
        resource=secret or principal,
        summary=f"The {noun} of principal {principal} is valid and may not do this.",
        shown_failures=3,
        remedy=Remedy(
            summary=f"Give the {noun} the scopes that the contract asks for.",
            inspect=(case.aws("secretsmanager", "describe-secret", secret_id=secret),)
            if secret
            else (),
            decision="An administrator gives the user of the secret what the checks ask for."
            if noun == "user"
            else "An administrator makes a key with write and registry administration scopes"
            f" and stores it in {stored.place(case.environment, principal)}.",
        ),
        explained_failures=failures,
    )
