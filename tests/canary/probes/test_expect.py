"""The comparison of an answer with an expectation."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from canary.model import Answer, Failure, FailureKind, Timing
from canary.probes.base.expectations import Expect, judge
from canary.redaction.patterns import mask_foreign


def answer(body: object = b"", status: int = 200, **headers: str) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = tuple((k.replace("_", "-"), v) for k, v in headers.items())
    return Answer(status=status, body=raw, headers=named, timing=Timing(total_ms=100))


def holds(expect: dict[str, Any], given: Answer) -> bool:
    return all(a.holds for a in judge(msgspec.convert(expect, Expect), given))


DOCUMENT = {"status": "ok", "services": {"redis": "healthy"}, "checks": [{"passed": True}], "n": 1}


@pytest.mark.parametrize(
    ("expect", "good"),
    [
        ({"json": {"status": "ok"}}, True),
        ({"json": {"status": "error"}}, False),
        ({"json": {"services.redis": {"in": ["healthy", "disabled"]}}}, True),
        ({"json": {"services.mlflow": {"in": ["healthy"]}}}, False),
        ({"json": {"checks.0.passed": True}}, True),
        ({"json": {"n": True}}, False),
        ({"json": {"n": 1}}, True),
        ({"json": {"gone": {"exists": False}}}, True),
        ({"json": {"status": {"exists": True, "absent": ["API key required"]}}}, True),
        ({"json": {"status": {"contains": "o"}}}, True),
        ({"contains": ["healthy"], "absent": ["API key required"]}, True),
        ({"absent": ["healthy"]}, False),
        ({"contains_any": ["nothing", "redis"]}, True),
        ({"contains_any": ["nothing"]}, False),
        ({"limit_ms": 99}, False),
        ({"limit_ms": 101}, True),
        ({"status": [401]}, False),
        ({"headers": ["X-RateLimit-Limit"]}, False),
    ],
)
def test_each_expectation_decides(expect: dict[str, Any], good: bool) -> None:
    assert holds(expect, answer(DOCUMENT)) is good


@pytest.mark.parametrize("status", [404, 500, 503, 301])
def test_a_status_that_is_not_expected_never_holds(status: int) -> None:
    assert not holds({}, answer(status=status))


def test_no_answer_is_one_failed_judgement_with_the_word_of_the_failure() -> None:
    lost = Answer(failure=Failure(kind=FailureKind.REFUSED, detail="connection refused"))
    (only,) = judge(Expect(json={"a": 1}), lost)
    assert (only.holds, only.actual) == (False, "refused: connection refused")


def test_html_is_no_json_document() -> None:
    assert not holds({"json": {"status": "ok"}}, answer(b"<html>", content_type="text/html"))


@pytest.mark.parametrize(
    ("location", "good"),
    [
        ("https://auth.example.com:443/health", True),
        ("https://auth.example.com/health", True),
        ("https://auth.example.com/", False),
        ("http://auth.example.com/health", False),
        ("https://other.example.com/health", False),
        ("", False),
        ("https://auth.example.com:x/", False),
    ],
)
def test_a_redirect_points_to_the_same_place_whatever_port_it_names(
    location: str, good: bool
) -> None:
    expect = {"status": [301], "redirect": "https://auth.example.com/health"}
    assert holds(expect, answer(status=301, location=location)) is good


HERE = "https://auth.example.com"


@pytest.mark.parametrize(
    ("wanted", "location", "good"),
    [
        (f"{HERE}/a%20b", f" {HERE}/a b ", True),
        (f"{HERE}/b\u00fc", f"{HERE}/b%C3%BC", True),
        (f"{HERE}/a", f"{HERE.upper()}/a", True),
        (f"{HERE}/a", f"{HERE}./a", True),
        (f"{HERE}/a", f"{HERE}/a#part", True),
        (f"{HERE}/a", f"{HERE}/a?next=b", True),
        (f"{HERE}/a?next=b", f"{HERE}/a?next=b", True),
        (f"{HERE}/a?next=b", f"{HERE}/a?next=c", False),
        (f"{HERE}/a?next=b", f"{HERE}/a", False),
        (f"{HERE}/a", f"{HERE}/./a", False),
        (f"{HERE}/a", "/a", False),
        (f"{HERE}/a", "//auth.example.com/a", False),
        (f"{HERE}/a", "https://auth.example.com@evil.example/a", False),
        (f"{HERE}/a", "https://evil@auth.example.com/a", False),
        (f"{HERE}/a", "https://auth.example.com\\@evil.example/a", False),
        (f"{HERE}/a", f"{HERE}/a\t", True),
        (f"{HERE}/a", f"{HERE}:99999/a", False),
        (f"{HERE}/a", "https://[::1/a", False),
        (f"{HERE}:8443/a", f"{HERE}/a", False),
    ],
)
def test_where_a_redirect_leads_is_what_clients_understand(
    wanted: str, location: str, good: bool
) -> None:
    expect = {"status": [301], "redirect": wanted}
    assert holds(expect, answer(status=301, location=location)) is good


@pytest.mark.parametrize(
    ("content_type", "body", "good"),
    [
        ("text/plain", "caf\u00e9".encode(), True),
        ("text/plain; charset=iso-8859-1", "caf\u00e9".encode("latin-1"), True),
        ('text/plain; charset="UTF-16"', "caf\u00e9".encode("utf-16"), True),
        ("text/plain; Charset = utf-8", "caf\u00e9".encode(), True),
        ("text/plain; charset=nobody-knows", "caf\u00e9".encode(), True),
        ("text/plain", "caf\u00e9".encode("latin-1"), False),
        ("text/plain; charset=utf-8", "caf\u00e9".encode("utf-16"), False),
    ],
)
def test_a_text_is_looked_for_by_the_charset_of_the_answer(
    content_type: str, body: bytes, good: bool
) -> None:
    assert holds({"contains": ["caf\u00e9"]}, answer(body, content_type=content_type)) is good


def test_a_body_beyond_the_cap_fails_unless_its_size_does_not_matter() -> None:
    cut = msgspec.structs.replace(
        answer(b"x"), failure=Failure(kind=FailureKind.TOO_LARGE), truncated=True
    )
    assert not holds({}, cut)
    assert holds({"any_size": True}, cut)


def test_an_unknown_expectation_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="unknown field `stauts`"):
        msgspec.convert({"stauts": [200]}, Expect)


def test_evidence_shows_no_credential() -> None:
    key = "hk_" + "live_" + "a" * 32
    text = (
        f'{{"api_key": "{key}"}} Authorization: Bearer abcdefgh12345678\n'
        f"postgresql://mlflow:p%40ss@db:5432/x password=hunter22 key {key} "
        '"x-api-key": "b1c2d3e4", "set-cookie": "session=e5f6", postgresql://mlflow:p/ss@db:5432/y'
    )
    shown = mask_foreign(text)
    for secret in ("aaaa", "abcdefgh", "p%40ss", "hunter22", "b1c2d3e4", "e5f6", "p/ss"):
        assert secret not in shown
    assert "postgresql://***@db:5432/x" in shown


def test_redaction_leaves_the_words_of_a_refusal() -> None:
    for text in ('{"detail":"API key required"}', '{"detail":"Invalid or expired API key"}'):
        assert mask_foreign(text) == text
