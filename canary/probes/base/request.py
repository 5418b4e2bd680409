"""Send a probe's request within the time left and return the answer with its evidence."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from canary.model import (
    Answer,
    Credential,
    Environment,
    Exchange,
    FailureKind,
    Frozen,
    Request,
    Service,
)
from canary.model.principals import BASIC
from canary.model.urls import DEFAULT_PORTS
from canary.probes.base.api import (
    NO_TIME,
    NOBODY,
    HeldBackError,
    NoTimeError,
    ProbeContext,
    client_key,
)
from canary.probes.base.evidence import exchange

LEAST_TIME_S = 0.05
# The first request waits long enough for a balancer's own 504. Once a target hung, so much will do.
SHORT_TIMEOUT_S = 2.0
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
    "basic",
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
    "basic": ("Authorization: Basic {}",),
}
OWN = "bearer"
"""What a check says that names no form; a basic principal is sent as `basic` there."""
QUERY_PARAMETER = "api_key"


class RequestSpec(Frozen, frozen=True, kw_only=True):
    """A request of a probe, before the service's address is filled in."""

    path: str
    method: str = "GET"
    principal: str = ""
    form: str = "bearer"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    use_http: bool = False  # plain HTTP, on the service's `plain_port`
    new_connection: bool = False  # so that all phases are measured
    cleanup: bool = False  # may use the clean-up reserve
    max_body: int = 0  # bytes, 0: the environment's
    show: bool = True  # the evidence may contain the body
    short_timeout: bool = False  # the target hung before: wait `SHORT_TIMEOUT_S` only
    ignore_rate_limit: bool = False  # a 429 is expected: it must not block other checks
    repeatable: bool = False  # changes nothing, so it may be sent again after a reset
    credential: Credential | None = None  # made by the check, belongs to no principal


def url_of(service: Service, path: str, *, use_http: bool = False) -> str:
    """Return the URL of a path; `use_http` takes the port for plain HTTP of the same host."""
    if use_http:
        port = service.plain_port
        return f"http://{_host_and_base(service, '' if port == 80 else f':{port}')}{path}"
    return service.url.rstrip("/") + path


def https_url_of(service: Service, path: str) -> str:
    """Return the HTTPS URL of a path: the service's own, else port 443 of the same host."""
    if service.url.lower().startswith("https:"):
        return url_of(service, path)
    return f"https://{_host_and_base(service)}{path}"


def _host_and_base(service: Service, port: str = "") -> str:
    """Return a service's host in brackets where it needs them, another port, and base path."""
    parts = urlsplit(service.url)
    host = parts.netloc.rpartition("@")[2].removesuffix(f":{parts.port}")
    return host + port + parts.path.rstrip("/")


def object_name(prefix: str, run_id: str, kind: str) -> str:
    """Return the name of an object that this run creates; no name is a prefix of another."""
    return f"{prefix}{re.sub(r'[^A-Za-z0-9-]', '-', run_id)}-{kind}"


def started_at(prefix: str, name: str) -> dt.datetime | None:
    """Return when the run that gave an object this name started, None for any other name."""
    found = re.fullmatch(r"(\d{8}t\d{6})(\d{3})?-[0-9a-f]{6}-.+", name.removeprefix(prefix))
    if found is None or not name.startswith(prefix):
        return None
    try:
        return dt.datetime.strptime(found[1] + "+0000", "%Y%m%dt%H%M%S%z")
    except ValueError:  # no such day
        return None


def connect_target(service: Service, url: str) -> str:
    """Return the "address:port" to connect to, "" for the URL's own."""
    parts = urlsplit(url)
    port = parts.port or DEFAULT_PORTS.get(parts.scheme, 443)
    return service.connect_to.get(str(port), "")


def form_of(environment: Environment, principal: str, form: str) -> str:
    """Return the form in which a principal's credential is sent where a check asks for a form."""
    return BASIC if form == OWN and environment.sends_basic(principal) else form


