"""How the canary reads a principal's credential: what a person types to store a new one.

The command writes the whole value of a secret. So there is none where somebody else is known to
read more of it; and it says what it leaves where nobody can tell.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from canary.diagnose.core.case import Case
from canary.diagnose.core.decisions import joined
from canary.model import Environment, Principal
from canary.model.principals import BASIC

_ARN = re.compile(r"arn:[^:]+:secretsmanager:[^:]*:\d*:secret:([^:]+)")
_SUFFIX = re.compile(r"-[A-Za-z0-9]{6}$")  # AWS's own, at the end of an ARN
_WHOLE = "its whole value"
CREATE = "create-secret"
Keys = tuple[str, ...]
"""JSON keys of a secret; none: its whole value."""


def new_value(
    case: Case, operation: str, secret: str, principal: str = "", **options: str
) -> tuple[str, str]:
    """Return what a decision says of storing a credential, and the command, "" if there is none.

    Without a principal the secret is stored for whoever reads it.
    """
    readers = _readers(case, secret)
    reader = readers.get(principal) or next(iter(readers.values()), Principal())
    own = _keys(reader)
    if others := _others(case, secret, own):
        rest = "Make the secret with all of it." if operation == CREATE else _instead(own)
        return (
            f"No command is printed, because it would write the whole value of {secret}, and"
            f" {joined(others)}. {rest}",
            "",
        )
    command = case.aws.with_secret("secretsmanager", operation, _form(reader), **options)
    return _typed(reader) + (_replaces(own) if operation != CREATE else ""), command


def noun(environment: Environment, principal: str) -> str:
    """Return what a principal's credential is called."""
    return "user" if environment.sends_basic(principal) else "key"


def _typed(reader: Principal) -> str:
    """Return what a person types after the command."""
    if reader.form == BASIC:
        return (
            "Type this command, then the user name and the password, a line each; the terminal"
            " does not show the password."
        )
    return "Type this command, then the key, which the terminal does not show."


def _instead(own: Keys) -> str:
    """Return what is done by hand with a secret of which others read more."""
    if own:
        return f"Change {joined(own)} alone, and keep the rest."
    return "Store the key in a secret of its own, and name that in the environment file."


def _replaces(own: Keys) -> str:
    """Return what the command leaves of a secret; nobody knows what else it holds."""
    if not own:
        return ""
    return (
        " The command replaces the whole value of the secret and leaves only"
        f" {joined(own)} in it: if the secret holds anything else, change {joined(own)} alone by"
        " hand, and keep the rest."
    )


def _readers(case: Case, secret: str) -> dict[str, Principal]:
    """Return the principals that read a secret, by whatever name they call it."""
    name = _name(case, secret)
    return {
        who: p
        for who, p in case.environment.principals.items()
        if p.secret and not p.generated and not p.anonymous and _name(case, p.secret) == name
    }


def _others(case: Case, secret: str, own: Keys) -> list[str]:
    """Return who reads of a secret what a command would not write, and what it is."""
    found: dict[str, set[str]] = {}
    for who, keys in _reading(case, secret):
        if not set(keys) <= set(own) or bool(keys) is not bool(own):
            found.setdefault(who, set()).update(keys or (_WHOLE,))
    return [f"{who} reads {joined(sorted(keys))}" for who, keys in sorted(found.items())]


def _reading(case: Case, secret: str) -> Iterator[tuple[str, Keys]]:
    """Yield who reads a secret, and what of it: principals, and containers by their variables."""
    for who, principal in _readers(case, secret).items():
        yield f"principal {who}", _keys(principal)
    name = _name(case, secret)
    for definition in case.state.task_definitions:
        for container in definition.containers:
            for reference in container.secrets.values():
                found = _ARN.match(reference)
                if found and _name(case, reference) == name:
                    key = reference[found.end() :].removeprefix(":").partition(":")[0]
                    yield f"container {container.name}", (key,) if key else ()


def _name(case: Case, reference: str) -> str:
    """Return the name of a secret, as AWS told it, else without what AWS adds in an ARN."""
    told = next((s.name for s in case.state.secrets if s.reference == reference and s.name), "")
    found = _ARN.match(told or reference)
    return _SUFFIX.sub("", found[1]) if found else told or reference


def _keys(principal: Principal) -> Keys:
    if principal.form == BASIC:
        return principal.username_key, principal.password_key
    return (principal.key,) if principal.key else ()


def _form(principal: Principal) -> str:
    """Return a form of printf: the JSON of a secret, or its bare value."""
    keys = _keys(principal)
    fields = (f'{json.dumps(key).replace("%", "%%")}:"%s"' for key in keys)
    return "{" + ",".join(fields) + "}" if keys else "%s"
