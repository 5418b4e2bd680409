"""Texts of messages: broken checks, since when, cause, first command, link."""

from __future__ import annotations

from canary.messages.state import Incident, Kind, Message
from canary.model import SEVERITY_ORDER, Diagnosis, Report, Result
from canary.report.text import between, clip, command, line, plural, when
from canary.report.verdict import first_mismatch, groups, reason, since

SUBJECT = 99  # SNS takes fewer than 100 ASCII characters (Publish: Subject)
TEXT = 8_000  # far below SNS's 256 KiB: a message is read on a phone
_IN_KEY = {"blind": "broke", "sighted": "fixed"}  # one word for both audiences
_PLAIN = str.maketrans({"…": "...", "–": "-", "’": "'", "⟨": "<", "⟩": ">"})
_CHECKS = 5  # named in a message; the page has them all


def opened(report: Report, incident: Incident, link: str) -> Message:
    """Return the message that checks broke, or that the canary cannot judge them."""
    if incident.audience == "canary":
        return _blind(report, incident, _results(report, incident.checks), link)
    return _broken(report, incident, "broke", link)


def worse(report: Report, incident: Incident, link: str) -> Message:
    """Return the message that an open incident became more severe."""
    return _broken(report, incident, "worse", link)


def _broken(report: Report, incident: Incident, kind: Kind, link: str) -> Message:
    results = _results(report, incident.checks)
    cause = _cause(report, incident)
    began = min((found for r in results if (found := since(report, r.check_id))), default="")
    where = line(report.run.environment, 60)
    body = [
        f"Broken in {where} since {when(began or incident.opened_at)}{_changed(report, cause)}:",
        *_listed(results),
        "",
        *_why(cause),
    ]
    what = cause.summary if cause else results[0].title
    word = "BROKE" if kind == "broke" else f"WORSE ({incident.severity})"
    return _message(report, incident, kind, f"{word} {where}: {what}", body, link)


def diagnosed(report: Report, incident: Incident, link: str) -> Message:
    """Return the message that the cause of an open incident was found."""
    cause = _cause(report, incident)
    body = [
        f"The cause was found of the failures in {line(report.run.environment, 60)} "
        f"since {when(incident.opened_at)}{_changed(report, cause)}:",
        *_listed(_results(report, incident.checks)),
        "",
        *_why(cause),
    ]
    subject = f"CAUSE {report.run.environment}: {incident.summary}"
    return _message(report, incident, "diagnosed", subject, body, link)


def closed(report: Report, incident: Incident, link: str, undelivered: Message | None) -> Message:
    """Return the message that an incident is over, and how long it lasted."""
    took = between(incident.opened_at, report.run.started_at) or "an unknown time"
    titles = {r.check_id: r.title for r in report.results}
    names = [f"  - {line(titles.get(c, c), 120)}" for c in incident.ever[:_CHECKS]]
    if len(incident.ever) > _CHECKS:
        names.append(f"  - and {len(incident.ever) - _CHECKS} more")
    sighted = incident.audience == "canary"
    heading = "The canary can judge these checks again" if sighted else "Fixed"
    body = [f"{heading} in {line(report.run.environment, 60)}, after {took}:", *names]
    if incident.cause:
        body += ["", f"The cause was {incident.cause} in {line(incident.service, 60)}."]
    if undelivered:
        body += ["", f"(The message about the failure at {when(incident.opened_at)} "
                     "could not be delivered.)"]  # fmt: skip
    what = incident.summary or titles.get(incident.ever[0], incident.ever[0])
    kind: Kind = "sighted" if sighted else "fixed"
    word = "CAN TELL AGAIN" if sighted else "FIXED"
    subject = f"{word} {report.run.environment} after {took}: {what}"
    return _message(report, incident, kind, subject, body, link)


