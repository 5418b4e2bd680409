"""A known secret is masked in every form; ordinary words stay."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canary.model import Exchange, Status, Step
from canary.redaction.redactor import MASK, Redactor

FORMS = {
    "plain": lambda s: s,
    "url": lambda s: quote(s, safe=""),
    "form": quote_plus,
    "json": lambda s: json.dumps(s)[1:-1],
    "base64": lambda s: base64.b64encode(s.encode()).decode(),
    "base64 behind a user": lambda s: base64.b64encode(f"user:{s}".encode()).decode(),
    "base64 behind two": lambda s: base64.b64encode(f"ab{s}".encode()).decode(),
    "url-safe base64": lambda s: base64.urlsafe_b64encode(f"x{s}".encode()).decode(),
    "hexadecimal": lambda s: s.encode().hex(),
    "beginning": lambda s: s[: len(s) - 3],
}


@pytest.mark.parametrize("form", FORMS)
def test_a_known_secret_is_masked_in_every_form(form: str) -> None:
    secret = f'/p+ä {secrets.token_urlsafe(24)}"='
    redactor = Redactor()
    redactor.learn(secret)
    shown = FORMS[form](secret)
    # a letter behind the gap might by chance be the next one of the secret, and go with it
    cleaned = redactor.text(f"before {shown} (after)")
    assert shown[:12] not in cleaned and shown[4:16] not in cleaned
    assert cleaned.startswith("before ") and cleaned.endswith(" (after)") and MASK in cleaned


@given(
    st.text("abcdefghijklmnopqrstuvwxyz0123456789+/=_-", min_size=12, max_size=60),
    st.text(max_size=20),
    st.integers(8, 60),
)
def test_no_beginning_of_a_secret_of_eight_characters_survives(
    secret: str, around: str, length: int
) -> None:
    redactor = Redactor()
    redactor.learn(secret)
    assert secret[:8] not in redactor.text(f"{around}{secret[:length]}{around}").replace(around, "")


@given(
    st.text("abcdefghijklmnopqrstuvwxyz0123456789+/=_-", min_size=12, max_size=60),
    st.sampled_from([str.upper, str.lower, str.title, str.swapcase]),
    st.integers(0, 52),
)
def test_no_end_of_a_secret_survives_in_any_case(
    secret: str, change: Callable[[str], str], cut: int
) -> None:
    redactor = Redactor()
    redactor.learn(secret)
    shown = change(secret[min(cut, len(secret) - 8) :])
    assert redactor.text(f"before ({shown}) after") == f"before ({MASK}) after"
    whole = change(secret)
    assert redactor.known(f"before {whole}? after") == f"before {MASK}? after"


def test_of_a_short_secret_only_the_whole_is_masked_in_any_case() -> None:
    redactor = Redactor()
    redactor.learn("correcthors")
    assert redactor.text("CORRECTHORS, rrecthors") == f"{MASK}, rrecthors"
    redactor.learn("battery-staple")
    text = "Battery-Staple, the end: RY-STAPLE; the middle: ttery-st; eight: y-staple"
    assert redactor.text(text) == f"{MASK}, the end: {MASK}; the middle: ttery-st; eight: {MASK}"


@pytest.mark.parametrize("beside", ["", " \\ % br &# &nb"])
@pytest.mark.parametrize("gap", ["\\n", "%0A", "<br>", "&#10;", "&nbsp;", " "])
def test_gaps_of_a_secret_are_seen_whatever_else_the_text_has(gap: str, beside: str) -> None:
    redactor = Redactor()
    redactor.learn("correct-horse-battery")
    text = f"x [{gap.join(('corre', 'ct-ho', 'rse-b', 'attery'))}]{beside}"
    assert redactor.known(text) == f"x [{MASK}]{beside}"


def test_a_struct_is_cleaned_of_what_only_looks_like_a_key() -> None:
    redactor, secret = Redactor(), secrets.token_urlsafe(24)
    step = Step(name="n", status=Status.PASS, reason=f"Authorization: Bearer {secret}")
    assert redactor.clean(step).reason == f"Authorization: Bearer {MASK}"


def test_a_secret_is_found_right_behind_its_own_first_letter() -> None:
    redactor = Redactor()
    redactor.learn("correct-horse-battery")
    for before in ("c", "cc", "co", "ccor"):
        assert redactor.known(f"x {before}correct-horse y") == f"x {before}{MASK} y"


CODINGS = (
    str,
    str,
    lambda c: f"%{ord(c):02X}",
    lambda c: f"%25{ord(c):02x}",
    lambda c: f"\\u{ord(c):04x}",
    lambda c: f"%5Cu{ord(c):04X}",
    lambda c: f"&#{ord(c)};",
    lambda c: f"&#x{ord(c):X};",
)
GAPS = ("", "", "", "\n", "\r\n  ", "\\n", "%0A", "<br>", "<wbr/>", "&#10;")


@given(
    st.text("abcdefghijklmnop0123456789+/=_-~.\"'", min_size=12, max_size=40),
    st.data(),
)
def test_no_mixture_of_codings_and_line_ends_hides_a_secret(
    secret: str, data: st.DataObject
) -> None:
    redactor = Redactor()
    redactor.learn(secret)
    codes = data.draw(st.lists(st.sampled_from(CODINGS), min_size=len(secret)))
    gaps = data.draw(st.lists(st.sampled_from(GAPS), min_size=len(secret)))
    shown = "".join(g + code(c) for c, code, g in zip(secret, codes, gaps, strict=False))
    assert redactor.text(f"[{shown}]") in (f"[{MASK}]", f"[{gaps[0]}{MASK}]")


def key(form: str) -> str:
    return f"hk_{form}_" + secrets.token_hex(16)


def rule(word: str) -> str:
    """Return the line that stands before or after a private key."""
    dashes = "-" * 5
    return f"{dashes}{word} RSA PRIVATE KEY{dashes}"


@pytest.mark.parametrize(
    "text",
    [
        f"key {key('live')}",
        f"key {key('test')[:20]}",
        f"Authorization: Bearer {secrets.token_urlsafe(30)}",
        json.dumps({"password": secrets.token_hex(8)}),
        json.dumps({"api_key": secrets.token_hex(8)}),
        f"DB_PASSWORD={secrets.token_hex(8)}",
        f"postgresql://mlflow:{secrets.token_hex(8)}@db:5432/mlflow_db",
        f"postgresql://mlflow:p/{secrets.token_hex(8)}@db:5432/mlflow_db",
        f"postgresql://mlflow:p@{secrets.token_hex(8)}@db:5432/mlflow_db",
        f"https://{secrets.token_hex(20)}@packages.example.com/simple",
        "AKIA" + secrets.token_hex(8).upper(),
        f"eyJ{secrets.token_hex(8)}.{secrets.token_hex(8)}.{secrets.token_hex(8)}",
        f"{rule('BEGIN')}\n{secrets.token_hex(64)}\n{rule('END')}",
    ],
    ids=[
        "live-key",
        "cut-key",
        "bearer",
        "password",
        "api-key",
        "variable",
        "url",
        "url-with-a-slash",
        "url-with-an-at",
        "url-of-a-token",
        "aws",
        "jwt",
        "pem",
    ],
)
def test_what_looks_like_a_key_is_masked_though_nobody_told(text: str) -> None:
    cleaned = Redactor().text(text)
    assert MASK in cleaned and len(cleaned) < len(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"detail":"API key required"}',
        '{"detail":"Invalid or expired API key"}',
        "Bearer token auth",
        "GET http://registry:8000/packages/canary@2 answered 404",
        "https://registry.hokus.ai/api/mlflow/api/2.0/mlflow/experiments/search?max_results=1",
        "arn:aws:secretsmanager:us-east-1:123456789012:secret:hokusai/canary/development/valid",
        "secret hokusai/canary/development/valid of principal valid could not be read",
        "Executionrole is not authorized to perform: secretsmanager:GetSecretValue",
    ],
)
def test_what_a_diagnosis_reads_is_left_as_it_is(text: str) -> None:
    assert Redactor().text(text) == text


def test_every_string_of_a_step_is_cleaned_and_an_innocent_step_is_the_same_object() -> None:
    secret = secrets.token_urlsafe(24)
    redactor = Redactor()
    redactor.learn(secret)
    evidence = (Exchange(method="GET", url=f"https://h/?api_key={secret}", excerpt=secret),)
    step = Step(
        name="n", status=Status.PASS, reason=secret, evidence=evidence, facts={"seen": secret}
    )
    assert secret not in repr(redactor.clean(step))
    plain = Step(name="n", status=Status.PASS, reason="well")
    assert redactor.clean(plain) is plain
    looks_alike = Step(
        name="n", status=Status.PASS, reason="API key required", evidence=(Exchange(method="GET",
        url="https://h/?token=", excerpt="secret: not found"),), facts={"a key": "a token"},
    )  # fmt: skip
    assert redactor.clean(looks_alike) is looks_alike
    both = redactor.clean((looks_alike, {"a": [secret, 1, None]}, step))
    assert both == (looks_alike, {"a": [MASK, 1, None]}, redactor.clean(step))
    assert both[0] is looks_alike and redactor.clean(step).evidence[0].method == "GET"


STRONG = "correct-horse-battery-staple"


@pytest.mark.parametrize(
    "order", [(STRONG, ""), ("", STRONG), (STRONG, "", STRONG), ("corr", STRONG, "")]
)
def test_the_stronger_of_two_kinds_of_a_secret_wins_in_any_order(order: tuple[str, ...]) -> None:
    redactor = Redactor()
    for public in order:
        redactor.learn(STRONG, public)
    shown = f"whole {STRONG}, beginning correct-horse, end ERY-STAPLE."
    assert redactor.known(shown) == f"whole {MASK}, beginning {MASK}, end {MASK}."
    coded = base64.b64encode(STRONG.encode()).decode()
    assert redactor.known(f"{coded[:12]} / {quote(STRONG)[:9]}") == f"{MASK} / {MASK}"


def test_a_user_name_alone_stays_bare_at_its_beginning_and_end() -> None:
    redactor = Redactor()
    for _ in range(2):
        redactor.learn(STRONG, STRONG)
    shown = f"{STRONG}, correct-horse, ery-staple"
    assert redactor.known(shown) == f"{MASK}, correct-horse, ery-staple"
