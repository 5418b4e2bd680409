"""The verdict on a run in one sentence, and its results in groups for all formats."""

from __future__ import annotations

from typing import Any

from canary.comparison.blindness import unseen_checks
from canary.model import (
    SEVERITY_ORDER,
    Exchange,
    Followed,
    Frozen,
    Report,
    Result,
    Score,
    Status,
    Suite,
)
from canary.report.headline import capital, headline
from canary.report.score import OLD_FIGURES
from canary.report.summary import mute_lines
from canary.report.text import between, line, milliseconds, plural, when


class Verdict(Frozen, frozen=True, kw_only=True):
    """The verdict on a run: `word` for a badge, `sentence` for people.

    `title` is the sentence for a place that names the environment already.
    """

    status: Status
    word: str
    sentence: str
    title: str = ""
    details: tuple[str, ...] = ()


class Groups(Frozen, frozen=True, kw_only=True):
    """Results in groups; each group begins with the most severe."""

    failing: tuple[Result, ...] = ()
    unknown: tuple[Result, ...] = ()  # ERROR: the canary could not judge the check
    skipped: tuple[Result, ...] = ()
    passed: tuple[Result, ...] = ()
    muted: tuple[Result, ...] = ()  # failing or unknown, but muted


class Mismatch(Frozen, frozen=True, kw_only=True):
    """An expectation of a step that was not met, and the actual value."""

    step: str
    subject: str
    expected: str
    actual: str


_MOST_FOLLOWED = 3
_FIELDS = {Status.FAIL: "failing", Status.ERROR: "unknown", Status.SKIP: "skipped"}


def groups(report: Report) -> Groups:
    """Sort the results into groups; what the canary itself explains is unknown, not failing."""
    unseen = unseen_checks(report.diagnoses)
    found: dict[str, list[Result]] = {}
    for result in sorted(report.results, key=lambda r: SEVERITY_ORDER.index(r.severity)):
        muted = result.muted and result.status.is_bad
        name = "muted" if muted else _FIELDS.get(result.status, "passed")
        name = "unknown" if name == "failing" and result.check_id in unseen else name
        found.setdefault(name, []).append(result)
    return Groups(**{name: tuple(results) for name, results in found.items()})


def verdict(report: Report) -> Verdict:
    """Return the verdict; a run that judged no check is never healthy."""
    found = groups(report)
    where = line(report.run.environment, 60)
    details = tuple(_details(report, found))
    if found.failing or report.run.status is Status.FAIL:
        text = headline(report)
        return Verdict(
            status=Status.FAIL,
            word="failing",
            sentence=f"{where}: {text}.",
            title=f"{capital(text)}.",
            details=(*_counted(report, found), *details),
        )
    if found.unknown or report.run.status is Status.ERROR or not found.passed:
        text = _unknown(found, where)
        return Verdict(status=Status.ERROR, word="could not tell", sentence=text, details=details)
    passed = len(found.passed)
    text = f"{where} is healthy: {_all_pass(passed)}."
    if found.muted or found.skipped:
        text = f"{where} is healthy as far as it was checked: {_all_pass(passed)}."
    return Verdict(status=Status.PASS, word="healthy", sentence=text, details=details)


def _all_pass(count: int) -> str:
    return "its one check passes" if count == 1 else f"all {count:,} checks pass"


def _counted(report: Report, found: Groups) -> tuple[str, ...]:
    """Return how many checks fail; the sentence says what that means."""
    if not found.failing:
        return ()
    return (f"{len(found.failing)} of {plural(len(report.results), 'check')} failing.",)


def _unknown(found: Groups, where: str) -> str:
    if not found.unknown and not found.passed:
        return f"The canary could not tell whether {where} is healthy: no check was judged."
    left = f"{plural(len(found.skipped), 'check')} not tried"
    if found.unknown:
        left = f"{plural(len(found.unknown), 'check')} could not be judged"
    return (
        f"The canary could not tell whether {where} is healthy: {left}, "
        f"{len(found.passed)} passed, none failed."
    )


