"""Authentication: keys refused, lost, or let through where they must not be."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from canary.diagnose import revisions
from canary.diagnose.case import AUTH, Atoms, Case
from canary.diagnose.claims import APPLICATION, SERVE, Claim, shown
from canary.diagnose.failures import Failure, must_be_refused
from canary.diagnose.key_remedies import key_evidence, rejected_key
from canary.diagnose.symptoms import DOWN, Symptom
from canary.model import Confidence, Evidence, Remedy

_WHY = (
    (r"\binactive\b|\brevoked\b", "it was revoked"),
    (r"\bhas expired\b", "it has expired"),
    (r"not authorized for this service", "it was made for another service"),
    (r"allow-?list", "the canary's address is not among those from which it may be used"),
    (r"not found", "the auth service does not know it"),
)
_PROPER = ("bearer", "x-api-key", "apikey", "both", "")


def _valid(case: Case, principal: str) -> bool:
    return bool(principal) and not must_be_refused(case.environment, principal)


def service_down(case: Case) -> Iterator[Claim]:
    """Claim the auth service when it, or those who ask it, say that it does not answer."""
    if AUTH not in case.services:
        return
    direct = frozenset(f for f in case.failures if f.front == AUTH and f.symptom in DOWN)
    atoms = case.outage(AUTH) & (direct | case.having(Symptom.AUTH_UNAVAILABLE))
    if not atoms:
        return
    service = case.ecs(AUTH)
    several = service is not None and len(service.deployments) > 1
    back = revisions.rollback(case, AUTH)
    refused = any(f.symptom is Symptom.BALANCER_502 for f in direct)
    meaning = (
        " The balancer's 502 means that a target is registered and refuses or breaks off."
        if refused
        else ""
    )
    yield Claim(
        cause="auth-service-down",
        service=AUTH,
        resource=service.arn if service else case.host(AUTH),
        confidence=Confidence.LIKELY if direct else Confidence.POSSIBLE,
        summary=f"The auth service does not answer.{meaning}",
        evidence=(*shown(atoms, 3), *(_rollout(case) if several else ())),
        remedy=Remedy(
            summary=back.summary or "See the auth service's tasks and log.",
            inspect=revisions.inspect(case, AUTH),
            fix=back.fix,
            verify=back.verify,
            decision="" if back.fix else "Nothing shows why: read the log before a restart.",
        ),
        atoms=case.outage(AUTH),
        rank=SERVE,
    )


def _rollout(case: Case) -> tuple[Evidence, ...]:
    service = case.ecs(AUTH)
    found = service.deployments if service else ()
    return tuple(
        Evidence(
            resource=d.id,
            seen=f"{d.status} {d.rollout_state} running {d.running} of {d.desired},"
            f" {d.failed_tasks} failed",
            expected="one deployment, COMPLETED",
            at=d.created_at,
        )
        for d in found
    )


def rejected(case: Case) -> Iterator[Claim]:
    """Claim a known key that is refused as if it were unknown."""
    refused = [f for f in case.having(Symptom.KEY_REFUSED) if _known(case, f)]
    if not refused:
        return
    weights = Counter(f.principal for f in sorted(refused, key=lambda f: f.check_id))
    principals = [name for name, _ in weights.most_common()]
    secret = case.environment.principals[principals[0]].secret
    atoms = frozenset(refused)
    yield Claim(
        cause="credential-rejected",
        service=AUTH if AUTH in case.services else min(f.front for f in atoms),
        resource=secret or principals[0],
        confidence=Confidence.LIKELY,
        summary=f"The key of principal {' and of '.join(principals)} is refused: {_why(atoms)}.",
        evidence=(*key_evidence(case, secret), *shown(atoms, 3)),
        remedy=rejected_key(case, secret),
        atoms=atoms,
        rank=APPLICATION,
    )


def _why(atoms: Atoms) -> str:
    """Return what the auth service itself says of a key; the API has one text for everything."""
    said = " ".join(sorted(f.body for f in atoms if f.front == AUTH))
    found = [text for words, text in _WHY if re.search(words, said, re.IGNORECASE)]
    return found[0] if len(found) == 1 else "unknown, revoked, expired, or made for another service"


def _known(case: Case, failure: Failure) -> bool:
    """Tell a key that the auth service must know: a good one, or one that only lacks a scope."""
    unmet = [part.partition(" / ")[0] for part in failure.text.split(" | ")]
    lacks_scope = any("403" in wanted or "scope" in wanted for wanted in unmet[2:])
    return _valid(case, failure.principal) or (
        lacks_scope and failure.principal in case.environment.principals
    )


def header_lost(case: Case) -> Iterator[Claim]:
    """Claim a header that never reaches the one who asks for a key."""
    atoms = frozenset(
        f for f in case.having(Symptom.NO_KEY_SEEN) if f.principal and f.header_form in _PROPER
    )
    yield from behaviour(
        case,
        "credential-header-lost",
        atoms,
        "A key was sent and not seen: {front} or what stands before it loses the header.",
        SERVE + 2,
    )


def scope(case: Case) -> Iterator[Claim]:
    """Claim a good key that may not do what the check does."""
    atoms = frozenset(f for f in case.having(Symptom.FORBIDDEN) if _valid(case, f.principal))
    if not atoms:
        return
    principal = min(f.principal for f in atoms)
    secret = case.environment.principals[principal].secret
    yield Claim(
        cause="scope-insufficient",
        service=AUTH if AUTH in case.services else min(f.front for f in atoms),
        resource=secret or principal,
        confidence=Confidence.LIKELY,
        summary=f"The key of principal {principal} is valid and may not do this.",
        evidence=shown(atoms, 3),
        remedy=Remedy(
            summary="Give the key the scopes that the contract asks for.",
            inspect=(case.aws("secretsmanager", "describe-secret", secret_id=secret),)
            if secret
            else (),
            decision="An administrator makes a key with write and registry administration scopes"
            f" and stores it in {secret}.",
        ),
        atoms=atoms,
        rank=APPLICATION,
    )


def let_through(case: Case) -> Iterator[Claim]:
    """Claim requests that were let through although they must be refused."""
    kinds: dict[tuple[str, str], set[object]] = {}
    for failure in case.having(Symptom.ACCEPTED):
        kinds.setdefault((_accepted_cause(case, failure.principal), failure.front), set()).add(
            failure
        )
    open_door = {front for cause, front in kinds if cause == "protection-missing"}
    for (cause, front), found in sorted(kinds.items()):
        if front in open_door and cause != "protection-missing":
            continue  # a door without lock also lets old keys in
        atoms = frozenset(
            f
            for f in case.having(Symptom.ACCEPTED)
            if f.front == front and (front in open_door or f in found)
        )
        text = {
            "protection-missing": "{front} answers requests that carry no good key.",
            "revoked-key-accepted": "A revoked key is accepted.",
            "expired-key-accepted": "An expired key is accepted.",
        }[cause]
        yield from behaviour(case, cause, atoms, text, SERVE + 3, _keeper(case, cause, front))


def _accepted_cause(case: Case, principal: str) -> str:
    known = case.environment.principals.get(principal)
    text = f"{principal} {known.reason if known else ''}".lower()
    if "revoked" in text:
        return "revoked-key-accepted"
    if "expired" in text:
        return "expired-key-accepted"
    return "protection-missing"


def _keeper(case: Case, cause: str, front: str) -> str:
    """Return the service that decides: of a key's state the auth service, of the door its owner."""
    if cause == "protection-missing" or AUTH not in case.services:
        return front
    return AUTH


