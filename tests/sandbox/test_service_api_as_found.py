"""The registry API answers as the platform's own code does today, and as it does once mended.

One row per row of the table that compares the two: a request, and the answer as found and mended.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from sandbox.services import api
from sandbox.services.base.web import Request, Response, json_response
from sandbox.services.registry.breaker import Breaker
from sandbox.services.registry.health import NOT_SERIALIZABLE
from tests.sandbox.support.registry_ground import (
    ADMIN,
    NOWHERE,
    READER,
    SEARCH,
    TOKEN,
    WAITING,
    Registry,
    registry,
    service,
    without_database,
)
from tests.sandbox.support.service_ground import ask, served

BODY_KEPT = {"name": "x"}
FREEZING = (
    "/ready", "/metrics", "/health/mlflow", "/health/status", "/health?detailed=true",
    "/api/models/", "/models/lead/1",
)  # fmt: skip
PREFLIGHT = {"Origin": "https://hokus.ai", "Access-Control-Request-Method": "GET"}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """The platform as it is."""
    with registry(tmp_path_factory.mktemp("found"), mended="") as made:
        yield made


@pytest.fixture(scope="module")
def mended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """The platform with its own faults mended."""
    with registry(tmp_path_factory.mktemp("mended")) as made:
        yield made


class Row(NamedTuple):
    """A request, and what status and words answer it as found and mended."""

    method: str
    path: str
    scopes: tuple[str, ...] | None  # None: without a key
    found: tuple[int, str]
    mended: tuple[int, str]
    body: Any = None


def alike(
    method: str,
    path: str,
    scopes: tuple[str, ...] | None,
    status: int,
    words: str,
    body: Any = None,
) -> Row:
    """A row that is the same as found and mended."""
    return Row(method, path, scopes, (status, words), (status, words), body)


LEAD, EVENTS = "/api/models/lead/1", "/api/models/tokenized-registration-events"
FORBIDDEN, NO_KEY = (403, '"error":"FORBIDDEN"'), (401, '{"detail":"API key required"}')
RIGHT = {"model_name": "m", "model_type": "ranking", "model_data": {}}
DENIED = (
    '{"detail":"Admin access required for the model registry","error":"REGISTRY_ADMIN_REQUIRED"}'
)
ROWS = [
    Row("GET", "/health?detailed=true", None, (500, '{"detail":"Internal server error"}'),
        (200, '"postgres":"healthy"')),
    Row("GET", "/health/status", None, (500, "services.mlflow_details"),
        (200, '"overall_health":"healthy"')),
    alike("GET", "/health/mlflow", None, 200, '"circuit_breaker_state":"CLOSED"'),
    alike("GET", "/ready", None, 200, '{"ready":true,"can_serve_traffic":true'),
    alike("GET", "/metrics", None, 200, "mlflow_connected 1.0"),
    alike("GET", "/health", None, 200, '"dependency_checks":"skipped"'),
    alike("GET", "/health/alb", None, 200, '"status":"healthy"'),
    alike("GET", "/live", None, 200, '"alive":true'),
    alike("GET", "/version", None, 200, '"git_commit":"unknown"'),
    alike("GET", "/api/health/mlflow", None, 200, '"status":"ok"'),
    Row("DELETE", SEARCH, ADMIN, (200, '"body":""'), (200, r'"body":"{\"name\": \"x\"}"'),
        BODY_KEPT),
    alike("PATCH", SEARCH, ADMIN, 200, r'"body":"{\"name\": \"x\"}"', BODY_KEPT),
    Row("GET", "/api/mlflow/api/2.0/x?run=a&run=b&n=1", ADMIN, (200, '"query":"run=b&n=1"'),
        (200, '"query":"run=a&run=b&n=1"')),
    Row("POST", "/api/models/register", READER, (422, '"model_name"'), FORBIDDEN, {}),
    alike("POST", "/api/models/register", ADMIN, 422, '"loc":["body","model_data"]', {}),
    alike("POST", "/api/models/register", ADMIN, 422, "Model type must be one of",
          {**RIGHT, "model_type": "poem"}),
    alike("POST", "/api/models/register", ADMIN, 500, "Failed to register model", RIGHT),
    Row("PATCH", LEAD, READER, (200, "Model updated successfully"), FORBIDDEN,
        {"tags": {"a": "b"}}),
    Row("POST", f"{LEAD}/transition", READER, (200, "lead:1 transitioned to Staging"), FORBIDDEN,
        {"stage": "Staging"}),
    alike("GET", LEAD, READER, 200, '"status":"READY"'),
    alike("GET", "/models/lead/9", READER, 404, "Model not found: lead:9"),
    Row("DELETE", "/api/models/absent/1", READER,
        (500, '{"detail":"Failed to delete model version"}'), FORBIDDEN),
    alike("DELETE", "/models/absent/1", ADMIN, 500, '{"detail":"Failed to delete model version"}'),
    Row("POST", EVENTS, READER,
        (403, '{"detail":"Insufficient permissions for model registration events"}'),
        FORBIDDEN, {}),
    alike("POST", EVENTS, ADMIN, 422, '"loc":["body","token_id"]', {}),
    alike("GET", "/api/v1/models", ADMIN, 404, '{"detail":"Not Found"}'),
    alike("GET", "/api/v1/models/1/info", ADMIN, 404, '{"detail":"Model 1 not found"}'),
    alike("GET", "/api/v1/models/21/info", ADMIN, 200, '"model_id":"21"'),
    alike("GET", "/api/v1/models/30/info", ADMIN, 200, '"storage":"mlflow"'),
    alike("GET", "/api/mlflow/", ADMIN, 404,
          '"message":"The requested resource was not found: "'),
    alike("GET", "/api/mlflow/version", ADMIN, 404, "was not found: version"),
    Row("OPTIONS", SEARCH, None, (204, ""), NO_KEY),
    Row("OPTIONS", "/models/", None, (405, '{"detail":"Method Not Allowed"}'), NO_KEY),
    alike("OPTIONS", "/health", None, 405, '{"detail":"Method Not Allowed"}'),
    alike("GET", SEARCH, READER, 403, DENIED),
    alike("GET", "/mlflowers", READER, 403, DENIED),
    alike("GET", "/ajax-api/2.0/mlflow/x", READER, 403, DENIED),
    alike("POST", "/x/mlflow/runs/create", READER, 403, '"error":"FORBIDDEN"', {}),
    alike("GET", "/.env", None, 404, ""),
    alike("GET", "/wp-admin/setup.php", None, 404, ""),
    alike("GET", "/api/models/", READER, 200, '"name":"lead","version":"1"'),
    alike("GET", "/", ADMIN, 200, '"service":"Hokusai Data Pipeline API"'),
    alike("GET", "/", None, *NO_KEY),
    alike("POST", "/health/mlflow/reset", None, 200, "Circuit breaker reset successfully"),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.method} {row.path}")
@pytest.mark.parametrize("state", ["found", "mended"])
def test_a_route_answers_as_the_platform_s(
    row: Row, state: str, found: Registry, mended: Registry
) -> None:
    made = found if state == "found" else mended
    made.mlflow.versions.add(("lead", "1"))
    key = "" if row.scopes is None else made.key(*row.scopes)
    answer = made.ask(row.path, row.method, key, row.body)
    status, words = row.found if state == "found" else row.mended
    assert (answer.status, words in answer.body.decode()) == (status, True), answer.body
    if status in (404, 204) and not words:
        assert answer.body == b""


def test_a_read_only_key_deletes_a_version_of_the_platform_as_found_alone(
    found: Registry, mended: Registry
) -> None:
    left = {}
    for made in (found, mended):
        made.mlflow.versions.add(("gone", "1"))
        status = made.ask("/api/models/gone/1", "DELETE", made.key(*READER)).status
        left[status] = ("gone", "1") in made.mlflow.versions
    assert left == {200: False, 403: True}


def test_forbidden_says_what_is_needed(mended: Registry) -> None:
    answer = mended.ask("/api/models/register", "POST", mended.key(*READER), {})
    assert set(answer.json()) == {"detail", "error", "message", "required_scope", "current_scopes"}
    assert answer.json()["current_scopes"] == ["model:read"]


@pytest.mark.parametrize("path", ["/models", "/api/models", "/mlflow", "/api/mlflow"])
def test_a_path_without_its_slash_is_led_to_it(found: Registry, path: str) -> None:
    answer = found.ask(f"{path}?name=a", key=found.key("admin"))
    where = f"{found.url}{path}/?name=a"
    assert (answer.status, answer.headers["location"]) == (307, where)
    assert found.ask(path).status == 401


def test_a_preflight_is_answered_in_both_states(found: Registry, mended: Registry) -> None:
    for made in (found, mended):
        answer = made.ask(SEARCH, "OPTIONS", **PREFLIGHT)
        assert (answer.status, answer.body) == (200, b"OK")


def test_options_as_found_reach_mlflow_without_a_key(found: Registry) -> None:
    found.mlflow.seen.clear()
    assert found.ask(SEARCH, "OPTIONS", Origin="https://hokus.ai").status == 204
    assert [(r.method, r.headers.get("authorization")) for r in found.mlflow.seen] == [
        ("OPTIONS", None)
    ]


def test_the_rate_limit_is_told_by_the_mended_one_alone(found: Registry, mended: Registry) -> None:
    told = [
        sorted(n for n in made.ask(SEARCH, key=made.key("admin")).headers if "ratelimit" in n)
        for made in (found, mended)
    ]
    limits = ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"]
    assert told == [[], limits]


def test_calls_outside_the_registry_paths_are_debited(found: Registry) -> None:
    def debits() -> int:
        with sqlite3.connect(found.floor.folder / "auth_db.sqlite") as rows:
            return sum(n for (n,) in rows.execute("select count(*) from usage"))

    before, key = debits(), found.key("admin")
    found.ask(SEARCH, key=key)
    assert debits() == before
    found.ask("/nope", key=key)
    assert debits() == before + 1


@pytest.mark.parametrize("switch", ["delete-body", "write-scope", "rate-limit", "options"])
def test_one_mend_can_be_taken_away(tmp_path: Path, switch: str) -> None:
    with registry(tmp_path, f"as-found-{switch}") as made:
        key, reader = made.key("admin"), made.key(*READER)
        answer = made.ask(SEARCH, "DELETE", key, BODY_KEPT)
        shown = {
            "delete-body": answer.json()["body"] == "",
            "rate-limit": "x-ratelimit-limit" not in answer.headers,
            "write-scope": made.ask("/models/register", "POST", reader, {}).status == 422,
            "options": made.ask(SEARCH, "OPTIONS").status == 204,
        }
        assert [name for name, there in shown.items() if there] == [switch]


# --- MLflow away, silent or closed to the API


@pytest.mark.parametrize(("mended", "status"), [("", 500), ("all", 503)])
def test_the_breaker_opens_by_the_documents_and_its_own_document_then_fails(
    tmp_path: Path, mended: str, status: int
) -> None:
    with registry(tmp_path, mended=mended, mlflow_url=NOWHERE) as made:
        for path in ("/ready", "/metrics", "/health/mlflow"):  # asks: two, one, one
            assert made.ask(path).status == 200
        assert made.health.mlflow.breaker.document()["failure_count"] == 4
        assert made.ask("/health/mlflow").json()["circuit_breaker_state"] == "CLOSED"
        answer = made.ask("/health/mlflow")
        state = "OPEN" if mended else "UNKNOWN"
        assert (answer.status, answer.json()["circuit_breaker_state"]) == (status, state)
        if not mended:
            assert answer.json()["error"] == NOT_SERIALIZABLE
        ready = made.ask("/ready").json()
        assert (ready["ready"], ready["can_serve_traffic"]) == (False, True)
        assert made.health.mlflow.breaker.document()["failure_count"] == 5  # none was asked


def test_the_breaker_closes_after_two_successes_and_opens_at_one_failure() -> None:
    breaker = Breaker(0.05)
    for _ in range(5):
        assert not breaker.blocks()
        breaker.record(success=False)
    assert breaker.blocks()
    time.sleep(0.06)
    assert (breaker.blocks(), breaker.state) == (False, "HALF_OPEN")
    breaker.record(success=False)
    assert breaker.blocks()
    time.sleep(0.06)
    states = []
    for _ in range(2):
        assert not breaker.blocks()
        breaker.record(success=True)
        states.append(breaker.state)
    assert states == ["HALF_OPEN", "CLOSED"]


def test_one_success_takes_back_one_failure() -> None:
    breaker = Breaker()
    for success in (False, False, False, False, True, False):
        breaker.record(success)
    assert (breaker.state, breaker.failures) == ("CLOSED", 4)


def test_an_api_without_its_token_says_so_and_serves_callers_with_keys(tmp_path: Path) -> None:
    with registry(tmp_path, mended="") as made:
        made.mlflow.accepted = "another"
        light = made.ask("/api/health/mlflow")
        assert (light.status, light.json()["error_type"]) == (503, "RestException")
        assert light.json()["error"] == ("INTERNAL_ERROR: Response: {'detail': 'API key required'}")
        ready = made.ask("/ready")
        assert (ready.status, ready.json()["ready"]) == (200, False)
        assert made.health.mlflow.breaker.failures == 2
        assert made.ask(SEARCH, key=made.key("admin")).status == 200
        made.mlflow.accepted = TOKEN
        assert made.ask("/api/health/mlflow").status == 200


def test_a_database_that_is_away_is_503_of_ready(tmp_path: Path) -> None:
    with registry(tmp_path, mended="") as made:
        health = without_database(made.health)
        with served(service(made.floor, NOWHERE, health).route) as url:
            answer = ask(f"{url}/ready")
        assert (answer.status, answer.json()["can_serve_traffic"]) == (503, False)
        assert "failed after 2 attempts" in answer.json()["checks"][0]["error"]


@pytest.mark.parametrize(
    ("state", "answer"), [("failed", (200, False, True)), ("warming", (503, False, False))]
)
def test_model_30_counts_for_readiness(
    tmp_path: Path, state: str, answer: tuple[int, bool, bool]
) -> None:
    with registry(tmp_path, f"model-30:{state}") as made:
        got = made.ask("/ready")
        body = got.json()
        assert (got.status, body["ready"], body["can_serve_traffic"]) == answer


# --- one event loop


@dataclass
class Held:
    """An MLflow that answers nothing until it is released."""

    asked: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    def route(self, _: Request) -> Response:
        """Answer when released."""
        self.asked.set()
        self.released.wait(10)
        return json_response(200, {})


@contextlib.contextmanager
def held(folder: Path, mended: str) -> Iterator[tuple[Registry, Held]]:
    """Run a registry API before an MLflow that is held."""
    mlflow = Held()
    with (
        served(mlflow.route) as url,
        registry(folder, mended=mended, mlflow_url=url, patience=WAITING) as made,
    ):
        yield made, mlflow


def frozen(made: Registry, mlflow: Held, path: str, key: str = "") -> bool:
    """Say whether `/live` is not answered while another request waits for MLflow."""
    other = threading.Thread(target=made.ask, args=(path, "GET", key))
    other.start()
    assert mlflow.asked.wait(5)
    try:
        answered = made.ask("/live", timeout=0.3 if path in FREEZING else 5.0).status == 200
    except TimeoutError:
        answered = False
    mlflow.released.set()
    other.join()
    return not answered


@pytest.mark.parametrize("path", FREEZING)
def test_a_blocking_route_freezes_the_api_as_found_alone(tmp_path: Path, path: str) -> None:
    shown = []
    for mended in ("", "all"):
        folder = tmp_path / (mended or "found")
        folder.mkdir()
        with held(folder, mended) as (made, mlflow):
            shown.append(frozen(made, mlflow, path, made.key("admin")))
    assert shown == [True, False]


@pytest.mark.parametrize("path", ["/api/health/mlflow", SEARCH])
def test_the_light_document_and_the_proxy_freeze_nothing(tmp_path: Path, path: str) -> None:
    with held(tmp_path, "") as (made, mlflow):
        assert not frozen(made, mlflow, path, made.key("admin"))


def test_the_light_document_gives_up_after_its_cap(tmp_path: Path) -> None:
    with held(tmp_path, "") as (made, mlflow):
        answer = made.ask("/api/health/mlflow")
        mlflow.released.set()
    assert (answer.status, answer.json()["error_type"]) == (503, "TimeoutError")
    assert answer.json()["error"] == "MLflow registry SDK probe timed out after 0.3s"


# --- variables


VARIABLES = {
    "DB_PASSWORD": "p",
    "DB_HOST": "127.0.0.1",
    "MLFLOW_SERVER_URL": "http://second:5000",
    "AUTH_SERVICE_URL": "https://second",
}
COMING = ("DB_", "DATABASE_", "MLFLOW_", "REDIS_", "AUTH_", "HOKUSAI_", "SANDBOX_")


@pytest.fixture
def variables(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment with the few variables that the API needs."""
    for name in [n for n in os.environ if n.startswith(COMING)]:
        monkeypatch.delenv(name)
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_the_first_of_two_variables_wins(variables: pytest.MonkeyPatch) -> None:
    made = api.build()
    assert made.health.mlflow.upstream.url == "http://second:5000"
    assert (made.check.auth_url, made.check.service_id) == ("https://second", "platform")
    variables.setenv("MLFLOW_TRACKING_URI", "http://first:5000/")
    variables.setenv("HOKUSAI_AUTH_SERVICE_URL", "https://first")
    variables.setenv("DATABASE_NAME", "second")
    variables.setenv("DATABASE_USER", "second")
    variables.setenv("DB_USER", "first")
    made = api.build()
    assert made.health.mlflow.upstream.url == "http://first:5000"
    assert made.check.auth_url == "https://first"
    dsn = made.health.database.dsn
    assert (dsn.name, dsn.user, dsn.host) == ("second", "first", "127.0.0.1")


