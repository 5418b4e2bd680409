"""Before a key is made: prove that one can be revoked, and revoke those of earlier runs."""

from __future__ import annotations

import datetime as dt
import uuid

from canary.model import Answer, Residue
from canary.probes.base.api import OtherRunError
from canary.probes.base.expectations import document_of, look_up, text_of
from canary.probes.base.request import object_name, started_at
from canary.probes.key_lifecycle.session import KeySession
from canary.redaction.patterns import mask_foreign

MOST_ATTEMPTS = 3
LONGEST_RUN = dt.timedelta(minutes=30)
"""A key carries no tag with the time that its run needs. A function runs for 15 minutes at most,
and a shard of a run may start later than the run."""


def key_removal(session: KeySession) -> None:
    """Prove that keys can be revoked: revoke an id that does not exist.

    The id has the form of a UUID, so that a service that checks the form knows it as an id. What
    the service says of an id it does not say of a path that it does not know.
    """
    context = session.context
    name = object_name(context.environment.prefix, context.run_id, "absent")
    answer = session.delete(str(uuid.uuid5(uuid.NAMESPACE_URL, name)))
    unknown = session.spec.unknown_id
    proved = answer.status == 404 and look_up(document_of(answer), "detail") == unknown
    subject = "DELETE of a key that does not exist"
    session.require(subject, f"404 {unknown}", _in_words(answer), proved)


def earlier_keys(session: KeySession) -> None:
    """Revoke active keys of earlier runs, and make no other while one stands.

    Only a name that a run gave is ours. The first refusal ends the work; a key that was revoked
    must have left the list.
    """
    others = _others(session)
    ended = [key_id for key_id, has_ended in others.items() if has_ended]
    tried: list[str] = []
    for key_id in ended[:MOST_ATTEMPTS]:
        answer = session.delete(key_id)
        if answer.status not in (200, 204, 404):
            _stand(session, ended[len(tried) :], f"revoking it got {_in_words(answer)}")
        tried.append(key_id)
    if tried:
        others = _others(session)
        left = [key_id for key_id in tried if key_id in others]
        if left:
            _stand(session, left, "it is still active after a revocation that was answered as done")
    for key_id in tried:
        reason = "orphan of an earlier run"
        session.context.residue(Residue(kind="key", name=key_id, removed=True, reason=reason))
    session.facts["removed"] = str(len(tried))
    beside = [key_id for key_id, has_ended in others.items() if not has_ended]
    if beside:
        raise OtherRunError(
            f"keys of another run are active that may be under way: {len(beside)}, one is"
            f" {beside[0]}; this run did not touch them, and makes no more"
        )


def _others(session: KeySession) -> dict[str, bool]:
    """Return the active keys of other runs, and whether each one's run has ended."""
    context = session.context
    known: dict[str, bool] = {}
    for key_id, name in session.active().items():
        start = started_at(context.environment.prefix, name)
        if start is None or name == session.name:
            continue
        told = key_id in context.left_behind
        known[key_id] = told or context.clock.now() - start > LONGEST_RUN
    return known


def _stand(session: KeySession, left: list[str], why: str) -> None:
    """Report keys of earlier runs that stay, and end the step: no other is made."""
    shown = f"{len(left)}, one is {left[0]} ({why})"
    reason = "orphan that could not be revoked"
    reason = reason if len(left) == 1 else f"{reason}; {len(left)} of this kind"
    session.context.residue(Residue(kind="key", name=left[0], removed=False, reason=reason))
    session.require("number of keys that could not be revoked", 0, shown, False)


def _in_words(answer: Answer) -> str:
    return f"{answer.status} {mask_foreign(' '.join(text_of(answer).split()))[:200]}".strip()
