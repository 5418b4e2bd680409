"""Keys of the canary that are refused or lack a scope."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from canary.diagnose.access.key_remedies import key_evidence, rejected_key
from canary.diagnose.core.case import AUTH, Case, Failures
from canary.diagnose.core.failures import Failure, must_be_refused
from canary.diagnose.core.finding import Finding
from canary.diagnose.core.symptoms import Symptom
from canary.model import Remedy

_WHY = (
    (r"\binactive\b|\brevoked\b", "it was revoked"),
    (r"\bhas expired\b", "it has expired"),
    (r"not authorized for this service", "it was made for another service"),
    (r"allow-?list", "the canary's address is not among those from which it may be used"),
    (r"not found", "the auth service does not know it"),
)


def _valid(case: Case, principal: str) -> bool:
    return bool(principal) and not must_be_refused(case.environment, principal)


def rejected(case: Case) -> Iterator[Finding]:
    """Report a valid key that is refused as if it were unknown."""
    failures = frozenset(f for f in case.having(Symptom.KEY_REFUSED) if _must_be_known(case, f))
    if not failures:
        return
    refusals = Counter(f.principal for f in sorted(failures, key=lambda f: f.position))
    principals = [name for name, _ in refusals.most_common()]
    secret = case.environment.principals[principals[0]].secret
    yield Finding(
        cause="credential-rejected",
        service=AUTH if AUTH in case.services else min(f.entry_service for f in failures),
        resource=secret or principals[0],
        summary=f"The key of principal {' and of '.join(principals)} is refused: {_why(failures)}.",
        evidence=key_evidence(case, secret),
        shown_failures=3,
        remedy=rejected_key(case, secret),
        explained_failures=failures,
    )


def _why(failures: Failures) -> str:
    """Return the auth service's reason for a refusal; the API gives the same text for all."""
    answers = " ".join(sorted(f.body for f in failures if f.entry_service == AUTH))
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
    yield Finding(
        cause="scope-insufficient",
        service=AUTH if AUTH in case.services else min(f.entry_service for f in failures),
        resource=secret or principal,
        summary=f"The key of principal {principal} is valid and may not do this.",
        shown_failures=3,
        remedy=Remedy(
            summary="Give the key the scopes that the contract asks for.",
            inspect=(case.aws("secretsmanager", "describe-secret", secret_id=secret),)
            if secret
            else (),
            decision="An administrator makes a key with write and registry administration scopes"
            f" and stores it in {secret}.",
        ),
        explained_failures=failures,
    )
