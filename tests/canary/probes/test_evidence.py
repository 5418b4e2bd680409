"""Evidence is bounded and says what was seen; a client is an origin and a principal."""

from __future__ import annotations

import pytest

from canary.control_plane.state import PlatformState, Unavailable
from canary.model import Answer, Failure, FailureKind, PeerCertificate, Request, Status
from canary.probes.base import api
from canary.probes.base.evidence import (
    assertion,
    broken,
    excerpt,
    exchange,
    minutes_since,
    unavailable,
)
from canary.probes.base.request import FORMS, hung, object_name, started_at
from tests.canary.support import platforms as p

GET = Request(method="GET", url="https://h/x")


def test_the_words_that_other_rooms_look_for_are_these() -> None:
    words = (api.NOBODY, api.TEMPORARY_KEY, api.NO_TIME, api.BLOCKED)
    assert words == ("nobody", "a key of this run", "no time left", "held back")


def test_a_client_is_an_origin_and_who_asks() -> None:
    assert api.client_key("https://h:8443/x?y#z", "valid") == ("https://h:8443", "valid")
    assert api.client_key("http://h/x", "") == ("http://h", "nobody")
    assert api.client_key("http://h", "", temporary_key=True) == ("http://h", "a key of this run")
    assert api.client_key("http://h", "valid", temporary_key=True) == ("http://h", "valid")


def test_an_error_of_our_own_needs_no_type() -> None:
    ours = (api.CredentialMissingError, api.OtherRunError, api.RunOutOfTimeError)
    assert [api.describe(error("why")) for error in ours] == ["why"] * 3
    assert api.describe(ValueError("why")) == "ValueError: why"
    assert api.describe(api.HeldBackError("why")) == "HeldBackError: why"


def test_the_worst_status_decides() -> None:
    order = [Status.FAIL, Status.ERROR, Status.PASS, Status.SKIP]
    for n, status in enumerate(order):
        assert api.worst(order[n:]) is api.worst(order[: n - 5 : -1]) is status
    assert api.worst([]) is Status.SKIP


def test_what_is_shown_of_an_answer_is_bounded() -> None:
    long = "ab " * 2_000
    names = tuple(f"n{n}" for n in range(60))
    headers = (
        ("content-type", "text/" + "x" * 300), ("server", "s" * 300), ("location", "l" * 700),
        ("www-authenticate", "digest, x"),
    )  # fmt: skip
    shown = PeerCertificate(
        subject="s", names=names, issuer="i", not_before="b", not_after="a", days_left=1.0,
        chain_invalid=names,
    )  # fmt: skip
    failure = Failure(kind=FailureKind.TLS, detail="d " * 200, code=7)
    answer = Answer(
        status=200, headers=headers, body=long.encode(), certificate=shown, failure=failure
    )
    seen = exchange(GET, answer, principal="valid", form="raw")
    assert seen.excerpt == long[:600]
    assert (len(seen.content_type), seen.server, seen.location) == (200, "s" * 200, "l" * 600)
    assert (seen.challenge, seen.failure, seen.failure_code) == ("Digest", "tls", 7)
    assert (len(seen.failure_detail), seen.body_bytes) == (300, 6_000)
    assert (seen.certificate_names, seen.certificate_chain) == (names[:50], names[:50])
    assert (seen.certificate_not_after, seen.principal, seen.header_form) == ("a", "valid", "raw")
    assert exchange(GET, answer, show=False).excerpt == ""
    plain = exchange(GET, Answer(status=200))
    assert (plain.failure, plain.failure_detail, plain.failure_code) == ("", "", 0)
    assert (plain.certificate_not_after, plain.certificate_names, plain.server) == ("", (), "")


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("", "a b"), ("text/html", "a b"), ("application/json; x=y", "a b"),
        ("application/problem+json", "a b"), ("application/xml", "a b"),
        ("application/octet-stream", ""), ("image/png", ""),
    ],
)  # fmt: skip
def test_only_what_can_be_read_is_shown(kind: str, shown: str) -> None:
    headers = (("content-type", kind),) if kind else ()
    assert excerpt(Answer(status=200, headers=headers, body=b" a\n b ")) == shown


