"""Odd forms: a spec that could never hold or says nothing, an address nobody can reach, a CA."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme

from canary import config
from canary.config import ConfigError

CHECK = """\
[[check]]
id = "auth.it"
title = "It answers"
kind = "{kind}"
suite = "endpoints"
service = "auth"
severity = "low"
runbook = "docs/runbooks/auth.md#auth-health"
[check.spec]
{spec}
"""
GOOD = (Path(__file__).parent / "bad_config" / "good.toml").read_text()
STATUS = "expected array of length >= 1"


def problems(folder: Path, kind: str = "endpoint", spec: str = "", where: str = GOOD) -> list[str]:
    """Return what is wrong with one check of a shipped kind in one environment."""
    checks = folder / "checks"
    checks.mkdir()
    if spec:
        (checks / "some.toml").write_text(CHECK.format(kind=kind, spec=spec))
    (folder / "here.toml").write_text(where)
    try:
        config.load(str(folder / "here.toml"), checks=checks, authoring=False, only=lambda _: True)
    except ConfigError as error:
        return error.problems
    return []


@pytest.mark.parametrize(
    ("kind", "spec", "message"),
    [
        ("endpoint", "path = '/'\nstatus = []", f"spec.status: {STATUS}"),
        ("endpoint", "path = '/'\nlimit_ms = -5", "spec.limit_ms: expected int >= 0"),
        ("endpoint", "path = '/'\nmax_ms = -1", "spec.max_ms: expected int >= 0"),
        (
            "endpoint",
            "path = '/'\nredirect = 'htps'",
            r"spec.redirect: must match ^(|https|https?://\S+)$",
        ),
        (
            "endpoint",
            "path = '/'\ncontent_type = 'text/html; charset=utf-8'",
            "spec.content_type: must match ^[a-z0-9.+/-]*$",
        ),
        ("endpoint", "path = '/'\njson.a = {}", "spec.json.a: expects nothing of the value"),
        (
            "endpoint",
            "path = '/'\njson.a = { equal = 1 }",
            "spec.json.a.equal: unknown key, did you mean equals?",
        ),
        (
            "access",
            "[[check.spec.cases]]\npath = '@evil.example/'",
            "spec.cases[0].path: must match ^(|/.*)$",
        ),
        ("access", "[[check.spec.cases]]\nstatus = []", f"spec.cases[0].status: {STATUS}"),
        (
            "dependency",
            "path = '/'\ndependencies = {}",
            "spec.dependencies: expected object of length >= 1",
        ),
        (
            "dependency",
            "path = '/'\nstatus = [9999]\ndependencies.a = { path = 'b', healthy = ['c'] }",
            "spec.status[0]: expected int <= 599",
        ),
        ("listener_rule", "port = 99999", "spec.port: expected int <= 65535"),
        ("ecs_service", "recent_minutes = -3", "spec.recent_minutes: expected float >= 0.0"),
        ("key_lifecycle", "use_path = 'x'", "spec.use_path: must match ^/"),
        ("key_lifecycle", "use_status = []", f"spec.use_status: {STATUS}"),
        ("key_lifecycle", "scopes = []", f"spec.scopes: {STATUS}"),
        (
            "key_lifecycle",
            "principal = 'valid'\nuse_service = 'nowhere'",
            "spec.use_service: nowhere is not a service of here.toml",
        ),
    ],
)
def test_a_spec_that_cannot_hold_or_says_nothing_is_refused(
    kind: str, spec: str, message: str, tmp_path: Path
) -> None:
    assert f"some.toml: auth.it: {message}" in problems(tmp_path, kind, spec)


def test_an_unknown_service_is_told_by_the_key_that_was_written_alone(tmp_path: Path) -> None:
    renamed = GOOD.replace("[services.auth]", "[services.iam]")
    told = problems(tmp_path, "endpoint", "path = '/'", renamed)
    assert [line for line in told if "is not a service" in line] == [
        "some.toml: auth.it: service: auth is not a service of here.toml"
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            'connect_to = { 443 = "10.0.0.1" }',
            'services.auth.connect_to: 443 = "10.0.0.1" is not of the form 443 = "address:port"',
        ),
        (
            '[services.other]\nurl = "other.example"',
            "services.other.url: other.example is not a plain http(s) address",
        ),
        (
            '[services.other]\nurl = "https://other.example/?a=b"',
            "services.other.url: https://other.example/?a=b is not a plain http(s) address: "
            "no user, query or fragment may stand in it",
        ),
    ],
)
def test_an_address_that_nobody_can_reach_is_refused_wherever_it_is_read(
    line: str, message: str, tmp_path: Path
) -> None:
    where = GOOD.replace("[principals.valid]", f"{line}\n[principals.valid]")
    assert f"here.toml: {message}" in problems(tmp_path, where=where)


def test_the_caller_without_a_key_is_no_name_for_a_principal(tmp_path: Path) -> None:
    where = f'{GOOD}\n[principals.nobody]\nsecret = "canary/good/nobody"\n'
    wanted = "here.toml: principals.nobody: is reserved for requests without a key"
    assert wanted in problems(tmp_path, where=where)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nope.pem", "ca_bundle: nope.pem cannot be read: No such file or directory"),
        ("here.toml", "ca_bundle: here.toml holds no certificate in PEM format"),
    ],
)
def test_a_ca_bundle_that_is_none_is_refused(name: str, message: str, tmp_path: Path) -> None:
    assert f"here.toml: {message}" in problems(tmp_path, where=f'ca_bundle = "{name}"\n{GOOD}')


def test_a_ca_bundle_lies_beside_the_file_that_names_it(tmp_path: Path) -> None:
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    assert problems(tmp_path, where=f'ca_bundle = "ca.pem"\n{GOOD}') == []
    loaded = config.load(str(tmp_path / "here.toml"), checks=tmp_path / "checks")
    assert loaded.environment.ca_bundle == str(tmp_path / "ca.pem")
