"""Whether packets find their way: between two addresses of a VPC, out of it, and into it.

Security groups are apart, in `groups.py`. An address of no subnet has no routes and no network ACL,
and nothing is in its way.
"""

from __future__ import annotations

from ipaddress import IPv4Address

from emulator.aws.interfaces import owner
from emulator.network.sources import INTERNET_ADDRESS
from emulator.network.way import acls
from emulator.network.way.acls import Ports
from emulator.network.way.layout import ENDPOINT, INTERNET, LOCAL, NAT, Subnet, layout

TASK = "arn:aws:ecs:"  # how the description of a task's interface begins


def between(source: str, target: str, port: int) -> bool:
    """Return whether a connection between two addresses of the VPC finds its way, and back."""
    here, there = layout().at(source), layout().at(target)
    if here is None or there is None or here is there:
        return True  # a network ACL guards the edge of a subnet
    mine, theirs = IPv4Address(source), IPv4Address(target)
    if here.route(theirs).kind != LOCAL or there.route(mine).kind != LOCAL:
        return False
    answers = _ephemeral(source)
    return _leaves(here, theirs, port, answers) and _enters(there, mine, port, answers)


def into(target: str, port: int, client: str = INTERNET_ADDRESS) -> bool:
    """Return whether a client of the internet reaches a public address of the VPC, and back."""
    there, peer = layout().at(target), IPv4Address(client)
    if there is None:
        return True
    return there.route(peer).kind == INTERNET and _enters(there, peer, port, acls.ANY_CLIENT)


def out(source: str, port: int, to: str = INTERNET_ADDRESS) -> bool:
    """Return whether an address of the VPC reaches an address of the internet, and back.

    An internet gateway serves an address that is public; a NAT needs a way out of its own.
    """
    here, there, peer = layout().at(source), IPv4Address(to), IPv4Address(source)
    if here is None:
        return True
    route, answers = here.route(there), _ephemeral(source)
    if route.kind not in (INTERNET, NAT) or not _leaves(here, there, port, answers):
        return False
    if route.kind == INTERNET:
        return bool(getattr(owner(source), "public_ip", None))
    nat = layout().by_id.get(route.place)
    if nat is None or nat.route(there).kind != INTERNET:
        return False
    inner = nat is here or _enters(nat, peer, port, answers)
    return inner and _leaves(nat, there, port, acls.ANY_CLIENT)


def through(source: str, endpoint: str, port: int) -> list[str]:
    """Return an address of each block to which a gateway endpoint leads; none when one is barred.

    The routes of the address' own subnet count.
    """
    here = layout().at(source)
    if here is None:
        return []
    answers = _ephemeral(source)
    peers = [r.cidr[1] for r in here.routes if (r.kind, r.place) == (ENDPOINT, endpoint)]
    free = all(_leaves(here, peer, port, answers) for peer in peers)
    return [str(peer) for peer in peers] if free else []


def _leaves(subnet: Subnet, peer: IPv4Address, port: int, answers: Ports) -> bool:
    """Return whether a subnet's ACL lets a connection out and its answers in."""
    entries = subnet.entries
    asks = acls.passes(entries, peer, (port, port), egress=True)
    return asks and acls.passes(entries, peer, answers, egress=False)


def _enters(subnet: Subnet, peer: IPv4Address, port: int, answers: Ports) -> bool:
    """Return whether a subnet's ACL lets a connection in and its answers out."""
    entries = subnet.entries
    asks = acls.passes(entries, peer, (port, port), egress=False)
    return asks and acls.passes(entries, peer, answers, egress=True)


def _ephemeral(source: str) -> Ports:
    """Return the ports from which an address connects, to which its answers go."""
    found = owner(source)
    is_task = found is not None and str(found.description).startswith(TASK)
    return acls.TASK if is_task else acls.ANY_CLIENT
