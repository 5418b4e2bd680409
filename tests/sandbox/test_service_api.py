"""The registry API authenticates, proxies and reports as the platform's does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.services.base import behaviour
from sandbox.services.wire import redis as resp
from tests.sandbox.support.registry_ground import (
    NOWHERE,
    SEARCH,
    Registry,
    SmallMlflow,
    health_of,
    registry,
    service,
)
from tests.sandbox.support.service_ground import Ground, ask, ground, served


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with registry(tmp_path_factory.mktemp("api")) as made:
        yield made


def test_an_administrator_reaches_mlflow_through_the_proxy(healthy: Registry) -> None:
    url, floor = healthy.url, healthy.floor
    answer = ask(url + SEARCH, key=floor.plant(scopes=("admin",), name="ada"))
    assert answer.json() == {
        "path": "/api/2.0/mlflow/experiments/search",
        "user": "user-ada",
        "query": "max_results=1",
        "body": "",
    }
    assert "x-ratelimit-remaining" in answer.headers


def test_no_key_is_asked_for_one(healthy: Registry) -> None:
    url = healthy.url
    assert ask(url + SEARCH).json() == {"detail": "API key required"}
    assert ask(url + "/").status == 401


@pytest.mark.parametrize("header", ["bearer {}", "{}", "Bearer{}", "Basic {}"])
def test_a_malformed_authorization_is_no_key(healthy: Registry, header: str) -> None:
    url, floor = healthy.url, healthy.floor
    value = header.format(floor.plant(scopes=("admin",)))
    assert ask(url + SEARCH, Authorization=value).json() == {"detail": "API key required"}


@pytest.mark.parametrize("method", ["DELETE", "POST", "PUT"])
def test_a_method_that_a_route_has_not_is_405_in_json(healthy: Registry, method: str) -> None:
    url, floor = healthy.url, healthy.floor
    answer = ask(url + "/health", method)
    assert (answer.status, answer.json()) == (405, {"detail": "Method Not Allowed"})
    assert answer.headers["allow"] == "GET"
    assert ask(url + "/", method, floor.plant(scopes=("admin",))).status == 405


def test_a_model_s_routes_have_one_method_each(healthy: Registry) -> None:
    url, floor = healthy.url, healthy.floor
    key = floor.plant(scopes=("admin",))
    assert ask(f"{url}/api/v1/models/21/predict", "POST", key, {"inputs": {}}).status == 200
    assert ask(f"{url}/api/v1/models/21/predict", "POST", key, {}).status == 422
    for path, method, allowed in [
        ("/api/v1/models/21/predict", "GET", "POST"),
        ("/api/v1/models/21/info", "POST", "GET"),
        ("/models/", "POST", "GET"),
        ("/api/models/lead/1", "PUT", "GET"),
        ("/api/models/register", "GET", "POST"),
    ]:
        refused = ask(url + path, method, key)
        assert (refused.status, refused.headers["allow"]) == (405, allowed)


def test_the_interface_names_what_is_mounted(tmp_path: Path) -> None:
    with registry(tmp_path, "unmount:/api/mlflow") as made:
        url = made.url
        paths = ask(f"{url}/openapi.json").json()["paths"]
        assert "/api/mlflow/{path}" not in paths and "/mlflow/{path}" in paths
        assert ask(f"{url}/docs").headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("name", ["X-API-Key", "x-api-key"])
def test_a_key_may_come_in_its_own_header(healthy: Registry, name: str) -> None:
    url, floor = healthy.url, healthy.floor
    assert ask(url + SEARCH, **{name: floor.plant(scopes=("admin",))}).status == 200


def test_a_refused_key_is_401_in_the_api_s_words(healthy: Registry) -> None:
    url, floor = healthy.url, healthy.floor
    answer = ask(url + SEARCH, key=floor.plant(is_active=False))
    assert (answer.status, answer.json()) == (401, {"detail": "Invalid or expired API key"})


def test_a_key_without_the_role_is_403(healthy: Registry) -> None:
    url, floor = healthy.url, healthy.floor
    key = floor.plant(scopes=("model:read",))
    assert ask(url + SEARCH, key=key).json()["error"] == "REGISTRY_ADMIN_REQUIRED"
    assert ask(url + "/api/models/register", "POST", key, {}).json()["error"] == "FORBIDDEN"
    assert ask(url + "/models/", key=key).status == 200


def test_mlflow_s_html_404_becomes_json(healthy: Registry) -> None:
    url, floor = healthy.url, healthy.floor
    answer = ask(url + "/api/mlflow/nothing", key=floor.plant(scopes=("admin",)))
    assert (answer.status, answer.json()["error_code"]) == (404, "RESOURCE_NOT_FOUND")


def test_an_unknown_route_is_fastapi_s_404(healthy: Registry) -> None:
    url, floor = healthy.url, healthy.floor
    assert ask(url + "/nope", key=floor.plant()).json() == {"detail": "Not Found"}


@pytest.mark.parametrize(
    "path", ["/health", "/ready", "/live", "/version", "/health/mlflow", "/api/health/mlflow"]
)
def test_health_documents_need_no_key(healthy: Registry, path: str) -> None:
    assert ask(healthy.url + path).status == 200


def test_preflight_needs_no_key(healthy: Registry) -> None:
    asked = {"Origin": "https://hokus.ai", "Access-Control-Request-Method": "GET"}
    answer = ask(healthy.url + SEARCH, "OPTIONS", **asked)
    assert (answer.status, answer.body) == (200, b"OK")
    assert answer.headers["access-control-allow-origin"] == "https://hokus.ai"


def test_a_mlflow_that_is_away_is_502_and_the_proxy_does_not_open_the_breaker(
    tmp_path: Path,
) -> None:
    with registry(tmp_path, mlflow_url=NOWHERE) as made:
        key = made.key("admin")
        answers = [made.ask(SEARCH, key=key) for _ in range(6)]
        text = f"Failed to connect to MLflow server at {NOWHERE}"
        assert {(a.status, a.json()["detail"]) for a in answers} == {(502, text)}
        assert made.ask("/api/health/mlflow").status == 503
        assert made.health.mlflow.breaker.failures == 0
        assert made.ask("/health").status == 200


def test_a_mlflow_that_is_slow_is_504(tmp_path: Path) -> None:
    with (
        served(SmallMlflow().route, "slow:2") as slow,
        registry(tmp_path, mlflow_url=slow) as made,
    ):
        answer = made.ask(SEARCH, key=made.key("admin"))
        text = "MLflow server request timeout after 0.5s"
        assert (answer.status, answer.json()["detail"]) == (504, text)


def test_a_mlflow_that_breaks_off_is_500(tmp_path: Path) -> None:
    with (
        served(SmallMlflow().route, "reset-body") as broken,
        registry(tmp_path, mlflow_url=broken) as made,
    ):
        answer = made.ask(SEARCH, key=made.key("admin"))
        text = "Internal server error while proxying to MLflow"
        assert (answer.status, answer.json()["detail"]) == (500, text)


@pytest.mark.parametrize(("switches", "status"), [("", 503), ("legacy-auth-errors", 401)])
def test_an_auth_service_that_is_away_is_no_fault_of_the_key(
    tmp_path: Path, switches: str, status: int
) -> None:
    with registry(tmp_path, switches, auth_url=NOWHERE) as made:
        url, floor = made.url, made.floor
        answer = ask(url + SEARCH, key=floor.plant(scopes=("admin",)))
        text = "Authentication service unavailable"
        assert (answer.status, answer.json()["detail"]) == (status, text)


@pytest.mark.parametrize(
    ("switches", "status", "text"),
    [
        ("no-auth", 200, "path"),
        ("strip-authorization", 401, "API key required"),
        ("wrong-prefix", 404, "RESOURCE_NOT_FOUND"),
        ("unmount:/api/mlflow", 404, '{"detail":"Not Found"}'),
    ],
)
def test_a_switch_changes_the_answer(tmp_path: Path, switches: str, status: int, text: str) -> None:
    with registry(tmp_path, switches) as made:
        url, floor = made.url, made.floor
        key = "" if switches == "no-auth" else floor.plant(scopes=("admin",))
        answer = ask(url + SEARCH, key=key)
        assert (answer.status, text in answer.body.decode()) == (status, True)


@pytest.mark.parametrize(
    ("switches", "kept"),
    [("", {"POST", "PUT", "PATCH", "DELETE"}), ("drop-delete-body", {"POST", "PUT", "PATCH"})],
)
def test_the_proxy_forwards_a_body_and_drops_it_for_delete_as_the_deployed_one(
    tmp_path: Path, switches: str, kept: set[str]
) -> None:
    with registry(tmp_path, switches) as made:
        methods, key = ("POST", "PUT", "PATCH", "DELETE"), made.key("admin")
        sent = {m: made.ask(SEARCH, m, key, {"name": "x"}) for m in methods}
    assert {m for m, answer in sent.items() if answer.json()["body"]} == kept


def test_rate_limit_headers_can_be_missing(tmp_path: Path) -> None:
    with registry(tmp_path, "no-rate-limit-headers") as made:
        url, floor = made.url, made.floor
        answer = ask(url + SEARCH, key=floor.plant(scopes=("admin",)))
        assert not [name for name in answer.headers if name.startswith("x-ratelimit")]


def test_one_in_five_fails_and_health_never(tmp_path: Path) -> None:
    with registry(tmp_path, "error-1-in-5") as made:
        url, floor = made.url, made.floor
        key = floor.plant(scopes=("admin",))
        assert [ask(url + SEARCH, key=key).status for _ in range(10)].count(500) == 2
        assert {ask(url + "/health").status for _ in range(6)} == {200}


def test_a_good_answer_is_remembered_and_a_bad_one_is_not(tmp_path: Path) -> None:
    with registry(tmp_path) as made:
        url, floor = made.url, made.floor
        key = floor.plant(scopes=("admin",))
        assert ask(url + SEARCH, key=key).status == 200
        floor.control("database", users={})  # the auth service cannot look keys up any more
        assert ask(url + SEARCH, key=key).status == 200
        assert ask(url + SEARCH, key=floor.plant(scopes=("admin",))).status == 503
        assert floor.cache.get(f"api_key:validation:{key}")


def test_a_cache_that_drops_packets_costs_four_seconds(tmp_path: Path) -> None:
    from emulator.network.blackhole import Blackhole

    hole = Blackhole()
    hole.start()
    mlflow = SmallMlflow()
    with (
        ground(tmp_path) as floor,
        served(floor.auth().route) as auth,
        served(mlflow.route) as upstream,
    ):
        lost = Ground(floor.folder, resp.Cache(*hole.address, "x"), floor.dsn)
        made = service(lost, auth, health_of(lost, upstream, behaviour.parse("", "all")))
        with served(made.route) as url:
            started = time.monotonic()
            assert ask(url + SEARCH, key=floor.plant(scopes=("admin",)), timeout=9).status == 200
            assert 3.9 < time.monotonic() - started < 5.0
    hole.stop()
