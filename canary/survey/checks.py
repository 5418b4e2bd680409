"""Make the first checks of a platform from its services and the ways to them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from canary.control_plane.routing import winner
from canary.control_plane.state import Listener, LoadBalancer, Rule
from canary.model import Check, Environment, RouteRule, Service, Severity, Suite
from canary.probes.certificate import CertificateSpec
from canary.probes.ecs_service import EcsServiceSpec
from canary.probes.endpoint import EndpointSpec
from canary.probes.listener_rule import ListenerRuleSpec
from canary.probes.target_group import TargetGroupSpec
from canary.survey.entries import forwards, redirects
from canary.survey.values import Part

RUNBOOK = "docs/runbooks/any-service.md"
REFUSED = (401, 403)
ANSWERS = (
    *(200, 201, 202, 204, 206, 301, 302, 303, 304, 307, 308),
    *(400, *REFUSED, 404, 405, 406, 409, 410, 415, 422, 426, 428),
)
"""Answers of a service that works: a path below a pattern need not exist, nor be open to all."""
WANTED = tuple(s for s in ANSWERS if s not in (400, 404, 409, 410))
"""Answers at a path of which a person says that it serves."""
SIGN_IN = frozenset({"authenticate-oidc", "authenticate-cognito", "jwt-validation"})
SLOWEST_MS = 3000
"""Of a health path: a balancer's own check waits for five seconds by default."""
MOST_CODES = 100
BLOCKED = "<center><h1>403 Forbidden</h1></center>"
"""The page of a balancer for what its firewall blocks; a service refuses in words of its own."""


