"""Failed steps as records: symptom, entry service, and services that could be at fault."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from canary.control_plane.patterns import matches
from canary.diagnose.core import at_fault, blame, symptoms
from canary.diagnose.core.symptoms import Symptom
from canary.model import Environment, Evidence, Exchange, Result, Service, Severity, Status, Step
from canary.model.urls import DEFAULT_PORTS, place

_CONTROL = {
    "ecs_service": Symptom.CONTROL_ECS,
    "target_group": Symptom.CONTROL_TARGETS,
    "listener_rule": Symptom.CONTROL_RULE,
    "certificate": Symptom.CONTROL_CERTIFICATE,
}
WEIGHT = {Severity.CRITICAL: 8, Severity.HIGH: 4, Severity.MEDIUM: 2, Severity.LOW: 1}


@dataclass(frozen=True, kw_only=True)
class Failure:
    """One failed step: the unit that a cause must explain."""

    check_id: str
    step: str
    kind: str
    service: str  # of the check
    entry_service: str  # the service that had to answer the request
    symptom: Symptom
    implicated: frozenset[str]  # services whose outage can look like this
    blamed: frozenset[str]  # dependencies whose failure the answer itself reports
    severity: Severity
    error: bool
    reason: str
    text: str  # step name, facts and unmet assertions, for look-ups
    scheme: str = ""
    host: str = ""
    port: int = 0
    path: str = ""
    route: str = ""  # what was asked, see `route_of`
    method: str = "GET"
    status: int = 0
    principal: str = ""
    header_form: str = ""
    challenge: str = ""  # the scheme of authentication that the answer asks for
    failure_code: int = 0
    certificate_chain: tuple[str, ...] = ()  # certificates above the leaf outside their dates
    seen: str = ""
    body: str = ""
    milliseconds: float = 0.0

    @property
    def weight(self) -> int:
        """The importance of this failure in the order of diagnoses."""
        return WEIGHT[self.severity]

    @property
    def position(self) -> tuple[str, ...]:
        """The sorting key of this failure in its set, the same in every process."""
        shown = self.evidence()
        return self.check_id, self.step, shown.resource, shown.seen, self.principal

    @property
    def out_of_time(self) -> bool:
        """Return whether earlier steps used up the time, so that this step was not judged."""
        return "time was over" in self.reason

    def evidence(self, expected: str = "") -> Evidence:
        """Return this failure as a line of evidence."""
        where = f"{self.method} {self.scheme}://{self.host}{self.path}" if self.host else self.step
        if self.host and self.scheme not in DEFAULT_PORTS:  # another protocol than HTTP
            where = f"{self.method} {self.scheme}://{self.host}:{self.port}"
        return Evidence(resource=where, seen=self.seen or self.reason, expected=expected)


def collect(results: tuple[Result, ...], environment: Environment) -> tuple[Failure, ...]:
    """Return the failures of this run, without results reused from an earlier run.

    A blocking check that fails keeps its cadence: between two answers its last failure stands.
    """
    found: list[Failure] = []
    for result in results:
        stands = result.blocking or not result.reused
        if not stands or not result.status.is_bad:
            continue
        failed = [s for s in result.steps if s.status.is_bad]
        if not failed:
            failed = [Step(name=result.title, status=result.status, reason=result.reason)]
        found += [_failure(result, step, environment) for step in failed]
    return tuple(dict.fromkeys(found))


def route_of(exchange: Exchange) -> str:
    """Return what a request asked for: method, path and query."""
    parts = urlsplit(exchange.url)
    return f"{exchange.method} {parts.path or '/'}" + (f"?{parts.query}" if parts.query else "")


def _failure(result: Result, step: Step, environment: Environment) -> Failure:
    exchange = _decisive_exchange(step)
    text = _text(step)
    symptom = _symptom(result, step, exchange, text, environment)
    parts = urlsplit(exchange.url) if exchange else urlsplit("")
    host, port = parts.hostname or "", parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
    entry = entry_service_of(environment, host, parts.path, port) or result.service
    return Failure(
        check_id=result.check_id,
        step=step.name,
        kind=result.kind,
        service=result.service,
        entry_service=entry,
        symptom=symptom,
        implicated=at_fault.implicated(environment, symptom, entry, text, exchange),
        blamed=at_fault.blamed(environment, symptom, entry, text, exchange),
        severity=result.severity,
        error=step.status is Status.ERROR,
        reason=step.reason or result.reason,
        text=text,
        scheme=parts.scheme,
        host=host,
        port=port,
        path=parts.path or ("/" if host else ""),
        route=route_of(exchange) if exchange else "",
        method=exchange.method if exchange else "GET",
        status=exchange.status if exchange else 0,
        principal=exchange.principal if exchange else "",
        header_form=exchange.header_form if exchange else "",
        challenge=exchange.challenge if exchange else "",
        failure_code=exchange.failure_code if exchange else 0,
        certificate_chain=exchange.certificate_chain if exchange else (),
        seen=symptoms.describe(exchange) if exchange else step.reason,
        body=exchange.excerpt if exchange else "",
        milliseconds=exchange.timing.total_ms if exchange else 0.0,
    )


def _decisive_exchange(step: Step) -> Exchange | None:
    """Return the exchange that shows most.

    One without an answer or with 5xx says most, then one with a 4xx that nothing in the step
    expects, then the last.
    """
    bad = [e for e in step.evidence if e.failure or e.status >= 500]
    refused = [e for e in step.evidence if 400 <= e.status < 500 and not _expected(step, e)]
    found = bad or refused or list(step.evidence)
    return found[-1] if found else None


def _expected(step: Step, exchange: Exchange) -> bool:
    """Return whether an assertion of the step asks for this status, or holds for it."""
    status = re.compile(rf"\b{exchange.status}\b")
    return any(
        status.search(a.expected) or (a.holds and status.search(a.actual)) for a in step.assertions
    )


def _text(step: Step) -> str:
    unmet = [f"{a.subject}: {a.expected} / {a.actual}" for a in step.assertions if not a.holds]
    facts = [f"{k}={v}" for k, v in step.facts.items()]
    return " | ".join([step.name, step.reason, *unmet, *facts])


def _symptom(
    result: Result, step: Step, exchange: Exchange | None, text: str, environment: Environment
) -> Symptom:
    if exchange is None or (result.kind in _CONTROL and not exchange.failure):
        if step.status is Status.ERROR:
            return Symptom.UNKNOWN
        return _CONTROL.get(result.kind, Symptom.UNKNOWN)
    if exchange.answered and not exchange.status:  # over another protocol than HTTP
        unmet = {a.subject for a in step.assertions if not a.holds}
        return Symptom.SLOW if unmet == {"time"} else Symptom.WRONG_ANSWER
    if exchange.failure or not 200 <= exchange.status < 300:
        return symptoms.classify(exchange)
    return _good_status(step, exchange, text, environment)


def _good_status(step: Step, exchange: Exchange, text: str, environment: Environment) -> Symptom:
    """Return the symptom of a step that failed although its answer has a 2xx status."""
    unmet = " ".join(a.subject.lower() for a in step.assertions if not a.holds)
    refusals = [a for a in step.assertions if not a.holds and re.search(r"40[13]", a.expected)]
    never = not any(
        "200" in a.expected for a in refusals
    )  # with "200" the step also sends a good key, in a wrong form
    if refusals and (never or environment.must_refuse(exchange.principal)):
        return Symptom.ACCEPTED
    if "ratelimit" in text.lower() or "rate limit" in text.lower():
        return Symptom.NO_RATE_HEADERS
    if re.search(r"\b(ms|latency|slow|duration|milliseconds)\b|max_ms|_ms\b", unmet):
        return Symptom.SLOW
    health = re.search(r"health|ready|dependenc|status|services?\.|checks?", unmet + step.name)
    if health and (blame.is_broken(exchange.excerpt) or _broken_words(text)):
        refused = symptoms.refuses_own_key(exchange.excerpt)
        return Symptom.OWN_KEY_REFUSED if refused else Symptom.NOT_READY
    return Symptom.WRONG_ANSWER


def _broken_words(text: str) -> bool:
    return bool(re.search(r"unhealthy|degraded|\bdown\b|not ready|false|error", text, re.I))


def entry_service_at(environment: Environment, url: str) -> str:
    """Return the service that must answer a URL, "" if none is known."""
    parts = urlsplit(url)
    port = parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
    return entry_service_of(environment, parts.hostname or "", parts.path, port)


def entry_service_of(environment: Environment, host: str, path: str, port: int = 0) -> str:
    """Return the service that must answer a path of a public host, "" if none is known.

    Where services of one host have ports of their own, the port decides first.
    """
    at = {n: place(s.url).port for n, s in environment.services.items() if _host(s) == host}
    own = port in at.values()
    routes = [
        r
        for r in environment.routes
        if r.host == host and not (own and at.get(r.service, port) != port)
    ]
    fitting = [r for r in routes if r.path == path or (r.pattern and matches(r.pattern, path))]
    if fitting:
        return max(fitting, key=lambda r: (r.path == path, len(r.pattern))).service
    if host and at:
        return next((n for n in at if at[n] == port), next(iter(at)))
    return next((r.service for r in routes if not r.pattern), "")


def _host(service: Service) -> str:
    return urlsplit(service.url).hostname or ""
