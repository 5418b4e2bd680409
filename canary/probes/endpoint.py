"""`endpoint`: one request and the answer it must get."""

from __future__ import annotations

import functools
from typing import Annotated, Any

import msgspec

from canary.model import Answer, Check, Status
from canary.probes.base.api import NOBODY, Kind, NotTriedError, ProbeContext
from canary.probes.base.evidence import Stopwatch
from canary.probes.base.expectations import Expect, judge, meets
from canary.probes.base.request import Form, RequestSpec, https_url_of, send_with_current_key


class EndpointSpec(Expect, frozen=True, kw_only=True):
    """One request to a service and the expected answer.

    `redirect = "https"` expects Location to be the same host and path over HTTPS.
    """

    path: Annotated[str, msgspec.Meta(pattern="^/")]
    method: Annotated[str, msgspec.Meta(pattern="^[A-Z]+$")] = "GET"
    principal: str = ""  # "" or "nobody": without a credential
    form: Form = "bearer"
    request_headers: dict[str, str] = msgspec.field(default_factory=dict)
    body: str = ""
    plain: bool = False  # over HTTP, on the service's `plain_port`
    fresh: bool = False  # a new connection, so that all phases are measured
    max_body: Annotated[int, msgspec.Meta(ge=0, le=1_048_576)] = 0
    repeat: Annotated[int, msgspec.Meta(ge=1, le=5)] = 1  # number of requests, each a step


def request_of(spec: EndpointSpec) -> RequestSpec:
    """Return the request of a spec."""
    return RequestSpec(
        path=spec.path,
        method=spec.method,
        principal=spec.principal,
        form=spec.form,
        headers=tuple(spec.request_headers.items()),
        body=spec.body.encode(),
        use_http=spec.plain,
        new_connection=spec.fresh,
        max_body=spec.max_body,
        ignore_rate_limit=429 in spec.status,
    )


def notes(
    expect: Expect, answer: Answer, context: ProbeContext, *, reread: bool = False
) -> dict[str, str]:
    """Return facts that are no failures: slowness, dead addresses, a secret that was read again."""
    found: dict[str, str] = {}
    threshold = expect.max_ms or context.environment.run.slow_ms
    if answer.failure is None and answer.timing.total_ms > threshold:
        found["slow"] = f"{answer.timing.total_ms:.0f} ms, threshold {threshold} ms"
    if answer.dead_addresses:
        found["dead addresses"] = "; ".join(answer.dead_addresses)
    if reread:
        found["credential"] = "the secret was read again after a refusal"
    return found


def run(check: Check, spec: EndpointSpec, context: ProbeContext) -> None:
    """Send the request and compare the answer with the expectation."""
    service = context.service(check.service)
    request = request_of(spec)
    if spec.redirect == "https":
        spec = msgspec.structs.replace(spec, redirect=https_url_of(service, spec.path))
    for number in range(1, spec.repeat + 1):
        name = f"{spec.method} {spec.path}" + (f" ({number})" if spec.repeat > 1 else "")
        watch = Stopwatch(context)
        try:
            fits = functools.partial(meets, spec)
            answer, seen, reread = send_with_current_key(context, service, request, fits)
        except NotTriedError as error:
            context.record(watch.step(name, status=Status.SKIP, reason=str(error)))
            continue
        facts = notes(spec, answer, context, reread=reread)
        context.record(watch.step(name, judge(spec, answer), evidence=[seen], facts=facts))


def requests(spec: Any) -> int:
    """Return how many requests one run sends."""
    return int(spec.repeat)


def requests_with_key(spec: Any) -> int:
    """Return how many requests carry a key."""
    return 0 if spec.principal in ("", NOBODY) else int(spec.repeat)


KIND = Kind(
    name="endpoint",
    spec=EndpointSpec,
    run=run,
    summary="one request and the answer it must get",
    requests=requests,
    requests_with_key=requests_with_key,
)
