"""Printed Terraform parses, fits the provider's schema, and says the same as the commands."""

from __future__ import annotations

import pytest

from canary.diagnose import diagnose
from canary.model import Remedy
from tests.canary.support import platforms as p
from tests.canary.support.platform_faults import FAULTS, NAMES, Fault, plant
from tests.canary.support.terraform import described
from tests.canary.support.terraform.blocks import faults_of, parse
from tests.canary.support.terraform.objects import by_commands, by_terraform


def remedies(fault: Fault) -> list[Remedy]:
    state, results = plant(fault)
    whole, before = described.whole(state), described.whole(p.healthy(NAMES))
    found = diagnose(results, whole, p.environment(NAMES), before, p.NOW).diagnoses
    return [d.remedy for d in found]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.id)
def test_blocks_of_each_fault_fit_the_schema_and_say_what_the_commands_say(fault: Fault) -> None:
    state = described.whole(plant(fault)[0])
    for remedy in remedies(fault):
        if not remedy.terraform:
            continue
        resources = parse(remedy.terraform)
        assert [f for r in resources for f in faults_of(r)] == []
        objects, typed = by_commands(state, remedy.fix)
        assert by_terraform(resources) == objects
        noted = [f"command {n} " for n in typed]
        assert all(n in remedy.terraform for n in noted[:1])
        assert bool(typed) == ("as well" in remedy.terraform)
