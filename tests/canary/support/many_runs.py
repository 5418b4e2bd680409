"""`python -m tests.canary.many_runs COUNT STORE`: runs of the handler one after the other, warm.

Prints one line of JSON for each run: the checks that did not pass and the causes that were named.
The environment names the twin, as it names the platform of a function.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import time
from pathlib import Path

from canary.handler import handler
from canary.report import json as canonical


class _Context:
    """What the handler asks of Lambda's context: the time that is left, in milliseconds."""

    def __init__(self) -> None:
        self._end = time.monotonic() + 60

    def get_remaining_time_in_millis(self) -> int:
        return int((self._end - time.monotonic()) * 1000)


def main(count: int, store: Path) -> None:
    """Carry the runs out and tell of each."""
    for _ in range(count):
        with contextlib.redirect_stdout(io.StringIO()):
            handler({"trigger": "many"}, _Context())
        (latest,) = (store / "latest").glob("*.json")
        report = canonical.load(latest.read_bytes())
        bad = [r.check_id for r in report.results if r.status.value != "PASS"]
        causes = report.diagnoses
        failed = [f"{r.check_id}: {r.reason}" for r in report.results if r.status.is_bad]
        found = {
            "not_passed": bad,
            "failed": failed,
            "unexplained": report.unexplained,
            "causes": [d.cause for d in causes],
            "first": {
                "cause": causes[0].cause,
                "resource": causes[0].resource,
                "fix": causes[0].remedy.fix,
            }
            if causes
            else {},
            "fixes": [command for d in causes for command in d.remedy.fix],
        }
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
