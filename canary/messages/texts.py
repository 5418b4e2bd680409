"""Texts of messages: what is broken and why, the link, what to do, and how it went on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from canary.messages import remedies
from canary.messages.forms import ascii_subject
from canary.messages.lasting import elapsed, explaining, members
from canary.messages.state import Incident, Kind, Message
from canary.model import SEVERITY_ORDER, Diagnosis, Drift, Report, Result
from canary.report import headline
from canary.report.summary import mute_lines
from canary.report.text import between, by_whom, clip, duration, line, plural, when
from canary.report.verdict import first_mismatch, groups, reason, since

TEXT = 16_000  # far below SNS's 256 KiB: a message is read on a phone
MINUTE_S = 60
_IN_KEY = {"blind": "broke", "sighted": "fixed"}  # one word for both audiences
_CHECKS = 5  # named in a message; the page has them all
_CHANGES = 5


def opened(report: Report, incident: Incident, link: str) -> Message:
    """Return the message that checks broke, or that the canary cannot judge them."""
    if incident.audience == "canary":
        return _blind(report, incident, link)
    return _problem(report, incident, link, "broke", "")


def worse(report: Report, incident: Incident, link: str) -> Message:
    """Return the message that an open incident became more severe."""
    return _problem(report, incident, link, "worse", "now worse")


def diagnosed(report: Report, incident: Incident, link: str) -> Message:
    """Return the message that the cause of an open incident was found, or is another."""
    return _problem(report, incident, link, "diagnosed", "cause found")


def down(report: Report, incident: Incident, link: str) -> Message:
    """Return the message that wakes people: a critical check is down, as its alarm says."""
    return _problem(report, incident, link, "down", "")


def named(report: Report, incident: Incident, link: str) -> Message:
    """Return the message that names the cause to who was woken."""
    return _problem(report, incident, link, "page", "cause")


def still(report: Report, incident: Incident, link: str) -> Message:
    """Return the reminder of an incident that lasts."""
    lasted = duration(incident.reminded * MINUTE_S)
    if incident.audience == "canary":
        return _blind(report, incident, link, f"still blind after {lasted}")
    return _problem(report, incident, link, "still", f"still failing after {lasted}")


def _problem(report: Report, incident: Incident, link: str, kind: Kind, word: str) -> Message:
    causes = _causes(report, incident)
    results = _ranked(members(report, incident.checks))
    what = headline.headline_of(results, causes) if results else incident.headline
    first = causes[0] if causes else None
    began = min((t for r in results if (t := since(report, r.check_id))), default="")
    total = f"{len(groups(report).failing)} of {plural(len(report.results), 'check')}"
    body = [
        *remedies.why(first),
        *_who(report, first),
        f"Failing since {when(began or incident.opened_at)}.{_owned(results)}",
        "",
        *remedies.what_to_do(first),
        *(remedies.other(cause) for cause in causes[1:]),
        *([""] if causes[1:] else []),
        f"Failing in all: {total}. Of this problem:",
        *_listed(results),
        *_runbook(results),
    ]
    return _message(report, incident, link, kind, (word, what, body), results)


def closed(report: Report, incident: Incident, link: str, lost: tuple[str, ...]) -> Message:
    """Return the message that an incident is over, how long it lasted and what changed.

    `lost` has the channels over which its first message could not be sent.
    """
    took = between(incident.opened_at, incident.quiet_since) or "an unknown time"
    results = _ranked(members(report, incident.ever))
    sighted = incident.audience == "canary"
    heading = (
        "The canary has judged these checks again" if sighted else "All its checks have passed"
    )
    body = [
        f"It lasted {took}: from {when(incident.opened_at)} to {when(incident.quiet_since)}.",
        f"{heading} since then.",
    ]
    if incident.cause:
        body.append(f"The cause was {incident.cause} in {line(incident.service, 60)}.")
    if lost:
        body.append(f"The message about its begin could not be delivered by: {', '.join(lost)}.")
    body += ["", *([] if sighted else _changes(report, incident)), "Checks:"]
    titles = {r.check_id: r.title for r in results}
    body += [f"  - {line(titles.get(c, c), 120)}" for c in incident.ever[:_CHECKS]]
    body += _more(len(incident.ever))
    kind: Kind = "sighted" if sighted else "fixed"
    return _message(report, incident, link, kind, (took, incident.headline, body), results)


def _blind(report: Report, incident: Incident, link: str, word: str = "") -> Message:
    results = _ranked(members(report, incident.checks))
    cause = next((d for d in report.diagnoses if d.cause == incident.cause), None)
    what = blindness(results, cause)
    body = [
        "The canary is at fault here. The platform may be healthy: nothing is known of it.",
        *([] if cause else ["Look for a permission, a secret, its configuration or a bug."]),
        *(remedies.why(cause) if cause else ()),
        f"Blind since {when(incident.opened_at)}.",
        "",
        *remedies.what_to_do(cause),
        "Not judged:",
        *_listed(results),
    ]
    kind: Kind = "still" if word else "blind"
    return _message(report, incident, link, kind, (word, what, body), results)


def blindness(results: Sequence[Result], cause: Diagnosis | None) -> str:
    """Return what the canary cannot judge and why."""
    why = headline.cause(cause) if cause else reason(results[0])
    return f"{plural(len(results), 'check')} cannot be judged: {why}"


def _message(
    report: Report,
    incident: Incident,
    link: str,
    kind: Kind,
    words: tuple[str, str, list[str]],
    results: list[Result],
) -> Message:
    """Return a message; `words` are a word on how it stands, what fails and why, and the body."""
    word, what, body = words
    first = (
        f"{_mark(incident, kind)} {line(report.run.environment, 60)}{_stands(kind, word)}: {what}"
    )
    run = f"Run {line(report.run.id, 60)} of {when(report.run.started_at)}."
    lines = [line(first, 400), *([f"Report: {line(link, 500)}"] if link else []), "", *body, run]
    lines += mute_lines(report)
    key = f"{incident.key}/{_IN_KEY.get(kind, kind)}"
    suffix = {"worse": f"-{incident.severity}", "still": f"-{incident.reminded}"}.get(kind, "")
    return Message(
        key=key + suffix,
        kind=kind,
        audience=incident.audience,
        severity=incident.severity,
        subject=ascii_subject(first),
        text=clip("\n".join(lines), TEXT) + "\n",
        link=link,
        incident=incident.key,
        environment=report.run.environment,
        headline=line(what, 400),
        cause=incident.cause,
        service=incident.service,
        runbook=results[0].runbook if results else "",
        owners=_owners(results),
        paged=incident.paged,
        at=report.run.started_at,
    )


def _mark(incident: Incident, kind: Kind) -> str:
    """Return the first word of a subject: whose problem it is, and how severe."""
    if incident.audience == "canary":
        return "[canary over]" if kind == "sighted" else "[canary]"
    return "[over]" if kind == "fixed" else f"[{incident.severity}]"


def _stands(kind: Kind, word: str) -> str:
    if kind in ("fixed", "sighted"):
        return f" after {word}"
    return f", {word}" if word else ""


def _causes(report: Report, incident: Incident) -> tuple[Diagnosis, ...]:
    """Return the causes of what fails in an incident, its own first."""
    found = explaining(report, incident.checks)
    own = [d for d in found if (d.cause, d.service) == (incident.cause, incident.service)]
    return (*own, *(d for d in found if d not in own))


def _ranked(results: Iterable[Result]) -> list[Result]:
    """Return the results, the most severe first."""
    return sorted(results, key=lambda r: SEVERITY_ORDER.index(r.severity))


def _owners(results: Iterable[Result]) -> tuple[str, ...]:
    return tuple(sorted({r.owner for r in results if r.owner}))


def _owned(results: list[Result]) -> str:
    owners = _owners(results)
    return f" Owner: {', '.join(owners)}." if owners else ""


def _who(report: Report, cause: Diagnosis | None) -> list[str]:
    """Return who changed what the cause names, and when; nothing where nobody is known."""
    by = cause.changed_by if cause else None
    if by is None:
        return []
    ago = between(by.at, report.run.finished_at or report.run.started_at)
    before = f", {ago} before this run" if ago else ""
    return [f"Changed by {line(by.who, 120)} at {when(by.at)}{before} ({line(by.call, 80)})."]


def _changes(report: Report, incident: Incident) -> list[str]:
    """Return what changed in the platform while the incident lasted, the newest first."""
    start, end = incident.opened_at, incident.quiet_since
    found = [d for d in report.changes if (elapsed(start, d.at) or -1) > 0 and _until(d.at, end)]
    if not found:
        return ["No change of the platform was seen in this time.", ""]
    more = len(found) - _CHANGES
    further = [f"  - and {more} more: python -m canary changes"] if more > 0 else []
    return ["What changed in this time:", *map(_change, found[:_CHANGES]), *further, ""]


def _until(moment: str, end: str) -> bool:
    left = elapsed(moment, end)
    return left is not None and left >= 0


def _change(row: Drift) -> str:
    text = f"{row.resource}: {row.attribute}: {row.before or '-'} -> {row.after or '-'}"
    return f"  - {when(row.at)} {line(text, 300)}, {line(by_whom(row), 120)}"


def _listed(results: list[Result]) -> list[str]:
    rows = [f"  - {line(r.title, 120)}: {first_mismatch(r)}" for r in results[:_CHECKS]]
    return rows + _more(len(results))


def _more(count: int) -> list[str]:
    return [f"  - and {count - _CHECKS} more: see the report"] if count > _CHECKS else []


def _runbook(results: list[Result]) -> list[str]:
    place = next((r.runbook for r in results if r.runbook), "")
    return [f"Runbook: {line(place, 300)}"] if place else []
