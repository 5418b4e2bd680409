"""Tell who made an answer that does not say it: the load balancer or a target.

AWS, "Load balancer attributes": with `routing.http.response.server.enabled` false no answer has a
Server header, so the balancer's own pages look like those of a target.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from msgspec.structs import replace

from canary.control_plane.edge.counters import made_by_balancer
from canary.control_plane.edge.own_pages import is_own_page
from canary.control_plane.state import PlatformState
from canary.model import Environment, Exchange, Result, Step

_NAMED = "routing.http.response.server.enabled"


def attributed(
    results: tuple[Result, ...], environment: Environment, state: PlatformState
) -> tuple[Result, ...]:
    """Return the results, with the balancer's pages as its own where its name is left out.

    Both must show it: the balancer's setting, and CloudWatch's counter of its own answers.
    """
    silent = {b.name for b in state.load_balancers if b.attributes.get(_NAMED) == "false"}
    if not state.counters:
        return results
    hosts = {
        urlsplit(s.url).hostname: s.load_balancer
        for s in environment.services.values()
        if s.load_balancer in silent
    }

    def step(one: Step) -> Step:
        found = tuple(_attributed(e, hosts, state) for e in one.evidence)
        return replace(one, evidence=found)

    return tuple(
        replace(r, steps=tuple(map(step, r.steps))) if r.status.is_bad else r for r in results
    )


def _attributed(exchange: Exchange, hosts: dict[str | None, str], state: PlatformState) -> Exchange:
    balancer = hosts.get(urlsplit(exchange.url).hostname)
    unnamed = exchange.answered_by == "target" and not exchange.server
    if not balancer or not unnamed:
        return exchange
    page = is_own_page(exchange.status, exchange.content_type, exchange.excerpt)
    if not page or not made_by_balancer(state.counters, balancer, exchange.status):
        return exchange
    return replace(exchange, answered_by="balancer")
