"""Build the folder that stands for /var/runtime, with the runtime client and boto3.

The function's process starts without the site-packages of this project, so a package that was
forgotten in a bundle is missing here as it would be in AWS.
"""

from __future__ import annotations

import functools
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = (
    "awslambdaric",
    "boto3",
    "botocore",
    "jmespath",
    "python-dateutil",
    "s3transfer",
    "simplejson",
    "six",
    "snapshot-restore-py",
    "urllib3",
)

_LIST = """
import importlib.metadata as m, json, sys
found = {}
for name in json.loads(sys.argv[1]):
    for f in m.distribution(name).files or ():
        top = f.parts[0]
        if top not in ("..", "__pycache__"):
            found[top] = str(m.distribution(name).locate_file(top))
print(json.dumps(found))
"""


def choose_python(runtime: str) -> str:
    """Return the interpreter for a runtime such as python3.13, or this one where that is unusable.

    An interpreter is usable if it has awslambdaric.
    """
    match = re.fullmatch(r"python(\d+\.\d+)", runtime or "")
    candidate = shutil.which(match.group()) if match else None
    if candidate and candidate != sys.executable and _modules(candidate):
        return candidate
    return sys.executable


def make_runtime_dir(python: str, folder: Path) -> Path:
    """Fill a folder with links to the runtime's packages of an interpreter."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, target in _modules(python).items():
        link = folder / name
        if not link.exists():
            link.symlink_to(target)
    return folder


@functools.cache
def _modules(python: str) -> dict[str, str]:
    listing = subprocess.run(
        [python, "-c", _LIST, json.dumps(PACKAGES)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return dict(json.loads(listing.stdout)) if listing.returncode == 0 else {}
