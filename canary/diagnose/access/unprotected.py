"""Unprotected routes: requests that are accepted although they must be refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import msgspec

from canary.diagnose.access import scope, stored
from canary.diagnose.access.auth_service import behaviour
from canary.diagnose.core.case import Case, Failures
from canary.diagnose.core.failures import Failure
from canary.diagnose.core.finding import Finding
from canary.diagnose.core.symptoms import Symptom
from canary.model import Remedy, Role

_OPEN = "protection-missing"


def unprotected(case: Case) -> Iterator[Finding]:
    """Report requests that were accepted although they must be refused."""
    kinds: dict[tuple[str, str, str], set[object]] = {}
    accepted = case.having(Symptom.ACCEPTED) - scope.not_refused(case)
    if too_powerful := _too_powerful_key(case, accepted):
        yield too_powerful
        return
    for failure in accepted:
        cause = _accepted_cause(case, failure.principal)
        noun = stored.noun(case.environment, failure.principal) if cause != _OPEN else ""
        kinds.setdefault((cause, failure.entry_service, noun), set()).add(failure)
    open_services = {entry for cause, entry, _ in kinds if cause == _OPEN}
    for (cause, entry, noun), found in sorted(kinds.items()):
        is_open = entry in open_services
        if is_open and cause != _OPEN:
            continue  # an unprotected service accepts old keys too
        failures = frozenset(
            f for f in accepted if f.entry_service == entry and (is_open or f in found)
        )
        if is_open:
            failures |= {f for f in case.failures if f.entry_service == entry and _no_key_asked(f)}
        text = {
            _OPEN: "{service} answers requests that carry no good key.",
            "revoked-key-accepted": f"A revoked {noun} is accepted.",
            "expired-key-accepted": f"An expired {noun} is accepted.",
        }[cause]
        owner = entry if noun == "user" else _owner(case, cause, entry)
        judges = case.environment.of_role(Role.IDENTITY) if noun != "user" else ()
        for finding in behaviour(case, cause, failures, text, owner):
            of_the_key = owner in judges and not finding.remedy.fix
            yield _look_at_key_record(case, finding, owner) if of_the_key else finding


def _no_key_asked(failure: Failure) -> bool:
    """Return whether an answer shows that no key is asked for: not 401, no rate limit headers."""
    if failure.symptom is Symptom.NO_RATE_HEADERS:
        return True
    unasked = re.search(r"status: 401 / [24]\d\d", failure.text)
    if failure.kind == "access" and re.search(r"status: 403 / [245]\d\d", failure.text):
        return True  # it reached what the scope is asked for
    return bool(unasked) and failure.status in (404, 405, 422)


def _look_at_key_record(case: Case, finding: Finding, judge: str) -> Finding:
    """Return the finding with another decision: no revision changed, so the key itself may have."""
    decision = (
        f"{'No new revision is known: look' if case.ecs(judge) else 'Look'} first at the key's own"
        f" record in {judge}, which may have been changed, and revoke it"
        f" again or let it expire; else whoever owns {judge} must let it refuse such keys."
    )
    return replace(finding, remedy=msgspec.structs.replace(finding.remedy, decision=decision))


def _too_powerful_key(case: Case, accepted: Failures) -> Finding | None:
    """Return the finding for one stored key that has too many permissions.

    Other principals are refused, so the route is protected; this key has too many permissions.
    """
    principals = {f.principal for f in accepted}
    principal = next(iter(principals), "")
    known = case.environment.principals.get(principal)
    entries = {f.entry_service for f in accepted}
    secret = case.environment.secret_of(principal)
    if len(principals) != 1 or known is None or not secret:
        return None
    judge = case.used(Role.IDENTITY)
    if judge not in entries:
        return None
    if _accepted_cause(case, principal) != _OPEN:
        return None
    return Finding(
        cause=_OPEN,
        service=judge,
        resource=secret,
        summary=f"The key of principal {principal} may do more than it should: {known.reason}.",
        shown_failures=3,
        remedy=Remedy(
            summary="Take back what the key may do too much.",
            inspect=(case.aws("secretsmanager", "describe-secret", secret_id=secret),),
            decision="An administrator makes a key without the scopes or the service that it must"
            f" not have, stores it in {stored.place(case.environment, principal)} and revokes this"
            " one.",
        ),
        explained_failures=accepted,
    )


def _accepted_cause(case: Case, principal: str) -> str:
    known = case.environment.principals.get(principal)
    text = ((known.reason if known else "") or principal).lower()
    if "revoked" in text:
        return "revoked-key-accepted"
    if "expired" in text:
        return "expired-key-accepted"
    return _OPEN


def _owner(case: Case, cause: str, entry: str) -> str:
    """Return the service at fault: auth for the state of a key, else the unprotected service."""
    return entry if cause == _OPEN else case.used(Role.IDENTITY, entry) or entry
