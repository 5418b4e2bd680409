"""What a specification of a check may say, and what it means where it says nothing."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from canary.probes import KINDS

DEPENDENCY = {"path": "a.b", "healthy": ["up"]}
NOTHING: tuple[dict[str, Any], ...] = ({"path": ""}, {"healthy": []})
LEAST: dict[str, dict[str, Any]] = {
    "endpoint": {"path": "/"},
    "access": {"cases": [{}]},
    "dependency": {"path": "/", "dependencies": {"a": DEPENDENCY}},
    "certificate": {},
    "registration": {},
    "key_lifecycle": {},
    "ecs_service": {},
    "listener_rule": {},
}
"""The least that a kind needs to be told."""


def accepts(kind: str, **told: Any) -> bool:
    try:
        msgspec.convert({**LEAST[kind], **told}, KINDS[kind].spec)
    except msgspec.ValidationError:
        return False
    return True


@pytest.mark.parametrize(
    ("kind", "field", "good", "bad"),
    [
        ("endpoint", "status", [[100], [599], [200, 404]], [[99], [600], []]),
        ("endpoint", "path", ["/", "/a"], ["", "a"]),
        ("endpoint", "method", ["GET", "X"], ["", "get", "GE T"]),
        ("endpoint", "max_body", [0, 1_048_576], [-1, 1_048_577]),
        ("endpoint", "repeat", [1, 5], [0, 6]),
        ("endpoint", "max_ms", [0, 1], [-1]),
        ("endpoint", "limit_ms", [0, 1], [-1]),
        ("endpoint", "content_type", ["", "a/b+c.d-1"], ["A/b", "a/b; c"]),
        (
            "endpoint",
            "redirect",
            ["", "https", "http://a", "https://a/b"],
            ["http", "https://", "ftp://a", "https://a b"],
        ),
        ("access", "cases", [[{"repeat": 1}], [{"repeat": 3}]], [[], [{"repeat": 0}]]),
        ("access", "cases", [[{"path": ""}], [{"path": "/"}]], [[{"repeat": 4}], [{"path": "a"}]]),
        ("access", "cases", [[{"method": ""}], [{"method": "PUT"}]], [[{"method": "put"}]]),
        ("access", "cases", [[{"forms": ["query", "raw"]}]], [[{"forms": []}], [{"forms": ["x"]}]]),
        ("access", "path", ["/"], ["", "a"]),
        ("access", "method", ["POST"], ["", "post"]),
        ("dependency", "dependencies", [{"a": DEPENDENCY}], [{}]),
        ("dependency", "dependencies", [], [{"a": {**DEPENDENCY, **no}} for no in NOTHING]),
        ("dependency", "path", ["/"], ["", "a"]),
        ("listener_rule", "port", [0, 65535], [-1, 65536]),
        ("listener_rule", "redirect_port", [None, 0, 65535], [-1, 65536]),
        ("certificate", "days", [0, 400], [-1]),
        ("certificate", "path", ["/"], ["", "a"]),
        ("ecs_service", "rollout_minutes", [0], [-1]),
        ("key_lifecycle", "keys_path", ["/a", "/a/b"], ["/", "a", "/a/"]),
        ("key_lifecycle", "unknown_id", ["abc"], ["ab"]),
        ("key_lifecycle", "scopes", [["a"]], [[]]),
        ("key_lifecycle", "use_path", ["/"], ["", "a"]),
        ("key_lifecycle", "cache_s", [0, 600], [-1, 601]),
        ("registration", "base", ["", "/a", "/a/b"], ["/", "a", "/a/"]),
        ("registration", "janitor_minutes", [0, 90], [-1]),
        ("registration", "janitor_limit", [0, 100], [-1, 101]),
    ],
)  # fmt: skip
def test_each_field_takes_what_is_in_its_range_and_nothing_beside(
    kind: str, field: str, good: list[Any], bad: list[Any]
) -> None:
    assert [value for value in good if not accepts(kind, **{field: value})] == []
    assert [value for value in bad if accepts(kind, **{field: value})] == []


def said(kind: str, *without: str) -> dict[str, Any]:
    """Return what a specification means that says the least."""
    spec = msgspec.convert(LEAST[kind], KINDS[kind].spec)
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(spec))
    return {k: v for k, v in found.items() if k not in {*LEAST[kind], *without}}


ANSWER = {
    "status": [200], "content_type": "", "json": {}, "headers": [], "contains": [],
    "contains_any": [], "absent": [], "redirect": "", "max_ms": 0, "limit_ms": 0,
    "any_size": False,
}  # fmt: skip
"""What is expected of an answer where nothing is said: that it comes, with status 200."""


def test_what_a_specification_means_that_says_the_least() -> None:
    assert said("access") == {
        "path": "/", "method": "GET", "body": "", "content_type": "application/json",
    }  # fmt: skip
    spec = msgspec.convert(LEAST["access"], KINDS["access"].spec)
    (case,) = msgspec.json.decode(msgspec.json.encode(spec))["cases"]
    assert case == {
        **ANSWER, "principal": "nobody", "forms": ["bearer"], "path": "", "method": "", "body": "",
        "name": "", "repeat": 1,
    }  # fmt: skip
    endpoint = said("endpoint")
    assert {k: endpoint[k] for k in ANSWER} == ANSWER
    assert (endpoint["method"], endpoint["repeat"], endpoint["max_body"]) == ("GET", 1, 0)
    assert said("ecs_service") == {
        "rollout_minutes": 15, "recent_minutes": 15, "rollback_minutes": 60,
    }  # fmt: skip
    assert (said("certificate")["days"], said("certificate")["path"]) == (7, "/health")
    assert said("key_lifecycle") == {
        "principal": "admin", "keys_path": "/api/v1/keys", "unknown_id": "API key not found",
        "service_id": "platform", "scopes": ["model:read"], "use_service": "registry",
        "use_path": "/api/mlflow/api/2.0/mlflow/experiments/search?max_results=1",
        "use_status": [200, 403], "cache_s": 60,
    }  # fmt: skip
    assert said("registration", "tags") == {
        "principal": "valid", "form": "bearer", "base": "/api/mlflow", "with_run": True,
        "janitor_minutes": 30, "janitor_limit": 20,
    }  # fmt: skip
