"""The shipped checks hold together, and every part of the report they replace has its row."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from canary import config
from canary.model import Check, Severity, Suite
from canary.probes import KINDS
from canary.probes.access import AccessSpec, cells

ROOT = Path(__file__).resolve().parents[3]


def shipped() -> dict[str, Check]:
    problems: list[str] = []
    found = [
        source.check
        for path in sorted(config.CHECKS.glob("*.toml"))
        for source in config.check_file(path, KINDS, problems)
    ]
    assert problems == []
    return {check.id: check for check in found}


CHECKS = shipped()

# Each part of the old report, and the checks that took its place.
OLD_REPORT = {
    "auth service /": ["auth.root"],
    "auth service /health": ["auth.health"],
    "auth service /api/v1/keys": ["auth.protects-key-management"],
    "registry /": ["registry.root", "registry.refuses-no-key"],
    "registry /health": ["registry.health"],
    "ECS auth": ["auth.tasks", "auth.targets"],
    "ECS api": ["registry.tasks", "registry.targets"],
    "ECS mlflow": ["mlflow.tasks", "mlflow.targets"],
    "MLflow through the proxy": ["registry.mlflow-proxy"],
    "/api/mlflow/health": ["registry.mlflow-health"],
    "Redis": ["registry.dependencies"],
    "database": ["auth.ready", "registry.ready"],
    "latency": ["registry.latency-with-key", "registry.latency-without-key"],
    "listener rules": ["auth.routing", "registry.routing"],
    "bearer and X-API-Key": ["registry.accepts-valid-key"],
    "header cases": ["registry.refuses-odd-headers"],
    "invalid keys": ["registry.refuses-unknown-key", "registry.refuses-malformed-key"],
    "auth service integration": ["auth.validates-valid-key"],
    "caching": ["registry.key-cached"],
    "rate limiting": ["registry.rate-limit-headers", "auth.rate-limit-headers"],
    "model creation, experiment, logging, registration": ["registration.model"],
    "endpoints that write": ["registry.write-routes"],
    "model list": ["registry.models"],
}


@pytest.mark.parametrize("part", OLD_REPORT)
def test_every_part_of_the_old_report_has_its_row(part: str) -> None:
    assert set(OLD_REPORT[part]) <= set(CHECKS)


def test_the_authentication_matrix_has_more_than_twenty_cases() -> None:
    specs = [c.spec for c in CHECKS.values() if c.suite is Suite.AUTHENTICATION]
    assert sum(len(cells(s)) for s in specs if isinstance(s, AccessSpec)) > 20


def test_no_check_takes_a_404_for_healthy() -> None:
    for check in CHECKS.values():
        cases = getattr(check.spec, "cases", (check.spec,))
        assert all(404 not in getattr(case, "status", ()) for case in cases), check.id


def test_refusals_are_asked_whatever_else_is_broken() -> None:
    refusing = [c for i, c in CHECKS.items() if re.search(r"\.(refuses|requires|protects)", i)]
    assert len(refusing) >= 14
    # one that keeps the platform busy waits for light answers, as everything blocking does
    assert {c.id for c in refusing if c.needs} == {"registry.requires-scope-to-delete"}
    assert all(c.blocking for c in refusing if c.needs)


def test_a_valid_key_never_stands_in_a_url() -> None:
    for check in CHECKS.values():
        if isinstance(check.spec, AccessSpec):
            carried = [c.request for c in cells(check.spec) if c.request.form == "query"]
            assert all(q.principal in ("unknown", "malformed") for q in carried), check.id


def test_critical_checks_are_few_and_every_suite_has_checks() -> None:
    critical = [c for c in CHECKS.values() if c.severity is Severity.CRITICAL]
    assert 4 <= len(critical) <= 8
    assert {c.suite for c in CHECKS.values()} == set(Suite)


def test_the_full_flow_runs_every_five_minutes_and_the_admin_flow_only_where_enabled() -> None:
    assert CHECKS["registration.model"].every == 300
    assert CHECKS["auth.key-lifecycle"].opt_in


def test_every_runbook_has_the_section_that_its_check_points_at() -> None:
    for check in CHECKS.values():
        page, _, anchor = check.runbook.partition("#")
        assert anchor == check.id.replace(".", "-")
        assert f"\n## {anchor}\n" in (ROOT / page).read_text(), check.id


def test_every_kind_is_used_and_none_is_unknown() -> None:
    # Hokusai's stores are reached by its services alone
    assert {c.kind for c in CHECKS.values()} == set(KINDS) - {"tcp"}


def test_checks_hold_no_address_of_an_environment() -> None:
    for path in config.CHECKS.glob("*.toml"):
        text = re.sub(r'Origin = "[^"]*"', "", path.read_text())
        assert not re.search(r"https?://|arn:aws|\d{12}", text), path.name


def test_what_blocks_the_api_is_marked_and_waits_for_two_light_answers() -> None:
    blocking = {c.id: (paths(c.spec), c.every, c.needs) for c in CHECKS.values() if c.blocking}
    light = ("registry.certificate", "registry.mlflow-connection", "registry.mlflow-proxy")
    delete = "/api/models/synthetic-canary-absent/1"
    assert blocking == {
        "registry.dependencies": (["/health?detailed=true"], 300, light),
        "registry.ready": (["/ready"], 300, light),
        "registry.circuit-breaker": (["/health/mlflow"], 300, light),
        "registry.metrics": (["/metrics"], 300, light),
        "registry.health-status": (["/health/status"], 300, light),
        "registry.models": (["/api/models/"], 900, light),
        "registry.requires-scope-to-delete": ([delete], 900, light),
    }


def paths(spec: object) -> list[str]:
    """Return the paths that a check asks."""
    return [case.path for case in getattr(spec, "cases", (spec,))]
