"""Mask known secrets in every common encoding, and text that looks like a credential."""

from __future__ import annotations

import functools
import re
import threading
from typing import Any, TypeVar

import msgspec

from canary.model import Answer, Credential
from canary.redaction.forms import SHORTEST, forms
from canary.redaction.fragments import Fragment, fragment, lowered, mask_fragments, shown_in
from canary.redaction.named import MASK
from canary.redaction.patterns import mask, may_hold_key

T = TypeVar("T")


PERCENT = r"%(?:25){0,4}"  # a URL within a URL within a URL: each quotes the sign itself once more
# white space and line ends, also as JSON, URLs and HTML write them, and the backslashes of escapes
GAP = re.compile(
    rf"(?:\s|\\(?!u00)[nrt]?|{PERCENT}(?:0[AaDd9]|20|5[Cc](?!u00))|&nbsp;|&#(?:x0?[AaDd9]|9|10|13);"
    rf"|(?:<|{PERCENT}3[Cc])w?br(?: |{PERCENT}20)?/?(?:>|{PERCENT}3[Ee]))+"
)
# a character as URLs, JSON and HTML may write any of them; bounded, so that time stays linear
CODED = (
    rf"(?:\\|{PERCENT}5[Cc]){{1,8}}u00([0-9A-Fa-f]{{2}})"
    rf"|(?:&|{PERCENT}26)(?:#|{PERCENT}23)(?:[xX]0{{0,6}}([0-9A-Fa-f]{{1,2}})|0{{0,6}}(\d{{1,3}}))"
    rf"(?:;|{PERCENT}3[Bb])|{PERCENT}([0-9A-Fa-f]{{2}})"
)
GAPPED = ("\\", "%", "br", "&#", "&nb")  # without one of them a gap is white space
CODING = ("%", "\\u", "&#")  # without one of them nothing is coded


class Redactor:
    """Masks the secrets that it has learned, and text that looks like a credential."""

    def __init__(self) -> None:
        self._known: set[tuple[str, str]] = set()  # a secret and its public beginning
        # form -> length of the beginning that gives it away, and that beginning without gaps
        self._forms: dict[str, tuple[int, str]] = {}
        # the same, for reading without the lock
        self._found: tuple[tuple[str, tuple[int, str]], ...] = ()
        self._fragments: tuple[Fragment, ...] = ()
        self._lock = threading.Lock()

    def learn_credential(self, credential: Credential) -> None:
        """Remember all that is secret of a credential."""
        for secret, public in credential.secrets():
            self.learn(secret, public)

    def learn(self, secret: str, public: str = "") -> None:
        """Remember a secret value; its encodings and beginnings are masked from now on.

        `public` is its beginning that gives nothing away, such as a user's name; of a secret that
        is public to its end, the whole alone is masked. Of a secret that is learned several times
        the least that was public counts, whatever came first.
        """
        if len(secret) < SHORTEST or (secret, public) in self._known:
            return
        with self._lock:
            self._known.add((secret, public))
            new = forms(secret, public)
            for form, least in new.items():
                least = len(form) if public == secret else least
                least = min(least, self._forms.get(form, (least, ""))[0])
                self._forms[form] = (least, _flat(form)[:least])
            self._found = tuple(self._forms.items())
            self._fragments += tuple(
                fragment(form, self._forms[form][0]) for form in new if public != secret
            )

    def text(self, text: str) -> str:
        """Return the text without secrets, known or not."""
        return mask(self.known(text))

    def known(self, text: str) -> str:
        """Return the text without the learned secrets; text that only looks like one stays."""
        shown = {form: least for form, (least, _) in self._shown_in(text)}
        text = _mask(text, shown) if shown else text
        return mask_fragments(text, self._fragments, MASK)

    def answer(self, answer: Answer) -> Answer:
        """Return the answer without the learned secrets, before a probe cuts or joins texts."""
        body = answer.body.decode("utf-8", "surrogateescape")
        failure = answer.failure
        texts = [body, failure.detail if failure else ""]
        texts += [text for header in answer.headers for text in header]
        whole = "\t\0".join(texts)  # no secret goes on beyond the zero
        if self.known(whole) == whole:
            return answer
        if failure is not None:
            failure = msgspec.structs.replace(failure, detail=self.known(failure.detail))
        return msgspec.structs.replace(
            answer,
            body=self.known(body).encode("utf-8", "surrogateescape"),
            headers=tuple((self.known(n), self.known(v)) for n, v in answer.headers),
            failure=failure,
        )

    def _shown_in(self, text: str) -> list[tuple[str, tuple[int, str]]]:
        """Return the forms whose beginning is in the text."""
        flat = _flat(text)
        if any(coding in text for coding in CODING):
            flat += "\0" + _flat(_coded().sub(_character, text))
        return [found for found in self._found if found[1][1] in flat]

    def clean(self, value: T) -> T:
        """Return the value with every string in it masked; the same object if none changed."""
        innocent = isinstance(value, msgspec.Struct) and self._is_innocent(value)
        return value if innocent else self._clean(value)

    def _is_innocent(self, value: msgspec.Struct) -> bool:
        """Return whether no string in it can be a secret: one search replaces fifty."""
        try:
            text = msgspec.json.encode(value).decode()
        except (TypeError, UnicodeEncodeError):
            return False  # JSON cannot encode it: every string is looked at
        known = self._shown_in(text) or shown_in(lowered(text), self._fragments)
        return not known and not may_hold_key(text)

    def _clean(self, value: Any) -> Any:
        if type(value) is str:
            return self.text(value)
        if isinstance(value, msgspec.Struct):
            return self._struct(value)
        if isinstance(value, tuple | list):
            found = [self._clean(v) for v in value]
            same = all(a is b for a, b in zip(found, value, strict=True))
            return value if same else type(value)(found)
        if isinstance(value, dict):
            return {self._clean(k): self._clean(v) for k, v in value.items()}
        return value

    def _struct(self, value: msgspec.Struct) -> msgspec.Struct:
        changed = {}
        for name in value.__struct_fields__:
            before = getattr(value, name)
            after = self._clean(before)
            if after is not before and after != before:
                changed[name] = after
        return msgspec.structs.replace(value, **changed) if changed else value


