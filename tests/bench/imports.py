"""What the handler's import costs beside the packages that it cannot do without.

Both are imported from the compiled bundle plus what Lambda's runtime brings along, compiled too:
Lambda's file system is read-only and its packages carry bytecode, a checkout's need not.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from infra import bundle
from tests.bench.figures import ROOT, Figure, alternately, child, median, spread

TIMES = 15
RUNTIME = ("boto3", "botocore", "s3transfer", "dateutil", "six", "urllib3", "jmespath")
ALONE = "import requests, boto3; from aws_lambda_powertools import Logger, Metrics"
HANDLER = "import canary.handler"
TIMED = """
import sys; sys.path[:0] = {paths!r}
import json, time
began = time.process_time()
{statement}
print(json.dumps((time.process_time() - began) * 1000))
"""


def measure() -> Figure:
    """Return the ratio of import times."""
    built = built_here(ROOT / "canary" / "environments" / "development.toml")
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(built), str(_runtime(Path(folder)))]

        def took(statement: str) -> float:
            code = TIMED.format(paths=paths, statement=statement)
            return float(child(["-I", "-S", "-c", code]))

        took(ALONE), took(HANDLER)  # the files are in the page cache from here on
        ours, alone = alternately(lambda: took(HANDLER), lambda: took(ALONE), TIMES)
    return Figure(
        name="Importing the handler",
        ours=spread(ours, "ms"),
        against="requests, boto3, Powertools' Metrics and Logger alone: " + spread(alone, "ms"),
        value=median(ours) / median(alone),
        target=1.25,
        note="CPU time from the compiled bundle, a new process each",
    )


def built_here(environment_file: Path) -> Path:
    """Return the compiled bundle that this machine's Python runs."""
    here = "{}.{}".format(*sys.version_info)
    target = bundle.Target(architecture=bundle.machine(), python=here)
    return bundle.ensure(target, environment_file)


def _runtime(folder: Path) -> Path:
    """Copy and compile what the Python runtime of Lambda brings along."""
    for name in RUNTIME:
        found = importlib.util.find_spec(name)
        if found is None or found.origin is None:
            continue
        origin = Path(found.origin)
        if origin.name == "__init__.py":
            ignored = shutil.ignore_patterns("__pycache__", "data")
            shutil.copytree(origin.parent, folder / name, ignore=ignored)
            if (origin.parent / "data").is_dir():
                os.symlink(origin.parent / "data", folder / name / "data")
        else:
            shutil.copyfile(origin, folder / origin.name)
    compile_all = [sys.executable, "-m", "compileall", "-q", str(folder)]
    subprocess.run(compile_all, check=True, env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""})
    return folder
