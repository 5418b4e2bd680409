"""Results and reports made by hand."""

from __future__ import annotations

from canary.model import CheckHistory, Report, Result, Run, Severity, Status, Suite
from canary.report.score import scores

STATUS = {"P": Status.PASS, "F": Status.FAIL, "E": Status.ERROR, "S": Status.SKIP}


def result(status: str = "P", check_id: str = "api.it", **changes: object) -> Result:
    return Result(
        **{  # type: ignore[arg-type]
            "check_id": check_id,
            "title": "It holds",
            "suite": Suite.ENDPOINTS,
            "kind": "endpoint",
            "service": "api",
            "severity": Severity.CRITICAL,
            "status": STATUS[status],
            "duration_ms": 100.0,
            **changes,
        }
    )


def report(
    *results: Result, history: dict[str, CheckHistory] | None = None, **more: object
) -> Report:
    run = Run(
        id="r",
        environment="test",
        started_at="t0",
        finished_at="t1",
        duration_ms=1.0,
        version="0",
        trigger="",
        status=Status.PASS,
    )
    return Report(
        run=run,
        scores=scores(results),
        results=results,
        history=history or {},
        **more,  # type: ignore[arg-type]
    )
