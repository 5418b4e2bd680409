"""Build evidence, assertions and steps: bounded, masked, in plain words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from canary.control_plane.state import PlatformState
from canary.model import Answer, Assertion, Exchange, Request, Status, Step, parse_time
from canary.probes.base.api import ProbeContext
from canary.redaction.patterns import mask_foreign

EXCERPT_CHARACTERS = 600
# A header may have 64 KB, and a report holds hundreds of exchanges.
HEADER_CHARACTERS, LOCATION_CHARACTERS, CERTIFICATE_NAMES = 200, 600, 50
ACTUAL_CHARACTERS = 1000  # a value may be as long as the answer
READABLE = ("text/", "application/json", "application/problem+json", "application/xml")
# the schemes of authentication in IANA's registry that a platform may ask for, and `ApiKey`
_SCHEMES = {s.lower(): s for s in ("Basic", "Bearer", "Digest", "Negotiate", "ApiKey")}


def excerpt(answer: Answer) -> str:
    """Return the beginning of a readable body, masked before it is cut."""
    kind = answer.content_type
    if not answer.body or (kind and not kind.startswith(READABLE)):
        return ""
    text = answer.body[: 4 * EXCERPT_CHARACTERS].decode("utf-8", "replace")
    return mask_foreign(" ".join(text.split()))[:EXCERPT_CHARACTERS]


def exchange(
    request: Request, answer: Answer, *, principal: str = "", form: str = "", show: bool = True
) -> Exchange:
    """Make evidence from a request and its answer; `show` False leaves the body out."""
    shown = answer.certificate
    failure = answer.failure
    return Exchange(
        method=request.method,
        url=mask_foreign(request.url),
        status=answer.status,
        content_type=answer.content_type[:HEADER_CHARACTERS],
        answered_by=answer.answered_by,
        server=answer.header("server")[:HEADER_CHARACTERS],
        location=mask_foreign(answer.header("location"))[:LOCATION_CHARACTERS],
        challenge=_scheme(answer.header("www-authenticate")),
        excerpt=excerpt(answer) if show else "",
        body_bytes=len(answer.body),
        failure=failure.kind.value if failure else "",
        failure_detail=mask_foreign(failure.detail)[:300] if failure else "",
        failure_code=failure.code if failure else 0,
        timing=answer.timing,
        attempts=answer.attempts,
        peer=answer.peer,
        principal=principal,
        header_form=form,
        certificate_not_after=shown.not_after if shown else "",
        certificate_names=shown.names[:CERTIFICATE_NAMES] if shown else (),
        certificate_chain=shown.chain_invalid[:CERTIFICATE_NAMES] if shown else (),
        dead_addresses=answer.dead_addresses,
    )


def _scheme(challenge: str) -> str:
    """Return the scheme of a WWW-Authenticate header, "" for one that is not known here.

    Only the canary's own words are kept: a server may write anything there, also a key.
    """
    return _SCHEMES.get(challenge.replace(",", " ").partition(" ")[0].lower(), "")


def assertion(subject: str, expected: object, actual: object, holds: bool) -> Assertion:
    """Make one assertion; a long actual value is cut."""
    shown = str(actual)[:ACTUAL_CHARACTERS]
    return Assertion(subject=subject, expected=str(expected), actual=shown, holds=holds)


def broken(assertions: Sequence[Assertion]) -> str:
    """Return the assertions that do not hold in one sentence; empty when all hold."""
    lost = [a for a in assertions if not a.holds]
    return "; ".join(f"{a.subject} is {a.actual}, expected {a.expected}" for a in lost[:3])


class Stopwatch:
    """Measures a step: its duration, and when it began in the run."""

    def __init__(self, context: ProbeContext) -> None:
        self._context = context
        self._began = context.clock.monotonic()

    def elapsed_ms(self) -> float:
        """Return the milliseconds since the step began."""
        return round((self._context.clock.monotonic() - self._began) * 1000, 3)

    def step(
        self,
        name: str,
        assertions: Sequence[Assertion] = (),
        *,
        status: Status | None = None,
        reason: str = "",
        evidence: Sequence[Exchange] = (),
        facts: dict[str, str] | None = None,
        always: bool = False,
    ) -> Step:
        """Make the finished step; without `status` the assertions decide it."""
        if status is None:
            holds = all(a.holds for a in assertions)
            status = Status.PASS if holds else Status.FAIL
        run_began = self._context.began
        return Step(
            name=name,
            status=status,
            reason=reason or ("" if status is Status.PASS else broken(assertions)),
            duration_ms=self.elapsed_ms(),
            started_ms=0.0 if run_began is None else round((self._began - run_began) * 1000, 3),
            attempts=max((e.attempts for e in evidence), default=1),
            assertions=tuple(assertions),
            evidence=tuple(evidence),
            facts=facts or {},
            always=always,
        )


def unavailable(state: PlatformState, *actions: str) -> str:
    """Return why readings of these IAM actions are missing, or an empty string."""
    if not state.read_at:
        return "the control plane was not read"
    lost = [u for u in state.unavailable if u.action.startswith(actions)]
    return "; ".join(f"{u.action} on {u.resource or '*'}: {u.code} {u.reason}" for u in lost[:2])


def could_not_tell(watch: Stopwatch, names: Sequence[str], reason: str) -> list[Step]:
    """Return ERROR steps: a missing reading must never count as healthy."""
    return [watch.step(n, status=Status.ERROR, reason=f"could not tell: {reason}") for n in names]


def minutes_since(text: str, now: dt.datetime) -> float | None:
    """Return the minutes since an ISO 8601 time; None when it is not one."""
    read = parse_time(text)
    return None if read is None else (now - read).total_seconds() / 60
