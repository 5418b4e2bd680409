"""What is known of a principal's secret, and how it gets an accepted key again."""

from __future__ import annotations

from collections.abc import Collection, Sequence

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


def _before(case: Case, secret: str, harmed: Collection[str]) -> SecretState | None:
    """Return the secret if its previous value is to be put back: nobody else reads the present one.

    The previous value of the one secret of all principals would take back what was meant for
    others.
    """
    changed, readers = _changed(case, secret), stored.readers_of(case, secret)
    return changed if changed and (len(readers) < 2 or readers <= set(harmed)) else None


def _since(case: Case, secret: str) -> str:
    """Return what a decision says of a recent change of a secret that others read, too."""
    changed = _changed(case, secret)
    if changed is None:
        return ""
    return (
        f" {secret} was changed at {changed.changed_at}: if that was not meant, its version before"
        " (AWSPREVIOUS) holds what it had."
    )


def rejected_key(case: Case, principals: Sequence[str], judge: str) -> Remedy:
    """Return how the first refused principal gets an accepted key: its value before, else new."""
    principal = principals[0]
    secret = case.environment.secret_of(principal)
    if not secret:
        return Remedy(
            summary="Let the check send a key that the auth service knows.",
            decision=f"The environment file generates the key of principal {principal}, so nobody"
            " knows it: name a principal with a secret in the check, or decide what the check shall"
            " expect.",
        )
    show = case.aws("secretsmanager", "describe-secret", secret_id=secret)
    changed, where = _before(case, secret, principals), stored.place(case.environment, principal)
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
            f" password, and puts both into the secret {where}.{_since(case, secret)} {how}",
            decision_command=command,
        )
    judge = case.used(Role.IDENTITY)
    return Remedy(
        summary="Make a new key in the auth service and store it where the canary reads it.",
        inspect=(show, *(revisions.log_tail(case, judge) if judge else ())),
        decision="An administrator makes a new key where keys are judged, and puts it into the"
        f" secret {where}.{_since(case, secret)} {how}",
        decision_command=command,
    )


def missing_key(case: Case, secret: str, principals: Collection[str]) -> Remedy:
    """Return how to make a secret readable for these: undo its deletion or change, else store it.

    A secret that is there, with entries of others, is never made anew.
    """
    found, changed = state_of(case, secret), _before(case, secret, principals)
    show = case.aws("secretsmanager", "describe-secret", secret_id=secret)
    edits: build.Edits = ()
    if found and found.deleted:
        edits = (restore_secret(secret),)
    elif changed:
        edits = (previous_value(changed),)
    how, command = _stored_anew(case, secret, sorted(principals))
    return build.remedy(
        case,
        f"Have {secret} as it was." if edits else "Store the key where the canary reads it.",
        edits,
        inspect=(show,),
        verify=(show,),
        decision="Look first whether the change was meant.",
        otherwise=f"{_named_otherwise(case, secret, sorted(principals))}An administrator makes the"
        f" key and stores it.{_since(case, secret)} {how}",
        otherwise_command=command,
    )


def _stored_anew(case: Case, secret: str, principals: Sequence[str]) -> tuple[str, str]:
    """Return what a decision says of storing a missing credential, and the command."""
    found, shared = state_of(case, secret), [*filter(case.environment.shares_secret, principals)]
    if found is None or not found.exists:
        return stored.new_value(case, stored.CREATE, secret, name=secret)
    return stored.new_value(case, "put-secret-value", secret, *shared, secret_id=secret)


def _named_otherwise(case: Case, secret: str, principals: Sequence[str]) -> str:
    """Return which keys of the file may be wrong, where the secret is there and of one alone."""
    found = state_of(case, secret)
    alone = len(principals) == 1 and not case.environment.shares_secret(principals[0])
    if found is None or not found.exists or not alone:
        return ""
    (who,) = principals
    basic = case.environment.sends_basic(who)
    keys = "username_key and password_key" if basic else 'key (key = "": its whole value)'
    return (
        "The secret is there. If it holds the credential under another name, say so in the"
        f" environment file: {keys} in [principals.{who}]. Else: "
    )


def limit_reached(case: Case, principal: str) -> Remedy:
    """Return the remedy for a key whose rate limit or balance is used up."""
    secret, where = case.environment.secret_of(principal), stored.place(case.environment, principal)
    return Remedy(
        summary="Give the key a higher limit, or let the canary ask less often.",
        inspect=(case.aws("secretsmanager", "describe-secret", secret_id=secret),),
        decision="The hour's limit ends by itself at the time that X-RateLimit-Reset shows. If it"
        " is reached each hour, an administrator makes a key with a higher rate_limit_per_hour (or"
        f" more balance) and stores it in {where}; `python -m canary plan` says how many requests"
        " carry it.",
    )
