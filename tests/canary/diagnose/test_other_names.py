"""A platform with other service names, on another port, gets the same diagnosis."""

from __future__ import annotations

import pytest

from canary.model import Environment
from tests.canary.support import other_names as other
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p
from tests.canary.support.platform_faults import FAULTS, Fault, plant

HERE: Environment = p.environment(faults.NAMES)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.id)
def test_each_fault_is_named_under_other_names(fault: Fault) -> None:
    state, results = plant(fault)
    verdict = other.judge(state, results, p.healthy(), HERE)
    first = verdict.diagnoses[0]
    assert (first.cause, fault.resource in first.resource) == (fault.cause, True)
    assert first.service in {*other.ROLES, "canary"}
    assert verdict.unexplained == ()
    assert len(verdict.diagnoses) == 1


def test_a_sentence_names_the_service_as_the_file_does() -> None:
    state, results = plant(faults.by_id("service-id"))
    (found,) = other.judge(state, results, p.healthy(), HERE).diagnoses
    assert " presents itself to iam with another AUTH_SERVICE_ID " in found.summary


def test_a_healthy_platform_of_other_names_has_no_diagnosis() -> None:
    assert other.judge(p.healthy(), [], p.healthy(), HERE).diagnoses == ()
