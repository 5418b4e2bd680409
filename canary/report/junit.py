"""JUnit XML: one test suite for each suite, one test case for each check."""

from __future__ import annotations

from html import escape

from canary.model import Report, Result, Status, Suite
from canary.report.text import LIMIT, clip, line, visible
from canary.report.verdict import answered, mismatches, reason


def render(report: Report) -> str:
    """Return the report as JUnit XML. A muted failure is a skipped case with the mute's reason."""
    suites = [(suite, [r for r in report.results if r.suite is suite]) for suite in Suite]
    body = "".join(_suite(report, suite, results) for suite, results in suites if results)
    # the schema of Jenkins allows no count of skipped cases at the root
    counts = _counts(list(report.results)).partition(" skipped=")[0]
    name = _attribute(f"hokusai-canary {report.run.environment}")
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<testsuites name="{name}" {counts} time="{report.run.duration_ms / 1000:.3f}">\n'
        f"{body}</testsuites>\n"
    )


def _suite(report: Report, suite: Suite, results: list[Result]) -> str:
    seconds = sum(r.duration_ms for r in results) / 1000
    stamp = _attribute(report.run.started_at)
    cases = "".join(_case(result) for result in results)
    return (
        f'  <testsuite name="{suite}" {_counts(results)} time="{seconds:.3f}" '
        f'timestamp="{stamp}">\n{cases}  </testsuite>\n'
    )


def _case(result: Result) -> str:
    opening = (
        f'    <testcase classname="{result.suite}.{_attribute(result.service)}" '
        f'name="{_attribute(f"{result.check_id} {result.title}")}" '
        f'time="{result.duration_ms / 1000:.3f}"'
    )
    outcome = _outcome(result)
    return f"{opening}>\n{outcome}    </testcase>\n" if outcome else f"{opening}/>\n"


def _outcome(result: Result) -> str:
    if result.status is Status.PASS:
        return ""
    why = _attribute(reason(result))
    if result.status is Status.SKIP:
        return f'      <skipped message="{why}"/>\n'
    if result.muted:
        return f'      <skipped message="muted ({_attribute(result.muted)}): {why}"/>\n'
    tag = "failure" if result.status is Status.FAIL else "error"
    return f'      <{tag} message="{why}" type="{result.severity}">{_body(result)}</{tag}>\n'


def _body(result: Result) -> str:
    rows = [
        f"{m.step}: {m.subject}: expected {m.expected}, was {m.actual}"
        if m.expected
        else f"{m.step}: {m.actual}"
        for m in mismatches(result)
    ]
    tried = (s for s in result.steps if s.status.is_bad)
    for step in tried:
        rows += [f"{step.name}: {e.method} {e.url} -> {answered(e)}" for e in step.evidence]
    if result.runbook:
        rows.append(f"runbook: {result.runbook}")
    return escape(visible(clip("\n".join(rows), LIMIT)))


def _counts(results: list[Result]) -> str:
    muted = [r for r in results if r.muted and r.status.is_bad]
    counted = {
        "tests": len(results),
        "failures": sum(1 for r in results if r.status is Status.FAIL and not r.muted),
        "errors": sum(1 for r in results if r.status is Status.ERROR and not r.muted),
        "skipped": sum(1 for r in results if r.status is Status.SKIP) + len(muted),
    }
    return " ".join(f'{name}="{number}"' for name, number in counted.items())


def _attribute(text: str) -> str:
    return escape(line(text, 400))
