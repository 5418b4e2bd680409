"""The run in one sentence, and the groups that every form shows in the same order."""

from __future__ import annotations

from typing import Any

from canary.model import (
    SEVERITY_ORDER,
    Exchange,
    Frozen,
    Report,
    Result,
    Score,
    Status,
    Step,
    Suite,
)
from canary.report.text import between, line, milliseconds, plural


class Verdict(Frozen, frozen=True, kw_only=True):
    """What became of the run: `word` for a badge, `sentence` for people."""

    status: Status
    word: str
    sentence: str
    details: tuple[str, ...] = ()


class Groups(Frozen, frozen=True, kw_only=True):
    """Results by what a reader does with them; each group is most severe first."""

    failing: tuple[Result, ...] = ()
    unknown: tuple[Result, ...] = ()  # ERROR: the canary could not tell
    skipped: tuple[Result, ...] = ()
    passed: tuple[Result, ...] = ()
    muted: tuple[Result, ...] = ()  # failing or unknown, but waking nobody


class Mismatch(Frozen, frozen=True, kw_only=True):
    """What was expected and what was there; `step` says where."""

    step: str
    subject: str
    expected: str
    actual: str


_OLD = (
    "Infrastructure Health Score",
    "Authentication Success Rate",
    "Model Registration Success",
    "Test Suite Success Rate",
)
_FIELDS = {Status.FAIL: "failing", Status.ERROR: "unknown", Status.SKIP: "skipped"}


def groups(report: Report) -> Groups:
    """Sort the results into the reader's groups."""
    found: dict[str, list[Result]] = {}
    for result in sorted(report.results, key=lambda r: SEVERITY_ORDER.index(r.severity)):
        wakes_nobody = result.muted and result.status in (Status.FAIL, Status.ERROR)
        name = "muted" if wakes_nobody else _FIELDS.get(result.status, "passed")
        found.setdefault(name, []).append(result)
    return Groups(**{name: tuple(results) for name, results in found.items()})


def verdict(report: Report) -> Verdict:
    """Return the run in one sentence; a run that judged nothing is never healthy."""
    found = groups(report)
    where = line(report.run.environment, 60)
    details = tuple(_details(report, found))
    if found.failing or report.run.status is Status.FAIL:
        text = _failing(report, found, where)
        return Verdict(status=Status.FAIL, word="failing", sentence=text, details=details)
    if found.unknown or report.run.status is Status.ERROR or not found.passed:
        text = _unknown(found, where)
        return Verdict(status=Status.ERROR, word="could not tell", sentence=text, details=details)
    holding = len(found.passed)
    text = f"{where} is healthy: {_all_hold(holding)}."
    if found.muted or found.skipped:
        text = f"{where} is healthy as far as it was checked: {_all_hold(holding)}."
    return Verdict(status=Status.PASS, word="healthy", sentence=text, details=details)


def _all_hold(count: int) -> str:
    return "its one check holds" if count == 1 else f"all {count:,} checks hold"


def _failing(report: Report, found: Groups, where: str) -> str:
    total, failed = len(report.results), len(found.failing)
    broken = f"{where} is failing: {failed} of {plural(total, 'check')}"
    if not failed:
        return f"{where} is failing."
    if not report.diagnoses:
        return f"{broken} {'does' if failed == 1 else 'do'} not hold, and no cause is proven."
    first = report.diagnoses[0]
    cause = f"{line(first.cause, 60)} ({line(first.service, 40)})"
    if len(report.diagnoses) > 1:
        cause += f" and {plural(len(report.diagnoses) - 1, 'further cause')}"
    return f"{broken}, because of {cause}."


def _unknown(found: Groups, where: str) -> str:
    if not found.unknown and not found.passed:
        return f"The canary could not tell whether {where} is healthy: nothing was judged."
    if not found.unknown:
        return (
            f"The canary could not tell whether {where} is healthy: "
            f"{plural(len(found.skipped), 'check')} not tried, "
            f"{len(found.passed)} hold, none was seen to fail."
        )
    return (
        f"The canary could not tell whether {where} is healthy: "
        f"{plural(len(found.unknown), 'check')} could not be judged, "
        f"{len(found.passed)} hold, none was seen to fail."
    )


