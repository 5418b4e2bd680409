"""From an exchange to evidence and steps: bounded, redacted, in plain words."""

from __future__ import annotations

from collections.abc import Sequence

from canary.model import Answer, Assertion, Exchange, Request, Status, Step
from canary.probes.base.api import Tools
from canary.redaction.probe_patterns import redact

EXCERPT_CHARACTERS = 600
# A header may have 64 KB, and a report holds hundreds of exchanges.
HEADER_CHARACTERS, LOCATION_CHARACTERS, CERTIFICATE_NAMES = 200, 600, 50
READABLE = ("text/", "application/json", "application/problem+json", "application/xml")


def excerpt(answer: Answer) -> str:
    """Return the beginning of a readable body, redacted before it is cut."""
    kind = answer.content_type
    if not answer.body or (kind and not kind.startswith(READABLE)):
        return ""
    text = answer.body[: 4 * EXCERPT_CHARACTERS].decode("utf-8", "replace")
    return redact(" ".join(text.split()))[:EXCERPT_CHARACTERS]


def exchange(
    request: Request, answer: Answer, *, principal: str = "", form: str = "", show: bool = True
) -> Exchange:
    """Make evidence of a request and its answer; `show` False keeps the body out."""
    shown = answer.certificate
    failure = answer.failure
    return Exchange(
        method=request.method,
        url=redact(request.url),
        status=answer.status,
        content_type=answer.content_type[:HEADER_CHARACTERS],
        answered_by=answer.answered_by,
        server=answer.header("server")[:HEADER_CHARACTERS],
        location=redact(answer.header("location"))[:LOCATION_CHARACTERS],
        excerpt=excerpt(answer) if show else "",
        body_bytes=len(answer.body),
        failure=failure.kind.value if failure else "",
        failure_detail=redact(failure.detail)[:300] if failure else "",
        failure_code=failure.code if failure else 0,
        timing=answer.timing,
        attempts=answer.attempts,
        peer=answer.peer,
        principal=principal,
        header_form=form,
        certificate_not_after=shown.not_after if shown else "",
        certificate_names=shown.names[:CERTIFICATE_NAMES] if shown else (),
    )


def broken(assertions: Sequence[Assertion]) -> str:
    """Say in one sentence what does not hold; empty when all holds."""
    lost = [a for a in assertions if not a.holds]
    return "; ".join(f"{a.subject} is {a.actual}, expected {a.expected}" for a in lost[:3])


class Stopwatch:
    """Notes when a step began, so that its duration and place in the run are known."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._began = tools.clock.monotonic()

    def elapsed_ms(self) -> float:
        """Return the milliseconds since the step began."""
        return round((self._tools.clock.monotonic() - self._began) * 1000, 3)

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
        """Make the finished step; without `status` the assertions decide."""
        if status is None:
            holds = all(a.holds for a in assertions)
            status = Status.PASS if holds else Status.FAIL
        run_began = self._tools.began
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
