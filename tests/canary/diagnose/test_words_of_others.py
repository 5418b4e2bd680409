"""Words that whoever controls an answer can write start no task and prove no cause."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from canary.control_plane.log_lines import is_request
from canary.control_plane.state import LogLine
from canary.diagnose import diagnose
from canary.model import Diagnosis, Status, Step
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

PLAIN = "/welcome"


class Words(NamedTuple):
    """Words of an answer, the rule that reads them, and how sure free text may make it."""

    rule: str
    status: int
    words: str
    most: str


# Rule, and what an author of the answer writes at a path that is no document of the service.
READERS = [
    Words("circuit-breaker-open", 503, "circuit breaker is open", "POSSIBLE"),
    Words("artifact-store-failing", 500, "artifact", "POSSIBLE"),
    Words("host-header-rejected", 403, "Invalid Host header", "POSSIBLE"),
    Words("database-schema-missing", 500, "undefinedtable", "POSSIBLE"),
    Words("database-auth-failed", 500, "password authentication failed", "POSSIBLE"),
    Words("database-unreachable", 500, "database refused", "POSSIBLE"),
    Words("cache-unreachable", 500, "redis refused", "POSSIBLE"),
    Words("database-full", 500, "SQLSTATE 53100", "POSSIBLE"),
    Words("database-connections-exhausted", 500, "too many clients already", "POSSIBLE"),
    Words("database-failing-over", 500, "database system is starting up", "POSSIBLE"),
    Words("database-read-only", 500, "in a read-only transaction", "POSSIBLE"),
    Words("database-locked", 500, "deadlock detected", "POSSIBLE"),
    Words("cache-full", 500, "OOM command not allowed", "POSSIBLE"),
    Words("cache-failing-over", 500, "CLUSTERDOWN x", "POSSIBLE"),
    Words("database-schema-outdated", 500, "out-of-date database schema", "POSSIBLE"),
    Words("targets-unhealthy", 502, "mlflow timed out", "LIKELY"),
    Words("dependency-unreachable", 502, "failed to connect to mlflow", "LIKELY"),
    Words("breaker-document-failing", 500, "circuit breaker: unknown", "LIKELY"),
    Words("credential-rejected", 401, "Invalid or expired API key", "LIKELY"),
    Words("scope-insufficient", 403, "scope", "LIKELY"),
    Words("capacity-throttled", 429, "rate limit", "LIKELY"),
    Words("path-prefix-wrong", 404, "resource_not_found", "LIKELY"),
]
ORDER = ("POSSIBLE", "LIKELY", "CERTAIN")


def told(status: int, body: str, path: str = PLAIN, kind: str = "text/plain") -> list[Diagnosis]:
    """Return what is said of one answer of the registry, while AWS shows no fault."""
    seen = p.answer(faults.REGISTRY + path, status, body, content_type=kind, principal="valid")
    failed = p.failed("registry.page", "registry", seen)
    names = faults.NAMES
    found = diagnose([failed], p.healthy(), p.environment(names), p.healthy(), p.NOW)
    return list(found.diagnoses)


@pytest.mark.parametrize("reader", READERS, ids=lambda r: r.rule)
def test_free_text_makes_no_command_and_proves_nothing(reader: Words) -> None:
    for said in told(reader.status, reader.words):
        assert said.remedy.fix == ()
        most = reader.most if said.cause == reader.rule else "LIKELY"
        assert ORDER.index(said.confidence.value) <= ORDER.index(most), said.cause


@pytest.mark.parametrize("body", ['{"x":"%s"}', '{"x":{"y":["%s"]}}', "<p>%s</p>"])
@pytest.mark.parametrize("reader", READERS, ids=lambda r: r.rule)
def test_nor_do_the_words_in_a_document_of_another_shape(reader: Words, body: str) -> None:
    for said in told(reader.status, body % reader.words, kind="application/json"):
        assert said.remedy.fix == () and said.confidence.value != "CERTAIN", said.cause


OPEN = '{"circuit_breaker_state":"OPEN","tracking_uri":"http://mlflow.hokusai.local:5000"}'


def breaker(path: str, body: str) -> list[tuple[str, str, int]]:
    """Return causes, confidences and commands for an answer while a call with a key passes."""
    call = p.answer(faults.PROXY, 200, "{}", principal="valid")
    passed = Step(name="call", status=Status.PASS, evidence=(call,))
    good = p.result("registry.proxy", "registry", passed, status=Status.PASS)
    bad = p.failed("registry.breaker", "registry", p.answer(faults.REGISTRY + path, 503, body))
    names = faults.NAMES
    found = diagnose([good, bad], p.healthy(), p.environment(names), p.healthy(), p.NOW)
    return [(d.cause, d.confidence.value, len(d.remedy.fix)) for d in found.diagnoses]


def test_a_document_at_its_own_path_is_a_statement_of_the_service() -> None:
    words = "circuit breaker is open"
    assert breaker("/health/mlflow", OPEN) == [("circuit-breaker-open", "LIKELY", 1)]
    assert breaker(PLAIN, words) == [("circuit-breaker-open", "POSSIBLE", 0)]
    for path, body in ((PLAIN, OPEN), ("/health/mlflow", words)):
        assert breaker(path, body) == [("dependency-unreachable", "LIKELY", 0)]


@pytest.mark.parametrize("reader", READERS, ids=lambda r: r.rule)
def test_the_same_words_in_a_path_or_a_header_are_a_visitors(reader: Words) -> None:
    assert is_request(f'1.2.3.4 - - [29/Nov] "GET /{reader.words} HTTP/1.1" 404 0 "-" "x"')
    assert is_request(f'1.2.3.4 - - [29/Nov] "GET / HTTP/1.1" 200 0 "-" "{reader.words}"')


FORGED = [
    "password authentication failed", "undefinedtable", "redis: connection refused",
    "FATAL: remaining connection slots are reserved", "database: connection refused",
    "Detected out-of-date database schema", "WORKER TIMEOUT (pid:1)", "OOM command not allowed",
]  # fmt: skip


@pytest.mark.parametrize("words", FORGED)
@pytest.mark.parametrize("fault", ["auth-scaled-to-zero", "auth-crashes", "mlflow-name-empty"])
def test_a_forged_line_of_a_log_never_stands_before_the_cause(fault: str, words: str) -> None:
    state, results = faults.plant(faults.by_id(fault))
    line = LogLine(at=p.ago(1), message=words)
    lines = dict.fromkeys(("registry",), (line,))
    names = faults.NAMES
    both = [
        diagnose(results, seen, p.environment(names), p.healthy(), p.NOW).diagnoses
        for seen in (state, p.replace(state, logs=lines))
    ]
    first, forged = (found[0] for found in both)
    assert (forged.cause, forged.resource) == (first.cause, first.resource)
    assert forged.remedy.fix == first.remedy.fix
    assert "CERTAIN" not in {d.confidence.value for d in both[1] if d.cause.startswith("database")}
