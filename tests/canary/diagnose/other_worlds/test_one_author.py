"""Names have no case, and a rule by regular expression is a rule, as in every other room."""

from __future__ import annotations

import pytest

from canary.control_plane.state import Condition, PlatformState
from canary.model import Confidence
from tests.canary.diagnose.other_worlds.scenes import judged, said
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p


@pytest.mark.parametrize("name", ["registry.hokus.ai", "Registry.Hokus.ai", "*.HOKUS.ai"])
@pytest.mark.parametrize("known", [True, False], ids=["with a past", "without"])
def test_a_certificate_in_capitals_is_of_the_same_name(name: str, known: bool) -> None:
    (good,) = p.healthy().certificates
    state = p.replace(p.healthy(), certificates=(p.replace(good, domain=name, names=(name,)),))
    results = faults._tls(20, "unable to get local issuer certificate")
    found = judged(state, state if known else None, *results)
    assert said(found) == [("certificate-untrusted", Confidence.LIKELY)]


def conditioned(*more: Condition) -> PlatformState:
    """Return the platform whose rule 50 has these conditions."""
    return faults._rules(
        p.healthy(),
        lambda rules: [p.replace(r, conditions=more) if r.priority == "50" else r for r in rules],
    )


@pytest.mark.parametrize(
    "conditions",
    [
        (Condition(field="path-pattern", values=("regex:^/mlflow/.*$",)),),
        (Condition(field="path-pattern", values=("/mlflow/*",)),
         Condition(field="host-header", values=("Registry.Hokus.ai",))),
    ],
    ids=["regular expression", "capitals"],
)  # fmt: skip
def test_a_rule_that_leads_right_in_another_form_is_not_accused(
    conditions: tuple[Condition, ...],
) -> None:
    broken = p.failed("mlflow.ui", "mlflow", p.page(f"{faults.REGISTRY}/mlflow/", 502))
    found = judged(conditioned(*conditions), p.healthy(), broken)
    assert [d.cause for d in found] == ["targets-unhealthy"]
