"""`certificate`: trusted, issued for the host, and not about to expire, leaf and chain."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from canary.control_plane.certificates import DATE_CODES, NAME_CODES, covers
from canary.model import (
    Answer,
    Assertion,
    Check,
    Exchange,
    FailureKind,
    Frozen,
    PeerCertificate,
    Status,
)
from canary.probes.base.api import Kind, NotTriedError, ProbeContext
from canary.probes.base.evidence import Stopwatch, assertion, minutes_since
from canary.probes.base.request import RequestSpec, send

STEPS = ("trust", "name", "leaf", "chain")


class CertificateSpec(Frozen, frozen=True, kw_only=True):
    """How many days must be left, and the path that is requested for the handshake."""

    days: Annotated[float, msgspec.Meta(ge=0)] = 7
    path: Annotated[str, msgspec.Meta(pattern="^/")] = "/health"
    only_days: bool = False  # check the time alone; another check has trust and name


def run(check: Check, spec: CertificateSpec, context: ProbeContext) -> None:
    """Open a new TLS connection and record the steps of its certificate."""
    service = context.service(check.service)
    watch = Stopwatch(context)
    try:
        request = RequestSpec(path=spec.path, new_connection=True, ignore_rate_limit=True)
        answer, seen = send(context, service, request)
    except NotTriedError as error:
        context.record(watch.step(STEPS[0], status=Status.SKIP, reason=str(error)))
        return
    shown, failure = answer.certificate, answer.failure
    if shown is None:
        text = f"{failure.kind.value}: {failure.detail}" if failure else "no certificate"
        made = [assertion("handshake", "shows a certificate", text, False)]
        context.record(watch.step(STEPS[0], made, evidence=[seen]))
        for name in STEPS[1:]:
            reason = "no certificate was shown"
            context.record(watch.step(name, status=Status.SKIP, reason=reason))
        return
    if not spec.only_days:
        host = urlsplit(service.url).hostname or ""
        context.record(watch.step(STEPS[0], [trust(answer)], evidence=[seen], facts=_facts(answer)))
        context.record(watch.step(STEPS[1], [named(shown, host)], evidence=[seen]))
    _times(watch, spec, shown, seen, context)


def trust(answer: Answer) -> Assertion:
    """Return the assertion on the chain; date and name have steps of their own."""
    failure = answer.failure
    tls = failure is not None and failure.kind is FailureKind.TLS
    distrusted = tls and failure is not None and failure.code not in (*DATE_CODES, *NAME_CODES)
    text = failure.detail if failure is not None and distrusted else "trusted"
    return assertion("chain", "trusted", text, not distrusted)


def named(shown: PeerCertificate, host: str) -> Assertion:
    """Return the assertion on the certificate's names."""
    names = ", ".join(shown.names) or shown.subject
    return assertion("names", f"cover {host}", names, covers(shown.names, host))


def _facts(answer: Answer) -> dict[str, str]:
    shown = answer.certificate
    issuer = shown.issuer if shown else ""
    return {"issuer": issuer, "tls": answer.tls_version}


def _times(
    watch: Stopwatch,
    spec: CertificateSpec,
    shown: PeerCertificate,
    seen: Exchange,
    context: ProbeContext,
) -> None:
    text = f"more than {spec.days:g} days"
    left = shown.days_left
    leaf = assertion("leaf", text, f"{left:.1f} days, until {shown.not_after}", left > spec.days)
    began = minutes_since(shown.not_before, context.clock.now())
    valid = assertion("valid from", "the past", shown.not_before, began is None or began >= 0)
    context.record(watch.step(STEPS[2], [leaf, valid], evidence=[seen]))
    chain = shown.chain_days_left
    if chain is None:
        reason = "the chain was not verified" if left <= 0 else "the chain could not be read"
        context.record(watch.step(STEPS[3], status=Status.SKIP, reason=reason))
        return
    made = assertion("earliest in the chain", text, f"{chain:.1f} days", chain > spec.days)
    context.record(watch.step(STEPS[3], [made]))


KIND = Kind(
    name="certificate",
    spec=CertificateSpec,
    run=run,
    summary="the certificate is trusted, of the right name, and not about to end",
)
