"""Write AWS CLI commands that run as printed: real names, quoted for a POSIX shell.

The AWS CLI reads an argument as an option, or as the name of a file, by its first characters. Such
a value goes behind "=" or into JSON, where it is a value and nothing else.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from typing import Any

from canary.model import Environment

READ_AS_ELSE = ("file://", "fileb://", "http://", "https://")
_TYPED = "file:///dev/stdin"
_NOT_IN_JSON = r"*[\"\\[:cntrl:]]*"  # a quote, a backslash, a control character
_LOWER = ("ecs", "logs")  # AWS's names of their parameters begin with a small letter


Value = str | int | bool | Sequence[str] | None


class Aws:
    """Write commands for one region and cluster."""

    def __init__(self, environment: Environment) -> None:
        self.region = environment.region
        self.cluster = environment.cluster

    def __call__(self, service: str, operation: str, /, **options: Value) -> str:
        """Return a command: `a_b="x"` becomes `--a-b x`, True a flag, a list several words."""
        words = ["aws", service, *operation.split(), "--region", quoted(self.region)]
        inside: dict[str, str] = {}
        for name, value in options.items():
            if isinstance(value, str) and not is_word(value):
                inside[_parameter(service, name)] = value
            elif value is not None and value is not False:
                words += _option("--" + name.replace("_", "-"), value)
        if inside:
            words += ["--cli-input-json", quoted(compact(inside))]
        return " ".join(words)

    def elbv2(self, operation: str, /, **options: Value) -> str:
        """Return a command for load balancers, their listeners, rules and target groups."""
        return self("elbv2", operation, **options)

    def ecs(self, operation: str, /, **options: Value) -> str:
        """Return an ECS command for the cluster."""
        return self("ecs", operation, cluster=self.cluster, **options)

    def with_secret(
        self, service: str, operation: str, form: str = "%s", /, **options: Value
    ) -> str:
        """Return a command that stores a secret, which the shell asks for and does not show.

        The value is neither in the shell's history nor among the arguments of a process: `read`
        and `printf` are the shell's own, and the AWS CLI reads what they pass on. Nothing is stored
        where nothing was typed, where a shell cannot hide it (`-s` and `[[` are of bash and zsh),
        or where it would break the JSON of the form. A form with two places takes a name first,
        which is shown.
        """
        option = "--secret-string" if service == "secretsmanager" else "--value"
        store = f"{self(service, operation, **options)} {option} {_TYPED}"
        names = ("NAME", "VALUE")[-form.replace("%%", "").count("%s") :]
        read = " && ".join(f"IFS= read -r{'s' if n == 'VALUE' else ''} {n}" for n in names)
        whole = [
            f"-n ${n}" + ("" if form == "%s" else f" && ${n} != {_NOT_IN_JSON}") for n in names
        ]
        given = " ".join(f'"${n}"' for n in names)
        return (
            f"{read} && [[ {' && '.join(whole)} ]] && printf {shlex.quote(form)} {given} | {store}"
            f" || echo 'The secret was not stored.' >&2; unset {' '.join(names)}"
        )


def is_word(text: str) -> bool:
    """Return whether the AWS CLI takes a text as it is, on one line and not as a file's name."""
    # argparse takes "--" out of every option's values
    return text.isprintable() and text != "--" and not text.startswith(READ_AS_ELSE)


def quoted(text: str) -> str:
    """Return a text as one word of a shell; zsh reads `=x` as the path of the program x."""
    word = shlex.quote(text)
    return f"'{text}'" if word.startswith("=") else word


def _option(option: str, value: str | int | Sequence[str]) -> list[str]:
    if value is True:
        return [option]
    if isinstance(value, str | int):
        if str(value).startswith("-"):  # else it were an option itself
            return [f"{option}={quoted(str(value))}"]
        return [option, quoted(str(value))]
    if all(is_word(v) and not v.startswith(("-", "[", "{")) for v in value):
        return [option, *(quoted(v) for v in value)]
    return [option, quoted(compact(list(value)))]


def _parameter(service: str, name: str) -> str:
    """Return AWS's name of the parameter that an option sets."""
    found = "".join(word.capitalize() for word in name.split("_"))
    return found[:1].lower() + found[1:] if service in _LOWER else found


def compact(value: Any) -> str:
    """Return JSON without blanks, for an option that takes a structure."""
    return json.dumps(value, separators=(",", ":"))
