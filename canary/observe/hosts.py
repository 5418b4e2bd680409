"""Resolve the public host names and the DNS names of their load balancers."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from canary.control_plane.state import HostAddress, LoadBalancer
from canary.model import Environment

ACTIONS = ()  # DNS needs no permission


def read(environment: Environment, balancers: tuple[LoadBalancer, ...]) -> tuple[HostAddress, ...]:
    """Return the addresses of each public host; one with a fixed address is not resolved."""
    names = {b.name: b.dns_name for b in balancers}
    found: dict[str, HostAddress] = {}
    for service in environment.services.values():
        host = urlsplit(service.url).hostname or ""
        if not host or service.connect_to or host in found:
            continue
        addresses, error = resolve(host)
        balancer = names.get(service.load_balancer, "")
        found[host] = HostAddress(
            host=host,
            addresses=addresses,
            balancer_addresses=resolve(balancer)[0] if balancer else (),
            error=error,
        )
    return tuple(found.values())


def resolve(host: str) -> tuple[tuple[str, ...], str]:
    """Return the IPv4 addresses of a name and, without any, the error."""
    try:
        infos = socket.getaddrinfo(host, 443, socket.AF_INET, socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return (), str(error)
    return tuple(sorted({str(i[4][0]) for i in infos})), ""
