"""Refuse principals without one way to their credential, and forms that cannot carry it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from canary.model import Check, Environment, Principal
from canary.model.principals import BASIC
from canary.probes.base.request import OWN

RESERVED = ("", "nobody")
DEFAULTS = Principal()


def principal_problems(environment: Environment) -> Iterator[str]:
    """Yield what is wrong with the environment's principals, each `key: what is wrong`."""
    yield from _of_one_secret(environment)
    for name, principal in environment.principals.items():
        ways = [bool(principal.secret), bool(principal.generated), principal.anonymous]
        if name in RESERVED:
            yield f"principals.{name}: is reserved for requests without a key"
        if sum(ways) > 1:
            yield f"principals.{name}: needs one of secret, generated and anonymous"
        elif not sum(ways) and not environment.principals_secret:
            yield (
                f"principals.{name}: needs one of secret, generated and anonymous, or"
                " principals_secret at the top of the file"
            )
        if principal.form == BASIC:
            yield from _of_basic(f"principals.{name}", principal)
        else:
            for key in ("username_key", "password_key"):
                if getattr(principal, key) != getattr(DEFAULTS, key):
                    yield f'principals.{name}.{key}: is for form = "basic" alone'


def _of_one_secret(environment: Environment) -> Iterator[str]:
    one = environment.principals_secret
    if one and not any(map(environment.shares_secret, environment.principals)):
        yield "principals_secret: no principal is in it, each has another way to its credential"
    for name, principal in environment.principals.items():
        if one and principal.secret == one:
            yield f"principals.{name}.secret: is principals_secret, take this line away"


def _of_basic(at: str, principal: Principal) -> Iterator[str]:
    keys = f"{principal.username_key} and {principal.password_key}"
    if principal.anonymous:
        yield f"{at}.form: an anonymous principal sends no credential, take the form away"
    elif not principal.key:
        yield f"{at}.key: a bare value holds no user, form basic reads the JSON keys {keys}"
    elif principal.key != DEFAULTS.key:
        yield f"{at}.key: form basic reads the JSON keys {keys} (username_key, password_key)"
    if principal.username_key == principal.password_key:
        yield f"{at}.password_key: is the key of the user name, too"


def form_problems(environment: Environment, check: Check, file: str) -> Iterator[str]:
    """Yield each form of a check that cannot carry its principal's credential."""
    for at, principal, form in _sent(check.spec):
        if principal not in environment.principals:
            continue
        basic = environment.sends_basic(principal)
        if basic and form not in (OWN, BASIC, "none"):
            yield (
                f"{at}: {form} cannot carry principal {principal}, which has form basic in {file}"
            )
        if not basic and form == BASIC:
            yield f"{at}: principal {principal} has no user name, see its form in {file}"


def _sent(spec: Any) -> Iterator[tuple[str, str, str]]:
    """Yield where a form stands, its principal and the form."""
    if hasattr(spec, "form"):
        yield "spec.form", spec.principal, spec.form
    for number, case in enumerate(getattr(spec, "cases", ())):
        known = msgspec.structs.asdict(case)
        for form in known.get("forms", ()):
            yield f"spec.cases[{number}].forms", known.get("principal", ""), form
