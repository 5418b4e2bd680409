"""What is built from the clone: the same bytes twice, the right files, and programs that start."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest

from tests.house.documents import ROOT
from tests.house.test_package import PROJECT, named

pytestmark = pytest.mark.slow  # six builds of a second or two

UV = Path(sys.executable).with_name("uv")
VERSION = PROJECT["project"]["version"]
MOST_MEGABYTES = 100
SOURCES = {"main": ROOT, "sandbox": ROOT / "packaging" / "sandbox"}
OURS = {"main": {"alarm_evaluator", "canary", "hokusai_canary"}, "sandbox": {"emulator", "sandbox"}}


def build(source: Path, folder: Path) -> None:
    """Build an sdist, and the wheel from it, with the backend that is installed here."""
    command = [str(UV), "build", "--quiet", "--offline", "--no-build-isolation"]
    command += ["--python", sys.executable, "--out-dir", str(folder), str(source)]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with what is built of both distributions, in a folder each."""
    folder = tmp_path_factory.mktemp("dist")
    for name, source in SOURCES.items():
        build(source, folder / name)
    return folder


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with both wheels unpacked, without their requirements."""
    folder = tmp_path_factory.mktemp("installed")
    command = [str(UV), "pip", "install", "--quiet", "--offline", "--no-deps"]
    command += ["--python", sys.executable, "--target", str(folder)]
    subprocess.run([*command, *map(str, built.glob("*/*.whl"))], check=True, timeout=120)
    return folder


def sums(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.glob("*.[wt]*")}


def wheel_of(built: Path, name: str) -> set[str]:
    (wheel,) = (built / name).glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        return set(opened.namelist())


def tracked(*folders: str) -> set[str]:
    """Return what git keeps below these folders: nothing else may be in a distribution."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *folders], cwd=ROOT, capture_output=True, check=True
    )
    return {name for name in listed.stdout.decode().split("\0") if name}


@pytest.mark.parametrize("name", SOURCES)
def test_two_builds_give_the_same_bytes(name: str, built: Path, tmp_path: Path) -> None:
    build(SOURCES[name], tmp_path)
    assert sums(tmp_path) == sums(built / name) and len(sums(tmp_path)) == 2


def test_the_wheel_holds_our_packages_whole_and_nothing_else(built: Path) -> None:
    inside = {n for n in wheel_of(built, "main") if ".dist-info/" not in n}
    runbooks = {n.replace("docs/runbooks", "canary/runbooks") for n in tracked("docs/runbooks")}
    code = {n for n in tracked(*OURS["main"]) if not n.startswith("canary/environments/")}
    stack = {f"hokusai_canary/{n}" for n in tracked("infra", "cdk.json", "requirements.txt")}
    assert inside == code | runbooks | stack
    assert {
        "canary/checks/endpoints.toml",
        "canary/checks/mlflow/mlflow.toml",
        "canary/report/templates/report.html.j2",
        "canary/runbooks/canary.md",
        "canary/py.typed",
    } <= inside


def test_the_wheel_of_the_sandbox_carries_hokusais_environment_along(built: Path) -> None:
    inside = {n for n in wheel_of(built, "sandbox") if ".dist-info/" not in n}
    assert inside == tracked(*OURS["sandbox"]) | {"sandbox/environments/development.toml"}
    assert {"sandbox/worlds/classic.toml", "sandbox/services/start.sh"} <= inside


@pytest.mark.parametrize("name", SOURCES)
def test_no_distribution_holds_what_is_only_of_the_clone(name: str, built: Path) -> None:
    (sdist,) = (built / name).glob("*.tar.gz")
    with tarfile.open(sdist) as opened:
        assert all(member.isfile() for member in opened.getmembers())
        files = {member.name.partition("/")[2] for member in opened.getmembers()}
    tops = {file.partition("/")[0] for file in files | wheel_of(built, name)}
    assert not tops & {".venv", ".git", ".ci", "tests", "build", "out", "node_modules"}
    suspect = re.compile(r"(__pycache__|\.pyc$|\.env$|\.pem$|\.key$|credentials)")
    kept = tracked("canary", "emulator", "sandbox")
    assert [f for f in files if suspect.search(f) and f not in kept] == []
    assert {"pyproject.toml", "LICENSE", "PKG-INFO"} <= files


