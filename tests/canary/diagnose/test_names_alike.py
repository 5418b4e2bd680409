"""Names that AWS does not keep unique: the VPC or the id decides, else nobody chooses."""

from __future__ import annotations

from canary.control_plane.state import DiscoveryService, PlatformState, SecurityGroup
from canary.diagnose import diagnose
from canary.model import Diagnosis
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

NAMES = faults.NAMES
STRANGE = DiscoveryService(id="srv-far", arn="arn:far", name="mlflow.hokusai.local")


def said(fault: str, change: faults.Change) -> list[Diagnosis]:
    """Return what is said of a fault beside a stranger of the same name."""
    known = faults.by_id(fault)
    state = change(known.change(p.healthy()))
    found = diagnose(known.failures(), state, p.environment(NAMES), change(p.healthy()), p.NOW)
    return list(found.diagnoses)


def unchanged(state: PlatformState) -> PlatformState:
    return state


def with_group(vpc: str) -> faults.Change:
    """Add a group without any rule that has the name of the database's group, before it."""
    stranger = SecurityGroup(id="sg-stranger", name="database-guard", vpc_id=vpc)

    def change(state: PlatformState) -> PlatformState:
        return p.replace(state, security_groups=(stranger, *state.security_groups))

    return change


def with_name(state: PlatformState) -> PlatformState:
    """Add the same internal name in another namespace, before the platform's own."""
    return p.replace(state, discovery=(STRANGE, *state.discovery))


def test_a_group_of_the_same_name_in_another_vpc_is_not_accused() -> None:
    resources = {d.resource for d in said("mlflow-scaled-to-zero", with_group("vpc-2"))}
    assert resources == {d.resource for d in said("mlflow-scaled-to-zero", unchanged)}
    assert "sg-stranger" not in resources


def test_of_two_groups_that_may_be_meant_none_is_accused() -> None:
    resources = {d.resource for d in said("mlflow-scaled-to-zero", with_group("vpc-1"))}
    assert resources & {"sg-stranger", "sg-database"} == set()


def test_the_name_in_the_namespace_of_the_service_gets_its_task() -> None:
    found = said("mlflow-name-empty", with_name)[0]
    assert found.cause == "service-discovery-missing"
    (command,) = found.remedy.fix
    assert "--service-id srv-mlflow " in command


def test_of_two_names_none_is_chosen_where_the_service_has_neither() -> None:
    def change(state: PlatformState) -> PlatformState:
        return faults.service(with_name(state), "mlflow", registries=())

    for found in said("mlflow-name-empty", change):
        assert found.cause != "service-discovery-missing" and found.remedy.fix == ()


def test_of_two_namespaces_a_person_says_in_which_the_name_is_made() -> None:
    def change(state: PlatformState) -> PlatformState:
        left = tuple(d for d in state.discovery if d.id != "srv-mlflow")
        return p.replace(state, discovery=left, namespaces={"hokusai.local": ""})

    found = said("mlflow-name-empty", change)[0]
    assert (found.cause, found.remedy.fix) == ("service-discovery-missing", ())
    assert found.remedy.decision == (
        "Several namespaces have the name hokusai.local: see which one belongs to this VPC, and"
        " create the name there."
    )
