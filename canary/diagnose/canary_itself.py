"""Causes in the canary itself: its permissions, credentials and way to the network."""

from __future__ import annotations

import re
from collections.abc import Iterator

from canary.control_plane.silence import is_silence
from canary.diagnose.access.new_key import key_evidence, missing_key, state_of
from canary.diagnose.core.case import Case, Failures
from canary.diagnose.core.finding import Finding, top_evidence
from canary.diagnose.core.symptoms import EDGE, FRONT, Symptom
from canary.model import Confidence, Evidence, Remedy

_READ_KEY = "secretsmanager:GetSecretValue"

_UNNAMED = Remedy(
    summary="See which secret could not be read.",
    decision="Each check names its principals, and the environment file the secret of each of"
    " them: see which of these does not exist or has no key.",
)


def permissions(case: Case) -> Iterator[Finding]:
    """Report each IAM action that was denied to the canary, also if all checks pass."""
    denied = [u for u in case.state.unavailable if u.denied]
    for action in sorted({u.action for u in denied}):
        failures = frozenset(f for f in case.failures if f.error and action in f.text + f.reason)
        yield Finding(
            cause="canary-permission-denied",
            service="canary",
            resource=action,
            confidence=Confidence.CERTAIN,
            summary=f"The canary may not call {action}: what it reads is unknown.",
            evidence=tuple(
                Evidence(resource=u.resource, seen=f"{u.code}: {u.reason}", expected="allowed")
                for u in [u for u in denied if u.action == action][:3]
            ),
            shown_failures=0,
            remedy=_grant(action),
            explained_failures=failures,
            always_report=True,
        )


def credentials(case: Case) -> Iterator[Finding]:
    """Report each secret of a principal that could not be read."""
    failures = frozenset(
        f
        for f in case.failures
        if f.error and not f.host and _about_secret(f.reason + f.text, case)
    )
    denied = frozenset(f for f in failures if "AccessDenied" in f.reason + f.text)
    if denied:
        yield _read_denied(case, denied)
    for secret, unread in sorted(_by_secret(case, failures - denied).items()):
        known = state_of(case, secret)
        yield Finding(
            cause="canary-credential-missing",
            service="canary",
            resource=secret or "principals",
            confidence=Confidence.CERTAIN if known and not known.exists else Confidence.LIKELY,
            summary=f"The canary cannot read {f'its secret {secret}' if secret else 'a secret'}.",
            evidence=key_evidence(case, secret),
            shown_failures=3,
            remedy=missing_key(case, secret, _principals(case, unread)) if secret else _UNNAMED,
            explained_failures=unread,
        )


def _read_denied(case: Case, failures: Failures) -> Finding:
    secrets = sorted(_by_secret(case, failures))
    return Finding(
        cause="canary-permission-denied",
        service="canary",
        resource=_READ_KEY,
        confidence=Confidence.CERTAIN,
        summary=f"The canary may not read {', '.join(filter(None, secrets)) or 'a secret'}.",
        shown_failures=3,
        remedy=_grant(_READ_KEY),
        explained_failures=failures,
    )


def _grant(action: str) -> Remedy:
    return Remedy(
        summary=f"Grant {action} to the canary's role: deploy its stack again.",
        inspect=("python -m canary permissions",),
        decision="The stack writes the role's policy from the readers' list; deploy it,"
        f" or add {action} by hand where a boundary takes it away.",
    )


def _about_secret(text: str, case: Case) -> bool:
    low = text.lower()
    return "secret" in low or "credential" in low or _secret_named(text, case) != ""


def _secret_named(text: str, case: Case) -> str:
    known = case.environment.own_secrets
    return next((s for s in sorted(known, key=len, reverse=True) if s in text), "")


def _principals(case: Case, failures: Failures) -> frozenset[str]:
    """Return the principals whose credentials could not be read, as the failures name them."""
    texts = [f.reason + f.text for f in failures]
    names = case.environment.principals
    return frozenset(
        n
        for n in names
        if any(re.search(rf"(principal|entry) {re.escape(n)}(?![\w-])", t) for t in texts)
    )


def _by_secret(case: Case, failures: Failures) -> dict[str, Failures]:
    found: dict[str, Failures] = {}
    for failure in failures:
        text = failure.reason + failure.text
        secret = _secret_named(text, case) or _secret_of(text, case)
        found[secret] = found.get(secret, frozenset()) | {failure}
    return found


def _secret_of(text: str, case: Case) -> str:
    for name in case.environment.principals:
        if name in text and case.environment.secret_of(name):
            return case.environment.secret_of(name)
    return ""


def egress(case: Case) -> Iterator[Finding]:
    """Report the canary's own network if it reaches no host at all."""
    hosts = {case.host(n) for n in case.services if case.host(n)}
    lost = {f.host for f in case.failures if f.symptom in EDGE - FRONT - {Symptom.TLS} and f.host}
    answered = any(exchange.answered for _, exchange in case.exchanges)
    no_answer = [u for u in case.state.unavailable if is_silence(u)]
    if not hosts or lost < hosts or answered or (len(hosts) < 2 and not no_answer):
        return
    if case.state.load_balancers and not no_answer:
        return  # AWS answers: the canary's way out works and finds names, the platform's are lost
    failures = frozenset(f for f in case.failures if f.host or f.error)
    yield Finding(
        cause="canary-egress-blocked",
        service="canary",
        resource=case.environment.network.vpc_id or "network",
        summary="The canary reaches no host at all"
        + (", nor AWS's API." if no_answer else ": its way out is closed, or its DNS."),
        evidence=(
            *top_evidence(failures, 3),
            *(Evidence(resource=u.action, seen=f"{u.code}: {u.reason}") for u in no_answer[:2]),
        ),
        remedy=Remedy(
            summary="See the function's subnets, routes, NAT gateway and security group.",
            inspect=(
                case.aws("ec2", "describe-nat-gateways"),
                case.aws("ec2", "describe-route-tables"),
            ),
            decision="Open the canary's own way out; nothing is known of the platform meanwhile.",
        ),
        shown_failures=0,
        explained_failures=failures,
    )
