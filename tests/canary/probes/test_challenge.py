"""The scheme that an answer asks for is evidence, and nothing else of that header."""

from __future__ import annotations

import pytest

from canary.model import Answer, Request
from canary.probes.base.evidence import exchange


@pytest.mark.parametrize(
    ("header", "scheme"),
    [
        ('Basic realm="mlflow"', "Basic"),
        ("bearer", "Bearer"),
        ("Digest,Basic", "Digest"),
        ("NEGOTIATE", "Negotiate"),
        ("apikey", "ApiKey"),
        ("", ""),
        ("abcdefabcdefabcdef", ""),
        ("hk_live_abcdef Basic", ""),
    ],
)
def test_only_a_known_scheme_is_kept(header: str, scheme: str) -> None:
    request = Request(method="GET", url="https://h.example/", timeout_s=1)
    answer = Answer(status=401, headers=(("WWW-Authenticate", header),))
    assert exchange(request, answer).challenge == scheme
