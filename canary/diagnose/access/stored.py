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
    case: Case, operation: str, secret: str, *principals: str, **options: str
) -> tuple[str, str]:
    """Return what a decision says of storing a credential, and the command, "" if there is none.

    Without a principal the secret is stored for whoever reads it. Several are entries of the one
    secret of all principals.
    """
    readers = _readers(case, secret)
    first, *more = principals or ("",)
    who = first if first in readers else next(iter(readers), "")
    reader, entry = readers.get(who, Principal()), _entry(case, who)
    own = _places(case, who, reader) + tuple(k for m in more for k in _places(case, m, readers[m]))
    others = _others(case, secret, own)
    if others or more:
        rest = "Make the secret with all of it." if operation == CREATE else _instead(own)
        return (
            f"No command is printed, because it would write the whole value of {secret}"
            f"{', and ' + joined(others) if others else ''}. {rest}",
            "",
        )
    command = case.aws.with_secret("secretsmanager", operation, _form(reader, entry), **options)
    return _typed(reader) + (_replaces(own) if operation != CREATE else ""), command


def place(environment: Environment, principal: str) -> str:
    """Return where a principal's credential is stored, in words."""
    secret = environment.secret_of(principal)
    return f"{secret}, entry {principal}" if environment.shares_secret(principal) else secret


def readers_of(case: Case, secret: str) -> frozenset[str]:
    """Return the principals that read a secret, by whatever name they call it."""
    return frozenset(_readers(case, secret))


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
        if not p.generated
        and not p.anonymous
        and _name(case, case.environment.secret_of(who)) == name
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
        yield f"principal {who}", _places(case, who, principal)
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


def _places(case: Case, who: str, principal: Principal) -> Keys:
    """Return where in its secret a credential is: its keys, below the principal in the one secret.

    An entry of a bare value is the principal's own key.
    """
    keys, entry = _keys(principal), _entry(case, who)
    return (tuple(f"{entry}.{key}" for key in keys) or (entry,)) if entry else keys


def _entry(case: Case, who: str) -> str:
    return who if case.environment.shares_secret(who) else ""


def _keys(principal: Principal) -> Keys:
    if principal.form == BASIC:
        return principal.username_key, principal.password_key
    return (principal.key,) if principal.key else ()


def _form(principal: Principal, entry: str) -> str:
    """Return a form of printf: the JSON of a secret, or its bare value; `entry` is its name."""
    keys = _keys(principal)
    fields = (f'{json.dumps(key).replace("%", "%%")}:"%s"' for key in keys)
    bare = '"%s"' if entry else "%s"
    value = "{" + ",".join(fields) + "}" if keys else bare
    return f'{{"{entry}":{value}}}' if entry else value
