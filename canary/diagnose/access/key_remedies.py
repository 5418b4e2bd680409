"""Remedies for the canary's own keys; a secret value never stands in a command."""

from __future__ import annotations

from canary.control_plane.state import SecretState
from canary.diagnose.core.case import AUTH, Case
from canary.diagnose.ecs import revisions
from canary.diagnose.ecs.secret_remedies import FRESH_S, previous_value
from canary.model import Evidence, Remedy


def state_of(case: Case, secret: str) -> SecretState | None:
    """Return the state of a principal's secret, None if it was not read."""
    return next((s for s in case.state.secrets if secret and s.reference == secret), None)


def _changed(case: Case, secret: str) -> SecretState | None:
    """Return the secret if its value changed recently, else None."""
    found = state_of(case, secret)
    fresh = found and found.version_before and case.age(found.changed_at) < FRESH_S
    return found if fresh else None


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


def rejected_key(case: Case, secret: str) -> Remedy:
    """Return how to get an accepted key: the previous value, else a new key."""
    if not secret:
        return Remedy(summary="", decision="The environment file generates this key.")
    show = case.aws("secretsmanager", "describe-secret", secret_id=secret)
    changed = _changed(case, secret)
    if changed:
        return Remedy(
            summary=f"Put the value of {secret} back that was there before {changed.changed_at}.",
            inspect=(show,),
            fix=(previous_value(case, changed),),
            verify=(show,),
            decision="Look first whether the change was meant; then the auth service must know"
            " the new key.",
        )
    return Remedy(
        summary="Make a new key in the auth service and store it where the canary reads it.",
        inspect=(show, *(revisions.log_tail(case, AUTH) if AUTH in case.services else ())),
        decision="An administrator makes a key for the service id `platform` (POST /api/v1/keys of"
        f" the auth service) and puts it into the secret {secret}: aws secretsmanager"
        f" put-secret-value --secret-id {secret}"
        ' --secret-string \'{"api_key":"<the new key>"}\'',
    )


def missing_key(case: Case, secret: str) -> Remedy:
    """Return how to make a secret readable: undo its deletion or change, else create it."""
    found, changed = state_of(case, secret), _changed(case, secret)
    show = case.aws("secretsmanager", "describe-secret", secret_id=secret)
    fix = ""
    if found and found.deleted:
        fix = case.aws("secretsmanager", "restore-secret", secret_id=secret)
    elif changed and changed.exists:
        fix = previous_value(case, changed)
    return Remedy(
        summary=f"Have {secret} as it was." if fix else "Store the key where the canary reads it.",
        inspect=(show,),
        fix=(fix,) if fix else (),
        verify=(show,),
        decision="Look first whether the change was meant."
        if fix
        else "An administrator makes the key and stores it: aws secretsmanager"
        f' create-secret --name {secret} --secret-string \'{{"api_key":"<the key>"}}\'',
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