def run(installed: Path, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a module of what is installed, in a folder that is not the clone."""
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_installed_canary_validates_the_example(installed: Path, tmp_path: Path) -> None:
    place = run(installed, tmp_path, "canary", "--version").stdout
    assert VERSION in place
    example = ROOT / "docs" / "examples" / "any-mlflow.toml"
    (tmp_path / "team.toml").write_text(example.read_text())
    done = run(installed, tmp_path, "canary", "validate", "team.toml")
    assert (done.returncode, done.stdout) == (0, "1 file is valid: team.toml\n"), done.stderr


def test_the_programs_are_called_as_they_are_typed(installed: Path, tmp_path: Path) -> None:
    for name in ("canary", "hokusai-canary"):
        done = subprocess.run(
            [str(installed / "bin" / name), "--help"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(installed)},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.stdout.startswith(f"Usage: {name} [OPTIONS] COMMAND"), done.stderr


def test_the_installed_sandbox_knows_its_worlds_and_its_environment(
    installed: Path, tmp_path: Path
) -> None:
    assert run(installed, tmp_path, "sandbox", "worlds").stdout.startswith("classic ")
    written = (
        "from sandbox.environment import of_world; from sandbox.world.load import load\n"
        "import sandbox; print(sandbox.__file__); print(of_world(load())['cluster'])"
    )
    (tmp_path / "written.py").write_text(written)
    told = run(installed, tmp_path, "written").stdout.splitlines()
    assert told == [str(installed / "sandbox" / "__init__.py"), "hokusai-development"]


def test_the_installed_construct_takes_its_rooms_from_the_package(
    installed: Path, tmp_path: Path
) -> None:
    written = (
        "from hokusai_canary.cdk import Canary\nfrom hokusai_canary.rooms import bundle\n"
        "print(Canary.__name__, bundle.__name__, bundle.REQUIREMENTS.exists(), bundle.BUILD)\n"
        "print(len(bundle._sources()) > 100, (bundle.ROOT / 'cdk.json').exists())\n"
    )
    (tmp_path / "written.py").write_text(written)
    done = run(installed, tmp_path, "written")
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first.startswith("Canary hokusai_canary.infra.bundle True ")
    assert str(installed) not in first and second == "True True"


def closure(names: set[str]) -> dict[str, Distribution]:
    """Return the distributions that these need here, directly or around corners."""
    found: dict[str, Distribution] = {}
    left = list(names)
    while left:
        name = left.pop()
        if name not in found:
            found[name] = distribution(name)
            needed = [r for r in found[name].requires or () if "extra ==" not in r]
            left += [n for n in named(needed) if n not in PLATFORM]
    return found


PLATFORM = {"colorama", "exceptiongroup", "typing-extensions", "importlib-metadata"}


def test_the_package_with_its_requirements_is_small(installed: Path) -> None:
    """As files: bytecode, which Python makes when it runs, is a third more."""
    needed = closure(named(PROJECT["project"]["dependencies"]))
    theirs = sum(
        place.stat().st_size
        for found in needed.values()
        for file in found.files or ()
        if (place := Path(str(found.locate_file(file)))).is_file()
    )
    ours = sum(
        p.stat().st_size
        for package in OURS["main"]
        for p in (installed / package).rglob("*")
        if p.is_file()
    )
    assert {"botocore", "requests", "urllib3"} <= needed.keys()
    assert not {"moto", "aws-cdk-lib", "mlflow-skinny", "boto3"} & needed.keys()
    assert (theirs + ours) / 1e6 < MOST_MEGABYTES


@pytest.mark.parametrize(
    "typed",
    [
        "uv tool install {root}",
        "uv tool install --with {root}/docs/examples/plugin {root}",
        "pip install --no-deps --prefix {folder} {root}",
    ],
)
def test_the_clone_is_installed_as_documented(typed: str, tmp_path: Path) -> None:
    """What it needs is the same in each case, so that pip fetches none of it a second time."""
    words = typed.format(root=ROOT, folder=tmp_path).split()
    tool = [str(UV)] if words[0] == "uv" else [sys.executable, "-m", "pip"]
    places = {"UV_TOOL_DIR": str(tmp_path / "tools"), "UV_TOOL_BIN_DIR": str(tmp_path / "bin")}
    done = subprocess.run(
        [*tool, *words[1:]],
        cwd=tmp_path,
        env={**os.environ, **places},
        capture_output=True,
        text=True,
        timeout=170,
    )
    assert done.returncode == 0, done.stderr
    assert {"canary", "hokusai-canary"} <= {p.name for p in (tmp_path / "bin").iterdir()}
