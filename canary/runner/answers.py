"""What a probe gets to see of an answer: everything but the secrets that the run has used."""

from __future__ import annotations

import msgspec

from canary.model import Answer
from canary.redaction.redactor import Redactor


def without_known(answer: Answer, redactor: Redactor) -> Answer:
    """Mask the known secrets before a probe takes excerpts: a cut or joined one is hard to find."""
    body = answer.body.decode("utf-8", "surrogateescape")
    failure = answer.failure
    texts = [body, failure.detail if failure else ""]
    texts += [text for header in answer.headers for text in header]
    whole = "\t\0".join(texts)  # no secret goes on beyond the zero
    if redactor.known(whole) == whole:
        return answer
    if failure is not None:
        failure = msgspec.structs.replace(failure, detail=redactor.known(failure.detail))
    return msgspec.structs.replace(
        answer,
        body=redactor.known(body).encode("utf-8", "surrogateescape"),
        headers=tuple((redactor.known(n), redactor.known(v)) for n, v in answer.headers),
        failure=failure,
    )
