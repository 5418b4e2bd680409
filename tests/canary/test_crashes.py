"""A crash in any module: what is known is published, or the invocation raises; nothing leaks.

Each module that an invocation loads is built with a bug in every function of it, and invoked once.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.canary.redaction.test_leaks import leaks
from tests.canary.support import functions
from tests.canary.support.broken_build import RAISED, WHOLE
from tests.canary.support.functions import Invoked
from tests.canary.support.servers import faults
from tests.canary.support.servers.cloud import Cloud
from tests.turns import in_turn

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]
ROOT = Path(__file__).resolve().parents[2]
PARTS = 2  # of the modules, by turns: each of them takes two seconds
# Rooms with a boundary of their own: their bugs never keep a report back.
BOUNDED = (
    "canary.diagnose.",
    "canary.observe.",
    "canary.report.",
    "canary.messages.",
    "canary.mutes.",
)
SHARED = {  # of such a room, but what the main path itself is made of
    "canary.control_plane.state",
    "canary.report.json",
    "canary.report.score",
    "canary.report.summary",  # the answer of the function, after all is published
    "canary.report.text",
}
# What is said of the results, and the note that takes its place.
SAID = {
    "canary.comparison.history": "the history could not be continued",
    "canary.comparison.transitions": "the run could not be compared with the previous one",
    "canary.mutes.in_force": "the mutes could not be told, none holds",
    "canary.comparison.drift": "the drift could not be computed",
}
# Which metrics an environment has: where it cannot be told, every one is published.
CHOICE = "choice of metrics"
CHOSEN = ("canary.alarms.plan", "canary.alarms.profile", "canary.alarms.published")
# The heartbeat goes missing with all other metrics, and its own alarm rings; the report is kept.
NO_HEARTBEAT = {
    "canary.adapters.aws.emf",
    "canary.comparison.history",
    "canary.comparison.windows",
    "canary.metrics.measure",
    "canary.metrics.profile",
}


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What became of one invocation of a bad build."""

    module: str
    raised: bool
    heartbeat: bool
    kept: bool  # the report is in the store, or whole in the log
    out: str


@pytest.fixture(autouse=True)
def deployed(
    cloud: Cloud,
    known: dict[str, str],
    capfd: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[None]:
    with faults.serving(faults.good) as port:
        url = f"http://127.0.0.1:{port}"
        functions.deploy(cloud, capfd, tmp_path, monkeypatch, url, known)
        yield


def ended(cloud: Cloud, module: str, out: str) -> Ended:
    said = Invoked(out=out)
    ids = {str(x.get("run_id")) for x in said.lines} - {"None"}
    stored = any(f"/runs/{i}.json".encode() in sent for i in ids for sent in cloud.sent)
    return Ended(
        module=module,
        raised=RAISED in out,
        # 0 where the bug left no critical check judged: after six such runs the heartbeat pages
        heartbeat=any("RunCompleted" in line for line in said.lines),
        kept=stored or "report that could not be stored" in out,
        out=out,
    )


def invoked(folder: Path, *modules: str) -> dict[str, str]:
    """Invoke a bad build of each module; return what each printed."""
    command = [sys.executable, "-m", "tests.canary.support.broken_build", str(folder), *modules]
    subprocess.run(command, cwd=ROOT, check=True, timeout=1400)
    return {module: (folder / module).read_text() for module in modules}


def has_functions(module: str) -> bool:
    """Tell whether there is anything in it that could have a bug."""
    found = importlib.util.find_spec(module)
    text = Path(found.origin or "").read_text(encoding="utf-8") if found else ""
    return any(isinstance(n, ast.FunctionDef) for n in ast.walk(ast.parse(text)))


@pytest.mark.parametrize("part", in_turn("12", PARTS))
def test_no_bug_of_any_module_makes_a_run_silent(
    cloud: Cloud, known: dict[str, str], tmp_path: Path, part: str
) -> None:
    whole = invoked(tmp_path, WHOLE)[WHOLE]
    assert RAISED not in whole, whole
    every = [m for m in json.loads(whole.splitlines()[-1]) if has_functions(m)]
    assert len(every) > 100 and {*SAID, *NO_HEARTBEAT, *CHOSEN} <= {*every}
    modules = every[int(part) - 1 :: PARTS]
    found = [ended(cloud, module, out) for module, out in invoked(tmp_path, *modules).items()]
    raised = {e.module for e in found if e.raised}
    print(json.dumps({"raised": sorted(raised), "of": len(modules)}, indent=1))
    returned = [e for e in found if not e.raised]
    assert [e.module for e in returned if not e.kept] == []
    assert {e.module for e in returned if not e.heartbeat} == NO_HEARTBEAT & {*modules}
    assert {m for m in raised if m.startswith(BOUNDED)} <= SHARED
    told = {e.module: e.out for e in returned}
    assert [m for m in modules if SAID.get(m, "") not in told.get(m, "")] == []
    assert [m for m in modules if m in CHOSEN and CHOICE not in told.get(m, "")] == []
    assert [e.module for e in found if leaks(e.out.encode(), known)] == []
