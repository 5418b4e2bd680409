"""A check cannot ask for a form that a basic principal has not, nor for basic of any other."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.canary.config.test_forms import GOOD, problems

USER = '[principals.user]\nsecret = "canary/good/user"\nform = "basic"\n'
AT = "some.toml: auth.it: spec"
CANNOT = "cannot carry principal user, which has form basic in here.toml"


@pytest.mark.parametrize(
    ("kind", "spec", "wrong"),
    [
        ("endpoint", 'path = "/"\nprincipal = "user"', []),
        ("endpoint", 'path = "/"\nprincipal = "user"\nform = "basic"', []),
        ("endpoint", 'path = "/"\nprincipal = "user"\nform = "none"', []),
        (
            "endpoint",
            'path = "/"\nprincipal = "user"\nform = "x-api-key"',
            [f"{AT}.form: x-api-key {CANNOT}"],
        ),
        ("registration", 'principal = "user"', []),
        ("registration", 'principal = "user"\nform = "raw"', [f"{AT}.form: raw {CANNOT}"]),
        (
            "endpoint",
            'path = "/"\nprincipal = "valid"\nform = "basic"',
            [f"{AT}.form: principal valid has no user name, see its form in here.toml"],
        ),
        (
            "access",
            '[[check.spec.cases]]\nprincipal = "valid"\nstatus = [200]\n'
            '[[check.spec.cases]]\nprincipal = "user"\nforms = ["bearer", "query", "both"]\n'
            "status = [200]",
            [f"{AT}.cases[1].forms: {form} {CANNOT}" for form in ("query", "both")],
        ),
        (
            "access",
            '[[check.spec.cases]]\nforms = ["basic"]\nstatus = [401]',
            [],
        ),
    ],
)
def test_forms_are_refused_by_file_and_key(
    kind: str, spec: str, wrong: list[str], tmp_path: Path
) -> None:
    assert problems(tmp_path, kind, spec, GOOD + USER) == wrong
