"""Made answers for the kinds of checks: a title, a kind, its spec, and what it meets."""

from __future__ import annotations

from typing import Any

from canary.model import Answer, Failure, FailureKind, PeerCertificate, Timing, Verification
from tests.canary.support import platforms as p

Scene = tuple[str, str, dict[str, Any], dict[str, Any]]


def answer(status: int = 200, body: str = "", kind: str = "", **more: Any) -> Answer:
    headers = (("Content-Type", kind),) if kind else ()
    return Answer(
        status=status, body=body.encode(), headers=(*headers, *more.pop("headers", ())), **more
    )


def lost(kind: FailureKind, detail: str = "", code: int = 0) -> Answer:
    return Answer(failure=Failure(kind=kind, detail=detail, code=code))


JSON = "application/json"
GOOD = answer(body='{"a": {"b": [1, "two"]}, "text": "well", "on": true}', kind=JSON)
EVERYTHING = {
    "path": "/x", "status": [200, 204], "content_type": JSON, "headers": ["Server"],
    "contains": ["well", "bad"], "absent": ["well", "bad"], "contains_any": ["no", "none"],
    "limit_ms": 100,
    "json": {
        "a.b.0": 1, "a.b.1": "two", "a.b.2": None, "on": 1,
        "text": {"equals": "ill", "contains": "el", "absent": ["we", "x"]},
        "a.b": {"contains": "two"}, "n": {"contains": "x"}, "a.b.0.c": {"absent": ["x"]},
        "gone": {"exists": False}, "on2": {"exists": True},
        "a": {"in": ["x", 1]},
    },
}  # fmt: skip
SLOW = answer(timing=Timing(total_ms=2001), dead_addresses=("10.0.0.1: refused", "10.0.0.2: no"))
KEYS = {"secrets": {"valid": ["key-1", "key-2"], "same": ["key-3"]}}
TIMEOUT = lost(FailureKind.READ_TIMEOUT, "nothing came")
ENDPOINT: list[Scene] = [
    ("as expected", "endpoint", {"path": "/x"}, {"answers": (GOOD,)}),
    ("all at once", "endpoint", EVERYTHING, {
        "answers": (answer(body=GOOD.body.decode(), kind=JSON, timing=Timing(total_ms=100.4)),)}),
    ("nothing fits", "endpoint", {**EVERYTHING, "max_ms": 50}, {
        "answers": (answer(404, "<p>no</p>", "text/html", timing=Timing(total_ms=101)),)}),
    ("slow, with dead addresses", "endpoint", {"path": "/x"}, {"answers": (SLOW,)}),
    ("a request with all", "endpoint", {
        "path": "/x", "method": "PUT", "body": "b", "request_headers": {"X": "y"}, "fresh": True,
        "max_body": 9, "principal": "valid", "form": "query"}, {"answers": (GOOD,), **KEYS}),
    ("three times", "endpoint", {"path": "/x", "repeat": 3, "status": [429]}, {
        "answers": (answer(429), answer(200)), "blocked": {1: "held back: so"}}),
    ("plain, redirected", "endpoint", {"path": "/x", "plain": True, "redirect": "https",
                                       "status": [301]}, {
        "answers": (answer(301, headers=(("location", "https://web.example.com:443/x"),)),)}),
    ("redirected elsewhere", "endpoint", {"path": "/x", "redirect": "https://a/b", "status": [302]},
     {"answers": (answer(302, headers=(("location", "https://a/c"),)),)}),
    ("not redirected", "endpoint", {"path": "/x", "redirect": "https://a/b"}, {"answers": (GOOD,)}),
    ("no answer", "endpoint", {"path": "/x"}, {"answers": (TIMEOUT,)}),
    ("too large, which may be", "endpoint", {"path": "/x", "any_size": True}, {
        "answers": (answer(200, failure=Failure(kind=FailureKind.TOO_LARGE)),)}),
    ("too large", "endpoint", {"path": "/x"}, {
        "answers": (answer(200, failure=Failure(kind=FailureKind.TOO_LARGE)),)}),
    ("a new key fits", "endpoint", {"path": "/x", "principal": "valid", "form": "x-api-key"}, {
        "answers": (answer(401), GOOD), **KEYS}),
    ("the same key", "endpoint", {"path": "/x", "principal": "same"}, {
        "answers": (answer(401, headers=(("www-authenticate", "basic realm=x"),)),), **KEYS}),
    ("a refusal is right", "endpoint", {"path": "/x", "principal": "valid", "status": [401]}, {
        "answers": (answer(401),), **KEYS}),
    ("no time", "endpoint", {"path": "/x"}, {"answers": (GOOD,), "seconds": 0.04}),
    ("little time", "endpoint", {"path": "/x"}, {"answers": (GOOD,), "seconds": 0.06}),
    ("another address", "endpoint", {"path": "/x"}, {"answers": (GOOD,)}),
    ("no JSON", "endpoint", {"path": "/x", "json": {"a": 1}}, {"answers": (answer(body="{"),)}),
    ("a charset", "endpoint", {"path": "/x", "contains": ["ü"]}, {
        "answers": (Answer(status=200, body=b"\xfc", headers=(
            ("content-type", "text/plain; charset=latin-1"),)),)}),
]  # fmt: skip
SERVICES: dict[str, dict[str, Any]] = {
    "another address": {"url": "https://web.example.com:8443/base/",
                        "connect_to": {"8443": "10.0.0.9:443"}},
    "plain, redirected": {"url": "https://web.example.com", "plain_port": 8080},
}  # fmt: skip
CASES = [
    {"principal": "valid", "status": [200]},
    {"principal": "valid", "forms": ["x-api-key", "query"], "path": "/y?a=b", "method": "POST",
     "body": "own"},
    {"forms": ["bearer", "raw"], "status": [401], "name": "named", "repeat": 2},
    {"principal": "same", "forms": ["bearer", "raw"], "name": "named too", "repeat": 1},
    {"principal": "same", "name": "one form", "status": [200, 429]},
]  # fmt: skip
ACCESS: list[Scene] = [
    ("a matrix", "access", {"cases": CASES, "path": "/m", "body": "all", "content_type": "t/x"},
     {"answers": (GOOD,), **KEYS}),
    ("an answer that changes", "access", {"cases": [{"repeat": 3}]}, {
        "answers": (GOOD, answer(200, "x", "text/html"), GOOD)}),
    ("an unexpected 429 is enough", "access", {"cases": [{"repeat": 3}, {"repeat": 2}]}, {
        "answers": (answer(429), GOOD)}),
    ("a missing secret", "access", {"cases": [{"principal": "gone"}, {"repeat": 1}]}, {
        "answers": (GOOD,)}),
    ("held back after a pass", "access", {"cases": [{"repeat": 2}]}, {
        "answers": (GOOD,), "blocked": {1: "held back: so"}}),
    ("held back after a failure", "access", {"cases": [{"repeat": 2}]}, {
        "answers": (answer(500),), "blocked": {1: "held back: so"}}),
    ("held back after a part that failed", "access", {"cases": [
        {"repeat": 2, "content_type": "text/plain"}]}, {
        "answers": (GOOD,), "blocked": {1: "held back: so"}}),
    ("short after one that hung", "access", {"cases": [{"repeat": 1}, {"path": "/2"}]}, {
        "answers": (TIMEOUT, GOOD)}),
    ("short after a 504", "access", {"cases": [{"repeat": 2}, {"path": "/2"}]}, {
        "answers": (answer(504), GOOD)}),
]  # fmt: skip
HEALTH = {
    "path": "/h", "max_ms": 5, "limit_ms": 50,
    "dependencies": {
        "cache": {"path": "cache", "healthy": ["up", "ok"]},
        "base": {"path": "base.0.up", "healthy": [True], "required": False},
    },
}  # fmt: skip
OPTIONAL = {
    "path": "/h",
    "dependencies": {
        n: {"path": f"d.{n}", "healthy": ["up"], "required": False} for n in ("a", "b")
    },
}


