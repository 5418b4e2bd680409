"""MLflow's gateway, row by row: a request, and what the deployed one answers."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from sandbox.services.base.web import Request, Response, json_response
from sandbox.services.tracking.gateway import Gateway
from tests.sandbox.support.service_ground import Ground, ground, served

SEARCH = "/api/2.0/mlflow/experiments/search"
NOT_ADMIN = {
    "detail": "Admin access required for the model registry",
    "error": "REGISTRY_ADMIN_REQUIRED",
}
FORMS = ("authorization:Bearer {}", "authorization:ApiKey {}", "x-api-key:{}")
ADMIN = ("model:read", "registry:admin")


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with ground(tmp_path_factory.mktemp("gateway")) as made:
        yield made


@pytest.fixture(scope="module")
def gateway(floor: Ground) -> Iterator[Gateway]:
    with served(floor.auth().route) as url:
        yield Gateway(url, timeout_s=2.0)


def request(path: str = SEARCH, method: str = "GET", **headers: str) -> Request:
    return Request(method, path, path, {}, headers, b"", "10.0.1.7")


def told(answer: Response | None) -> tuple[int, object] | None:
    """The status and the document, or None for a request that is let in."""
    return None if answer is None else (answer.status, json.loads(answer.body))


@pytest.mark.parametrize("path", ["/health", "/mlflow/health"])
def test_health_needs_no_key(gateway: Gateway, path: str) -> None:
    assert told(gateway.answer(request(path))) == (200, {"status": "ok"})


@pytest.mark.parametrize("path", ["/", "/mlflow/", "/version", "/health/", "/mlflow/version"])
def test_every_other_path_needs_one(gateway: Gateway, path: str) -> None:
    assert told(gateway.answer(request(path))) == (401, {"detail": "API key required"})


def test_options_pass_without_a_key(gateway: Gateway) -> None:
    assert gateway.answer(request(method="OPTIONS")) is None


@pytest.mark.parametrize("form", FORMS)
def test_an_administrator_s_key_is_let_in_in_each_form(
    floor: Ground, gateway: Gateway, form: str
) -> None:
    name, _, value = form.partition(":")
    sent = {name: value.format(floor.plant(scopes=ADMIN))}
    assert gateway.answer(request(**sent)) is None


@pytest.mark.parametrize("form", ["bearer {}", "Basic {}", "{}"])
def test_another_scheme_is_no_key(floor: Ground, gateway: Gateway, form: str) -> None:
    sent = form.format(floor.plant(scopes=ADMIN))
    answer = gateway.answer(request(authorization=sent))
    assert told(answer) == (401, {"detail": "API key required"})


@pytest.mark.parametrize(
    ("planted", "expected"),
    [
        ({"scopes": ("model:read",)}, (403, NOT_ADMIN)),
        ({"scopes": ("model:write", "mlflow:access")}, (403, NOT_ADMIN)),
        ({"scopes": ("model:read",), "is_admin": True}, None),
        ({"scopes": ("mlflow:admin",)}, None),
        ({"scopes": ADMIN, "is_active": False}, (401, {"detail": "Invalid or expired API key"})),
        ({"scopes": ADMIN, "service_id": "site"}, (401, {"detail": "Invalid or expired API key"})),
    ],
)
def test_a_key_is_judged_by_what_the_auth_service_says(
    floor: Ground, gateway: Gateway, planted: dict[str, object], expected: object
) -> None:
    key = floor.plant(**planted)
    assert told(gateway.answer(request(authorization=f"Bearer {key}"))) == expected


def test_nothing_is_remembered(floor: Ground) -> None:
    key = floor.plant(scopes=ADMIN)
    asked: list[dict[str, object]] = []

    def auth(sent: Request) -> Response:
        asked.append(sent.json())
        return floor.auth().route(sent)

    with served(auth) as url:
        for _ in range(2):
            sent = {"x-api-key": key, "x-forwarded-for": "198.51.100.7, 10.0.101.20"}
            assert Gateway(url).answer(request(**sent)) is None
    assert asked == 2 * [{"service_id": "platform", "client_ip": "198.51.100.7"}]


@pytest.mark.parametrize(
    ("status", "expected", "retry"),
    [
        (500, (503, {"detail": "Authentication service error"}), "1"),
        (503, (503, {"detail": "Authentication service error"}), "1"),
        (429, (401, {"detail": "Rate limit exceeded"}), None),
        (404, (401, {"detail": "Authentication service error"}), None),
    ],
)
def test_an_auth_service_that_fails_is_told_from_a_wrong_key(
    status: int, expected: object, retry: str | None
) -> None:
    with served(lambda _: json_response(status, {})) as url:
        answer = Gateway(url).answer(request(authorization="Bearer k"))
    assert answer is not None
    assert told(answer) == expected
    assert answer.headers.get("Retry-After") == retry


def test_an_auth_service_that_is_gone_or_silent_is_a_503() -> None:
    gone = Gateway("http://127.0.0.1:1").answer(request(authorization="Bearer k"))
    with served(lambda _: json_response(200, {}), "hang") as url:
        silent = Gateway(url, timeout_s=0.3).answer(request(authorization="Bearer k"))
    for answer, text in (
        (gone, "Authentication service unavailable"),
        (silent, "Authentication service timeout"),
    ):
        assert answer is not None
        assert told(answer) == (503, {"detail": text})
        assert answer.headers["Retry-After"] == "1"


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, Gateway("https://auth.hokus.ai", "platform", 5.0, enabled=True)),
        ({"HOKUSAI_AUTH_SERVICE_URL": ""}, Gateway("https://auth.hokus.ai")),
        (
            {
                "HOKUSAI_AUTH_SERVICE_URL": "http://a.example/",
                "HOKUSAI_AUTH_SERVICE_ID": "site",
                "HOKUSAI_AUTH_SERVICE_TIMEOUT": "2",
                "MLFLOW_ADMIN_AUTH_ENABLED": "False",
            },
            Gateway("http://a.example", "site", 2.0, enabled=False),
        ),
    ],
)
def test_the_variables_have_the_deployed_defaults(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: Gateway
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert Gateway.from_environment() == expected


def test_a_gateway_that_is_off_lets_everything_in() -> None:
    off = Gateway("http://127.0.0.1:1", enabled=False)
    assert [off.answer(request(path)) for path in ("/", "/health", SEARCH)] == [None] * 3
