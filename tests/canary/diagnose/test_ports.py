"""What a failing `tcp` check is explained with: the port itself, and never a balancer it lacks."""

from __future__ import annotations

import pytest

from canary.comparison.blindness import reaches_nothing
from canary.control_plane.state import PlatformState, Unavailable
from canary.diagnose import diagnose
from canary.model import Diagnosis, Exchange, Result, Status
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

NAMES = faults.NAMES
ENVIRONMENT = p.environment(NAMES)
AUTH = f"auth.{NAMES.domain}"
MLFLOW = "tcp://mlflow.hokusai.local:5000"
DATABASE = "tcp://db.internal:5432"


def port(service: str, url: str, failure: str = "", **more: object) -> Result:
    seen = Exchange(method="CONNECT", url=url, failure=failure, **more)  # type: ignore[arg-type]
    status = Status.FAIL if failure else Status.PASS
    return p.failed(f"{service}.port", service, seen, kind="tcp", status=status)


def found(*results: Result, state: PlatformState | None = None) -> tuple[Diagnosis, ...]:
    healthy = p.healthy(NAMES)
    return diagnose(list(results), state or healthy, ENVIRONMENT, healthy, p.NOW).diagnoses


def test_a_port_that_is_closed_is_named_in_the_decision() -> None:
    (one,) = found(port("database", DATABASE, "connect-timeout"))
    assert one.service == "database"
    assert one.remedy.decision == (
        "Nothing answers at db.internal:5432: see whether database listens there, and whether its"
        " security group admits the canary."
    )
    (line,) = one.evidence
    assert (line.resource, line.seen) == (
        "CONNECT tcp://db.internal:5432", "no answer: connect-timeout",
    )  # fmt: skip


@pytest.mark.parametrize(("service", "url"), [("mlflow", MLFLOW), ("database", DATABASE)])
def test_an_internal_name_is_not_to_be_pointed_at_a_balancer(service: str, url: str) -> None:
    (one,) = found(port(service, url, "dns"))
    assert (one.cause, one.service) == ("dns-name-missing", service)
    assert one.remedy.fix == ()
    assert "load balancer" not in one.remedy.decision
    assert f"as the endpoint of {service}" in one.remedy.decision


def test_a_public_name_is_to_be_pointed_at_its_balancer() -> None:
    (one,) = found(port("auth", f"tls://{AUTH}:443", "dns"))
    assert one.cause == "dns-name-missing"
    assert one.remedy.summary.startswith(f"Point {AUTH} at ")


@pytest.mark.parametrize("failure", ["tls", "refused", "reset"])
def test_a_listener_that_is_there_is_not_missed_by_another_protocol(failure: str) -> None:
    causes = {d.cause for d in found(port("auth", f"tls://{AUTH}:443", failure))}
    assert causes == {"auth-service-down"}


def test_an_outage_of_the_service_explains_its_port() -> None:
    state = p.change(p.healthy(NAMES), "ecs_services", NAMES.of("mlflow"), desired=0, running=0)
    (one,) = found(port("mlflow", MLFLOW, "refused"), state=state)
    assert (one.cause, one.explains) == ("service-scaled-to-zero", ("mlflow.port",))


SILENT = PlatformState(
    read_at="2026-11-22T10:00:00+00:00",
    unread=("load_balancers",),
    unavailable=(
        Unavailable(action="a:A", resource="*", code="ConnectTimeoutError", reason="no way"),
    ),
)
CLOSED = (
    port("auth", f"tls://{AUTH}:443", "connect-timeout"),
    port("registry", f"tls://registry.{NAMES.domain}:443", "connect-timeout"),
)


def test_ports_alone_tell_a_blind_canary_and_an_open_one_proves_a_way_out() -> None:
    assert reaches_nothing(CLOSED, SILENT)
    open_ = port("database", DATABASE, peer="10.0.0.5:5432")
    assert not reaches_nothing((*CLOSED, open_), SILENT)
    assert [d.cause for d in found(*CLOSED, state=SILENT)] == ["canary-egress-blocked"]
    assert "canary-egress-blocked" not in {d.cause for d in found(*CLOSED, open_, state=SILENT)}