def document(text: str, status: int = 200) -> dict[str, Any]:
    return {"answers": (answer(status, text, JSON, timing=Timing(total_ms=40)),)}


DEPENDENCY: list[Scene] = [
    ("well", "dependency", HEALTH, document('{"cache": "ok", "base": [{"up": true}]}')),
    ("one is not", "dependency", HEALTH, document('{"cache": "down", "base": [{"up": 1}]}', 503)),
    ("one is not spoken of", "dependency", HEALTH, document('{"base": []}')),
    ("of none", "dependency", OPTIONAL, document('{"x": 1}')),
    ("of one", "dependency", OPTIONAL, document('{"d": {"b": "up"}}')),
    ("no JSON", "dependency", HEALTH, document("well")),
    ("no JSON that may lack each", "dependency", OPTIONAL, document("well")),
    ("no answer", "dependency", HEALTH, {"answers": (TIMEOUT,)}),
    ("429 is right", "dependency", {**HEALTH, "status": [429]}, document('{"cache": "up"}', 429)),
    ("no time", "dependency", HEALTH, {"answers": (GOOD,), "seconds": 0.0}),
]


def certificate(code: int = 0, detail: str = "refused", **more: Any) -> dict[str, Any]:
    known = {
        "subject": "web", "names": ("web.example.com", "www.example.com"), "issuer": "An Authority",
        "not_before": p.ago(60), "not_after": "2027-01-01T00:00:00+00:00", "days_left": 40.0,
    }  # fmt: skip
    failure = Failure(kind=FailureKind.TLS, detail=detail, code=code) if code else None
    seen = PeerCertificate(**{**known, **more})
    return {"answers": (
        Answer(status=0 if code else 200, certificate=seen, failure=failure, tls_version="TLSv1.3"),
    )}  # fmt: skip


