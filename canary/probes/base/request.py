"""How a probe asks: URL, connect_to, credential form, time left, and evidence of the answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal
from urllib.parse import urlsplit

from canary.model import Answer, Credential, Exchange, FailureKind, Frozen, Request, Service
from canary.probes.base.api import NO_TIME, NOBODY, HeldBackError, NoTimeError, Tools, client_key
from canary.probes.base.evidence import exchange

LEAST_TIME_S = 0.05
# A first question waits long enough for a balancer's own 504; once a target hung, that is known.
IMPATIENT_S = 2.0
HUNG = (FailureKind.READ_TIMEOUT, FailureKind.DEADLINE, FailureKind.CONNECT_TIMEOUT)

Form = Literal[
    "none",
    "bearer",
    "x-api-key",
    "apikey",
    "both",
    "query",
    "lower-case-scheme",
    "upper-case-scheme",
    "lower-case-header",
    "no-space",
    "two-spaces",
    "raw",
]
# How a credential is carried: header templates and, for `query`, a parameter.
FORMS: dict[str, tuple[str, ...]] = {
    "none": (),
    "bearer": ("Authorization: Bearer {}",),
    "x-api-key": ("X-API-Key: {}",),
    "apikey": ("Authorization: ApiKey {}",),
    "both": ("Authorization: Bearer {}", "X-API-Key: {}"),
    "query": (),
    "lower-case-scheme": ("Authorization: bearer {}",),
    "upper-case-scheme": ("Authorization: BEARER {}",),
    "lower-case-header": ("x-api-key: {}",),
    "no-space": ("Authorization: Bearer{}",),
    "two-spaces": ("Authorization: Bearer  {}",),
    "raw": ("Authorization: {}",),
}
QUERY_PARAMETER = "api_key"


class Question(Frozen, frozen=True, kw_only=True):
    """What to ask of a service, before it is known where the service is."""

    path: str
    method: str = "GET"
    principal: str = ""
    form: str = "bearer"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    plain: bool = False  # over HTTP on port 80
    fresh: bool = False
    cleanup: bool = False  # may use the clean-up reserve
    max_body: int = 0  # bytes, 0: the environment's
    show: bool = True  # the body may stand in the evidence
    impatient: bool = False  # the target hung before: give it `IMPATIENT_S` only
    any_limit: bool = False  # 429 is expected, or not judged: it tells the other checks nothing
    repeatable: bool = False  # changes nothing, so that it is sent again after a reset
    keyed: Credential | None = None  # a credential that is no principal's (made by the check)


def url_of(service: Service, path: str, *, plain: bool = False) -> str:
    """Return the URL of a path; `plain` asks port 80 of the same host."""
    if plain:
        return f"http://{urlsplit(service.url).hostname}{path}"
    return service.url.rstrip("/") + path


def connect_target(service: Service, url: str) -> str:
    """Return the "address:port" that is really connected to, "" for the URL's own."""
    parts = urlsplit(url)
    port = parts.port or (80 if parts.scheme == "http" else 443)
    return service.connect_to.get(str(port), "")


def request_of(tools: Tools, service: Service, question: Question) -> Request:
    """Make the request within the time that is left; raise NoTimeError when none is."""
    left = tools.remaining(question.cleanup)
    if left < LEAST_TIME_S:
        raise NoTimeError(f"{NO_TIME} for this step")
    url = url_of(service, question.path, plain=question.plain)
    limits = tools.environment.run
    patience = IMPATIENT_S if question.impatient else limits.request_timeout
    return Request(
        method=question.method,
        url=url,
        headers=question.headers,
        body=question.body,
        credential_headers=FORMS[question.form],
        credential_query=QUERY_PARAMETER if question.form == "query" else "",
        connect_to=connect_target(service, url),
        timeout_s=min(patience, left),
        max_body=question.max_body or limits.max_body,
        fresh=question.fresh,
        repeatable=question.repeatable,
    )


def hung(answer: Answer) -> bool:
    """Return whether the time was used up, the canary's or the balancer's (504)."""
    return answer.status == 504 or (answer.failure is not None and answer.failure.kind in HUNG)


def credential_of(tools: Tools, principal: str) -> Credential | None:
    """Return a principal's credential; raises CredentialMissingError."""
    return None if principal in ("", NOBODY) else tools.credential(principal)


def ask(tools: Tools, service: Service, question: Question) -> tuple[Answer, Exchange]:
    """Send one question and return the answer with its evidence; raises NotTriedError.

    What cleans up is never held back: what the run made must go.
    """
    credential = question.keyed or credential_of(tools, question.principal)
    return _send(tools, service, question, credential)


def _send(
    tools: Tools, service: Service, question: Question, credential: Credential | None
) -> tuple[Answer, Exchange]:
    request = request_of(tools, service, question)
    client = client_key(request.url, question.principal, keyed=question.keyed is not None)
    if why := "" if question.cleanup else tools.blocked(client):
        raise HeldBackError(why)
    answer = tools.http.send(request, credential)
    if not question.any_limit:
        tools.answered(client, answer)
    return answer, _evidence(request, answer, question)


def ask_current(
    tools: Tools,
    service: Service,
    question: Question,
    fits: Callable[[Answer], bool] = lambda _answer: False,
) -> tuple[Answer, Exchange, bool]:
    """Ask with a secret that may be an old one; after a 401 that does not fit re-read it once.

    A key that was rotated since the secret was cached is no fault of the platform. The question
    is asked again only when the secret is another one than this very question carried: checks run
    side by side, and the first that was refused has re-read it for all.
    """
    if question.keyed is not None or question.principal in ("", NOBODY):
        return *ask(tools, service, question), False
    used = credential_of(tools, question.principal)
    answer, seen = _send(tools, service, question, used)
    if used is None or answer.status != 401 or fits(answer):
        return answer, seen, False
    if _same(tools.credential(question.principal), used):
        tools.forget_credential(question.principal)
    known = tools.credential(question.principal)
    if known is None or _same(known, used):
        return answer, seen, False
    return *_send(tools, service, question, known), True


def _same(one: Credential | None, other: Credential) -> bool:
    return one is not None and one.reveal() == other.reveal()


def _evidence(request: Request, answer: Answer, question: Question) -> Exchange:
    asked_as = "" if question.principal in ("", NOBODY) else question.principal
    carried = question.form if asked_as or question.keyed else ""
    return exchange(request, answer, principal=asked_as, form=carried, show=question.show)
