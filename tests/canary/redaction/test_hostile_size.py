"""Very long answers cost neither the time of a run nor the size of a report."""

from __future__ import annotations

import time

import pytest

from canary.model import Answer, PeerCertificate, Request
from canary.probes.base.evidence import assertion, exchange
from canary.redaction.patterns import mask_foreign
from canary.redaction.redactor import Redactor

LONG = 64_000
BEGIN = f"{'-' * 5}BEGIN PRIVATE KEY{'-' * 5}"
KEY = "hk_live_" + "k" * 32
ODD = {
    "a name of many dots": "a." * (LONG // 2) + "@",
    "a scheme without end": "a-" * (LONG // 2) + "://:@",
    "many addresses": "a://" * (LONG // 4) + "@",
    "many keys": "hk_live_" * (LONG // 8),
    "many tokens": '"token" : ' * (LONG // 10),
    "many headers": "bearer " * (LONG // 7),
    "many begins": BEGIN * (LONG // 27),
    "many beginnings of tokens": "-eyJ" * (LONG // 4),
    "many long beginnings of tokens": "eyJaaaaaaaa-" * (LONG // 12),
    "many names": "password_" * (LONG // 9),
    "many names without a value": "password= " * (LONG // 10),
    "many open quotes": 'password="' * (LONG // 10),
    "many escaped quotes": 'password="' + '\\"' * (LONG // 2),
    "many flags": "--password " * (LONG // 11),
    "many elements": "<password " * (LONG // 10),
    "many signs": "password%3D%" * (LONG // 12),
    "many users": "-u " * (LONG // 3),
    "many random tokens": ("aB3" * 12 + " ") * (LONG // 37),
    "one token": "aB3" * (LONG // 3),
    "quoted upon quoted": "%25" * (LONG // 3),
    "a long word and a quoted one": "a" * LONG + " %41",
    "nearly quoted": "%4" * (LONG // 2) + " %41",
    "escapes": "\\" * LONG,
    "escapes behind a key": f"{KEY} " + "\\" * LONG,
    "quoted escapes behind a key": f"{KEY} " + "%5C" * (LONG // 3),
    "numbers behind a key": f"{KEY} " + "&#0000000" * (LONG // 9),
    "breaks behind a key": f"{KEY} " + "<br " * (LONG // 4),
    "codes behind a key": f"{KEY} " + "\\u00" * (LONG // 4),
    "a key's first letter and a gap": f"{KEY} " + "h\n" * (LONG // 2),
    "the sign of signs behind a key": f"{KEY} %" + "25" * (LONG // 2),
}


@pytest.mark.parametrize("name", ODD)
def test_no_text_holds_the_redactor_up(name: str) -> None:
    """A regular expression holds the whole process: seven seconds for one header once."""
    made = Redactor()
    made.learn(KEY)
    began = time.process_time()
    made.text(ODD[name])
    made.known(ODD[name])
    mask_foreign(ODD[name])
    assert time.process_time() - began < 1.5


def test_headers_and_names_of_any_length_are_short_evidence() -> None:
    long = "x" * LONG
    names = tuple(f"{n}.example" for n in range(5000))
    answer = Answer(
        status=200,
        headers=(("Server", long), ("Content-Type", long), ("Location", long)),
        body=b"y" * LONG,
        certificate=PeerCertificate(
            subject="", names=names, issuer="", not_before="", not_after="", days_left=1.0
        ),
    )
    seen = exchange(Request(method="GET", url="http://target/"), answer)
    assert len(str(seen)) < 5000
    assert len(assertion("tag", "a", long, False).actual) <= 1000


@pytest.mark.parametrize("before", [560, 590, 599])
def test_a_token_that_the_cut_goes_through_is_masked(before: int) -> None:
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
    text = "/" * before + " " + token
    answer = Answer(
        status=302,
        headers=(("Location", text), ("Content-Type", "text/plain")),
        body=text.encode(),
    )
    seen = exchange(Request(method="GET", url="http://target/"), answer)
    assert "eyJ" not in seen.location + seen.excerpt
