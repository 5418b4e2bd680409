"""Keys of the canary that are refused or lack a scope; no secret value stands in a command."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from canary.control_plane.state import SecretState
from canary.diagnose.access import stored
from canary.diagnose.access.asked_otherwise import not_sent
from canary.diagnose.access.auth_service import key_validations
from canary.diagnose.core.case import Case, Failures
from canary.diagnose.core.failures import Failure
from canary.diagnose.core.finding import Finding
from canary.diagnose.core.symptoms import Symptom
from canary.diagnose.ecs import revisions
from canary.diagnose.ecs.secret_remedies import FRESH_S
from canary.diagnose.remedies import build
from canary.diagnose.remedies.secrets import previous_value, restore_secret
from canary.model import Confidence, Evidence, Remedy, Role, Status
from canary.model.principals import BASIC

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
    if not failures:
        return
    refusals = Counter(f.principal for f in sorted(failures, key=lambda f: f.position))
    principals = [name for name, _ in refusals.most_common()]
    secret = case.environment.principals[principals[0]].secret
    if _accepted_by_auth(case, principals[0], failures):
        yield _refused_by_a_front(case, principals[0], failures)
        return
    yield Finding(
        cause="credential-rejected",
        service=_judge(case, failures),
        resource=secret or principals[0],
        summary=f"The {stored.noun(case.environment, principals[0])} of principal"
        f" {' and of '.join(principals)} is refused:"
        f" {_why(case, failures)}.",
        evidence=key_evidence(case, secret),
        shown_failures=3,
        remedy=rejected_key(case, secret, _judge(case, failures)),
        explained_failures=failures,
    )


def _judge(case: Case, failures: Failures) -> str:
    """Return the service that judges the keys of these requests, else the one that refused."""
    front = min(f.entry_service for f in failures)
    return case.used(Role.IDENTITY, front) or front


def _at_a_judge(case: Case, failures: Failures) -> Failures:
    judges = case.environment.of_role(Role.IDENTITY)
    return frozenset(f for f in failures if f.entry_service in judges)


def _accepted_by_auth(case: Case, principal: str, failures: Failures) -> bool:
    """Return whether the auth service accepts a key that only other services refuse."""
    accepted = {
        e.principal for s, e in key_validations(case) if s.status is Status.PASS and e.status == 200
    }
    return principal in accepted and not _at_a_judge(case, failures)


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
    if not failures:
        return
    principal = min(f.principal for f in failures)
    secret = case.environment.principals[principal].secret
    noun = stored.noun(case.environment, principal)
    yield Finding(
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
            f" and stores it in {secret}.",
        ),
        explained_failures=failures,
    )


def state_of(case: Case, secret: str) -> SecretState | None:
    """Return the state of a principal's secret, None if it was not read."""
    return next((s for s in case.state.secrets if secret and s.reference == secret), None)


def _changed(case: Case, secret: str) -> SecretState | None:
    """Return the secret if it is there and its value changed recently, else None."""
    found = state_of(case, secret)
    if found is None or not found.exists or not found.version_before:
        return None
    return found if case.age(found.changed_at) < FRESH_S else None


def key_evidence(case: Case, secret: str) -> tuple[Evidence, ...]:
    """Return the evidence for a secret that was changed, marked for deletion or lost."""
    found = state_of(case, secret)
    if found is None:
        return ()
    if not found.exists:
        return (Evidence(resource=secret, seen=found.detail, expected="a current version"),)
    if not _changed(case, secret):
        return ()
    text = "has another value since the last day"
    return (Evidence(resource=secret, seen=text, expected="as before", at=found.changed_at),)


def rejected_key(case: Case, secret: str, judge: str = "") -> Remedy:
    """Return how to get an accepted key: the previous value, else a new key."""
    if not secret:
        return Remedy(summary="", decision="The environment file generates this key.")
    show = case.aws("secretsmanager", "describe-secret", secret_id=secret)
    changed = _changed(case, secret)
    if changed:
        return build.remedy(
            case,
            f"Put the value of {secret} back that was there before {changed.changed_at}.",
            (previous_value(changed),),
            inspect=(show,),
            verify=(show,),
            decision="Look first whether the change was meant; then the auth service must know"
            " the new key.",
        )
    if any(p.secret == secret and p.form == BASIC for p in case.environment.principals.values()):
        return _another_password(case, secret, judge, show)
    judge = case.used(Role.IDENTITY)
    return Remedy(
        summary="Make a new key in the auth service and store it where the canary reads it.",
        inspect=(show, *(revisions.log_tail(case, judge) if judge else ())),
        decision="An administrator makes a new key where keys are judged, and puts it into the"
        f" secret {secret}. {stored.typed(case, secret)}",
        decision_command=stored.command(case, "put-secret-value", secret, secret_id=secret),
    )


def _another_password(case: Case, secret: str, judge: str, show: str) -> Remedy:
    """Return how to get an accepted pair where a service keeps users itself."""
    return Remedy(
        summary="Give the user another password and store both where the canary reads them.",
        inspect=(show, *revisions.log_tail(case, judge)),
        decision=f"An administrator of {judge} sees whether the user is there, sets another"
        f" password, and puts both into the secret {secret}. {stored.typed(case, secret)}",
        decision_command=stored.command(case, "put-secret-value", secret, secret_id=secret),
    )


def missing_key(case: Case, secret: str) -> Remedy:
    """Return how to make a secret readable: undo its deletion or change, else create it."""
    found, changed = state_of(case, secret), _changed(case, secret)
    show = case.aws("secretsmanager", "describe-secret", secret_id=secret)
    edits: build.Edits = ()
    if found and found.deleted:
        edits = (restore_secret(secret),)
    elif changed:
        edits = (previous_value(changed),)
    return build.remedy(
        case,
        f"Have {secret} as it was." if edits else "Store the key where the canary reads it.",
        edits,
        inspect=(show,),
        verify=(show,),
        decision="Look first whether the change was meant.",
        otherwise=f"An administrator makes the key and stores it. {stored.typed(case, secret)}",
        otherwise_command=stored.command(case, "create-secret", secret, name=secret),
    )


def limit_reached(case: Case, secret: str) -> Remedy:
    """Return the remedy for a key whose rate limit or balance is used up."""
    return Remedy(
        summary="Give the key a higher limit, or let the canary ask less often.",
        inspect=(case.aws("secretsmanager", "describe-secret", secret_id=secret),),
        decision="The hour's limit ends by itself at the time that X-RateLimit-Reset shows. If it"
        " is reached each hour, an administrator makes a key with a higher rate_limit_per_hour (or"
        f" more balance) and stores it in {secret}; `python -m canary plan` says how many requests"
        " carry it.",
    )