V = Verification
CERTIFICATE: list[Scene] = [
    (title, "certificate", spec, given)
    for title, spec, given in (
        ("well", {}, certificate()),
        ("exactly the days", {"days": 40, "path": "/p"}, certificate(chain_days_left=40.0)),
        ("a chain that ends", {}, certificate(chain_days_left=3.26, chain_ends="Middle")),
        ("a chain that lasts", {}, certificate(chain_days_left=8.0)),
        ("above it out of date", {}, certificate(10, chain_invalid=("Middle ended", "Top"))),
        ("out of date", {}, certificate(10, days_left=-1.5, not_after=p.ago(2000))),
        ("valid from now", {}, certificate(not_before=p.ago(0))),
        (
            "shown before no answer came",
            {},
            {
                "answers": (
                    p.replace(
                        certificate(9)["answers"][0],
                        failure=Failure(kind=FailureKind.READ_TIMEOUT, code=9),
                    ),
                )
            },
        ),
        ("to come", {}, certificate(9, not_before=p.ago(-60))),
        ("another name", {}, certificate(62, names=())),
        ("another name, looked up", {}, certificate(10, days_left=-1.0, name=V(code=62))),
        ("unknown authority", {}, certificate(20, trust=V(code=20, text="unable to get issuer"))),
        ("not looked up", {}, certificate(20, trust=V(code=-1, text="never"))),
        ("refused for nothing we see", {}, certificate(10)),
        ("days alone, refused by date", {"only_days": True}, certificate(10)),
        ("days alone, untrusted", {"only_days": True}, certificate(20, trust=V(code=20))),
        ("days alone, ended", {"only_days": True}, certificate(10, days_left=-2.0)),
        ("no certificate", {}, {"answers": (answer(),)}),
        ("no handshake", {}, {"answers": (lost(FailureKind.TLS, "reset", 1),)}),
        ("no time", {}, {"answers": (), "seconds": 0.0}),
    )
]
SCENES: list[Scene] = [*ENDPOINT, *ACCESS, *DEPENDENCY, *CERTIFICATE]
