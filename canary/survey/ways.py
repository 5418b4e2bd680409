"""Tell which address is whose: URLs of services, and the routes that lead to each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from canary.control_plane.patterns import REGEX, any_matches, matches
from canary.control_plane.routing import by_address, host_names, order, patterns
from canary.control_plane.state import Listener, LoadBalancer, Rule
from canary.model import Frozen, RouteRule
from canary.survey.entries import forwards, lost, meant, owner, taking
from canary.survey.values import Asked, AskedUrl, Entry, Note, Part


class Ways(Frozen, frozen=True, kw_only=True):
    """The addresses of the parts: URL, balancer and routes, by the names of the file."""

    urls: dict[str, str]
    balancers: dict[str, str]
    routes: tuple[RouteRule, ...]
    asked: tuple[tuple[str, str], ...] = ()  # (name of the service with the URL, path)
    notes: tuple[Note, ...] = ()


def behind(entry: Entry, parts: Iterable[Part]) -> list[Part]:
    """Return the parts whose groups the entry's balancer names, else those that none names."""
    every = list(parts)
    here = [p for p in every if any(entry.balancer.arn in g.load_balancers for g in p.groups)]
    return here + lost(every)


def found(
    entries: tuple[Entry, ...],
    parts: tuple[Part, ...],
    asked: Asked,
    read: tuple[LoadBalancer, ...] = (),
) -> Ways:
    """Return the ways in; an entry that leads to none of the parts has none.

    `read` are all balancers that were read, also those of which no host is known.
    """
    urls, notes = _urls(entries, parts, asked)
    known = {b.arn: b.name for b in (*(e.balancer for e in entries), *read)}
    balancers = {p.name: name for p in parts if (name := _balancer(p, known, entries, urls))}
    routes: dict[tuple[str, str], RouteRule] = {}
    paths: list[tuple[str, str]] = []
    for entry in entries:
        host = next((n for n, url in urls.items() if url.startswith(entry.base)), "")
        if not host:
            continue
        for route in (*_asked(entry, parts, asked, host), *_routes(entry, parts)):
            routes.setdefault((route.host, route.path), route)
        here = [u for u in asked.urls if u.base == entry.base and u.path not in ("", "/")]
        paths += [(host, u.path) for u in here]
        notes += [_elsewhere(u) for u in here if not _answering(entry, parts, u, host)]
    return Ways(
        urls=urls,
        balancers=balancers,
        routes=tuple(routes.values()),
        asked=tuple(dict.fromkeys(paths)),
        notes=tuple(notes),
    )


def _urls(
    entries: tuple[Entry, ...], parts: tuple[Part, ...], asked: Asked
) -> tuple[dict[str, str], list[Note]]:
    urls: dict[str, str] = {}
    notes: list[Note] = []
    for entry in entries:
        named = [u.service for u in asked.urls if u.base == entry.base and u.service]
        for part, base in _owners(entry, parts, named):
            if part.name in urls:
                continue
            urls[part.name] = base
            if entry.why:
                key = f"services.{part.name}.url"
                notes.append(Note(key=key, text=f"{entry.host}: {entry.why}"))
    return urls, notes


def _owners(entry: Entry, parts: tuple[Part, ...], names: list[str]) -> Iterator[tuple[Part, str]]:
    """Yield the parts that an entry is the address of, each with its URL.

    Whoever answers at the root has it. Where nobody does, one part alone has the path that leads
    to it as its base, and several share the host.
    """
    named = [p for p in parts if p.service.name in names]
    if named:
        yield named[0], entry.base
        return
    near = behind(entry, parts)
    root = meant(near, taking(entry, "/")) if entry.listener else None
    if root is not None:
        yield root, entry.base
        return
    led = [p for p in near if _leads(entry, p)]
    if len(led) == 1 and len(near) == 1:
        yield led[0], entry.base + _base(entry.listener, led[0])
        return
    for part in led or near:
        yield part, entry.base


def _leads(entry: Entry, part: Part) -> bool:
    own = {g.arn for g in part.groups}
    rules = entry.listener.rules if entry.listener else ()
    return any(forwards(r) & own for r in rules)


