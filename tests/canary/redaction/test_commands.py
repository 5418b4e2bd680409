"""A command of which a part is masked is never printed as something to type."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from canary.model import Confidence, Credential, Diagnosis, Difference, Explanation, Remedy, Report
from canary.pipeline import run_once
from canary.redaction.commands import typeable
from canary.redaction.redactor import Redactor
from canary.runner import RunRequest
from tests.canary.support import worlds

LOOK = "aws ecs describe-services --services svc-k2vq81xw"
DEPLOY = "aws ecs update-service --service svc-k2vq81xw --force-new-deployment"
OTHER = "aws ecs wait services-stable --services other"
WHY = "the canary masks a part of it, which is or looks like a secret"


def redactor() -> Redactor:
    made = Redactor()
    made.learn_credential(Credential.basic("svc-k2vq81xw", "Zq8-frost.Hollow", secret_user=True))
    return made


def masked(**more: Any) -> Remedy:
    known: dict[str, Any] = {"summary": "Start tasks of svc-k2vq81xw.", "fix": (OTHER,)}
    return typeable(redactor().clean(Remedy(**{**known, **more})))


def test_a_remedy_without_a_mask_is_the_same_object() -> None:
    whole = Remedy(
        summary="s", inspect=(OTHER,), fix=(OTHER,), undo=(OTHER,), terraform="t", decision="d"
    )
    assert typeable(whole) is whole
    assert masked() == Remedy(summary="Start tasks of ***.", fix=(OTHER,))


def test_a_fix_that_holds_a_mask_becomes_a_decision_with_all_that_belongs_to_it() -> None:
    found = masked(
        inspect=(LOOK, OTHER),
        fix=(OTHER, DEPLOY),
        verify=(OTHER, LOOK),
        undo=(OTHER,),
        difference=(Difference(resource="r", before="a", after="b"),),
        terraform="resource",
        irreversible="Nothing takes it back.",
        decision="Look first whether it was meant.",
    )
    assert found == Remedy(
        summary="Start tasks of ***.",
        inspect=(OTHER,),
        verify=(OTHER,),
        decision=f"Look first whether it was meant. No command is printed, because {WHY}. To do by"
        " hand: Start tasks of ***.",
    )


def test_a_way_back_and_terraform_are_whole_or_none() -> None:
    found = masked(undo=(OTHER, DEPLOY), terraform='name = "svc-k2vq81xw"', irreversible="One.")
    assert (found.fix, found.undo, found.terraform) == ((OTHER,), (), "")
    assert found.irreversible == f"One. The way back is not printed, because {WHY}."
    assert masked(undo=(DEPLOY,)).irreversible == f"The way back is not printed, because {WHY}."


@pytest.mark.parametrize("name", ["inspect", "verify"])
def test_commands_to_look_go_one_by_one(name: str) -> None:
    found = masked(**{name: (LOOK, OTHER)})
    assert (getattr(found, name), found.fix, found.decision) == ((OTHER,), (OTHER,), "")


def test_a_command_that_stores_a_secret_goes_and_the_decision_says_so() -> None:
    found = masked(fix=(), decision="Type this.", decision_command=f"{OTHER} svc-k2vq81xw")
    assert (found.decision_command, found.decision) == (
        "", f"Type this. No command is printed, because {WHY}."
    )  # fmt: skip
    assert masked(fix=(), decision="d", decision_command=OTHER).decision_command == OTHER


def test_what_looks_like_a_key_in_a_command_withholds_it() -> None:
    found = masked(fix=("aws x --value hk_live_" + "a1" * 16,))
    assert (found.fix, found.decision.startswith("No command is printed")) == ((), True)


def test_a_report_prints_no_masked_fix() -> None:
    diagnosis = Diagnosis(
        cause="c", service="s", resource="r", confidence=Confidence.CERTAIN, summary="s",
        explains=("api.one",), evidence=(), remedy=Remedy(summary="Deploy.", fix=(DEPLOY,)),
    )  # fmt: skip
    other = msgspec.structs.replace(diagnosis, remedy=Remedy(summary="Wait.", fix=(OTHER,)))
    config = worlds.config(worlds.check("api.one", "fails"))
    told = Explanation(diagnoses=(diagnosis, other))
    ports = worlds.ports(config.environment, diagnose=lambda *_: told, redactor=redactor())
    report: Report = run_once(ports, config, RunRequest())
    assert [d.remedy.fix for d in report.diagnoses] == [(), (OTHER,)]
    assert report.diagnoses[0].remedy.decision == (
        f"No command is printed, because {WHY}. To do by hand: Deploy."
    )
