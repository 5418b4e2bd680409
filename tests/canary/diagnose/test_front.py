"""A delivery network before the load balancer: its own error pages tell who was not reached."""

from __future__ import annotations

import datetime as dt

import pytest

from canary.control_plane.state import PlatformState
from canary.diagnose import diagnose
from canary.diagnose.core.symptoms import Symptom, classify
from canary.model import Confidence, Diagnosis, Exchange, Result
from canary.model.answers import made_by_front
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

URL = "https://auth.hokus.ai/health"


@pytest.mark.parametrize(
    ("server", "status", "front"),
    [
        ("cloudfront", 504, True),
        ("cloudfront", 403, False),  # an answer that it kept
        ("akamaighost", 503, True),
        ("varnish", 503, True),
        ("cloudflare", 522, True),
        ("cloudflare", 520, True),
        ("cloudflare", 502, False),  # handed on, with its name
        ("cloudflare", 528, False),
        ("uvicorn", 504, False),
        ("awselb/2.0", 504, False),
        ("", 504, False),
    ],
)
def test_who_makes_an_error_page(server: str, status: int, front: bool) -> None:
    assert made_by_front(server, status) is front


def page(status: int) -> Exchange:
    """An error page of the network's own."""
    return Exchange(
        method="GET",
        url=URL,
        status=status,
        content_type="text/html",
        answered_by="front",
        server="CloudFront",
        excerpt="<h1>504</h1> the database, MLflow and an expired certificate",
    )


@pytest.mark.parametrize(
    ("status", "symptom"),
    [
        (502, Symptom.FRONT_LOST),
        (503, Symptom.FRONT_LOST),
        (504, Symptom.FRONT_LATE),
        (521, Symptom.FRONT_LOST),
        (522, Symptom.FRONT_LATE),
        (524, Symptom.FRONT_LATE),
        (526, Symptom.FRONT_LOST),
    ],
)
def test_what_an_error_page_shows(status: int, symptom: Symptom) -> None:
    assert classify(page(status)) is symptom


def told(state: PlatformState, status: int) -> list[Diagnosis]:
    down: Result = p.failed("auth.health", "auth", page(status))
    environment = p.environment(faults.NAMES)
    return list(diagnose([down], state, environment, p.healthy(), p.NOW).diagnoses)


def closed() -> PlatformState:
    """The balancer before auth admits nobody."""
    return p.change(p.healthy(), "security_groups", "sg-lb-auth", ingress=())


def without_listener() -> PlatformState:
    balancers = p.healthy().load_balancers
    return p.replace(
        p.healthy(),
        load_balancers=tuple(
            p.replace(b, listeners=tuple(x for x in b.listeners if x.port != 443))
            if "auth" in b.name
            else b
            for b in balancers
        ),
    )


def expired() -> PlatformState:
    ended = p.NOW - dt.timedelta(hours=1)
    found = tuple(p.replace(c, not_after=ended.isoformat()) for c in p.healthy().certificates)
    return p.replace(p.healthy(), certificates=found)


@pytest.mark.parametrize(
    ("state", "status", "cause"),
    [
        (closed(), 504, "security-group-blocked"),
        (without_listener(), 502, "listener-missing"),
        (expired(), 502, "certificate-expired"),
    ],
    ids=["group", "listener", "certificate"],
)
def test_the_control_plane_and_the_page_name_the_cause(
    state: PlatformState, status: int, cause: str
) -> None:
    found = told(state, status)
    assert [(d.cause, d.confidence) for d in found] == [(cause, Confidence.CERTAIN)]


def test_a_group_refuses_nobody() -> None:
    assert "security-group-blocked" not in {d.cause for d in told(closed(), 502)}


def test_the_words_of_such_a_page_name_nothing() -> None:
    found = told(p.healthy(), 504)
    assert [d.cause for d in found] == ["auth-service-down"]
    assert [d.confidence for d in found] != [Confidence.CERTAIN]


def test_a_certificate_that_ends_soon_breaks_no_connection() -> None:
    soon = (p.NOW + dt.timedelta(days=5)).isoformat()
    found = tuple(p.replace(c, not_after=soon) for c in p.healthy().certificates)
    told_ = told(p.replace(p.healthy(), certificates=found), 502)
    assert "certificate-expiring" not in {d.cause for d in told_}