def rate_limit(case: Case) -> Iterator[Claim]:
    """Claim a limiter that does not run."""
    yield from behaviour(
        case,
        "rate-limit-missing",
        case.having(Symptom.NO_RATE_HEADERS),
        "Authenticated answers of {front} carry no rate limit headers: the limiter does not run.",
        APPLICATION + 8,
    )


def misreported(case: Case) -> Iterator[Claim]:
    """Claim an outage of auth, or a limit, that the API calls a wrong key (401)."""
    atoms = frozenset(
        f for f in case.having(Symptom.AUTH_UNAVAILABLE, Symptom.THROTTLED) if f.status == 401
    )
    yield from behaviour(
        case,
        "auth-error-misreported",
        atoms,
        "{front} answers 401 for a fault of its own side, as if the key were wrong.",
        APPLICATION + 6,
        confidence=Confidence.POSSIBLE,
    )


def behaviour(
    case: Case,
    cause: str,
    atoms: Atoms,
    text: str,
    rank: int,
    keeper: str = "",
    confidence: Confidence = Confidence.LIKELY,
) -> Iterator[Claim]:
    """Claim something that the application itself does; the last change of revision goes back."""
    if not atoms:
        return
    front = min(f.front for f in atoms)
    name = keeper or front
    change = revisions.rollout(case, name) if name in case.services else None
    back = revisions.rollback(case, name) if name in case.services else Remedy(summary="")
    service = case.ecs(name) if name in case.services else None
    yield Claim(
        cause=cause,
        service=name,
        resource=change.bad.arn if change else (service.task_definition if service else name),
        confidence=confidence,
        summary=text.format(front=front),
        evidence=(*shown(atoms, 3), *(change.evidence() if change else ())),
        remedy=Remedy(
            summary=back.summary or "The application must be mended.",
            inspect=revisions.inspect(case, name) if name in case.services else (),
            fix=back.fix,
            verify=back.verify,
            decision="" if back.fix else "Decide which image is right and deploy it.",
        ),
        atoms=atoms,
        rank=rank,
    )
