"""The way back to a certificate that a service's clients accept."""

from __future__ import annotations

from canary.control_plane.certificates import covers, is_renewed, names_of, usable
from canary.control_plane.state import Certificate, Listener
from canary.diagnose.core import serving
from canary.diagnose.core.case import Case
from canary.diagnose.remedies import build, well
from canary.diagnose.remedies.edit import Edit
from canary.diagnose.remedies.listeners import (
    add_certificates,
    default_certificate,
    modify_listener,
)
from canary.model import Remedy


def has_ended(case: Case, served: Certificate) -> bool:
    """Return whether a certificate has run out."""
    return bool(served.not_after) and case.age(served.not_after) >= 0


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


def serve_another(case: Case, name: str, cause: str, served: Certificate | None) -> Remedy:
    """Return the remedy that serves another certificate, else the decision to request one."""
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
    default, was = default_certificate(listener), well.listener(case, listener.arn)
    if was is not None and default_certificate(was) not in ("", default):
        if default_certificate(was) == other.arn:
            return modify_listener(listener, certificate=other.arn)
    elif was is not None and _is_anothers(case, name, default):
        return add_certificates(listener, [other.arn])
    listed = served is not None and served.arn != default
    if listed or _needed(case, listener, default, other):
        return add_certificates(listener, [other.arn])
    return modify_listener(listener, certificate=other.arn)


def _is_anothers(case: Case, name: str, default: str) -> bool:
    """Return whether a default certificate is good, and made for other hosts than a service's.

    Where it was so while all was well, somebody else needs it: another is added beside it.
    """
    known = {c.arn: c for c in case.state.certificates}
    found = known.get(default)
    return found is not None and not (
        has_ended(case, found) or covers(names_of(found), case.host(name))
    )


def _needed(case: Case, listener: Listener, default: str, other: Certificate) -> bool:
    """Return whether another host of the listener has its default certificate alone.

    The other certificate covers the host that it is served to.
    """
    known = {c.arn: c for c in case.state.certificates}
    if default not in known or has_ended(case, known[default]):
        return False
    rest = [known[a] for a in listener.certificates if a in known and a != default]
    return any(
        covers(names_of(known[default]), case.host(each))
        and not any(covers(names_of(c), case.host(each)) for c in (*rest, other))
        for each in case.services
        if (at := serving.listener(case, each)) and at.arn == listener.arn
    )


def mend_chain(case: Case, name: str, served: Certificate | None) -> Remedy:
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
