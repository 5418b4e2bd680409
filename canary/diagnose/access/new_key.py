"""What is known of a principal's secret, and how it gets an accepted key again."""

from __future__ import annotations

from canary.control_plane.state import SecretState
from canary.diagnose.access import stored
from canary.diagnose.core.case import Case
from canary.diagnose.ecs import revisions
from canary.diagnose.ecs.secret_remedies import FRESH_S
from canary.diagnose.remedies import build
from canary.diagnose.remedies.secrets import previous_value, restore_secret
from canary.model import Evidence, Remedy, Role


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


def rejected_key(case: Case, principal: str, judge: str) -> Remedy:
    """Return how a refused principal gets an accepted key: the previous value, else a new one."""
    secret = case.environment.principals[principal].secret
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
    how, command = stored.new_value(case, "put-secret-value", secret, principal, secret_id=secret)
    if case.environment.sends_basic(principal):
        return Remedy(
            summary="Give the user another password and store both where the canary reads them.",
            inspect=(show, *revisions.log_tail(case, judge)),
            decision=f"An administrator of {judge} sees whether the user is there, sets another"
            f" password, and puts both into the secret {secret}. {how}",
            decision_command=command,
        )
    judge = case.used(Role.IDENTITY)
    return Remedy(
        summary="Make a new key in the auth service and store it where the canary reads it.",
        inspect=(show, *(revisions.log_tail(case, judge) if judge else ())),
        decision="An administrator makes a new key where keys are judged, and puts it into the"
        f" secret {secret}. {how}",
        decision_command=command,
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
    how, command = stored.new_value(case, "create-secret", secret, name=secret)
    return build.remedy(
        case,
        f"Have {secret} as it was." if edits else "Store the key where the canary reads it.",
        edits,
        inspect=(show,),
        verify=(show,),
        decision="Look first whether the change was meant.",
        otherwise=f"An administrator makes the key and stores it. {how}",
        otherwise_command=command,
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
