"""Certificate names in the diagnosis of a TLS failure."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from canary.control_plane.state import Certificate, PlatformState
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


OTHER = p.certificate_arn(faults.NAMES).replace("good", "other")
RENEWED = {"type": "AMAZON_ISSUED", "renewal_status": "SUCCESS"}


def other(arn: str = OTHER, **fields: Any) -> Certificate:
    """Return another valid certificate for the registry, which lasts longer than its own."""
    later = (p.NOW + dt.timedelta(days=900)).isoformat()
    own: dict[str, Any] = {"names": ("*.hokus.ai",), "status": "ISSUED", "not_after": later}
    return Certificate(arn=arn, **{"domain": "*.hokus.ai", **own, **fields})


def expired(*more: Certificate) -> tuple[PlatformState, Diagnosis]:
    """Return what is said of an expired certificate where others lie in ACM, without a past."""
    fault = faults.by_id("certificate-expired")
    state = fault.change(p.healthy())
    state = p.replace(state, certificates=(*state.certificates, *more))
    found = diagnose(fault.failures(), state, p.environment(faults.NAMES), None, p.NOW)
    return state, found.diagnoses[0]


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "IMPORTED"},
        {"type": "IMPORTED", "in_use_by": ("arn:other-balancer",)},
        {"type": "PRIVATE"},
        {"type": ""},
        {"type": "AMAZON_ISSUED", "status": "PENDING_VALIDATION"},
        {"type": "AMAZON_ISSUED", "renewal_status": "FAILED"},
        RENEWED | {"names": ("*.example.org",), "domain": "*.example.org"},
    ],
    ids=str,
)
def test_a_certificate_that_never_served_this_host_is_not_chosen_by_its_date(fields: Any) -> None:
    _, found = expired(other(**fields))
    assert (found.cause, found.remedy.fix) == ("certificate-expired", ())
    assert found.remedy.decision == (
        "Request a certificate for registry.hokus.ai in ACM, or mend the validation of its renewal."
    )


def test_an_imported_certificate_that_another_listener_serves_is_not_chosen_either() -> None:
    state, _ = expired(other(type="IMPORTED"))
    auth, registry = state.load_balancers
    listeners = tuple(p.replace(x, certificates=(OTHER,)) for x in auth.listeners)
    state = p.replace(state, load_balancers=(p.replace(auth, listeners=listeners), registry))
    failures = faults.by_id("certificate-expired").failures()
    found = diagnose(failures, state, p.environment(faults.NAMES), None, p.NOW).diagnoses[0]
    assert found.remedy.fix == ()


def test_a_certificate_that_acm_issued_and_renews_is_served() -> None:
    _, found = expired(other(type="IMPORTED"), other(arn=OTHER + "2", **RENEWED))
    (command,) = found.remedy.fix
    assert f'\'[{{"CertificateArn":"{OTHER}2"}}]\'' in command


def test_the_imported_certificate_that_served_this_host_before_comes_back() -> None:
    """The one before comes first, though one that ACM renews lasts longer."""
    good = other(not_after=(p.NOW + dt.timedelta(days=20)).isoformat(), type="IMPORTED")
    state, _ = expired(good, other(arn=OTHER + "2", **RENEWED))
    auth, registry = p.healthy().load_balancers
    listeners = tuple(p.replace(x, certificates=(OTHER,)) for x in registry.listeners)
    before = p.replace(state, load_balancers=(auth, p.replace(registry, listeners=listeners)))
    failures = faults.by_id("certificate-expired").failures()
    found = diagnose(failures, state, p.environment(faults.NAMES), before, p.NOW).diagnoses[0]
    (command,) = found.remedy.fix
    assert f'\'[{{"CertificateArn":"{OTHER}"}}]\'' in command
