"""What naming the cause costs: CPU time of `diagnose` over a recorded run of a broken twin."""

from __future__ import annotations

import datetime as dt
import json
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.figures import Figure, child, median, spread
from tests.canary.support.live_twin import Twin

FAULT = "auth-scaled-to-zero"  # the outage that most checks feel
TIMES = 15


def measure() -> Figure:
    """Return the CPU time of one diagnosis, in milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        twin = Twin(Path(folder))
        try:
            store = twin.store()
            twin.plant(FAULT)
            twin.settle()
            twin.run("broken", store)
            files = (
                twin.folder / "broken" / "report.json",
                twin.folder / "healthy" / "report.json",
            )
            found = child(
                ["-m", "tests.bench.diagnosis"], *map(str, files), twin.state["environment_file"]
            )
        finally:
            twin.stop()
    return Figure(
        name="Naming the cause of a failed run, CPU",
        ours=spread(found["ms"], "ms", 1),
        against="50 ms",
        value=median(found["ms"]),
        target=50,
        unit="ms",
        note=f"{FAULT}: {found['failed']} checks failed, named {', '.join(found['causes'])}",
    )


def _judge(broken: Path, healthy: Path, environment: str) -> dict[str, object]:
    from canary import config
    from canary.comparison.previous import previous_state
    from canary.diagnose import diagnose
    from canary.model import Status
    from canary.report import json as canonical

    report = canonical.load(broken.read_bytes())
    before = previous_state(canonical.load(healthy.read_bytes()))
    state = previous_state(report)
    known = config.load(environment, authoring=False).environment
    now = dt.datetime.fromisoformat(report.run.started_at)
    spent = []
    for _ in range(TIMES):
        began = time.process_time()
        verdict = diagnose(report.results, state, known, before, now)
        spent.append((time.process_time() - began) * 1000)
    return {
        "ms": spent,
        "causes": [d.cause for d in verdict.diagnoses],
        "failed": sum(1 for r in report.results if r.status is Status.FAIL),
    }


if __name__ == "__main__":
    print(json.dumps(_judge(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])))
