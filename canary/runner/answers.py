"""What a probe gets to see of an answer: everything but the secrets that the run has used."""

from __future__ import annotations

import msgspec

from canary.model import Answer
from canary.redact import Redactor


def without_known(answer: Answer, redactor: Redactor) -> Answer:
    """Mask the known secrets before a probe takes excerpts: a cut or joined one is hard to find."""
    body = answer.body.decode("utf-8", "surrogateescape")
    cleaned = redactor.known(body)
    headers = answer.headers
    lines = "\n".join(f"{name}: {value}" for name, value in headers)
    if redactor.known(lines) != lines:
        headers = tuple((redactor.known(name), redactor.known(value)) for name, value in headers)
    failure = answer.failure
    if failure is not None:
        failure = msgspec.structs.replace(failure, detail=redactor.known(failure.detail))
    if cleaned == body and headers is answer.headers and failure == answer.failure:
        return answer
    raw = cleaned.encode("utf-8", "surrogateescape")
    return msgspec.structs.replace(answer, body=raw, headers=headers, failure=failure)
