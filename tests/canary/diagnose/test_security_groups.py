"""Services and balancers that were moved into other security groups."""

from __future__ import annotations

from canary.control_plane.state import PlatformState
from canary.diagnose import diagnose
from canary.model import Diagnosis, Result
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p


def only(state: PlatformState, *results: Result) -> Diagnosis:
    verdict = diagnose(list(results), state, p.environment(faults.NAMES), p.healthy(), p.NOW)
    (found,) = verdict.diagnoses
    assert verdict.unexplained == ()
    return found


def test_a_service_in_other_groups_is_put_back_and_no_group_is_opened() -> None:
    state = faults.service(p.healthy(), "auth", security_groups=("sg-mlflow",))
    found = only(state, *faults.by_id("auth-blocked").failures())
    name = faults.NAMES.of("auth")
    assert (found.cause, name in found.resource) == ("security-group-blocked", True)
    assert "update-service" in found.remedy.fix[0] and '"sg-auth"' in found.remedy.fix[0]
    assert not any("authorize" in c for c in found.remedy.fix)


def test_a_balancer_in_other_groups_is_put_back() -> None:
    healthy = p.healthy()
    moved = tuple(
        p.replace(b, security_groups=("sg-lb-registry",)) if "auth" in b.name else b
        for b in healthy.load_balancers
    )
    state = p.replace(healthy, load_balancers=moved)
    found = only(state, *faults.by_id("auth-blocked").failures())
    assert (found.cause, "auth-lb" in found.resource) == ("security-group-blocked", True)
    assert "set-security-groups" in found.remedy.fix[0] and "sg-lb-auth" in found.remedy.fix[0]
