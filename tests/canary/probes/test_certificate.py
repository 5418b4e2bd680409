"""The certificate kind against real handshakes."""

from __future__ import annotations

import datetime as dt
import ssl
from pathlib import Path

import pytest
import trustme

from canary.model import Service, Status
from tests.canary.support.servers import faults
from tests.canary.support.servers.toolbox import Bench, environment


def check(
    tmp_path: Path,
    name: str = "auth.hokus.ai",
    days: float = 90,
    age: float = 30,
    trusted: bool = True,
    limit: float = 7,
) -> Bench:
    """Check a server with such a certificate."""
    now = dt.datetime.now(dt.UTC)
    ca, other = trustme.CA(), trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(
        name,
        not_before=now - dt.timedelta(days=age),
        not_after=now + dt.timedelta(days=days),
    ).configure_cert(context)
    bundle = tmp_path / "ca.pem"
    (ca if trusted else other).cert_pem.write_to_path(str(bundle))
    with faults.serving(faults.good, context) as port:
        service = Service(url="https://auth.hokus.ai", connect_to={"443": f"127.0.0.1:{port}"})
        one = Bench(environment(services={"target": service}, ca_bundle=str(bundle)))
        one.run("certificate", days=limit)
    return one


def failing(one: Bench) -> set[str]:
    return {s.name for s in one.steps if s.status is Status.FAIL}


def test_a_good_certificate_passes_every_step(tmp_path: Path) -> None:
    one = check(tmp_path)
    assert [(s.name, s.status.value) for s in one.steps] == [
        ("trust", "PASS"),
        ("name", "PASS"),
        ("leaf", "PASS"),
        ("chain", "PASS"),
    ]


@pytest.mark.parametrize(
    ("made", "steps"),
    [
        ({"days": -1}, {"leaf"}),
        ({"days": 5}, {"leaf", "chain"}),
        ({"days": 20, "limit": 30}, {"leaf", "chain"}),
        ({"age": -1}, {"leaf"}),
        ({"name": "other.hokus.ai"}, {"name"}),
        ({"trusted": False}, {"trust"}),
        ({"name": "*.hokus.ai"}, set()),
    ],
)
def test_each_fault_fails_its_own_step(
    tmp_path: Path, made: dict[str, object], steps: set[str]
) -> None:
    assert failing(check(tmp_path, **made)) == steps  # type: ignore[arg-type]


def test_a_closed_port_fails_every_step() -> None:
    service = Service(url="https://auth.hokus.ai", connect_to={"443": "127.0.0.1:9"})
    one = Bench(environment(services={"target": service}))
    assert one.run("certificate") is Status.FAIL
    assert "refused" in one.reason("trust")
    assert [s.status.value for s in one.steps[1:]] == ["FAIL"] * 3
