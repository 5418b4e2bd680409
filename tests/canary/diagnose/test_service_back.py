"""The way back of a service gives back all that came with the fault, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from canary.control_plane.state import PlatformState, SecretState
from canary.diagnose import diagnose
from canary.diagnose.core.case import Case
from canary.diagnose.ecs import revisions
from canary.diagnose.remedies import service_back
from canary.diagnose.remedies.edit import Edit
from canary.diagnose.remedies.secrets import previous_value, restore_secret
from canary.diagnose.remedies.services import update_service
from canary.model import Diagnosis, Remedy
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p
from tests.canary.support.commands import faults_of, parameters

NAMES = faults.NAMES
BREAKER = {
    "deploymentCircuitBreaker": {"enable": True, "rollback": True},
    "minimumHealthyPercent": 100,
    "maximumPercent": 200,
}
BOLD = {
    "deploymentCircuitBreaker": {"enable": False, "rollback": False},
    "minimumHealthyPercent": 0,
    "maximumPercent": 100,
}
HOOK = {"hookTargetArn": "arn:aws:lambda:us-east-1:123456789012:function:h", "roleArn": "r"}
PLACE = {
    "subnets": ["subnet-b", "subnet-a"],
    "securityGroups": ["sg-auth"],
    "assignPublicIp": "DISABLED",
}
NETWORK = {"awsvpcConfiguration": PLACE}
WAS = {
    "deploymentConfiguration": BREAKER,
    "platformVersion": "1.4.0",
    "desiredCount": 1,
    "enableExecuteCommand": False,
    "networkConfiguration": NETWORK,
}


def with_config(state: PlatformState, **config: Any) -> PlatformState:
    place = config.get("networkConfiguration", NETWORK)["awsvpcConfiguration"]
    return faults.service(
        state, "auth", config=config, security_groups=tuple(place["securityGroups"]),
        subnets=tuple(place["subnets"]),
        execute_command=bool(config.get("enableExecuteCommand")),
    )  # fmt: skip


def told(was: dict[str, Any] | None, now: dict[str, Any], fault: str = "auth-crashes") -> Diagnosis:
    """Return the first diagnosis of a fault at auth; `was`: None for no baseline."""
    state, results = faults.plant(faults.by_id(fault))
    before = None if was is None else with_config(p.healthy(NAMES), **was)
    state = with_config(state, **now)
    return diagnose(results, state, p.environment(NAMES), before, p.NOW).diagnoses[0]


def sent(remedy: Remedy) -> dict[str, Any]:
    (line,) = remedy.fix
    assert faults_of(line) == ""
    return parameters(line)


def given_back(diagnosis: Diagnosis) -> dict[str, Any]:
    """Return what the one call sets beside the revision."""
    own = ("cluster", "service", "taskDefinition", "forceNewDeployment")
    return {k: v for k, v in sent(diagnosis.remedy).items() if k not in own}


VOLUME = {"volumeConfigurations": [{"name": "data"}]}
CONNECT = {"enabled": True, "namespace": "n", "services": [{"portName": "http"}]}


def deploying(state: PlatformState, **fields: Any) -> PlatformState:
    """Return a platform whose auth service was deployed with these fields."""
    (auth,) = [s for s in state.ecs_services if s.name == NAMES.of("auth")]
    deployments = tuple(p.replace(d, **fields) for d in auth.deployments)
    return faults.service(state, "auth", deployments=deployments)


@pytest.mark.parametrize(
    ("was", "now", "back"),
    [
        ({"config": VOLUME}, {"config": {}}, VOLUME),
        ({"config": VOLUME}, {"config": VOLUME}, {}),
        ({"config": {}}, {"config": VOLUME}, {}),  # the reading before may not have told it
        ({"service_connect": CONNECT}, {"service_connect": {"enabled": False}},
         {"serviceConnectConfiguration": CONNECT}),
        ({"service_connect": {**CONNECT, "logConfiguration": {"logDriver": "x"}}},
         {"service_connect": {"enabled": False}}, {}),  # its options are not read
    ],
    ids=["lost", "kept", "new", "connect", "connect with a log"],
)  # fmt: skip
def test_what_ecs_tells_of_a_deployment_alone_is_given_back(
    was: dict[str, Any], now: dict[str, Any], back: dict[str, Any]
) -> None:
    state, results = faults.plant(faults.by_id("auth-crashes"))
    before = deploying(with_config(p.healthy(NAMES), **WAS), **was)
    state = deploying(with_config(state, **WAS), **now)
    found = diagnose(results, state, p.environment(NAMES), before, p.NOW).diagnoses[0]
    assert given_back(found) == back


def test_one_call_gives_back_the_revision_and_how_it_is_deployed() -> None:
    found = told(WAS, {**WAS, "deploymentConfiguration": BOLD})
    assert given_back(found) == {"deploymentConfiguration": BREAKER}
    assert sent(found.remedy)["taskDefinition"] == NAMES.revision("auth", 7)
    (change,) = found.remedy.difference
    assert json.loads(change.before)["deploymentConfiguration"] == BOLD
    assert json.loads(change.after)["deploymentConfiguration"] == BREAKER
    (back,) = found.remedy.undo
    assert parameters(back)["deploymentConfiguration"] == BOLD
    assert found.remedy.irreversible == ""


def test_several_parts_go_back_together() -> None:
    now = {**WAS, "deploymentConfiguration": BOLD, "platformVersion": "1.3.0"}
    assert given_back(told(WAS, now)) == {
        "deploymentConfiguration": BREAKER,
        "platformVersion": "1.4.0",
    }


def test_what_is_as_it_was_stays_out_of_the_call() -> None:
    assert given_back(told(WAS, WAS)) == {}


@pytest.mark.parametrize("was", [None, {}], ids=["no baseline", "not read"])
def test_of_what_nothing_is_known_nothing_is_given_back(was: dict[str, Any] | None) -> None:
    found = told(was, {**WAS, "deploymentConfiguration": BOLD})
    assert not any("deployment-configuration" in line for line in found.remedy.fix)


def test_what_is_not_read_now_is_not_given_back() -> None:
    assert given_back(told(WAS, {})) == {}


def test_a_count_that_scaling_changed_is_no_change() -> None:
    found = told(WAS, {**WAS, "desiredCount": 5})
    assert given_back(found) == {}
    assert not any("desiredCount" in e.seen for e in found.evidence)


@pytest.mark.parametrize(
    "now",
    [
        {"deploymentConfiguration": {**BREAKER, "strategy": "ROLLING", "bakeTimeInMinutes": 0}},
        {"networkConfiguration": {
            "awsvpcConfiguration": {**PLACE, "subnets": ["subnet-a", "subnet-b"]}}},
        {"availabilityZoneRebalancing": "ENABLED"},
    ],
    ids=["AWS tells more", "another order", "a new field"],
)  # fmt: skip
def test_what_aws_tells_otherwise_is_no_change(now: dict[str, Any]) -> None:
    assert given_back(told(WAS, {**WAS, **now})) == {}


@pytest.mark.parametrize(
    ("part", "was", "now"),
    [
        ("enableExecuteCommand", True, False),
        ("deploymentConfiguration", {**BREAKER, "lifecycleHooks": [HOOK]},
         {**BREAKER, "lifecycleHooks": []}),
        ("networkConfiguration", {"awsvpcConfiguration": {**PLACE, "securityGroups": ["sg-x"]}},
         NETWORK),
        ("serviceRegistries", [{"registryArn": "arn:aws:servicediscovery:us-east-1:1:service/x"}],
         []),
    ],
    ids=["a shell", "a hook", "a group that is gone", "a name that is gone"],
)  # fmt: skip
def test_what_would_widen_or_is_gone_is_told_and_not_given_back(
    part: str, was: Any, now: Any
) -> None:
    found = told({**WAS, part: was}, {**WAS, part: now})
    assert given_back(found) == {}
    (line,) = [e for e in found.evidence if e.seen.startswith(f"{part} ")]
    assert line.expected == f"{json.dumps(was, sort_keys=True)}, as while all was well"


@pytest.mark.parametrize(
    ("was", "now", "back"),
    [
        (["sg-auth", "sg-database"], ["sg-auth"], False),
        (["sg-auth", "sg-database"], ["sg-auth", "sg-cache"], False),
        (["sg-auth"], ["sg-auth", "sg-database"], True),
    ],
    ids=["hardened", "exchanged", "opened"],
)
def test_groups_come_back_with_a_revision_only_where_the_tasks_stay_in_fewer(
    was: list[str], now: list[str], back: bool
) -> None:
    before, after = (
        {"awsvpcConfiguration": {**PLACE, "securityGroups": groups}} for groups in (was, now)
    )
    found = told({**WAS, "networkConfiguration": before}, {**WAS, "networkConfiguration": after})
    assert given_back(found) == ({"networkConfiguration": before} if back else {})
    shown = [e for e in found.evidence if e.seen.startswith("networkConfiguration ")]
    assert len(shown) == (0 if back else 1)


def test_what_closes_is_given_back() -> None:
    found = told(WAS, {**WAS, "enableExecuteCommand": True})
    assert given_back(found) == {"enableExecuteCommand": False}


def test_without_a_deployment_since_then_a_difference_is_told_alone() -> None:
    now = {**WAS, "deploymentConfiguration": BOLD, "desiredCount": 0}
    found = told(WAS, now, "auth-scaled-to-zero")
    assert given_back(found) == {"desiredCount": 1}
    assert [e.seen for e in found.evidence if "minimumHealthyPercent" in e.seen]


def moved(number: int, port: int, state: PlatformState, group: str = "a") -> PlatformState:
    """Return a platform whose auth service has a revision and the entry that goes with it."""
    new = p.definition(NAMES, "auth", number)
    own = p.replace(new.containers[0], image="auth:1", ports=(port,), log_group=group)
    known = tuple(d for d in state.task_definitions if d.arn != new.arn)
    new = p.replace(new, containers=(own,))
    entry = {"targetGroupArn": NAMES.group("auth"), "containerName": "auth", "containerPort": port}
    state = faults.service(
        state, "auth", task_definition=new.arn,
        config={**WAS, "loadBalancers": [entry], "deploymentConfiguration":
                BREAKER if port == 8000 else BOLD},
    )  # fmt: skip
    return p.replace(state, task_definitions=(*known, new))


def deployed_again(now: PlatformState, definition: str = "") -> tuple[set[str], list[str]]:
    """Return the fields that a new deployment gives back, and those that are told instead."""
    was, now = told_by_aws(moved(7, 8000, p.healthy(NAMES))), told_by_aws(now)
    case = Case(
        results=(), state=now, environment=p.environment(NAMES), previous=was, now=p.NOW
    )  # fmt: skip
    (edit,) = revisions.deploy(case, "auth", definition)
    (auth,) = [s for s in now.ecs_services if s.name == NAMES.of("auth")]
    own = ("cluster", "service", "taskDefinition", "forceNewDeployment")
    shown = service_back.evidence(case, auth, definition)
    return set(edit.parameters) - {*own}, [e.seen.partition(" ")[0] for e in shown]


ENTRY_AND_BREAKER = ["deploymentConfiguration", "loadBalancers"]


def test_a_revision_that_stays_keeps_what_came_with_it() -> None:
    now = moved(8, 9090, moved(7, 8000, p.healthy(NAMES)))
    assert deployed_again(now) == (set(), ENTRY_AND_BREAKER)
    other = moved(8, 8000, moved(7, 8000, p.healthy(NAMES)), group="/ecs/other")
    other = with_config(other, **{**WAS, "deploymentConfiguration": BOLD})
    assert deployed_again(other) == (set(), ["deploymentConfiguration"])


def test_a_revision_that_goes_back_takes_back_what_came_with_the_other() -> None:
    now = moved(8, 9090, moved(7, 8000, p.healthy(NAMES)))
    assert deployed_again(now, NAMES.revision("auth", 7)) == ({*ENTRY_AND_BREAKER}, [])
    assert deployed_again(now, NAMES.revision("auth", 6)) == (set(), ENTRY_AND_BREAKER)


def test_a_new_revision_of_the_same_content_takes_back_what_came_with_it() -> None:
    now = moved(8, 8000, moved(7, 8000, p.healthy(NAMES)))
    now = with_config(now, **{**WAS, "deploymentConfiguration": BOLD})
    assert deployed_again(now) == ({"deploymentConfiguration"}, [])


def told_by_aws(state: PlatformState) -> PlatformState:
    """Return a state whose revisions have the fields of their own that AWS describes."""
    told = tuple(
        p.replace(
            d, config={"family": d.family, "revision": d.revision, "taskDefinitionArn": d.arn}
        )
        for d in state.task_definitions
    )
    return p.replace(state, task_definitions=told)


# --- the way back from a fix


def service_edit(**fields: Any) -> Edit:
    auth = next(s for s in p.healthy().ecs_services if s.name == NAMES.of("auth"))
    return update_service(NAMES.of("cluster"), auth, **fields)


def test_a_fix_without_a_way_back_says_why() -> None:
    assert service_edit().undo is None
    assert service_edit().irreversible == (
        f"The new tasks of {NAMES.of('auth')} need no way back: they are of the same revision."
    )
    unknown = service_edit(platformVersion="1.4.0")
    assert (unknown.undo, unknown.irreversible) == (
        None, f"Before the fix, platformVersion of {NAMES.of('auth')} was not read.",
    )  # fmt: skip
    known = service_edit(desiredCount=2)
    assert known.undo is not None and known.irreversible == ""


@pytest.mark.parametrize("fault", faults.FAULTS, ids=lambda f: f.id)
def test_each_fix_has_a_way_back_or_says_that_it_has_none(fault: faults.Fault) -> None:
    state, results = faults.plant(fault)
    for d in diagnose(results, state, p.environment(NAMES), p.healthy(), p.NOW).diagnoses:
        if d.remedy.fix:
            assert d.remedy.undo or d.remedy.irreversible
        else:
            assert not d.remedy.undo and not d.remedy.irreversible


def test_the_deletion_of_a_secret_can_be_marked_again() -> None:
    undo = restore_secret("app").undo
    assert undo is not None
    assert (undo.operation, undo.parameters) == (
        "delete-secret", {"SecretId": "app", "RecoveryWindowInDays": 30},
    )  # fmt: skip


@pytest.mark.parametrize("key", ["", "alias/aws/ssm", "arn:aws:kms:us-east-1:1:key/k"])
def test_a_parameter_keeps_its_key_and_its_value_can_be_put_back(key: str) -> None:
    state = SecretState(
        reference="/p", exists=True, kind="parameter", name="/p", version="4", version_before="3",
        kms_key=key,
    )  # fmt: skip
    edit = previous_value(state)
    assert edit.undo is not None
    for one, version in ((edit, "3"), (edit.undo, "4")):
        kept = {k: one.parameters[k] for k in ("Type", "KeyId") if k in one.parameters}
        assert kept == ({"Type": "SecureString", "KeyId": key} if key else {})
        assert one.parameters["Value"].query == f"Parameters[?Version==`{version}`].Value"