def retried(message: Message) -> str:
    """Return the text to send; a late message begins with a note that it is late."""
    if not message.attempts:
        return message.text
    late = f"(Late: this message could not be sent at {when(message.first_tried_at)}.)"
    return f"{late}\n\n{message.text}"


def ascii_subject(text: str) -> str:
    """Return a subject that SNS accepts: one line of at most 99 printable ASCII characters."""
    plain = line(text, 400).translate(_PLAIN)
    plain = plain.encode("ascii", "replace").decode().strip() or "Hokusai Canary"
    if not plain[0].isalnum():  # "begins with a letter, number or punctuation mark"
        plain = f"Canary: {plain}"
    return plain if len(plain) <= SUBJECT else f"{plain[: SUBJECT - 3]}..."


def _blind(report: Report, incident: Incident, results: list[Result], link: str) -> Message:
    where = line(report.run.environment, 60)
    body = [
        f"The canary could not judge these checks in {where}; the platform may be healthy:",
        *_listed(results),
        "",
        "The reason is in the canary itself: a permission, a secret, its configuration or a bug.",
    ]
    subject = f"CANNOT TELL {where}: {plural(len(results), 'check')}, {reason(results[0])}"
    return _message(report, incident, "blind", subject, body, link)


def _message(
    report: Report, incident: Incident, kind: Kind, subject: str, body: list[str], link: str
) -> Message:
    found = groups(report)
    total = f"{len(found.failing)} of {plural(len(report.results), 'check')} failing"
    lines = [*body, "", f"Run {line(report.run.id, 60)} of {when(report.run.started_at)}: {total}."]
    if link:
        lines.append(f"Report: {line(link, 500)}")
    return Message(
        key=f"{incident.key}/{_IN_KEY.get(kind, kind)}"
        + (f"-{incident.severity}" if kind == "worse" else ""),
        kind=kind,
        audience=incident.audience,
        severity=incident.severity,
        subject=ascii_subject(subject),
        text=clip("\n".join(lines), TEXT) + "\n",
        link=link,
    )


def _results(report: Report, checks: tuple[str, ...]) -> list[Result]:
    """Return the incident's results, the most severe first."""
    wanted = set(checks)
    found = [r for r in report.results if r.check_id in wanted]
    return sorted(found, key=lambda r: SEVERITY_ORDER.index(r.severity))


def _listed(results: list[Result]) -> list[str]:
    rows = [f"  - {line(r.title, 120)}: {first_mismatch(r)}" for r in results[:_CHECKS]]
    if len(results) > _CHECKS:
        rows.append(f"  - and {len(results) - _CHECKS} more")
    return rows


def _cause(report: Report, incident: Incident) -> Diagnosis | None:
    return next(
        (
            d
            for d in report.diagnoses
            if d.cause == incident.cause and set(d.explains) & set(incident.ever)
        ),
        None,
    )


def _changed(report: Report, cause: Diagnosis | None) -> str:
    """Return ", changed by alice 4 min ago (DeleteRule)"; "" where nobody is known."""
    by = cause.changed_by if cause else None
    if by is None:
        return ""
    ago = between(by.at, report.run.finished_at or report.run.started_at)
    return f", changed by {line(by.who, 120)}{f' {ago} ago' if ago else ''} ({line(by.call, 80)})"


def _why(cause: Diagnosis | None) -> list[str]:
    if cause is None:
        return ["Cause: not proven."]
    rows = [
        f"Cause ({cause.confidence.value.lower()}): {line(cause.summary, 300)}",
        f"  {cause.cause} in {line(cause.service, 60)}, {line(cause.resource, 300)}",
    ]
    for evidence in cause.evidence[:2]:
        expected = f"; expected {line(evidence.expected, 120)}" if evidence.expected else ""
        rows.append(f"  seen: {line(evidence.seen, 200)}{expected}")
    first = next(iter((*cause.remedy.inspect, *cause.remedy.fix)), "")
    if first:
        rows += ["", "First command:", f"  {command(first, 2_000)}"]
    return rows
