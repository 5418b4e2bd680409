"""Certificate names in the diagnosis of a TLS failure."""

from __future__ import annotations

import pytest

from canary.diagnose import diagnose
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p


def verdict(*names: str) -> tuple[str, str]:
    """Return cause and confidence for an untrusted chain on a certificate of these names."""
    state = p.change(
        p.healthy(),
        "certificates",
        p.certificate_arn(faults.NAMES),
        domain=names[0],
        names=names,
    )
    bad = p.none(
        faults.REGISTRY + "/health", "tls", failure_code=20, failure_detail="unable to get issuer"
    )
    failed = p.failed("registry.health", "registry", bad)
    (found,) = diagnose([failed], state, p.environment(faults.NAMES), None, p.NOW).diagnoses
    return found.cause, found.confidence.value


@pytest.mark.parametrize(
    "name", ["registry.hokus.ai", "Registry.Hokus.ai", "*.hokus.ai", "*.HOKUS.AI"]
)
def test_a_certificate_name_has_no_case(name: str) -> None:
    assert verdict(name) == ("certificate-untrusted", "LIKELY")


@pytest.mark.parametrize("name", ["hokus.ai", "api.hokus.ai", "*.registry.hokus.ai", "*.ai"])
def test_a_certificate_for_other_names_is_named(name: str) -> None:
    assert verdict(name) == ("certificate-name-mismatch", "CERTAIN")