@functools.cache
def _coded() -> re.Pattern[str]:
    """Return the pattern of a coded character; compiled lazily, for a short cold start."""
    return re.compile(CODED)


def _character(found: re.Match[str]) -> str:
    escape, entity, decimal, percent = found.groups()
    return chr(int(decimal) if decimal else int(escape or entity or percent, 16))


def _flat(text: str) -> str:
    """Return the text without white space and line ends, also those written as escapes."""
    text = text.replace('\\"', '"')  # JSON within JSON: by far the most frequent escape
    if any(sign in text for sign in GAPPED):
        return GAP.sub("", text)
    return "".join(text.split())  # the same, five times as fast, where nothing is escaped


def _mask(text: str, shown: dict[str, int]) -> str:
    """Replace every beginning of a form that gives it away, also across line ends.

    If several forms begin alike, the one that reaches furthest decides.
    """
    kept: list[str] = []
    done = at = 0
    firsts = {form[0] for form in shown} | set("%\\&")
    while at < len(text):
        if text[at] not in firsts:
            at += 1
            continue
        end = max(_end(text, at, form, least) for form, least in shown.items())
        if end:
            kept += (text[done:at], MASK)
            done = end
        at = end or at + 1
    return "".join((*kept, text[done:]))


def _end(text: str, start: int, form: str, least: int) -> int:
    """Return the end of a form's beginning at `start`, 0 if it is shorter than `least`.

    Each character may be coded. A gap is skipped if the form goes on after it: the secret was split
    into lines.
    """
    at, end, same = start, 0, 0
    while same < len(form):
        after = _after(text, at, form[same])
        if not after:
            gap = GAP.match(text, at) if same else None
            after = _after(text, gap.end(), form[same]) if gap else 0
        if not after:
            break
        at = end = after
        same += 1
    return end if same >= least else 0


def _after(text: str, at: int, wanted: str) -> int:
    """Return the end of a character at a place, plain or coded; 0 if another one is there."""
    sign = text[at : at + 1]
    if sign and sign in "%\\&":
        coded = _coded().match(text, at)
        if coded and _character(coded) == wanted:
            return coded.end()
    return at + 1 if sign == wanted else 0