def request_of(context: ProbeContext, service: Service, spec: RequestSpec) -> Request:
    """Make the request, limited to the time left; raise NoTimeError when none is left."""
    left = context.remaining(spec.cleanup)
    if left < LEAST_TIME_S:
        raise NoTimeError(f"{NO_TIME} for this step")
    url = url_of(service, spec.path, use_http=spec.use_http)
    limits = context.environment.run
    timeout_s = SHORT_TIMEOUT_S if spec.short_timeout else limits.request_timeout
    form = form_of(context.environment, spec.principal, spec.form)
    return Request(
        method=spec.method,
        url=url,
        headers=spec.headers,
        body=spec.body,
        credential_headers=FORMS[form],
        credential_query=QUERY_PARAMETER if form == "query" else "",
        connect_to=connect_target(service, url),
        timeout_s=min(timeout_s, left),
        max_body=spec.max_body or limits.max_body,
        new_connection=spec.new_connection,
        repeatable=spec.repeatable,
    )


def hung(answer: Answer) -> bool:
    """Return whether the request timed out, in the canary or in the balancer (504)."""
    return answer.status == 504 or (answer.failure is not None and answer.failure.kind in HUNG)


def credential_of(context: ProbeContext, principal: str) -> Credential | None:
    """Return a principal's credential; raises CredentialMissingError."""
    return None if principal in ("", NOBODY) else context.credential(principal)


def send(context: ProbeContext, service: Service, spec: RequestSpec) -> tuple[Answer, Exchange]:
    """Send one request and return the answer with its evidence; raises NotTriedError.

    Clean-up requests are never blocked by a rate limit: the run must remove its own objects.
    """
    credential = spec.credential or credential_of(context, spec.principal)
    return _send(context, service, spec, credential)


def _send(
    context: ProbeContext, service: Service, spec: RequestSpec, credential: Credential | None
) -> tuple[Answer, Exchange]:
    request = request_of(context, service, spec)
    client = client_key(request.url, spec.principal, temporary_key=spec.credential is not None)
    if why := "" if spec.cleanup else context.blocked(client):
        raise HeldBackError(why)
    answer = context.http.send(request, credential)
    if not spec.ignore_rate_limit:
        context.answered(client, answer)
    form = form_of(context.environment, spec.principal, spec.form)
    return answer, _evidence(request, answer, msgspec.structs.replace(spec, form=form))


def send_with_current_key(
    context: ProbeContext,
    service: Service,
    spec: RequestSpec,
    fits: Callable[[Answer], bool] = lambda _answer: False,
) -> tuple[Answer, Exchange, bool]:
    """Send with the cached secret; after an unexpected 401 re-read the secret and send once more.

    A key that was rotated after the secret was cached is no fault of the platform. The request is
    sent again only if the secret differs from the one that it carried: checks run side by side,
    and the first refused one has re-read the secret for all.

    Returns the answer, its evidence, and whether the secret was read again.
    """
    if spec.credential is not None or spec.principal in ("", NOBODY):
        return *send(context, service, spec), False
    used = credential_of(context, spec.principal)
    answer, seen = _send(context, service, spec, used)
    if used is None or answer.status != 401 or fits(answer):
        return answer, seen, False
    if _same(context.credential(spec.principal), used):
        context.forget_credential(spec.principal)
    known = context.credential(spec.principal)
    if known is None or _same(known, used):
        return answer, seen, False
    return *_send(context, service, spec, known), True


def _same(one: Credential | None, other: Credential) -> bool:
    return one is not None and one.reveal() == other.reveal()


def _evidence(request: Request, answer: Answer, spec: RequestSpec) -> Exchange:
    principal = "" if spec.principal in ("", NOBODY) else spec.principal
    carried = spec.form if principal or spec.credential else ""
    return exchange(request, answer, principal=principal, form=carried, show=spec.show)