def test_of_a_long_body_the_beginning_is_read() -> None:
    assert excerpt(Answer(status=200, body=b" " * 2_399 + b"x")) == "x"
    assert excerpt(Answer(status=200, body=b" " * 2_400 + b"x")) == ""


def test_a_value_is_cut_and_three_that_do_not_hold_are_said() -> None:
    assert assertion("s", 1, "x" * 1_001, True).actual == "x" * 1_000
    rows = [assertion(f"s{n}", n, "x", n == 1) for n in range(6)]
    assert broken(rows) == "s0 is x, expected 0; s2 is x, expected 2; s3 is x, expected 3"
    assert broken(rows[1:2]) == ""


def test_a_missing_reading_says_two_actions() -> None:
    gaps = tuple(
        Unavailable(action=a, resource=r, code="Denied", reason="no")
        for a, r in (("ecs:A", ""), ("ec2:B", "x"), ("ecs:C", "y"), ("ecs:D", "z"))
    )
    state = PlatformState(read_at="now", unavailable=gaps)
    assert unavailable(state, "ecs:") == "ecs:A on *: Denied no; ecs:C on y: Denied no"
    assert unavailable(state, "ecs:D", "ec2:") == "ec2:B on x: Denied no; ecs:D on z: Denied no"
    assert unavailable(state, "elb:") == ""
    assert unavailable(PlatformState(unavailable=gaps), "ecs:") == "the control plane was not read"


def test_minutes_since_a_time_are_counted_and_other_texts_have_none() -> None:
    assert minutes_since(p.ago(7.5), p.NOW) == 7.5
    assert minutes_since("soon", p.NOW) is None


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("us-20261122t115959-abcdef-full", "2026-11-22T11:59:59+00:00"),
        ("us-20261122t115959123-abcdef-key", "2026-11-22T11:59:59+00:00"),
        ("us-20261322t115959-abcdef-full", None),
        ("us-20261122t115959-abcdeg-full", None),
        ("us-20261122t115959-abcdef", None),
        ("20261122t115959-abcdef-full", None),
    ],
)
def test_the_name_of_an_object_tells_when_its_run_began(name: str, start: str | None) -> None:
    found = started_at("us-", name)
    assert (found.isoformat() if found else None) == start
    assert object_name("us-", "20261122t115959.1_x", "key") == "us-20261122t115959-1-x-key"


@pytest.mark.parametrize("kind", FailureKind)
def test_a_target_hung_that_let_a_time_out_pass_or_whose_balancer_says_so(
    kind: FailureKind,
) -> None:
    by_time = ("connect-timeout", "read-timeout", "deadline")
    assert hung(Answer(failure=Failure(kind=kind))) is (kind.value in by_time)
    assert [hung(Answer(status=s)) for s in (503, 504, 505)] == [False, True, False]


def test_each_form_carries_a_key_in_its_own_way() -> None:
    assert FORMS == {
        "none": (),
        "bearer": ("Authorization: Bearer {}",),
        "basic": ("Authorization: Basic {}",),
        "x-api-key": ("X-API-Key: {}",),
        "apikey": ("Authorization: ApiKey {}",),
        "both": ("Authorization: Bearer {}", "X-API-Key: {}"),
        "query": (),
        "lower-case-scheme": ("Authorization: bearer {}",),
        "upper-case-scheme": ("Authorization: BEARER {}",),
        "lower-case-header": ("x-api-key: {}",),
        "no-space": ("Authorization: Bearer{}",),
        "two-spaces": ("Authorization: Bearer  {}",),
        "raw": ("Authorization: {}",),
    }
