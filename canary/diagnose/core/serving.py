"""Which listener serves a service: the one at the scheme and port of its URL."""

from __future__ import annotations

from canary.control_plane.routing import listener_at
from canary.control_plane.state import Listener, PlatformState
from canary.diagnose.core.case import Case
from canary.model.urls import Place, place


def address(case: Case, name: str, host: str = "") -> Place | None:
    """Return where a service is asked: its own URL, else one of its host or of its balancer."""
    service = case.services[name]
    beside = [s for s in case.services.values() if s.load_balancer == service.load_balancer]
    places = [place(s.url) for s in (service, *beside, *case.services.values()) if s.url]
    if host:
        places = [p for p in places if p.host == host]
    elif not service.url:
        places = [place(s.url) for s in beside if s.url and service.load_balancer]
    return next(iter(places), None)


def listener(
    case: Case, name: str, host: str = "", state: PlatformState | None = None
) -> Listener | None:
    """Return the listener that serves a service, None if its balancer has none there."""
    balancer, at = case.balancer(name, state), address(case, name, host)
    return listener_at(balancer, at.scheme, at.port) if at else None


def is_asked_there(case: Case, name: str, scheme: str, port: int, host: str) -> bool:
    """Return whether a request went to the scheme and port at which a service is asked."""
    at = address(case, name, host)
    return at is not None and (at.scheme, at.port) == (scheme, port)
