"""One message of AWS as its page writes it: the pattern that finds it, and what it means.

A form is the text itself, so that no row can say one thing and find another. `<name>` stands for
what others choose: a name, an ARN, an address, without blanks. `<n>` is a number, `<text>` (and a
name that ends so) free text, and what stands in `[...]` may be missing. Capitals do not count: AWS
changes them. A form fits from the first letter of a message on: no name in the middle of one can
pass for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

WAYS = (
    *("security-group-blocked", "network-acl-blocked", "vpc-route-missing", "nat-gone"),
    "endpoint-missing",
)
"""The causes of a way that is closed; what is read of the VPC chooses, else the first is told."""
LONGEST = 2_000
"""Characters of a message that are compared; ECS keeps 1,024 of a reason."""

_PART = re.compile(r"<(?P<name>[a-z_]+)>|(?P<mark>[\[\]])|(?P<text>[^<\[\]]+|<)")
_BLANKS = re.compile(r"\s+")
# ECS writes the service in front as its guide does, or in brackets, with a task set where there
# are any (Amazon ECS Developer Guide, "Service event messages").
SERVICE = "(service <service>)"
_SERVICE = r"(?:\(service (?P<service>[^\s,()]+)(?:, taskSet [^\s,()]+)?\)|service \(?[^\s()]+\)?)"


@dataclass(frozen=True, kw_only=True)
class Form:
    """A message of AWS, and the causes that it shows.

    Of several causes, the first is told; other readings may choose another one.
    """

    text: str
    causes: tuple[str, ...] = ()  # ids of `canary.diagnose.causes`
    why: str = ""  # why it shows no cause, or what chooses between its causes
    answer: str = ""  # what AWS's page tells to do
    normal: bool = False  # a message of a healthy day, or of what somebody did on purpose

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Return the expression that fits the message from its beginning."""
        body = _SERVICE if self.text.startswith(SERVICE) else ""
        seen = {"service"} if body else set[str]()
        rest = self.text.removeprefix(SERVICE) if body else self.text
        found = "".join(_piece(part, seen) for part in _PART.finditer(rest))
        end = r"(?!\w)" if rest[-1:].isalnum() else ""
        return re.compile(body + found + end, re.IGNORECASE)


def _piece(part: re.Match[str], seen: set[str]) -> str:
    if part["mark"]:
        return "(?:" if part["mark"] == "[" else ")?"
    if not (name := part["name"]):
        return re.escape(part["text"])
    kind = r"\d+" if name == "n" else ".*" if name.endswith("text") else r"[^\s()]+"
    if name in seen or name in ("n", "text"):
        return kind
    seen.add(name)
    return f"(?P<{name}>{kind})"


class Hit(NamedTuple):
    """A form that fits a message, and what stands at its places."""

    form: Form
    fields: dict[str, str]


def plain(message: str) -> str:
    """Return a message as the forms write it: one blank between words, straight apostrophes."""
    return _BLANKS.sub(" ", message[:LONGEST]).replace("\u2019", "'").strip()


def match(forms: Iterable[Form], message: str) -> Hit | None:
    """Return the first form that a message has, None for none."""
    text = plain(message)
    for form in forms:
        if found := form.pattern.match(text):
            return Hit(form, {k: v for k, v in found.groupdict().items() if v is not None})
    return None


@dataclass(frozen=True, kw_only=True)
class AwsList:
    """One list of AWS's documentation, as a table."""

    title: str
    pages: tuple[str, ...]  # addresses
    forms: tuple[Form, ...]
