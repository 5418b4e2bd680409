"""`certificate`: trusted, of the right name, and not about to end, leaf and chain."""

from __future__ import annotations

import datetime as dt
from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from canary.control_plane.certificates import DATE_CODES, NAME_CODES
from canary.model import (
    Answer,
    Assertion,
    Check,
    Exchange,
    FailureKind,
    Frozen,
    PeerCertificate,
    Status,
    Verification,
)
from canary.probes.base.api import Kind, NotTriedError, ProbeContext
from canary.probes.base.evidence import Stopwatch, assertion, minutes_since
from canary.probes.base.request import RequestSpec, send

STEPS = ("trust", "name", "leaf", "chain")


class CertificateSpec(Frozen, frozen=True, kw_only=True):
    """How many days must be left, and the path that is asked to see the certificate."""

    days: Annotated[float, msgspec.Meta(ge=0)] = 7
    path: Annotated[str, msgspec.Meta(pattern="^/")] = "/health"
    only_days: bool = False  # judge the time alone; trust and name are another check's


def run(check: Check, spec: CertificateSpec, context: ProbeContext) -> None:
    """Shake hands on a new connection and judge what was shown."""
    service = context.service(check.service)
    watch = Stopwatch(context)
    try:
        request = RequestSpec(path=spec.path, new_connection=True, ignore_rate_limit=True)
        answer, seen = send(context, service, request)
    except NotTriedError as error:
        context.record(watch.step(STEPS[0], status=Status.SKIP, reason=str(error)))
        return
    shown = answer.certificate
    if shown is None:
        _nothing_shown(watch, answer, seen, context)
        return
    verdicts = judged(
        answer, shown, urlsplit(service.url).hostname or "", spec, context.clock.now()
    )
    for name in STEPS[2:] if spec.only_days else STEPS:
        facts = _facts(answer) if name == "trust" else None
        context.record(watch.step(name, verdicts[name], evidence=[seen], facts=facts))


def _nothing_shown(watch: Stopwatch, answer: Answer, seen: Exchange, context: ProbeContext) -> None:
    failure = answer.failure
    text = f"{failure.kind.value}: {failure.detail}" if failure else "no certificate"
    for name in STEPS:
        made = [assertion("handshake", "shows a certificate", text, False)]
        context.record(watch.step(name, made, evidence=[seen]))


def judged(
    answer: Answer, shown: PeerCertificate, host: str, spec: CertificateSpec, now: dt.datetime
) -> dict[str, list[Assertion]]:
    """Return the assertions of each step.

    Whether a certificate is accepted, OpenSSL alone decides: a handshake that it refused has at
    least one assertion that does not hold, whatever our reading of the certificate says.
    """
    code = refusal(answer)
    found = {
        "trust": [trust(code, shown)],
        "name": [named(code, shown, host)],
        "leaf": _leaf(spec, shown, now),
        "chain": _above(spec, shown),
    }
    left = {"leaf", "chain"} if spec.only_days else set(found)
    ours = code in DATE_CODES or (code != 0 and not spec.only_days)
    if ours and all(a.holds for name in left for a in found[name]):
        detail = answer.failure.detail if answer.failure else ""
        found["chain" if spec.only_days else "trust"] = [
            assertion("handshake", "accepted", detail, False)
        ]
    return found


def refusal(answer: Answer) -> int:
    """Return OpenSSL's verify code for a certificate that it refused, 0 for one it accepted."""
    failure = answer.failure
    return failure.code if failure is not None and failure.kind is FailureKind.TLS else 0


def trust(code: int, shown: PeerCertificate) -> Assertion:
    """Judge the chain alone: dates and name have steps of their own."""
    verdict = shown.trust if shown.trust.code >= 0 else Verification(code=code)
    refused = code != 0 and verdict.code not in (0, *DATE_CODES, *NAME_CODES)
    text = f"{verdict.text} (OpenSSL {verdict.code})" if refused else "trusted"
    return assertion("chain", "trusted", text, not refused)


def named(code: int, shown: PeerCertificate, host: str) -> Assertion:
    """Judge the name as OpenSSL does, and show the names."""
    names = ", ".join(shown.names) or "no alternative name"
    refused = code in NAME_CODES or shown.name.code in NAME_CODES
    return assertion("names", f"cover {host}", names, not refused)


def _facts(answer: Answer) -> dict[str, str]:
    shown = answer.certificate
    issuer = shown.issuer if shown else ""
    return {"issuer": issuer, "tls": answer.tls_version}


def _leaf(spec: CertificateSpec, shown: PeerCertificate, now: dt.datetime) -> list[Assertion]:
    left = shown.days_left
    text = f"more than {spec.days:g} days"
    began = minutes_since(shown.not_before, now)
    return [
        assertion("leaf", text, f"{left:.1f} days, until {shown.not_after}", left > spec.days),
        assertion("valid from", "the past", shown.not_before, began is None or began >= 0),
    ]


def _above(spec: CertificateSpec, shown: PeerCertificate) -> list[Assertion]:
    """Judge the certificates above the leaf; nothing above it was sent where there are none."""
    made = [
        assertion("certificate above the leaf", "valid now", one, False)
        for one in shown.chain_invalid
    ]
    if shown.chain_days_left is not None:
        days = shown.chain_days_left
        ends = f"{days:.1f} days" + (f" ({shown.chain_ends})" if shown.chain_ends else "")
        expected = f"more than {spec.days:g} days"
        made.append(assertion("earliest in the chain", expected, ends, days > spec.days))
    return made


KIND = Kind(
    name="certificate",
    spec=CertificateSpec,
    run=run,
    handshake=True,
    summary="the certificate is trusted, of the right name, and not about to end",
)
