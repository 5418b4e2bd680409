"""Certificate names in the diagnosis of a TLS failure."""

from __future__ import annotations

import pytest

from canary.diagnose import diagnose
from canary.model import Diagnosis
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


def outside_its_dates(code: int, *above: str) -> Diagnosis:
    """Return the diagnosis of a date that OpenSSL refused while the leaf of ACM is good."""
    seen = p.none(faults.REGISTRY + "/health", "tls", failure_code=code, certificate_chain=above)
    failed = p.failed("registry.health", "registry", seen)
    names = faults.NAMES
    (found,) = diagnose([failed], p.healthy(), p.environment(names), None, p.NOW).diagnoses
    return found


def test_an_expired_intermediate_is_named_and_acm_is_not_asked_for_a_good_leaf() -> None:
    found = outside_its_dates(10, "R3, valid Jan  1 00:00:00 2020 GMT to Jan  1 00:00:00 2021 GMT")
    assert (found.cause, found.confidence.value) == ("certificate-expired", "LIKELY")
    assert found.summary == (
        "registry.hokus.ai sends a certificate above its own that is outside its dates:"
        " R3, valid Jan  1 00:00:00 2020 GMT to Jan  1 00:00:00 2021 GMT."
    )
    assert found.remedy.decision == (
        "Import the certificate of registry.hokus.ai again, with a chain of its issuer that is"
        " valid now. The certificate itself is good."
    )
    assert (found.remedy.fix, found.remedy.terraform) == ((), "")


@pytest.mark.parametrize(
    ("code", "summary"),
    [
        (9, "The certificate of registry.hokus.ai is not valid yet."),
        (10, "The certificate of registry.hokus.ai has expired."),
    ],
)
def test_a_leaf_outside_its_dates_is_told_apart(code: int, summary: str) -> None:
    found = outside_its_dates(code)
    assert (found.cause, found.summary) == ("certificate-expired", summary)
    assert "ACM" in found.remedy.decision
