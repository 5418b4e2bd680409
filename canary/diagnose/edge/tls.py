"""Certificates that are expired, expiring, untrusted or made for other names."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from canary.control_plane.certificates import (
    DATE_CODES,
    ISSUED_BY_ACM,
    NAME_CODES,
    NOT_YET_CODE,
    UNTRUSTED_CODES,
    covers,
    names_of,
)
from canary.control_plane.state import Certificate
from canary.diagnose.core import serving
from canary.diagnose.core.case import Case, Failures
from canary.diagnose.core.failures import Failure
from canary.diagnose.core.finding import APPLICATION, TLS_EDGE, Finding
from canary.diagnose.core.symptoms import Symptom
from canary.diagnose.edge.certificate_remedies import (
    has_ended,
    mend_chain,
    serve_another,
    served_before,
)
from canary.diagnose.remedies.listeners import (
    default_certificate,
)
from canary.model import Confidence, Evidence, Role, parse_time

WARNING_S = 30 * 86_400.0
_SHOWN = (Symptom.TLS, Symptom.CONTROL_CERTIFICATE)
_NAME_OR_TRUST = {False: "certificate-name-mismatch", True: "certificate-untrusted"}
Fault = tuple[str, Confidence]  # the cause, and how sure it is


def certificates(case: Case) -> Iterator[Finding]:
    """Report the fault of the certificate that a host serves."""
    for name in case.services:
        host = case.host(name)
        served = _served(case, name, host)
        failures = _failures(case, name, host, served)
        if not host or not failures:
            continue
        fault = _fault(case, failures, served, host)
        if fault and not _is_shown(failures):
            fault = _on_a_front_s_word(case, failures, fault)
        if fault:
            yield _finding(case, name, fault, served, failures)


def _failures(case: Case, name: str, host: str, served: Certificate | None) -> Failures:
    """Return the failures of a handshake.

    A network before the balancer tells no more than that it does not reach it, and by which name
    it asks is not known: this counts where the certificate has ended, and was good while all was
    well, or where another one was served then.
    """
    another = served is not None and _is_another(case, name, served, host)
    own = {
        f
        for f in case.failures
        if (f.host == host and (f.symptom is Symptom.TLS or _lost_since(case, f, served)))
        or (f.host == host and another and f.symptom is Symptom.FRONT_LOST)
        or (f.symptom is Symptom.CONTROL_CERTIFICATE and f.service == name)
    }
    if any(f.symptom in (Symptom.TLS, Symptom.FRONT_LOST) for f in own):
        own |= _asked_in_vain(case, name)
    return frozenset(own)


def _lost_since(case: Case, failure: Failure, served: Certificate | None) -> bool:
    """Return whether a network lost a balancer whose certificate has ended since it was well."""
    if failure.symptom is not Symptom.FRONT_LOST or not served or not has_ended(case, served):
        return False
    well, end = _well_at(case, failure), parse_time(served.not_after)
    return well is None or (end is not None and well < end)


def _is_another(case: Case, name: str, served: Certificate, host: str) -> bool:
    """Return whether a host has another certificate than while all was well, which may be bad.

    AWS, CloudFront, "HTTP 502 status code (Bad Gateway)": it drops the connection to an origin
    whose certificate is self-signed, has another name or an incomplete chain. What ACM issued is
    trusted.
    """
    before = served_before(case, name)
    good = served.type == ISSUED_BY_ACM and covers(names_of(served), host)
    return bool(before) and served.arn not in before and not good


def _well_at(case: Case, failure: Failure) -> dt.datetime | None:
    """Return when the check of a failure was well; None if that is not known."""
    baseline = case.baselines.of.get(failure.check_id)
    return parse_time(baseline.at) if baseline else None


def _on_a_front_s_word(case: Case, failures: Failures, fault: Fault) -> Fault:
    """Return a fault as sure as it is without a handshake of our own: by what was well before."""
    known = any(_well_at(case, f) for f in failures)
    return fault if known else (fault[0], Confidence.LIKELY)


def _is_shown(failures: Failures) -> bool:
    """Return whether a handshake of our own or ACM shows it, and not a network's word alone."""
    return any(f.symptom in _SHOWN for f in failures)


