"""What no run can do is refused before: by file, key and what would be valid."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path

import pytest

from canary import config
from canary.config.addresses import is_host, url_problem
from tests.canary.config.test_forms import CHECK, GOOD, problems

METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
NAME = "is no name of a header (valid: letters, digits and -)"
FRAMING = "is set by the client, which knows its connection and its body"
CREDENTIAL = "holds a credential; name a principal instead (principal and form)"
NO_URL = GOOD.replace('url = "https://auth.example"', "port = 80")
OTHER = '[services.other]\nurl = "http://other.example"\n'
MUTE = '[[mutes]]\ncheck = "auth.it"\nuntil = {until}\nreason = "being rebuilt"\n'


@pytest.mark.parametrize(
    "given",
    [
        'X-A = "b"',
        'X-A = ""',
        'X-A = "a\\tb c"',
        'X-A = "caf\\u00e9"',
        'Origin = "https://hokus.ai"',
        'Host = "other.example"',
        '"X!#$%&\'*+.^_`|~1" = "b"',
    ],
)
def test_a_header_that_a_request_can_carry_is_accepted(given: str, tmp_path: Path) -> None:
    assert problems(tmp_path, spec=f"path = '/'\nrequest_headers = {{ {given} }}") == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (r'X-A = "b\r\nEvil: 1"', r".X-A: 'b\r\nEvil: 1' holds a control character, "),
        (r'X-A = "b\u0000"', r".X-A: 'b\x00' holds a control character, "),
        ('X-A = "✓"', ".X-A: '✓' is not in Latin-1, a header carries nothing else"),
        ('X-A = " b"', ".X-A: ' b' begins or ends with a blank, which a server takes away"),
        ('"X A:" = "b"', f": 'X A:' {NAME}"),
        ('"" = "b"', f": '' {NAME}"),
        ('"X-Ü" = "b"', f": 'X-Ü' {NAME}"),
        (r'"X\r\nA" = "b"', f": 'X\\r\\nA' {NAME}"),
        ('X-A = "b", x-a = "c"', ".x-a: stands twice, names of headers do not differ by case"),
        *((f'{name} = "x"', f".{name}: {FRAMING}") for name in (
            "Content-Length", "transfer-encoding", "Connection", "TE", "Trailer", "Upgrade",
            "Expect", "Keep-Alive", "Proxy-Connection",
        )),
        *((f'{name} = "Bearer hk_live_abc"', f".{name}: {CREDENTIAL}") for name in (
            "Authorization", "x-api-key", "Proxy-Authorization",
        )),
    ],
)  # fmt: skip
def test_a_header_that_no_request_can_carry_is_refused(
    given: str, message: str, tmp_path: Path
) -> None:
    found = problems(tmp_path, spec=f"path = '/'\nrequest_headers = {{ {given} }}")
    assert len(found) == 1
    assert found[0].startswith(f"some.toml: auth.it: spec.request_headers{message}")


@pytest.mark.parametrize(
    ("kind", "spec", "message"),
    [
        (
            "endpoint",
            "path = '/'\nmethod = 'CONNECT'",
            f"spec.method: CONNECT opens a tunnel, no check can judge it (valid: {METHODS})",
        ),
        (
            "access",
            "[[check.spec.cases]]\nmethod = 'CONNECT'",
            "spec.cases[0].method: CONNECT opens a tunnel, no check can judge it "
            f"(valid: {METHODS})",
        ),
        (
            "endpoint",
            "path = '/a#b'",
            "spec.path: /a#b has a fragment, which no request carries (write # as %23)",
        ),
        (
            "access",
            'content_type = "a/✓"\n[[check.spec.cases]]',
            "spec.content_type: '✓' is not in Latin-1, a header carries nothing else",
        ),
    ],
)
def test_a_request_that_cannot_be_sent_is_refused(
    kind: str, spec: str, message: str, tmp_path: Path
) -> None:
    assert problems(tmp_path, kind, spec) == [f"some.toml: auth.it: {message}"]


@pytest.mark.parametrize(
    ("kind", "spec", "where", "message"),
    [
        (
            "endpoint",
            "path = '/'",
            NO_URL,
            "service: auth has no url in here.toml to send a request to (with one: none)",
        ),
        (
            "certificate",
            "days = 7",
            NO_URL + OTHER,
            "service: auth has no url in here.toml to send a request to (with one: other)",
        ),
        (
            "key_lifecycle",
            "principal = 'valid'\nuse_service = 'cache'",
            GOOD + "[services.cache]\nport = 1\n",
            "spec.use_service: cache has no url in here.toml to send a request to (with one: auth)",
        ),
    ],
)
def test_a_check_that_has_nobody_to_ask_is_refused(
    kind: str, spec: str, where: str, message: str, tmp_path: Path
) -> None:
    assert problems(tmp_path, kind, spec, where) == [f"some.toml: auth.it: {message}"]


def test_a_check_of_the_control_plane_needs_no_url(tmp_path: Path) -> None:
    assert problems(tmp_path, "target_group", "target_group = 'a'", NO_URL) == []


@pytest.mark.parametrize(
    "url",
    [
        "http://h.example",
        "https://h.example:8443/base/path",
        "http://h.example.",
        "http://h_1:80",
        "http://localhost",
        "http://127.0.0.1:1",
        "http://[::1]:8080",
        "http://[fe80::1234:5678:9abc:def0]/a",
        "https://bücher.example",
        "https://例え.テスト",
        "https://xn--bcher-kva.example/ä",
    ],
)
def test_a_url_with_a_host_is_accepted(url: str) -> None:
    assert url_problem(url) is None


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("h.example", ""),
        ("ftp://h.example", ""),
        ("https://", ""),
        ("http:///path", ""),
        ("http://a b.example", ": it may hold no ' '"),
        ("http://h.example ", ": it may hold no ' '"),
        ("http://h.ex\tample", ": it may hold no '\\t'"),
        ("http://h.example\\evil", ": it may hold no '\\\\'"),
        ("http://h.example\u200d", ": it may hold no '\\u200d'"),
        ("http://<h>", ": it may hold no '<'"),
        ("http://*.example", ": *.example is no host"),
        ("http://.example", ": .example is no host"),
        ("http://a..example", ": a..example is no host"),
        ("http://-a.example", ": -a.example is no host"),
        ("http://h!.example", ": h!.example is no host"),
        ("http://h%41.example", ": h%41.example is no host"),
        ("http://💩.example", ": 💩.example is no host"),
        ("http://127.0.0.256", ": 127.0.0.256 is no host"),
        ("http://:80", ": nothing is no host"),
        (f"http://{'a' * 64}.example", f": {'a' * 64}.example is no host"),
        (f"http://{'a.' * 130}b", f": {'a.' * 130}b is no host"),
        ("http://h.example:0", ": port 0 is none (valid: 1 to 65535)"),
        ("http://h.example:65536", ": port out of range 0-65535"),
        ("http://h.example:x", ": port could not be cast to integer value as 'x'"),
        ("http://[::g]", ": '::g' does not appear to be an IPv4 or IPv6 address"),
        ("http://u:p@h.example", ": no user, query or fragment may stand in it"),
        ("http://h.example?", ": no user, query or fragment may stand in it"),
        ("http://h.example/#a", ": no user, query or fragment may stand in it"),
    ],
)
def test_a_url_whose_host_is_none_is_refused_with_the_reason(url: str, why: str) -> None:
    assert url_problem(url) == why


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            '[services.o]\nurl = "http://a b"',
            "services.o.url: http://a b is not a plain http(s) address: it may hold no ' '",
        ),
        (
            '[services.o]\nconnect_to = { 443 = "a\\\\b:443" }',
            'services.o.connect_to: 443 = "a\\b:443" is not of the form 443 = "address:port"',
        ),
        (
            '[services.o]\nconnect_to = { 99999 = "a:443" }',
            'services.o.connect_to: 99999 = "a:443" is not of the form 443 = "address:port"',
        ),
        (
            '[services.o]\nconnect_to = { 443 = "a:0" }',
            'services.o.connect_to: 443 = "a:0" is not of the form 443 = "address:port"',
        ),
    ],
)
def test_an_environment_with_such_an_address_is_refused(
    line: str, message: str, tmp_path: Path
) -> None:
    where = GOOD.replace("[principals.valid]", f"{line}\n[principals.valid]")
    assert problems(tmp_path, where=where) == [f"here.toml: {message}"]


def test_an_endpoint_of_aws_must_be_a_url(tmp_path: Path) -> None:
    where = f'aws_endpoint_url = "nope"\n{GOOD}'
    message = "here.toml: aws_endpoint_url: nope is not a plain http(s) address"
    assert problems(tmp_path, where=where) == [message]


def test_only_an_address_of_digits_is_read_as_one() -> None:
    assert [is_host(h) for h in ("1.2.3.4", "1.2.3", "1a.example", "::1", "::x")] == [
        True,
        False,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("until", "message"),
    [
        ("2026-12-01", ""),
        ('"2026-12-01"', ""),  # the schema knows a date as text of this form
        ("2026-12-01T10:00:00Z", "mutes[0].until: expected date, got datetime"),
        ('"2026-12-01T10:00:00Z"', "mutes[0].until: invalid RFC3339 encoded date"),
        ('"tomorrow"', "mutes[0].until: invalid RFC3339 encoded date"),
        ('"2026-02-30"', "mutes[0].until: invalid RFC3339 encoded date"),
        ("20261201", "mutes[0].until: expected date, got int"),
    ],
)
def test_a_mute_ends_on_a_date(until: str, message: str, tmp_path: Path) -> None:
    found = problems(tmp_path, spec="path = '/'", where=GOOD + MUTE.format(until=until))
    assert found == ([f"here.toml: {message}"] if message else [])


def test_a_check_is_muted_once_and_needs_another_once(tmp_path: Path) -> None:
    twice = MUTE.format(until="2026-12-01") + MUTE.format(until="2026-12-09")
    found = problems(tmp_path, spec="path = '/'", where=GOOD + twice)
    assert found == ["here.toml: mutes: auth.it: is muted 2 times, keep one mute"]
    first = CHECK.format(kind="endpoint", spec="path = '/'")
    more = first.replace("auth.it", "auth.two").replace(
        "severity", 'needs = ["auth.it", "auth.it"]\nseverity'
    )
    (tmp_path / "checks" / "some.toml").write_text(first + more)
    assert config.problems_of(tmp_path / "checks" / "some.toml") == [
        "some.toml: auth.two: needs: auth.it stands twice"
    ]


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Nope/Where"])
@pytest.mark.parametrize(("days", "refused"), [(-1, True), (0, False), (90, False), (91, True)])
def test_the_date_of_a_mute_means_utc_wherever_the_desk_is(
    zone: str, days: int, refused: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    until = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=days)
    (tmp_path / "here.toml").write_text(GOOD + MUTE.format(until=until))
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "some.toml").write_text(
        CHECK.format(kind="endpoint", spec="path = '/'").replace("docs/", "https://h.example/docs/")
    )
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    found: list[str] = []
    try:
        config.load(str(tmp_path / "here.toml"), checks=tmp_path / "checks")
    except config.ConfigError as error:
        found = error.problems
    finally:
        monkeypatch.undo()
        time.tzset()
    assert [problem.partition(" until")[0] for problem in found] == (
        ["here.toml: mutes: auth.it:"] if refused else []
    )
