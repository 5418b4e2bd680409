"""Printed Terraform parses, fits the provider's schema, and says the same as the commands."""

from __future__ import annotations

from collections import Counter

import pytest

from canary.diagnose import diagnose
from canary.diagnose.remedies.never_worse import CHECKS
from canary.diagnose.terraform.write import WRITERS
from canary.model import Remedy
from tests.canary.support import platforms as p
from tests.canary.support.platform_faults import FAULTS, NAMES, Fault, by_id, plant
from tests.canary.support.terraform import described
from tests.canary.support.terraform.proof import proven

# What Terraform has no block for: see decision 14.
WITHOUT = {
    *("secretsmanager restore-secret", "ssm put-parameter"),
    "secretsmanager update-secret-version-stage",
    *("rds start-db-cluster", "rds start-db-instance", "route53 change-resource-record-sets"),
}


def remedies(fault: Fault, *, whole: bool = True) -> list[Remedy]:
    (state, results), before = plant(fault), p.healthy(NAMES)
    if whole:
        state, before = described.whole(state), described.whole(before)
    found = diagnose(results, state, p.environment(NAMES), before, p.NOW).diagnoses
    return [d.remedy for d in found]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.id)
def test_blocks_of_each_fault_say_what_the_commands_say(fault: Fault) -> None:
    state = described.whole(plant(fault)[0])
    for remedy in remedies(fault):
        if remedy.terraform:
            assert remedy.fix
            proven(remedy.terraform, remedy.fix, state)


def test_of_a_platform_that_was_read_whole_most_fixes_have_blocks() -> None:
    """Without: targets and addresses that ECS registers, and a rule that is deleted."""
    found = {f.id: bool(r.terraform) for f in FAULTS for r in remedies(f) if r.fix}
    assert {name for name, has in found.items() if not has} == {
        "catch-all", "api-deregistered", "mlflow-name-empty", "mlflow-name-stale",
    }  # fmt: skip


@pytest.mark.parametrize("fault", ["auth-scaled-to-zero", "api-health-path", "auth-crashes"])
def test_a_service_or_group_of_which_parts_were_not_read_has_no_block(fault: str) -> None:
    (remedy,) = [r for r in remedies(by_id(fault), whole=False) if r.fix]
    assert remedy.terraform == ""


def test_each_call_that_a_fix_may_make_has_a_writer_or_a_reason() -> None:
    assert set(CHECKS) - set(WRITERS) == WITHOUT
    assert set(WRITERS) <= set(CHECKS)
    assert Counter(WRITERS.values()).most_common(1)[0][1] == 5  # what is typed