def _asked_in_vain(case: Case, name: str) -> Failures:
    """Return the failures in which others report that they cannot ask the identity service."""
    identity = case.environment.role_of(name) is Role.IDENTITY
    return case.having(Symptom.AUTH_UNAVAILABLE) if identity else frozenset()


def _served(case: Case, name: str, host: str) -> Certificate | None:
    """Return the certificate that a client of this host gets, None if it is not known."""
    listener = serving.listener(case, name)
    if listener is None:
        return None
    known = {c.arn: c for c in case.state.certificates}
    held = [known[a] for a in listener.certificates if a in known]
    fitting = [c for c in held if covers(names_of(c), host)]
    return next(iter(fitting), known.get(default_certificate(listener)) or next(iter(held), None))


def _fault(case: Case, failures: Failures, served: Certificate | None, host: str) -> Fault | None:
    text = " ".join(f"{f.seen} {f.reason} {f.text}" for f in failures).lower()
    codes = {f.failure_code for f in failures}
    if served and has_ended(case, served):
        return "certificate-expired", Confidence.CERTAIN
    named = not served or covers(names_of(served), host)
    if not _is_shown(failures):  # a network before the balancer lost it
        return _NAME_OR_TRUST[named], Confidence.LIKELY
    if not named:
        return "certificate-name-mismatch", Confidence.CERTAIN
    if codes & set(DATE_CODES) or _invalid_above_leaf(failures) or "has expired" in text:
        return "certificate-expired", Confidence.LIKELY
    if codes & set(NAME_CODES) or "hostname mismatch" in text or "not valid for" in text:
        return "certificate-name-mismatch", Confidence.LIKELY
    if codes & set(UNTRUSTED_CODES) or "self-signed" in text or "unable to get" in text:
        return "certificate-untrusted", Confidence.LIKELY
    if served and served.not_after and case.age(served.not_after) > -WARNING_S:
        return "certificate-expiring", Confidence.CERTAIN
    if any(w in text for w in ("days left", "expires", "days")):
        return "certificate-expiring", Confidence.LIKELY
    return ("certificate-untrusted", Confidence.POSSIBLE) if codes - {0} else None


def _invalid_above_leaf(failures: Failures) -> str:
    """Return the certificates above the leaf that are outside their dates, "" for none."""
    return "; ".join(sorted({text for f in failures for text in f.certificate_chain}))


def _summary(cause: str, host: str, above: str, failures: Failures) -> str:
    if above:
        return f"{host} sends a certificate above its own that is outside its dates: {above}."
    if cause == "certificate-expired" and any(f.failure_code == NOT_YET_CODE for f in failures):
        return f"The certificate of {host} is not valid yet."
    if cause == "certificate-untrusted" and not _is_shown(failures):
        return (
            f"The load balancer of {host} serves another certificate than while all was well, and"
            " the network before it does not reach it since then."
        )
    return _TEXTS[cause].format(host=host)


_TEXTS = {
    "certificate-expired": "The certificate of {host} has expired.",
    "certificate-expiring": "The certificate of {host} expires soon.",
    "certificate-name-mismatch": "The certificate of {host} is made for other names.",
    "certificate-untrusted": "The certificate of {host} is signed by nobody whom clients trust.",
}


def _finding(
    case: Case, name: str, fault: Fault, served: Certificate | None, failures: Failures
) -> Finding:
    (cause, confidence), host = fault, case.host(name)
    listener = serving.listener(case, name)
    leaf_good = not served or case.age(served.not_after) < 0
    above = _invalid_above_leaf(failures) if cause == "certificate-expired" and leaf_good else ""
    return Finding(
        cause=cause,
        service=name,
        resource=served.arn if served else (listener.arn if listener else host),
        confidence=confidence,
        summary=_summary(cause, host, above, failures),
        evidence=_certificate_evidence(case, served, host) if served else (),
        remedy=mend_chain(case, name, served)
        if above
        else serve_another(case, name, cause, served),
        explained_failures=failures,
        rank=APPLICATION + 9 if cause == "certificate-expiring" else TLS_EDGE,
    )


def _certificate_evidence(case: Case, served: Certificate, host: str) -> tuple[Evidence, ...]:
    return case.evidence(
        served.arn,
        f"names {', '.join(served.names or (served.domain,))}, until"
        f" {served.not_after}, {served.type} {served.renewal_status}".strip(),
        f"valid for {host}, more than 30 days left",
    )