def test_the_patience_is_the_deployed_one_and_can_be_set(variables: pytest.MonkeyPatch) -> None:
    health = api.build().health
    assert (health.database.connect_s, health.database.attempts, health.database.delay_s) == (
        10.0, 3, 1.0,
    )  # fmt: skip
    assert (health.mlflow.breaker.threshold, health.mlflow.breaker.recovery_s) == (5, 60.0)
    variables.setenv("DATABASE_CONNECT_TIMEOUT", "2")
    variables.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "3")
    health = api.build().health
    assert (health.database.connect_s, health.mlflow.upstream.patience.request_s) == (2.0, 3.0)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"REDIS_HOST": "127.0.0.1"}, "Skipping Redis connection for localhost"),
        ({}, "Skipping Redis connection for localhost"),
        ({"REDIS_HOST": "redis.internal"}, "Redis cache not available: AbstractConnection"),
        ({"REDIS_URL": "redis://redis.internal:6379/0"}, "Redis cache not available: Abstract"),
    ],
)
def test_there_is_no_cache_where_the_client_has_none(
    variables: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    values: dict[str, str],
    text: str,
) -> None:
    for name, value in values.items():
        variables.setenv(name, value)
    assert api.build().check.cache is None
    assert text in capsys.readouterr().out


def test_the_log_has_the_cache_s_address_with_its_token(
    variables: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    variables.setenv("REDIS_HOST", "redis.internal")
    variables.setenv("REDIS_AUTH_TOKEN", "cache-token")
    variables.setenv("REDIS_TLS_ENABLED", "true")
    api.build().health.cache.announce()
    line = "Creating Redis publisher with URL: rediss://:cache-token@redis.internal:6379/0"
    assert line in capsys.readouterr().out


@pytest.mark.parametrize(
    ("missing", "text"),
    [
        (
            "MLFLOW_SERVER_URL",
            "MLflow URL is not configured; set MLFLOW_TRACKING_URI or MLFLOW_SERVER_URL.",
        ),
        ("DB_PASSWORD", "Database password not found in environment"),
    ],
)
def test_the_process_dies_at_start_without_what_it_needs(missing: str, text: str) -> None:
    kept = {k: v for k, v in VARIABLES.items() if k != missing}
    process = subprocess.run(
        [sys.executable, "-m", "sandbox.services.api"],
        env={"PATH": os.environ["PATH"], "PORT": "1", **kept},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (process.returncode, text in process.stdout) == (1, True)
