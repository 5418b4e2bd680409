"""Which host each route is of, and what is wrong with the routes."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from canary.model import Environment


def route_problems(environment: Environment, at: str) -> Iterator[str]:
    """Yield what is wrong with the routes."""
    hosts = {host_of(s.url) for s in environment.services.values() if s.url}
    for route in environment.routes:
        where = f"{at}: routes: {route.path}"
        if route.service not in environment.services:
            yield f"{where}: {route.service} is not a service"
        elif not route.host:
            yield f"{where}: host: {_no_host(environment, route.service)}"
        elif route.host not in hosts:
            # no check would ever use this route
            yield f"{where}: host: {route.host} is the host of no service's url"


def _no_host(environment: Environment, name: str) -> str:
    """Say why a route has no host."""
    balancer = environment.services[name].load_balancer
    several = ", ".join(hosts_behind(environment, balancer))
    if several:
        return f"{balancer} serves several hosts, write the one of this route ({several})"
    return f"no service behind the load balancer of {name} has a url"


def hosts_behind(environment: Environment, balancer: str) -> tuple[str, ...]:
    """Return the hosts of the services behind a load balancer, each once."""
    urls = [
        s.url for s in environment.services.values() if balancer and s.load_balancer == balancer
    ]
    return tuple(dict.fromkeys(h for h in map(host_of, urls) if h))


def host_of(url: str) -> str:
    """Return a URL's host in lower case, "" if it has none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
