"""Resolve the public host names and the DNS names of their load balancers."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from canary.control_plane.state import HostAddress, LoadBalancer
from canary.model import Environment
from canary.observe.threads import begin

LIMIT_S = 4.0  # glibc asks a second time after 5 s, and a run has no time for that

ACTIONS = ()  # DNS needs no permission


def read(environment: Environment, balancers: tuple[LoadBalancer, ...]) -> tuple[HostAddress, ...]:
    """Return the addresses of each public host; one with a fixed address is not resolved."""
    names = {b.name: b.dns_name for b in balancers}
    wanted: dict[str, str] = {}  # host -> DNS name of its load balancer
    for service in environment.services.values():
        host = urlsplit(service.url).hostname or ""
        if host and not service.connect_to:
            wanted.setdefault(host, names.get(service.load_balancer, ""))
    looked_up = {name: begin(resolve, name) for pair in wanted.items() for name in pair if name}
    return tuple(
        HostAddress(
            host=host,
            addresses=looked_up[host].result()[0],
            balancer_addresses=looked_up[balancer].result()[0] if balancer else (),
            error=looked_up[host].result()[1],
            canonical=looked_up[host].result()[2],
        )
        for host, balancer in wanted.items()
    )


def resolve(host: str) -> tuple[tuple[str, ...], str, str]:
    """Return the IPv4 addresses of a name, without any the error, and the end of its CNAMEs."""
    try:
        looking = begin(
            socket.getaddrinfo,
            host,
            443,
            socket.AF_INET,
            socket.SOCK_STREAM,
            flags=socket.AI_CANONNAME,
        )
        infos = looking.result(LIMIT_S)
    except TimeoutError:
        return (), f"no answer within {LIMIT_S:.0f} s", ""
    except (OSError, UnicodeError) as error:
        return (), str(error), ""
    addresses = tuple(sorted({str(i[4][0]) for i in infos}))
    named = next((str(i[3]).lower().rstrip(".") for i in infos if i[3]), "")
    return addresses, "", named if named not in {host.lower(), *addresses} else ""