def _details(report: Report, found: Groups) -> list[str]:
    details = [_followed(one) for one in report.followed[:_MOST_FOLLOWED]]
    if report.diagnoses and (failures := len(report.unexplained)):
        details.append(f"{plural(failures, 'failure')} not explained by a proven cause.")
    if found.failing and found.unknown:
        details.append(f"{plural(len(found.unknown), 'check')} could not be judged.")
    if found.skipped:
        details.append(f"{plural(len(found.skipped), 'check')} not tried; each has its reason.")
    if found.muted:
        details.append(f"{plural(len(found.muted), 'muted check')} not passing.")
    details += mute_lines(report)
    if waiting := sum(1 for r in report.results if r.waits):
        details.append(f"{plural(waiting, 'failure')} told only if it outlasts a rollout.")
    retried = [r for r in found.passed if r.attempts > 1]
    if retried:
        details.append(f"{plural(len(retried), 'check')} passed only at the second attempt.")
    reused = sum(1 for r in report.results if r.reused)
    if reused:
        details.append(f"{plural(reused, 'check')} not due: shown with an earlier result.")
    left = sum(1 for r in report.residue if not r.removed)
    if left:
        details.append(f"{plural(left, 'object')} left behind by the canary.")
    if report.run.cpu_starved:
        details.append("The canary had too little CPU: the latencies of this run are not valid.")
    return details


def _followed(change: Followed) -> str:
    later = ", two minutes later" if change.again else ""
    ident = f" ({line(change.id, 60)})" if change.id else ""
    what = f"{line(change.event, 60)} of {line(change.service, 40)}{ident}"
    return f"Only what changed was looked at: {what}, {when(change.at)}{later}."


def mismatches(result: Result) -> tuple[Mismatch, ...]:
    """Return the unmet expectations by step; a step without an assertion gives its reason."""
    rows = []
    for step in result.steps:
        if step.status is Status.PASS:
            continue
        broken = [a for a in step.assertions if not a.holds]
        rows += [
            Mismatch(step=step.name, subject=a.subject, expected=a.expected, actual=a.actual)
            for a in broken
        ]
        if not broken and step.status.is_bad:
            rows.append(
                Mismatch(step=step.name, subject="", expected="", actual=step.reason or "no reason")
            )
    return tuple(rows)


def reason(result: Result) -> str:
    """Return why a check does not pass, in one line."""
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
    """Return the first unmet expectation in short, and the number of further ones."""
    rows = mismatches(result)
    if not rows or not rows[0].expected:
        return line(reason(result), 120)
    first = rows[0]
    text = f"{line(first.subject, 60)} is {line(first.actual, 60)}"
    text += f", expected {line(first.expected, 60)}"
    return text + (f", and {len(rows) - 1} more" if len(rows) > 1 else "")


def answered(exchange: Exchange) -> str:
    """Return the outcome of an exchange in words: "502 text/html from the load balancer"."""
    if exchange.failure:
        detail = f": {exchange.failure_detail}" if exchange.failure_detail else ""
        return f"no answer ({exchange.failure}{detail})"
    if not exchange.status:
        came = f"connected, {plural(exchange.body_bytes, 'byte')} came"
        return came if exchange.answered else "no answer"
    by = {
        "balancer": " from the load balancer",
        "front": " from the network before it",
        "target": " from the target",
    }
    kind = f" {exchange.content_type}" if exchange.content_type else ""
    return f"{exchange.status}{kind}{by.get(exchange.answered_by, '')}"


def run_line(report: Report) -> str:
    """Return the run's id, duration and number of requests in one line."""
    run = report.run
    took = milliseconds(run.duration_ms)
    return f"run {line(run.id, 60)}, {took}, {plural(run.requests, 'request')}"


def since(report: Report, check_id: str) -> str:
    """Return since when a check has its status, "" if that is not known."""
    for transition in report.comparison.transitions:
        if transition.check_id == check_id and transition.since:
            return transition.since
    kept = report.history.get(check_id)
    return kept.since if kept else ""


def lasted(report: Report, check_id: str) -> str:
    """Return how long a check has had its status, "" if that is not known."""
    return between(since(report, check_id), report.run.finished_at)


def scores(report: Report) -> tuple[tuple[str, Score], ...]:
    """Return the scores in the order of the suites, overall last; JSON keys have no order."""
    return in_order(report.scores)


def in_order(named: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
    """Return the values by suite in the order of the suites, overall last."""
    place = {str(suite): number for number, suite in enumerate(Suite)}
    return tuple(sorted(named.items(), key=lambda item: (place.get(item[0], len(place)), item[0])))


def old_figures(report: Report) -> tuple[tuple[tuple[str, str], ...], str]:
    """Return the figures of the old report in its order, and the note on their counting."""
    found = dict(report.old_figures)
    note = found.pop("Rule", "")
    ranked = [*(n for n in OLD_FIGURES if n in found), *(n for n in found if n not in OLD_FIGURES)]
    return tuple((name, found[name]) for name in ranked), note
