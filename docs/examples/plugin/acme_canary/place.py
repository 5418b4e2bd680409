"""Where a service is, and a conversation with it."""

from __future__ import annotations

from urllib.parse import urlsplit

from hokusai_canary.kinds import (
    Check,
    Conversation,
    NotTriedError,
    ProbeContext,
    Status,
    Stopwatch,
    assertion,
)


def authority(context: ProbeContext, service: str) -> str:
    """Return the host of a service's URL, with the port where one is written."""
    return urlsplit(context.service(service).url).netloc


def opened(
    check: Check, context: ProbeContext, step: str, alpn: tuple[str, ...] = ()
) -> Conversation | None:
    """Return an open conversation with a check's service; else record the step, and return None."""
    url, watch = urlsplit(context.service(check.service).url), Stopwatch(context)
    tls = url.scheme == "https"
    try:
        talk = Conversation(
            context, url.hostname or "", url.port or (443 if tls else 80), tls=tls, alpn=alpn
        )
    except NotTriedError as error:  # the run has no time left
        context.record(watch.step(step, status=Status.SKIP, reason=str(error)))
        return None
    if talk.failure is None:
        return talk
    why = f"{talk.failure.kind.value}: {talk.failure.detail}"
    made = [assertion("connection", "open", why, False)]
    context.record(watch.step(step, made, evidence=[talk.exchange()]))
    return None
