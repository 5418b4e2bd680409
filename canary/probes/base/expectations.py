"""The expected answer of a check, and the comparison of an answer with it."""

from __future__ import annotations

import json
from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from canary.model import Answer, Assertion, FailureKind, Frozen
from canary.redaction.patterns import mask_foreign

Scalar = str | int | float | bool | None
StatusCode = Annotated[int, msgspec.Meta(ge=100, le=599)]
Statuses = Annotated[tuple[StatusCode, ...], msgspec.Meta(min_length=1)]
Milliseconds = Annotated[int, msgspec.Meta(ge=0)]


class Field(Frozen, frozen=True, kw_only=True, rename={"one_of": "in"}):
    """The expectation of one value in a JSON document; every given condition must hold."""

    equals: Scalar | msgspec.UnsetType = msgspec.UNSET
    one_of: tuple[Scalar, ...] = ()  # written `in`
    exists: bool | None = None
    contains: str = ""  # in a text, or as an element of a list
    absent: tuple[str, ...] = ()  # texts that it must not contain

    def __post_init__(self) -> None:
        """Refuse an expectation that every value would meet."""
        known = self.exists is not None or self.equals is not msgspec.UNSET
        if not (known or self.one_of or self.contains or self.absent):
            raise ValueError("expects nothing of the value")


class Expect(Frozen, frozen=True, kw_only=True):
    """The expected answer. Omitted fields are not checked, but the status always is."""

    status: Statuses = (200,)
    content_type: Annotated[str, msgspec.Meta(pattern="^[a-z0-9.+/-]*$")] = ""
    json: dict[str, Field | Scalar] = msgspec.field(default_factory=dict)
    headers: tuple[str, ...] = ()  # must be present
    contains: tuple[str, ...] = ()  # the body must contain each
    contains_any: tuple[str, ...] = ()  # the body must contain one of them
    absent: tuple[str, ...] = ()  # the body must contain none
    # the expected Location; ":443" of https does not matter
    redirect: Annotated[str, msgspec.Meta(pattern=r"^(|https|https?://\S+)$")] = ""
    max_ms: Milliseconds = 0  # a slower answer is noted, 0: the environment's `slow_ms`
    limit_ms: Milliseconds = 0  # a slower answer fails, 0: no limit but the time-out
    any_size: bool = False  # a body longer than the cap is no failure


def _text(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return mask_foreign(text)[:200]


def _holds(subject: str, expected: str, actual: object, holds: bool) -> Assertion:
    return Assertion(subject=subject, expected=expected, actual=_text(actual), holds=holds)


MISSING = object()


def look_up(document: object, path: str) -> object:
    """Return the value under a dotted path ("services.redis", "checks.0.passed") or MISSING."""
    here = document
    for part in path.split("."):
        if isinstance(here, dict) and part in here:
            here = here[part]
        elif isinstance(here, list) and part.isdigit() and int(part) < len(here):
            here = here[int(part)]
        else:
            return MISSING
    return here


def same(value: object, wanted: Scalar) -> bool:
    """Return whether two values are equal in JSON, where true is not 1."""
    return isinstance(value, bool) == isinstance(wanted, bool) and value == wanted


def judge_field(path: str, value: object, field: Field) -> list[Assertion]:
    """Compare one value of a document with its expectation."""
    shown = "absent" if value is MISSING else value
    made: list[Assertion] = []
    if field.exists is not None:
        text = "present" if field.exists else "absent"
        made.append(_holds(path, text, shown, (value is not MISSING) == field.exists))
    if field.equals is not msgspec.UNSET:
        made.append(_holds(path, _text(field.equals), shown, same(value, field.equals)))
    if field.one_of:
        expected = " or ".join(_text(v) for v in field.one_of)
        made.append(_holds(path, expected, shown, any(same(value, v) for v in field.one_of)))
    if field.contains:
        inside = isinstance(value, str | list) and field.contains in value
        made.append(_holds(path, f"contains {field.contains}", shown, inside))
    for text in field.absent:
        made.append(_holds(path, f"without {text}", shown, text not in str(value)))
    return made


def throttled(expect: Expect, answer: Answer) -> bool:
    """Return whether the answer is an unexpected 429: more requests would only prolong it."""
    return answer.status == 429 and 429 not in expect.status


def parse(answer: Answer) -> object:
    """Return the JSON document of an answer, or MISSING."""
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):  # deeper than any document of a platform
        return MISSING


def _judge_json(expect: Expect, answer: Answer) -> list[Assertion]:
    document = parse(answer)
    if document is MISSING:
        return [_holds("body", "a JSON document", answer.content_type or "no JSON", False)]
    made: list[Assertion] = []
    for path, wanted in expect.json.items():
        field = wanted if isinstance(wanted, Field) else Field(equals=wanted)
        made += judge_field(path, look_up(document, path), field)
    return made


def _judge_body(expect: Expect, answer: Answer) -> list[Assertion]:
    body = answer.body.decode("utf-8", "replace")
    shown = mask_foreign(" ".join(body.split()))[:120]
    made = [_holds("body", f"contains {t}", shown, t in body) for t in expect.contains]
    made += [_holds("body", f"without {t}", shown, t not in body) for t in expect.absent]
    if expect.contains_any:
        text = "contains " + " or ".join(expect.contains_any)
        made.append(_holds("body", text, shown, any(t in body for t in expect.contains_any)))
    return made


def _place(url: str) -> tuple[str, str, int | None, str]:
    parts = urlsplit(url)
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    return parts.scheme, parts.hostname or "", port, parts.path or "/"


def _judge_redirect(expect: Expect, answer: Answer) -> Assertion:
    location = answer.header("location")
    return _holds("Location", expect.redirect, location or "absent", _same_place(expect, location))


def _same_place(expect: Expect, location: str) -> bool:
    try:
        return bool(location) and _place(location) == _place(expect.redirect)
    except ValueError:
        return False


def judge(expect: Expect, answer: Answer) -> list[Assertion]:
    """Compare an answer with an expectation; the first assertion is that there is an answer."""
    failure = answer.failure
    if failure is not None and not (expect.any_size and failure.kind is FailureKind.TOO_LARGE):
        detail = f"{failure.kind.value}: {failure.detail}" if failure.detail else failure.kind.value
        return [_holds("answer", "a complete answer", detail, False)]
    wanted = " or ".join(str(s) for s in expect.status)
    made = [_holds("status", wanted, str(answer.status), answer.status in expect.status)]
    if expect.content_type:
        fits = answer.content_type == expect.content_type
        made.append(_holds("content type", expect.content_type, answer.content_type, fits))
    for name in expect.headers:
        value = answer.header(name)
        made.append(_holds(f"header {name}", "present", value or "absent", bool(value)))
    if expect.redirect:
        made.append(_judge_redirect(expect, answer))
    if expect.json:
        made += _judge_json(expect, answer)
    if expect.contains or expect.absent or expect.contains_any:
        made += _judge_body(expect, answer)
    if expect.limit_ms:
        took = answer.timing.total_ms
        text = f"within {expect.limit_ms} ms"
        made.append(_holds("duration", text, f"{took:.0f} ms", took <= expect.limit_ms))
    return made


def meets(expect: Expect, answer: Answer) -> bool:
    """Return whether an answer is as expected in every respect."""
    return all(a.holds for a in judge(expect, answer))
