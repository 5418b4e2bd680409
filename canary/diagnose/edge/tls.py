"""Certificates that are expired, expiring, untrusted or made for other names."""

from __future__ import annotations

from collections.abc import Iterator

from canary.control_plane.certificates import (
    DATE_CODES,
    NAME_CODES,
    NOT_YET_CODE,
    UNTRUSTED_CODES,
    covers,
    is_renewed,
    names_of,
    usable,
)
from canary.control_plane.state import Certificate, Listener
from canary.diagnose.core import serving
from canary.diagnose.core.case import Case, Failures
from canary.diagnose.core.finding import APPLICATION, TLS_EDGE, Finding
from canary.diagnose.core.symptoms import Symptom
from canary.diagnose.remedies import build, well
from canary.diagnose.remedies.edit import Edit
from canary.diagnose.remedies.listeners import (
    add_certificates,
    default_certificate,
    modify_listener,
)
from canary.model import Confidence, Evidence, Remedy, Role

WARNING_S = 30 * 86_400.0
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
        if fault:
            yield _finding(case, name, fault, served, failures)


def _failures(case: Case, name: str, host: str, served: Certificate | None) -> Failures:
    """Return the failures of a handshake.

    A network before the balancer tells no more than that it has no connection: that counts where
    the control plane shows that no client accepts the certificate.
    """
    kinds = {Symptom.TLS}
    if served and (_has_ended(case, served) or not covers(names_of(served), host)):
        kinds.add(Symptom.FRONT_LOST)
    own = {
        f
        for f in case.failures
        if (f.host == host and f.symptom in kinds)
        or (f.symptom is Symptom.CONTROL_CERTIFICATE and f.service == name)
    }
    if any(f.symptom in kinds for f in own):
        own |= _asked_in_vain(case, name)
    return frozenset(own)


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
    return next(iter(fitting or held), None)


def _has_ended(case: Case, served: Certificate) -> bool:
    return bool(served.not_after) and case.age(served.not_after) >= 0


def _fault(case: Case, failures: Failures, served: Certificate | None, host: str) -> Fault | None:
    text = " ".join(f"{f.seen} {f.reason} {f.text}" for f in failures).lower()
    codes = {f.failure_code for f in failures}
    if served and _has_ended(case, served):
        return "certificate-expired", Confidence.CERTAIN
    if served and not covers(names_of(served), host):
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
        remedy=_chain_remedy(case, name, served) if above else _remedy(case, name, cause, served),
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


def _replacement(case: Case, name: str, served: Certificate | None) -> Certificate | None:
    """Return another usable certificate for the host: the one before, else the longest of ACM's.

    A certificate that somebody imported proves nothing: nobody knows whose key it is, nor whether
    clients trust it. It comes back only where this listener served it while all was well.
    """
    host, was = case.host(name), served_before(case, name)
    fit = [
        c
        for c in case.state.certificates
        if (served is None or c.arn != served.arn)
        and usable(c, case.now)
        and covers(names_of(c), host)
        and (c.arn in was or is_renewed(c))
    ]
    return max(fit, key=lambda c: (c.arn in was, c.not_after), default=None)


def served_before(case: Case, name: str) -> tuple[str, ...]:
    """Return the certificates that the service's listener had while all was well."""
    state = well.well(case)
    listener = serving.listener(case, name, state=state) if state else None
    return listener.certificates if listener else ()


def _remedy(case: Case, name: str, cause: str, served: Certificate | None) -> Remedy:
    host = case.host(name)
    listener = serving.listener(case, name)
    other = _replacement(case, name, served)
    longer = other and served and other.not_after > served.not_after
    show = _inspect(case, name, served)
    decision = f"Request a certificate for {host} in ACM, or mend the validation of its renewal."
    edits: build.Edits = ()
    if other and listener and (cause != "certificate-expiring" or longer):
        edits = (_serving(case, name, listener, served, other),)
    return build.remedy(
        case,
        f"Serve the valid certificate {other.arn}." if edits and other else decision,
        edits,
        inspect=show,
        verify=show,
        otherwise=decision,
    )


def _serving(
    case: Case, name: str, listener: Listener, served: Certificate | None, other: Certificate
) -> Edit:
    """Return the edit by which a listener serves a certificate to one of its hosts.

    Clients name their host: a certificate that is added is chosen for it, and a default one that
    another host needs stays.
    """
    default = default_certificate(listener)
    listed = served is not None and served.arn != default
    if listed or _needed(case, name, listener, default, other):
        return add_certificates(listener, [other.arn])
    return modify_listener(listener, certificate=other.arn)


def _needed(case: Case, name: str, listener: Listener, default: str, other: Certificate) -> bool:
    """Return whether another host of the listener has its default certificate alone."""
    known = {c.arn: c for c in case.state.certificates}
    if default not in known or _has_ended(case, known[default]):
        return False
    rest = [known[a] for a in listener.certificates if a in known and a != default]
    return any(
        covers(names_of(known[default]), case.host(each))
        and not any(covers(names_of(c), case.host(each)) for c in (*rest, other))
        for each in case.services
        if each != name and (at := serving.listener(case, each)) and at.arn == listener.arn
    )


def _chain_remedy(case: Case, name: str, served: Certificate | None) -> Remedy:
    """Return the remedy for a chain whose leaf is good: ACM has nothing to issue."""
    show = _inspect(case, name, served)
    decision = (
        f"Import the certificate of {case.host(name)} again, with a chain of its issuer that is"
        " valid now. The certificate itself is good."
    )
    return Remedy(summary=decision, inspect=show, verify=show, decision=decision)


def _inspect(case: Case, name: str, served: Certificate | None) -> tuple[str, ...]:
    show: list[str] = []
    if served:
        show.append(case.aws("acm", "describe-certificate", certificate_arn=served.arn))
    if balancer := case.balancer(name):
        show.append(case.aws.elbv2("describe-listeners", load_balancer_arn=balancer.arn))
    return tuple(show)
