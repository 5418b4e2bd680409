"""The expected answer of a check, and the comparison of an answer with it."""

from __future__ import annotations

import json
import re
import sys
from typing import Annotated

import msgspec

from canary.model import Answer, Assertion, FailureKind, Frozen
from canary.model.urls import place
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


class NoDocumentError(ValueError):
    """A body is no JSON document (RFC 8259); the text says what is wrong where."""


def parse(answer: Answer) -> object:
    """Return the JSON document of an answer; raise NoDocumentError."""
    body = answer.body
    if not body.strip():
        raise NoDocumentError("the body is empty")
    try:
        return json.loads(body, parse_constant=_no_number, parse_int=_whole)
    except json.JSONDecodeError as error:
        near = mask_foreign(error.doc[error.pos : error.pos + 20])
        what = error.msg.removesuffix(" at")
        raise NoDocumentError(f"{what} at character {error.pos}: {near!r}") from error
    except UnicodeDecodeError as error:
        wrong = error.object[error.start]
        raise NoDocumentError(f"byte {error.start} is 0x{wrong:02x}: {error.reason}") from error
    except RecursionError as error:
        raise NoDocumentError("it is nested deeper than any document of a platform") from error


def document_of(answer: Answer) -> object:
    """Return the JSON document of an answer, or MISSING."""
    try:
        return parse(answer)
    except NoDocumentError:
        return MISSING


def _no_number(text: str) -> object:
    raise NoDocumentError(f"{text} is no JSON number")


def _whole(digits: str) -> int | float:
    """Return a whole number; Python refuses to convert very long ones, which JSON allows."""
    return int(digits) if len(digits) < sys.int_info.default_max_str_digits else float(digits)


def _judge_json(expect: Expect, answer: Answer) -> list[Assertion]:
    try:
        document = parse(answer)
    except NoDocumentError as error:
        return [_holds("body", "a JSON document", f"no JSON ({error})", False)]
    made: list[Assertion] = []
    for path, wanted in expect.json.items():
        field = wanted if isinstance(wanted, Field) else Field(equals=wanted)
        made += judge_field(path, look_up(document, path), field)
    return made


def text_of(answer: Answer) -> str:
    """Return the body as text, read by the charset of its content type, else as UTF-8."""
    parameters = answer.header("content-type").partition(";")[2]
    found = re.search(r"charset\s*=\s*\"?([\w.:-]+)", parameters, re.IGNORECASE)
    try:
        return answer.body.decode(found[1] if found else "utf-8", "replace")
    except LookupError:  # a charset that nobody knows
        return answer.body.decode("utf-8", "replace")


def _judge_body(expect: Expect, answer: Answer) -> list[Assertion]:
    body = text_of(answer)
    shown = mask_foreign(" ".join(body.split()))[:120]
    made = [_holds("body", f"contains {t}", shown, t in body) for t in expect.contains]
    made += [_holds("body", f"without {t}", shown, t not in body) for t in expect.absent]
    if expect.contains_any:
        text = "contains " + " or ".join(expect.contains_any)
        made.append(_holds("body", text, shown, any(t in body for t in expect.contains_any)))
    return made


def _judge_redirect(expect: Expect, answer: Answer) -> Assertion:
    location = answer.header("location")
    return _holds("Location", expect.redirect, location or "absent", _same_place(expect, location))


def _same_place(expect: Expect, location: str) -> bool:
    """Return whether Location leads where it must; a query counts where the check writes one."""
    try:
        wanted, found = place(expect.redirect), place(location.strip(" \t"))
    except ValueError:
        return False
    if not wanted.query:
        found = msgspec.structs.replace(found, query="")
    return found == wanted


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
