"""Find the ways in: the hosts and listeners by which users reach each service."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from canary.control_plane.routing import host_names, winner
from canary.control_plane.state import Certificate, Listener, LoadBalancer, Rule
from canary.survey.values import Asked, AskedUrl, Entry, Part

WILD = frozenset("*?")
SCHEMES = {"HTTPS": "https", "HTTP": "http"}


def forwards(rule: Rule | None) -> frozenset[str]:
    """Return the ARNs of the groups to which a rule sends requests."""
    return (
        frozenset(f.target_group for f in rule.action.forwards if f.weight > 0)
        if rule
        else frozenset()
    )


def owner(parts: Iterable[Part], rule: Rule | None) -> Part | None:
    """Return the service to which a rule sends requests."""
    to = forwards(rule)
    return next((p for p in parts if to & {g.arn for g in p.groups}), None)


def lost(parts: Iterable[Part]) -> list[Part]:
    """Return the parts that have target groups of which no balancer names any."""
    return [p for p in parts if p.groups and not any(g.load_balancers for g in p.groups)]


def meant(parts: Iterable[Part], rule: Rule | None) -> Part | None:
    """Return the service that a rule means: the one it leads to, else the only lost one.

    A rule that leads to a group of nobody may have been led away from the service whose own
    group has lost every balancer.
    """
    every = list(parts)
    found, missing = owner(every, rule), lost(every)
    return found or (missing[0] if forwards(rule) and len(missing) == 1 else None)


def serving(balancer: LoadBalancer) -> tuple[Listener, ...]:
    """Return the listeners behind which somebody answers: HTTPS, else all that do not redirect."""
    usable = [x for x in balancer.listeners if x.protocol in SCHEMES]
    secure = [x for x in usable if x.protocol == "HTTPS"]
    plain = [x for x in usable if x.protocol == "HTTP" and not redirects(x)]
    return tuple(secure or plain)


def redirects(listener: Listener) -> bool:
    """Return whether a listener by itself sends everybody elsewhere."""
    return any(a.type == "redirect" for a in listener.default_actions)


def found(
    asked: Asked,
    led: dict[str, tuple[str, str]],
    balancers: tuple[LoadBalancer, ...],
    certificates: tuple[Certificate, ...],
) -> tuple[Entry, ...]:
    """Return the entries: those that a person named, else those that the balancers tell."""
    every: list[Entry] = []
    for balancer in balancers:
        urls = [u for u in asked.urls if led.get(u.host, ("", ""))[0] == balancer.name]
        for url in urls:
            at = next((x for x in balancer.listeners if x.port == url.port), None)
            every.append(_entry(balancer, at, url))
        if not urls:
            every += [d for x in serving(balancer)[:1] for d in _hosts(balancer, x, certificates)]
    return tuple({(d.base, d.balancer.name): d for d in every}.values())


def _entry(balancer: LoadBalancer, listener: Listener | None, url: AskedUrl) -> Entry:
    scheme = url.base.partition("://")[0]
    return Entry(scheme=scheme, host=url.host, port=url.port, balancer=balancer, listener=listener)


def _hosts(
    balancer: LoadBalancer, listener: Listener, certificates: tuple[Certificate, ...]
) -> Iterator[Entry]:
    """Yield the entries of a listener whose hosts nobody named."""
    scheme = SCHEMES[listener.protocol]

    def entry(host: str, why: str) -> Entry:
        return Entry(
            scheme=scheme, host=host, port=listener.port, balancer=balancer, listener=listener,
            why=why,
        )  # fmt: skip

    named = [v for r in listener.rules for v in host_names(r) if not WILD & {*v} and ":" not in v]
    if named:
        yield from (
            entry(h.lower(), "a rule of the listener names it") for h in dict.fromkeys(named)
        )
        return
    if scheme == "http":
        yield entry(balancer.dns_name.lower(), "no rule names a host, so the balancer's own name")
        return
    own = [c for c in certificates if c.arn == listener.default_certificate]
    hosts = [n for c in own for n in (c.domain, *c.names) if n]
    # a wildcard stands for hosts that nobody knows, and its bare domain is most times another site
    if hosts and not any(WILD & {*n} for n in hosts):
        yield entry(hosts[0].lower(), "the listener's certificate names it first")


def taking(entry: Entry, path: str) -> Rule | None:
    """Return the rule of an entry that takes a path, None where no rule is known to."""
    return winner(entry.listener, entry.host, path) if entry.listener else None
