"""How the canary reads a principal's credential: what a person types to store a new one."""

from __future__ import annotations

import json

from canary.diagnose.core.case import Case
from canary.model import Environment, Principal
from canary.model.principals import BASIC


def command(case: Case, operation: str, secret: str, **options: str) -> str:
    """Return the command that stores a credential as the canary reads it from the secret."""
    form = _form(_reader(case.environment, secret))
    return case.aws.with_secret("secretsmanager", operation, form, **options)


def typed(case: Case, secret: str) -> str:
    """Return what a person types after the command."""
    if _reader(case.environment, secret).form == BASIC:
        return (
            "Type this command, then the user name and the password, a line each; the terminal"
            " does not show the password."
        )
    return "Type this command, then the key, which the terminal does not show."


def noun(environment: Environment, principal: str) -> str:
    """Return what a principal's credential is called."""
    return "user" if environment.sends_basic(principal) else "key"


def _reader(environment: Environment, secret: str) -> Principal:
    known = (p for p in environment.principals.values() if secret and p.secret == secret)
    return next(known, Principal())


def _form(principal: Principal) -> str:
    """Return a form of printf: the JSON of a secret, or its bare value."""
    keys: tuple[str, ...] = (principal.key,)
    if principal.form == BASIC:
        keys = (principal.username_key, principal.password_key)
    elif not principal.key:
        return "%s"
    fields = (f'{json.dumps(key).replace("%", "%%")}:"%s"' for key in keys)
    return "{" + ",".join(fields) + "}"
