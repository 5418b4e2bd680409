"""Certificates of a listener that several hosts share: no host loses its own to mend another."""

from __future__ import annotations

import datetime as dt

import pytest

from canary.control_plane.state import Certificate, PlatformState
from canary.diagnose import diagnose
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

OWN = p.certificate_arn(faults.NAMES)
AUTHS, OTHERS = OWN.replace("good", "auths"), OWN.replace("good", "others")
ENVIRONMENT = p.environment(faults.NAMES)
REGISTRY = ENVIRONMENT.services["registry"]
SHARED = p.replace(
    ENVIRONMENT,
    services={
        **ENVIRONMENT.services,
        "auth": p.replace(ENVIRONMENT.services["auth"], load_balancer=REGISTRY.load_balancer),
    },
)


def certificate(arn: str, *names: str, days: int = 90) -> Certificate:
    until = (p.NOW + dt.timedelta(days=days)).isoformat()
    return Certificate(
        arn=arn, domain=names[0], names=names, status="ISSUED", type="IMPORTED", not_after=until
    )


def platform(served: tuple[str, ...], auths_days: int = 90) -> PlatformState:
    """Return a platform whose balancer for both hosts serves these certificates."""
    state = p.healthy()
    _, registry = state.load_balancers
    listeners = tuple(
        p.replace(x, certificates=served, default_certificate=served[0]) if x.certificates else x
        for x in registry.listeners
    )
    return p.replace(
        state,
        load_balancers=(p.replace(registry, listeners=listeners),),
        certificates=(
            certificate(OWN, "registry.hokus.ai"),
            certificate(AUTHS, "auth.hokus.ai", days=auths_days),
            certificate(OWN + "2", "auth.hokus.ai"),
            certificate(OTHERS, "*.example.org"),
        ),
    )


def commands(
    host: str, now: PlatformState, before: PlatformState, code: int = 62
) -> tuple[str, tuple[str, ...]]:
    """Return the cause, and the calls with the certificate that each names last."""
    bad = p.none(f"https://{host}.hokus.ai/health", "tls", failure_code=code)
    failed = [p.failed(f"{host}.health", host, bad)]
    found = diagnose(failed, now, SHARED, before, p.NOW).diagnoses[0]
    fix = found.remedy.fix
    return found.cause, tuple(
        f"{c.split()[2]} {c.rpartition('certificate/')[2].partition(chr(34))[0]}" for c in fix
    )


def test_a_certificate_of_the_list_that_is_gone_is_added_and_replaces_no_other() -> None:
    found = commands("auth", platform((OWN,)), platform((OWN, AUTHS)))
    assert found == ("certificate-name-mismatch", ("add-listener-certificates auths",))


def test_a_default_certificate_of_another_site_gives_way() -> None:
    found = commands("registry", platform((OTHERS, AUTHS)), platform((OWN, AUTHS)))
    assert found == ("certificate-name-mismatch", ("modify-listener good",))


def test_a_default_certificate_that_was_there_as_ever_stays() -> None:
    """It may be another team's: the host's own is added beside it."""
    found = commands("auth", platform((OTHERS, OWN)), platform((OTHERS, OWN, AUTHS)))
    assert found == ("certificate-name-mismatch", ("add-listener-certificates auths",))


@pytest.mark.parametrize("days", [-1, -30])
def test_beside_one_of_the_list_that_has_ended_another_is_added(days: int) -> None:
    now = platform((OWN, AUTHS), auths_days=days)
    found = commands("auth", now, platform((OWN, OWN + "2")), code=10)
    assert found == ("certificate-expired", ("add-listener-certificates good2",))