def _details(report: Report, found: Groups) -> list[str]:
    details = []
    if report.diagnoses and (failures := len(report.unexplained)):
        details.append(f"{plural(failures, 'failure')} not explained by any proven cause.")
    if found.failing and found.unknown:
        details.append(f"{plural(len(found.unknown), 'check')} could not be judged.")
    if found.skipped:
        details.append(f"{plural(len(found.skipped), 'check')} not tried; the reason is with each.")
    if found.muted:
        details.append(f"{plural(len(found.muted), 'muted check')} not holding.")
    retried = [r for r in found.passed if r.attempts > 1]
    if retried:
        details.append(f"{plural(len(retried), 'check')} passed only at the second attempt.")
    reused = sum(1 for r in report.results if r.reused)
    if reused:
        details.append(f"{plural(reused, 'check')} not due: shown as an earlier run left them.")
    left = sum(1 for r in report.residue if not r.removed)
    if left:
        details.append(f"{plural(left, 'object')} left behind by the canary.")
    if report.run.cpu_starved:
        details.append(
            "The canary had too little CPU: latencies of this run are not to be trusted."
        )
    return details


def mismatches(result: Result) -> tuple[Mismatch, ...]:
    """Return what did not hold, step by step; a step without a judgement gives its reason."""
    rows = []
    for step in result.steps:
        if step.status is Status.PASS:
            continue
        broken = [a for a in step.assertions if not a.holds]
        rows += [
            Mismatch(step=step.name, subject=a.subject, expected=a.expected, actual=a.actual)
            for a in broken
        ]
        if not broken and step.status in (Status.FAIL, Status.ERROR):
            rows.append(
                Mismatch(step=step.name, subject="", expected="", actual=step.reason or "no reason")
            )
    return tuple(rows)


def reason(result: Result) -> str:
    """Return why a check is not passing, in one line."""
    if result.reason:
        return line(result.reason, 300)
    rows = mismatches(result)
    if not rows:
        return "no reason was recorded"
    first = rows[0]
    if not first.expected:
        return line(first.actual, 300)
    return line(f"{first.subject}: expected {first.expected}, was {first.actual}", 300)


def first_mismatch(result: Result) -> str:
    """Return the first thing that did not hold, short, and how many more there are."""
    rows = mismatches(result)
    if not rows or not rows[0].expected:
        return line(reason(result), 120)
    first = rows[0]
    told = f"{line(first.subject, 60)} is {line(first.actual, 60)}"
    told += f", expected {line(first.expected, 60)}"
    return told + (f", and {len(rows) - 1} more" if len(rows) > 1 else "")


def answered(exchange: Exchange) -> str:
    """Return an exchange's outcome in words: "502 text/html from the load balancer"."""
    if exchange.failure:
        detail = f": {exchange.failure_detail}" if exchange.failure_detail else ""
        return f"no answer ({exchange.failure}{detail})"
    if not exchange.status:
        return "no answer"
    by = {"balancer": " from the load balancer", "target": " from the target"}
    kind = f" {exchange.content_type}" if exchange.content_type else ""
    return f"{exchange.status}{kind}{by.get(exchange.answered_by, '')}"


def run_line(report: Report) -> str:
    """Return when and how the run was, in one line."""
    run = report.run
    took = milliseconds(run.duration_ms)
    return f"run {line(run.id, 60)}, {took}, {plural(run.requests, 'request')}"


def since(report: Report, check_id: str) -> str:
    """Return since when a check is as it is, from the comparison or its history; "" if unknown."""
    for transition in report.comparison.transitions:
        if transition.check_id == check_id and transition.since:
            return transition.since
    kept = report.history.get(check_id)
    return kept.since if kept else ""


def lasted(report: Report, check_id: str) -> str:
    """Return how long a check has been as it is, "" if unknown."""
    return between(since(report, check_id), report.run.finished_at)


def failing_steps(result: Result) -> tuple[Step, ...]:
    """Return the steps that did not pass and were tried."""
    return tuple(s for s in result.steps if s.status in (Status.FAIL, Status.ERROR))


def scores(report: Report) -> tuple[tuple[str, Score], ...]:
    """Return the scores in the suites' order, overall last; JSON knows no order of keys."""
    return in_order(report.scores)


def in_order(named: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
    """Return what each suite has, in the suites' order, overall last."""
    order = [str(suite) for suite in Suite]
    place = {name: order.index(name) if name in order else len(order) for name in named}
    return tuple(sorted(named.items(), key=lambda item: (place[item[0]], item[0])))


def old_figures(report: Report) -> tuple[tuple[tuple[str, str], ...], str]:
    """Return the old report's figures in its order, and the note on how they are counted."""
    found = dict(report.old_figures)
    note = found.pop("Rule", "")
    ranked = [*(name for name in _OLD if name in found), *(n for n in found if n not in _OLD)]
    return tuple((name, found[name]) for name in ranked), note