class _Maker:
    """Makes checks of one environment; a check of an address is of the service that has it."""

    def __init__(
        self, environment: Environment, parts: tuple[Part, ...], balancers: tuple[LoadBalancer, ...]
    ) -> None:
        self.environment, self.parts, self._balancers = environment, parts, balancers
        self._ids: set[str] = set()

    def check(
        self, of: str, what: str, title: str, kind: str, spec: Any, severity: Severity, **more: Any
    ) -> Check:
        """Return a check whose id no other one has."""
        base = f"{of.replace('_', '-')}.{what}"[:76].rstrip("-.")
        ident = next(
            i for n in range(1, 999) if (i := base if n == 1 else f"{base}-{n}") not in self._ids
        )
        self._ids.add(ident)
        return Check(
            id=ident, title=title[:120], kind=kind, suite=more.pop("suite", Suite.INFRASTRUCTURE),
            service=more.pop("service", of), severity=severity, spec=spec,
            runbook=f"{RUNBOOK}#{more.pop('section', what)}", **more,
        )  # fmt: skip

    def listener(self, service: Service) -> Listener | None:
        """Return the listener of a service's URL."""
        parts = urlsplit(service.url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
        own = next((b for b in self._balancers if b.name == service.load_balancer), None)
        return next((x for x in (own.listeners if own else ()) if x.port == port), None)

    def plain_redirects(self, service: Service) -> bool:
        """Return whether port 80 of a service's balancer redirects."""
        own = next((b for b in self._balancers if b.name == service.load_balancer), None)
        return any(x.port == 80 and redirects(x) for x in (own.listeners if own else ()))


def made(
    environment: Environment,
    parts: tuple[Part, ...],
    balancers: tuple[LoadBalancer, ...],
    asked: tuple[tuple[str, str], ...],
) -> tuple[Check, ...]:
    """Return the checks, those of one service together."""
    maker = _Maker(environment, parts, balancers)
    found: list[Check] = []
    for part in parts:
        service = environment.services[part.name]
        found += _of_control_plane(maker, part.name, service)
        if service.url:
            found += _at_the_door(maker, part.name, service)
            found += _health(maker, part, service)
    found += _paths(maker, asked)
    return tuple(found)


def _of_control_plane(maker: _Maker, name: str, service: Service) -> Iterator[Check]:
    title = f"{name} runs its tasks"
    yield maker.check(name, "tasks", title, "ecs_service", EcsServiceSpec(), Severity.HIGH)
    if service.target_groups:
        title = f"The targets of {name} are registered and healthy"
        yield maker.check(name, "targets", title, "target_group", TargetGroupSpec(), Severity.HIGH)
    if service.url and service.load_balancer:
        title = f"The balancer's rules lead to {name} as they should"
        redirect = None if maker.plain_redirects(service) else 0
        rules = ListenerRuleSpec(redirect_port=redirect)
        yield maker.check(name, "routing", title, "listener_rule", rules, Severity.HIGH)


def _at_the_door(maker: _Maker, name: str, service: Service) -> Iterator[Check]:
    if not service.url.startswith("https://"):
        return
    path = "/"
    spec = CertificateSpec(days=0, path=path)
    title = f"{name} shows a trusted, unexpired certificate of its name"
    yield maker.check(name, "certificate", title, "certificate", spec, Severity.CRITICAL)
    for what, days, severity in (("expiry", 7, Severity.HIGH), ("renewal", 30, Severity.MEDIUM)):
        spec = CertificateSpec(days=days, path=path, only_days=True)
        title = f"The certificate of {name} does not end within {days} days"
        yield maker.check(
            name, f"certificate-{what}", title, "certificate", spec, severity,
            needs=(f"{name.replace('_', '-')}.certificate",),
        )  # fmt: skip
    if maker.plain_redirects(service):
        redirect = EndpointSpec(path=path, plain=True, status=(301, 302), redirect="https")
        title = f"Port 80 of {name} is sent to HTTPS"
        yield maker.check(name, "https-redirect", title, "endpoint", redirect, Severity.LOW)


def _health(maker: _Maker, part: Part, service: Service) -> Iterator[Check]:
    """Yield the check of the health path, where the address leads it to the service."""
    base = urlsplit(service.url).path
    inside = service.health_path.removeprefix(base) or "/"
    host = urlsplit(service.url).hostname or ""
    listener = maker.listener(service)
    rule = winner(listener, host, base + inside) if listener else None
    known = rule is None or bool(forwards(rule) & {g.arn for g in part.groups})
    if not service.health_path.startswith(base or "/") or not inside.startswith("/") or not known:
        return
    matcher = next((g.health_matcher for g in part.groups), "200")
    good = _statuses(rule, codes(matcher))
    spec = EndpointSpec(path=inside, status=good, fresh=True, limit_ms=SLOWEST_MS)
    title = f"{part.name} answers its health check"
    yield maker.check(part.name, "health", title, "endpoint", spec, Severity.CRITICAL)


def _statuses(rule: Rule | None, otherwise: tuple[int, ...]) -> tuple[int, ...]:
    """Return the answers that count as good: a rule that asks for a sign-in refuses first."""
    asks = rule is not None and any(a.type in SIGN_IN for a in rule.earlier)
    return (302, *REFUSED) if asks else otherwise


def codes(matcher: str) -> tuple[int, ...]:
    """Return the statuses of a matcher such as "200,301" or "200-399"."""
    found: list[int] = []
    for word in matcher.split(","):
        match = re.fullmatch(r"\s*(\d{3})(?:-(\d{3}))?\s*", word)
        if match:
            found += range(int(match[1]), int(match[2] or match[1]) + 1)
    usable = [c for c in found if 100 <= c <= 599]
    return (tuple(usable) if len(usable) <= MOST_CODES else ANSWERS) or (200,)


def _paths(maker: _Maker, asked: tuple[tuple[str, str], ...]) -> Iterator[Check]:
    """Yield a check for each path that a person named, and for each that a rule leads on."""
    done: set[tuple[str, str]] = set()
    for name, path in asked:
        done.add((name, path.partition("?")[0].rstrip("/")))
        yield _path(maker, name, path, WANTED, Severity.CRITICAL)
    for route in maker.environment.routes:
        name = _entry(maker.environment, route)
        seen = (name, route.path.rstrip("/"))
        if not name or seen in done or route.path == _health_of(maker, name):
            continue
        done.add(seen)
        yield _path(maker, name, route.path, ANSWERS, Severity.HIGH)


def _entry(environment: Environment, route: RouteRule) -> str:
    """Return the service whose URL has the host of a route: the route's own, if it has."""
    having = [n for n, s in environment.services.items() if urlsplit(s.url).hostname == route.host]
    return route.service if route.service in having else next(iter(having), "")


def _health_of(maker: _Maker, name: str) -> str:
    return maker.environment.services[name].health_path


def _path(
    maker: _Maker, name: str, path: str, statuses: tuple[int, ...], severity: Severity
) -> Check:
    service = maker.environment.services[name]
    base = urlsplit(service.url).path
    listener = maker.listener(service)
    rule = (
        winner(listener, urlsplit(service.url).hostname or "", path.partition("?")[0])
        if listener
        else None
    )
    inside = path.removeprefix(base) if path.startswith(base) else path
    spec = EndpointSpec(
        path=inside if inside.startswith("/") else f"/{inside}",
        status=_statuses(rule, statuses), any_size=True,
        absent=(BLOCKED,) if statuses == WANTED else (),
    )  # fmt: skip
    slug = re.sub(r"[^a-z0-9]+", "-", path.partition("?")[0].lower()).strip("-") or "root"
    what, title = f"answers-{slug}"[:60].rstrip("-"), f"{path[:80]} answers"
    more = {"suite": Suite.ENDPOINTS, "section": "answers"}
    return maker.check(name, what, title, "endpoint", spec, severity, **more)
