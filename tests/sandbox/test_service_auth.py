"""The auth service keeps to the documented contract of key validation and management."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.support.service_ground import ADMIN, Answer, Ground, ask, ground, served


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with ground(tmp_path_factory.mktemp("auth")) as made:
        yield made


@pytest.fixture(scope="module")
def auth(floor: Ground) -> Iterator[str]:
    with served(floor.auth().route) as url:
        yield url


def validate(url: str, key: str, **question: Any) -> Answer:
    return ask(f"{url}/api/v1/keys/validate", "POST", key, {"service_id": "platform", **question})


def test_a_valid_key_is_described_with_its_limits(auth: str, floor: Ground) -> None:
    answer = validate(auth, floor.plant(scopes=("admin",)))
    assert answer.status == 200
    assert answer.json()["is_valid"] is True
    assert answer.json()["scopes"] == ["admin"]
    assert answer.headers["x-ratelimit-limit"] == "1000"
    assert int(answer.headers["x-ratelimit-remaining"]) < 1000


@pytest.mark.parametrize(
    ("planted", "question", "text"),
    [
        ({"is_active": False}, {}, "API key is inactive or has been revoked"),
        ({"expires_at": 1.0}, {}, "API key has expired"),
        ({"service_id": "website"}, {}, "Key not authorized for this service"),
        ({}, {"service_id": "ml-platform"}, "Key not authorized for this service"),
        (
            {"scopes": ("read",)},
            {"required_scope": "model:write"},
            "Key does not have required scope",
        ),
    ],
)
def test_a_key_that_must_not_pass_is_refused_in_words(
    auth: str, floor: Ground, planted: dict[str, Any], question: dict[str, Any], text: str
) -> None:
    answer = validate(auth, floor.plant(**planted), **question)
    assert (answer.status, answer.json()["error"]) == (401, text)


def test_an_unknown_key_and_no_key_differ(auth: str) -> None:
    assert validate(auth, "hk_live_unknown").json()["error"] == "API key not found or invalid"
    assert validate(auth, "").json() == {"detail": "API key required"}


def test_a_key_may_come_by_header_or_body(auth: str, floor: Ground) -> None:
    key, url = floor.plant(), f"{auth}/api/v1/keys/validate"
    assert ask(url, "POST", body={}, **{"X-API-Key": key}).status == 200
    assert ask(url, "POST", body={"api_key": key}).status == 200


def test_a_key_lives_from_creation_to_revocation(auth: str) -> None:
    made = ask(f"{auth}/api/v1/keys", "POST", ADMIN, {"name": "life", "service_id": "platform"})
    key, ident = made.json()["api_key"], made.json()["key_info"]["key_id"]
    assert made.status == 201
    assert validate(auth, key).status == 200
    assert ask(f"{auth}/api/v1/keys/{ident}", "DELETE", ADMIN).status == 200
    assert validate(auth, key).status == 401
    assert ask(f"{auth}/api/v1/keys/{ident}", "GET", ADMIN).json()["is_active"] is False


def test_key_management_needs_the_admin_token(auth: str) -> None:
    assert ask(f"{auth}/api/v1/keys", key="not-the-token").status == 401
    assert ask(f"{auth}/api/v1/keys/none", key=ADMIN).json() == {"detail": "API key not found"}
    assert ask(f"{auth}/api/v1/keys", "POST", ADMIN, {}).status == 422


def test_more_calls_than_the_limit_are_429(auth: str, floor: Ground) -> None:
    key = floor.plant(rate_limit_per_hour=2)
    assert [validate(auth, key).status for _ in range(3)] == [200, 200, 429]


def test_every_answer_carries_security_headers(auth: str) -> None:
    assert ask(f"{auth}/health").headers["x-content-type-options"] == "nosniff"
    assert ask(f"{auth}/").json()["status"] == "operational"


def test_without_its_database_it_is_alive_and_not_ready(floor: Ground, tmp_path: Path) -> None:
    with ground(tmp_path) as own, served(own.auth().route) as url:
        own.control("database", users={})
        assert ask(f"{url}/health").status == 200
        assert ask(f"{url}/ready").json() == {"status": "not ready", "checks": {"database": False}}
        assert validate(url, "hk_live_some").status == 500


def test_without_its_schema_the_error_names_the_table(tmp_path: Path) -> None:
    with ground(tmp_path) as own, served(own.auth().route) as url:
        (own.folder / "auth_db.sqlite").write_bytes(b"")
        answer = validate(url, "hk_live_some")
        assert (answer.status, "UndefinedTable" in answer.json()["detail"]) == (500, True)


@pytest.mark.parametrize(
    ("switch", "planted"),
    [("accept-revoked", {"is_active": False}), ("accept-expired", {"expires_at": 1.0})],
)
def test_a_switch_lets_a_dead_key_pass(floor: Ground, switch: str, planted: dict[str, Any]) -> None:
    with served(floor.auth(switch).route) as url:
        assert validate(url, floor.plant(**planted)).status == 200


def test_a_slow_cache_costs_time_and_no_answer(tmp_path: Path) -> None:
    with ground(tmp_path) as own, served(own.auth().route) as url:
        own.control("redis", delay_s=0.2)
        started = time.monotonic()
        assert validate(url, own.plant()).status == 200
        assert time.monotonic() - started > 0.4


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"expires_in_days": 0}, "expires_in_days"),
        ({"expires_in_days": 366}, "expires_in_days"),
        ({"scopes": "admin"}, "scopes"),
        ({"scopes": [5]}, "scopes"),
        ({"allowed_ips": "10.0.0.1"}, "allowed_ips"),
        ({"name": 5}, "name"),
        ({"rate_limit_per_hour": 9}, "rate_limit_per_hour"),
        ({"rate_limit_per_hour": "many"}, "rate_limit_per_hour"),
    ],
)
def test_a_key_beyond_the_documented_ranges_is_422(
    auth: str, wanted: dict[str, Any], field: str
) -> None:
    body = {"name": "wide", "service_id": "platform", **wanted}
    answer = ask(f"{auth}/api/v1/keys", "POST", ADMIN, body)
    assert answer.status == 422
    assert answer.json()["detail"][0]["loc"] == ["body", field]


def test_a_key_begins_with_its_environment(auth: str) -> None:
    for environment, kind in {"production": "live", "test": "test", "development": "dev"}.items():
        body = {"name": kind, "service_id": "platform", "environment": environment}
        made = ask(f"{auth}/api/v1/keys", "POST", ADMIN, body).json()
        assert (
            made["api_key"].startswith(f"hk_{kind}_") and len(made["api_key"].split("_")[2]) == 32
        )
        assert made["api_key"].startswith(made["key_info"]["key_prefix"])


def test_a_rotated_key_is_another_with_the_same_rights(auth: str) -> None:
    body = {"name": "turn", "service_id": "website", "scopes": ["read"], "rate_limit_per_hour": 50}
    old = ask(f"{auth}/api/v1/keys", "POST", ADMIN, {**body, "expires_in_days": 3}).json()
    answer = ask(f"{auth}/api/v1/keys/{old['key_info']['key_id']}/rotate", "POST", ADMIN)
    new = answer.json()
    assert answer.status == 200 and new["api_key"] != old["api_key"]
    kept = ("name", "service_id", "scopes", "rate_limit_per_hour", "expires_at")
    assert {k: new["key_info"][k] for k in kept} == {k: old["key_info"][k] for k in kept}
    assert validate(auth, old["api_key"], service_id="website").status == 401
    assert validate(auth, new["api_key"], service_id="website").status == 200


def test_what_fastapi_publishes_has_its_own_kind_and_its_own_methods(auth: str) -> None:
    kinds = {
        p: ask(auth + p).headers["content-type"] for p in ("/docs", "/metrics", "/openapi.json")
    }
    assert [k.partition(";")[0] for k in kinds.values()] == [
        "text/html", "text/plain", "application/json",
    ]  # fmt: skip
    assert "/api/v1/keys/validate" in ask(f"{auth}/openapi.json").json()["paths"]
    refused = ask(f"{auth}/health", "POST")
    assert (refused.status, refused.json()) == (405, {"detail": "Method Not Allowed"})
    assert ask(f"{auth}/api/v1/keys", "PATCH", ADMIN).headers["allow"] == "GET, POST"