def _base(listener: Listener | None, part: Part) -> str:
    """Return the path below which a part answers: "/lab" for /lab and /lab/*, else ""."""
    own = {g.arn for g in part.groups}
    rules = listener.rules if listener else ()
    heads = {
        re.split(r"[*?]", p)[0].rstrip("/") for r in rules if forwards(r) & own for p in patterns(r)
    }
    return heads.pop() if len(heads) == 1 else ""


def _balancer(
    part: Part, known: dict[str, str], entries: tuple[Entry, ...], urls: dict[str, str]
) -> str:
    arns = [a for g in part.groups for a in g.load_balancers]
    own = next((known[a] for a in arns if a in known), "")
    url = urls.get(part.name, "")
    return own or next((d.balancer.name for d in entries if url.startswith(d.base) and url), "")


def _routes(entry: Entry, parts: tuple[Part, ...]) -> Iterator[RouteRule]:
    """Yield a route for each rule that leads to a part, and for who answers the rest."""
    for rule in sorted(entry.listener.rules if entry.listener else (), key=order):
        part = meant(parts, rule)
        if part is None or not by_address(rule):
            continue
        if not rule.conditions:
            yield RouteRule(path=_seen(entry, part), service=part.name, host=entry.host)
            continue
        yield from _of_rule(entry, rule, part)


def _of_rule(entry: Entry, rule: Rule, part: Part) -> Iterator[RouteRule]:
    hosts = host_names(rule)
    priority = int(rule.priority) if rule.priority.isdigit() else 0
    paths = patterns(rule)
    for pattern in paths or ("",):
        path = sample(pattern) if pattern else _seen(entry, part)
        if not path or (hosts and not any_matches(hosts, entry.host, fold=True)):
            continue
        yield RouteRule(
            path=path, service=part.name, host=entry.host, pattern=pattern, priority=priority
        )


def sample(pattern: str) -> str:
    """Return a path that fits a pattern: "/api/" for /api/*; "" for an expression."""
    if pattern.startswith(REGEX):
        return ""
    path = pattern.replace("*", "").replace("?", "a")
    return path if path.startswith("/") else f"/{path}"


def _seen(entry: Entry, part: Part) -> str:
    """Return the part's health path where the entry leads it there, else the root."""
    path = next((g.health_path for g in part.groups), "")
    return path if path.startswith("/") and owner([part], taking(entry, path)) else "/"


def _asked(entry: Entry, parts: tuple[Part, ...], asked: Asked, host: str) -> Iterator[RouteRule]:
    """Yield the routes of the paths that a person asked about."""
    for url in asked.urls:
        if url.base == entry.base and url.path not in ("", "/"):
            path, part = url.path.partition("?")[0], _answering(entry, parts, url, host)
            if not part:
                continue
            rule = taking(entry, path)
            own = rule if (by := owner(parts, rule)) and by.name == part else None
            pattern = next((p for p in patterns(own) if matches(p, path)), "") if own else ""
            priority = int(own.priority) if own and pattern else 0
            yield RouteRule(
                path=path, service=part, host=entry.host, pattern=pattern, priority=priority
            )


def _elsewhere(url: AskedUrl) -> Note:
    text = "a rule leads it to none of these services; SERVICE=URL says whose it is"
    return Note(key=f"url {url.host}{url.path}", text=text)


def _answering(entry: Entry, parts: tuple[Part, ...], url: AskedUrl, host: str) -> str:
    """Return the part that has to answer a path: told, of its name, of its rule, or the entry's.

    A part behind no rule at all whose name stands in the path may have lost its rule. "" where the
    rule leads to somebody else: without a past nobody knows that it should not.
    """
    named = next((p.name for p in parts if url.service and p.service.name == url.service), "")
    words = {w for w in re.split(r"[^a-z0-9]+", url.path.lower()) if w}
    by_name = next((p.name for p in lost(parts) if words & {*p.name.split("-")}), "")
    rule = taking(entry, url.path.partition("?")[0])
    by_rule = meant(parts, rule)
    return named or by_name or (by_rule.name if by_rule else "" if forwards(rule) else host)
