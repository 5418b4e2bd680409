"""The registry API authenticates, proxies and reports as the platform's does."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.services import api
from sandbox.services.base import behaviour
from sandbox.services.base.web import Request, Response, json_response
from sandbox.services.registry import keycheck, proxy
from sandbox.services.registry.breaker import Breaker
from sandbox.services.registry.health import Health
from sandbox.services.wire import redis as resp
from tests.sandbox.support.service_ground import Ground, ask, ground, served

SEARCH = "/api/mlflow/api/2.0/mlflow/experiments/search?max_results=1"
NOWHERE = "http://127.0.0.1:1"


def mlflow(request: Request) -> Response:
    """Answer as MLflow does: JSON on known paths, an HTML page on others."""
    if request.path.startswith("/api/2.0/"):
        seen = {"path": request.path, "user": request.headers.get("x-hokusai-user-id")}
        return json_response(200, {**seen, "body": request.body.decode()} if request.body else seen)
    return Response(404, b"<title>404 Not Found</title>", {"Content-Type": "text/html"})


def service(floor: Ground, auth_url: str, mlflow_url: str, switches: str = "") -> api.ApiService:
    parsed, breaker = behaviour.parse(switches), Breaker(0.3)
    return api.ApiService(
        keycheck.KeyCheck(
            auth_url,
            "platform",
            floor.cache,
            parsed.has("legacy-auth-errors"),
            not parsed.has("no-rate-limit-headers"),
        ),
        proxy.Proxy(
            mlflow_url,
            0.5,
            breaker,
            "/mlflow" if parsed.has("wrong-prefix") else "",
            parsed.has("drop-delete-body"),
        ),
        Health(mlflow_url, floor.cache, floor.dsn, breaker, parsed.has("lying-health"), False),
        parsed,
    )


@contextlib.contextmanager
def platform(
    folder: Path, switches: str = "", mlflow_url: str = "", auth_url: str = ""
) -> Iterator[tuple[str, Ground]]:
    with (
        ground(folder) as floor,
        served(floor.auth().route) as auth,
        served(mlflow) as upstream,
        served(
            service(floor, auth_url or auth, mlflow_url or upstream, switches).route, switches
        ) as url,
    ):
        yield url, floor


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Ground]]:
    with platform(tmp_path_factory.mktemp("api")) as made:
        yield made


def test_an_administrator_reaches_mlflow_through_the_proxy(healthy: tuple[str, Ground]) -> None:
    url, floor = healthy
    answer = ask(url + SEARCH, key=floor.plant(scopes=("admin",), name="ada"))
    assert answer.json() == {"path": "/api/2.0/mlflow/experiments/search", "user": "user-ada"}
    assert "x-ratelimit-remaining" in answer.headers


def test_no_key_is_asked_for_one(healthy: tuple[str, Ground]) -> None:
    url, _ = healthy
    assert ask(url + SEARCH).json() == {"detail": "API key required"}
    assert ask(url + "/").status == 401


@pytest.mark.parametrize("header", ["bearer {}", "{}", "Bearer{}", "Basic {}"])
def test_a_malformed_authorization_is_no_key(healthy: tuple[str, Ground], header: str) -> None:
    url, floor = healthy
    value = header.format(floor.plant(scopes=("admin",)))
    assert ask(url + SEARCH, Authorization=value).json() == {"detail": "API key required"}


@pytest.mark.parametrize("method", ["DELETE", "POST", "PUT"])
def test_a_method_that_a_route_has_not_is_405_in_json(
    healthy: tuple[str, Ground], method: str
) -> None:
    url, floor = healthy
    answer = ask(url + "/health", method)
    assert (answer.status, answer.json()) == (405, {"detail": "Method Not Allowed"})
    assert answer.headers["allow"] == "GET"
    assert ask(url + "/", method, floor.plant(scopes=("admin",))).status == 405


def test_a_model_s_routes_have_one_method_each(healthy: tuple[str, Ground]) -> None:
    url, floor = healthy
    key = floor.plant(scopes=("admin",))
    assert ask(f"{url}/api/v1/models/21/predict", "POST", key, {}).status == 200
    for path, method, allowed in [
        ("/api/v1/models/21/predict", "GET", "POST"),
        ("/api/v1/models/21/info", "POST", "GET"),
        ("/models/", "POST", "GET"),
        ("/api/models/register", "GET", "POST"),
    ]:
        refused = ask(url + path, method, key)
        assert (refused.status, refused.headers["allow"]) == (405, allowed)


def test_the_interface_names_what_is_mounted(tmp_path: Path) -> None:
    with platform(tmp_path, "unmount:/api/mlflow") as (url, _):
        paths = ask(f"{url}/openapi.json").json()["paths"]
        assert "/api/mlflow/{path}" not in paths and "/mlflow/{path}" in paths
        assert ask(f"{url}/docs").headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("name", ["X-API-Key", "x-api-key"])
def test_a_key_may_come_in_its_own_header(healthy: tuple[str, Ground], name: str) -> None:
    url, floor = healthy
    assert ask(url + SEARCH, **{name: floor.plant(scopes=("admin",))}).status == 200


def test_a_refused_key_is_401_in_the_api_s_words(healthy: tuple[str, Ground]) -> None:
    url, floor = healthy
    answer = ask(url + SEARCH, key=floor.plant(is_active=False))
    assert (answer.status, answer.json()) == (401, {"detail": "Invalid or expired API key"})


def test_a_key_without_the_role_is_403(healthy: tuple[str, Ground]) -> None:
    url, floor = healthy
    key = floor.plant(scopes=("model:read",))
    assert ask(url + SEARCH, key=key).json()["error"] == "REGISTRY_ADMIN_REQUIRED"
    assert ask(url + "/api/models/register", "POST", key, {}).json()["error"] == "FORBIDDEN"
    assert ask(url + "/models/", key=key).status == 200


def test_mlflow_s_html_404_becomes_json(healthy: tuple[str, Ground]) -> None:
    url, floor = healthy
    answer = ask(url + "/api/mlflow/nothing", key=floor.plant(scopes=("admin",)))
    assert (answer.status, answer.json()["error_code"]) == (404, "RESOURCE_NOT_FOUND")


def test_an_unknown_route_is_fastapi_s_404(healthy: tuple[str, Ground]) -> None:
    url, floor = healthy
    assert ask(url + "/nope", key=floor.plant()).json() == {"detail": "Not Found"}


@pytest.mark.parametrize(
    "path", ["/health", "/ready", "/live", "/version", "/health/mlflow", "/api/health/mlflow"]
)
def test_health_documents_need_no_key(healthy: tuple[str, Ground], path: str) -> None:
    assert ask(healthy[0] + path).status == 200


def test_preflight_needs_no_key(healthy: tuple[str, Ground]) -> None:
    assert ask(healthy[0] + SEARCH, "OPTIONS").headers["access-control-allow-origin"] == "*"


def test_a_mlflow_that_is_away_is_502_and_opens_the_breaker(tmp_path: Path) -> None:
    with platform(tmp_path, mlflow_url=NOWHERE) as (url, floor):
        key = floor.plant(scopes=("admin",))
        answers = [ask(url + SEARCH, key=key) for _ in range(3)]
        text = f"Failed to connect to MLflow server at {NOWHERE}"
        assert {(a.status, a.json()["detail"]) for a in answers} == {(502, text)}
        assert ask(url + "/health/mlflow").json()["circuit_breaker_state"] == "OPEN"
        assert ask(url + "/health/mlflow").status == 503
        assert ask(url + "/api/health/mlflow").status == 503
        assert ask(url + "/health?detailed=true").json()["status"] == "degraded"
        assert ask(url + "/health").status == 200


def test_a_mlflow_that_is_slow_is_504(tmp_path: Path) -> None:
    with (
        served(mlflow, "slow:2") as slow,
        platform(tmp_path, mlflow_url=slow) as (url, floor),
    ):
        answer = ask(url + SEARCH, key=floor.plant(scopes=("admin",)))
        text = "MLflow server request timeout after 0.5s"
        assert (answer.status, answer.json()["detail"]) == (504, text)


@pytest.mark.parametrize(("switches", "status"), [("", 503), ("legacy-auth-errors", 401)])
def test_an_auth_service_that_is_away_is_no_fault_of_the_key(
    tmp_path: Path, switches: str, status: int
) -> None:
    with platform(tmp_path, switches, auth_url=NOWHERE) as (url, floor):
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
    with platform(tmp_path, switches) as (url, floor):
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
    with platform(tmp_path, switches) as (url, floor):
        key = floor.plant(scopes=("admin",))
        methods = ("POST", "PUT", "PATCH", "DELETE")
        sent = {m: ask(url + SEARCH, m, key=key, body={"name": "x"}) for m in methods}
    assert {m for m, answer in sent.items() if "body" in answer.json()} == kept


def test_rate_limit_headers_can_be_missing(tmp_path: Path) -> None:
    with platform(tmp_path, "no-rate-limit-headers") as (url, floor):
        answer = ask(url + SEARCH, key=floor.plant(scopes=("admin",)))
        assert not [name for name in answer.headers if name.startswith("x-ratelimit")]


def test_one_in_five_fails_and_health_never(tmp_path: Path) -> None:
    with platform(tmp_path, "error-1-in-5") as (url, floor):
        key = floor.plant(scopes=("admin",))
        assert [ask(url + SEARCH, key=key).status for _ in range(10)].count(500) == 2
        assert {ask(url + "/health").status for _ in range(6)} == {200}


def test_a_good_answer_is_remembered_and_a_bad_one_is_not(tmp_path: Path) -> None:
    with platform(tmp_path) as (url, floor):
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
    with ground(tmp_path) as floor, served(floor.auth().route) as auth, served(mlflow) as upstream:
        lost = Ground(floor.folder, resp.Cache(*hole.address, "x"), floor.dsn)
        with served(service(lost, auth, upstream).route) as url:
            started = time.monotonic()
            assert ask(url + SEARCH, key=floor.plant(scopes=("admin",)), timeout=9).status == 200
            assert 3.9 < time.monotonic() - started < 5.0
    hole.stop()
