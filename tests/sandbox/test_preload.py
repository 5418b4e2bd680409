"""MLflow's start collects no garbage until it is ready."""

from __future__ import annotations

import subprocess
import sys

SEEN = """
import gc
from sandbox.services.tracking import preload
before = gc.isenabled()
preload.when_ready(None)
print(before, gc.isenabled(), gc.get_freeze_count() > 0)
"""


def test_garbage_is_collected_again_when_the_server_is_ready() -> None:
    done = subprocess.run([sys.executable, "-c", SEEN], capture_output=True, text=True)
    assert (done.stdout.split(), done.stderr) == (["False", "True", "True"], "")
