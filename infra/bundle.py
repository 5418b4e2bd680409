"""Build the function's zip without Docker, for the function's own platform and Python.

It holds only what the function needs: the packages of requirements.txt and `canary` without its
command line. All files have the same time stamp and mode, and the bytecode is hash-based, so two
builds give the same bytes. The AWS SDK is among them, as far as it is called (docs/decisions/0020).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

import canary
from canary.config.check_sets import files_of

from . import left_out, plugged, sbom, sdk
from .left_out import LEFT_OUT, NEVER_RUN

ROOT = Path(__file__).resolve().parent.parent
CANARY = Path(canary.__file__).resolve().parent
REQUIREMENTS = ROOT / "requirements.txt"
"""In a clone that of its top, in the wheel a copy beside this room."""
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hokusai-canary"
BUILD = (ROOT / "build" if (ROOT / "app.py").exists() else CACHE) / "bundle"
PLATFORMS = {
    "arm64": ("manylinux2014_aarch64", "manylinux_2_28_aarch64"),
    "x86_64": ("manylinux2014_x86_64", "manylinux_2_28_x86_64"),
}


@dataclass(frozen=True, kw_only=True)
class Target:
    """The platform that a bundle is for: "arm64" or "x86_64", and Python's "major.minor"."""

    architecture: str
    python: str = "3.13"


class BundleError(Exception):
    """The bundle could not be built; the text says how to fix it."""


def machine() -> str:
    """Return this machine's architecture as Lambda names it."""
    return "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"


def interpreter(version: str) -> str | None:
    """Return the path of a Python with exactly this minor version, or None.

    Bytecode is valid only for the minor version that wrote it.
    """
    if "{}.{}".format(*sys.version_info) == version:
        return sys.executable
    home = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    found = sorted(home.glob(f"versions/{version}.*/bin/python{version}"))
    on_path = shutil.which(f"python{version}")
    candidates = [str(p) for p in found] + ([on_path] if on_path else [])
    return next((c for c in candidates if _has_version(c, version)), None)


def _has_version(command: str, version: str) -> bool:
    probe = "import sys; print('{}.{}'.format(*sys.version_info))"
    try:
        done = subprocess.run([command, "-c", probe], capture_output=True, text=True, timeout=20)
    except OSError:
        return False
    return done.stdout.strip() == version


def ensure(target: Target, environment_file: Path) -> Path:
    """Return the folder of one environment's bundle; build it only if its inputs changed.

    It contains only that environment's file, and no identifiers of other accounts.
    """
    folder = (
        BUILD
        / f"{environment_file.stem}-{target.architecture}-{sum_of_inputs(target, environment_file)}"
    )
    if folder.is_dir():
        return folder
    with _built_at_once(folder) as work:
        shutil.copytree(_packages(target), work)
        _copy_canary(work, environment_file)
        added = _copy_plugins(target, work)
        _compile(target, work / "canary")
        if code := sorted(p for p in added if p.suffix != ".dist-info"):
            _compile(target, work, *code)
        sbom.write(work)
        _stamp(work)
    return folder


@contextlib.contextmanager
def _built_at_once(folder: Path) -> Iterator[Path]:
    """Yield a folder to build in and rename it to `folder`; the first of two builders wins."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"{folder.name}.", dir=folder.parent) as place:
        work = Path(place) / "work"
        yield work
        try:
            work.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise


def _packages(target: Target) -> Path:
    """Return a folder with the third-party packages, which later builds reuse."""
    made_by = [REQUIREMENTS, *map(Path, (__file__, left_out.__file__, sdk.__file__))]
    digest = _digest(made_by, repr(target))
    folder = BUILD / f"packages-{target.architecture}-{target.python}-{digest}"
    if not folder.is_dir():
        with _built_at_once(folder) as work:
            _install(target, work)
            _compile(target, work)
    return folder


def sum_of_inputs(target: Target, environment_file: Path) -> str:
    """Return what changes when a bundle would: the sum of all files and settings that make it."""
    makers = (left_out.__file__, plugged.__file__, sbom.__file__, sdk.__file__)
    theirs, fetched = _of_plugins()
    ours = [Path(__file__), *map(Path, makers), *_sources(), *theirs]
    checks = (path for path, _ in files_of(environment_file))
    own = [environment_file.resolve(), *_ca_bundle(environment_file), *checks]
    files = [REQUIREMENTS, *ours, *own]
    return _digest(files, repr((target, interpreter(target.python) is not None, fetched)))


def _of_plugins() -> tuple[list[Path], list[str]]:
    try:
        return plugged.inputs()
    except plugged.PluggedError as error:
        raise BundleError(str(error)) from error


def _ca_bundle(environment_file: Path) -> list[Path]:
    """Return the CA bundle that an environment file names, which the zip must contain."""
    named = str(tomllib.loads(environment_file.read_text()).get("ca_bundle") or "")
    return [environment_file.parent / named] if named and not Path(named).is_absolute() else []


def _digest(files: list[Path], salt: str) -> str:
    digest = hashlib.sha256(salt.encode())
    for path in files:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def _sources() -> list[Path]:
    return sorted(
        path
        for path in CANARY.rglob("*")
        if path.is_file() and not _left_out(path.relative_to(CANARY))
    )


def _left_out(path: Path) -> bool:
    above = {str(parent) for parent in path.parents}
    return bool({str(path), *above} & set(LEFT_OUT)) or "__pycache__" in path.parts


def _install(target: Target, folder: Path) -> None:
    _fetch(target, folder, "--require-hashes", "-r", str(REQUIREMENTS))
    sdk.trim(folder)


def _fetch(target: Target, folder: Path, *wanted: str) -> None:
    platforms = [f"--platform={name}" for name in PLATFORMS[target.architecture]]
    command = [
        *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
        *("--only-binary=:all:", "--no-compile", "--implementation=cp"),
        *("--no-deps", *platforms, f"--python-version={target.python}"),
        *(f"--target={folder}", *wanted),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise BundleError(
            f"pip could not fetch the bundle's packages: {done.stderr.strip()[-800:]}"
        )
    for pattern in NEVER_RUN:
        for path in list(folder.glob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _copy_canary(folder: Path, environment_file: Path) -> None:
    place = folder / "canary" / "environments"
    place.mkdir(parents=True)
    shutil.copyfile(environment_file, place / environment_file.name)
    for path in _ca_bundle(environment_file):
        copy = place / path.relative_to(environment_file.parent)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    for path, inside in files_of(environment_file):
        (place / inside).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place / inside)
    for path in _sources():
        copy = folder / "canary" / path.relative_to(CANARY)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)


def _copy_plugins(target: Target, folder: Path) -> set[Path]:
    there = {plugged.normal(found.name) for found in distributions(path=[str(folder)])}
    try:
        return plugged.copy(folder, there, lambda pins: _fetch(target, folder, *pins))
    except plugged.PluggedError as error:
        raise BundleError(str(error)) from error


def _compile(target: Target, folder: Path, *parts: Path) -> None:
    """Compile parts of a folder; without any the whole of it."""
    python = interpreter(target.python)
    if python is None:
        print(
            f"bundle: Python {target.python} is not installed, so the zip has no bytecode: "
            "a cold start takes longer",
            file=sys.stderr,
        )
        return
    # unchecked-hash: a zip resets time stamps, which would make ordinary bytecode invalid
    subprocess.run(
        [
            *(python, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"),
            *("-s", str(folder), *map(str, parts or (folder,))),
        ],
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "0", "SOURCE_DATE_EPOCH": "315532800"},
    )


def _stamp(folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
        os.utime(path, (315532800, 315532800))
