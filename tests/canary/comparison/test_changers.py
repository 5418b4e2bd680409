"""Who changed it: which time counts, which call is taken, and what is said."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest

from canary.comparison.changers import completed, sentence
from canary.comparison.suspects import Suspect, asked, suspects
from canary.control_plane.state import (
    Container,
    DiscoveryService,
    EcsService,
    PlatformState,
    TaskDefinition,
)
from canary.control_plane.write_calls import Audit, WriteCall, changed_by, used_by
from canary.model import (
    ChangedBy,
    CheckHistory,
    Confidence,
    Diagnosis,
    Evidence,
    Explanation,
    Remedy,
    Report,
    Status,
)
from tests.canary.support.made import report

NOON = dt.datetime(2026, 11, 29, 12, 0, tzinfo=dt.UTC)
ELB = "arn:aws:elasticloadbalancing:us-east-1:123456789012"
RULE = f"{ELB}:listener-rule/app/web/1111/2222/3333"
LISTENER = f"{ELB}:listener/app/web/1111/2222"
STATE = PlatformState(read_at="now")
ALICE = "arn:aws:iam::123456789012:user/alice"


def at(minutes: float) -> str:
    return (NOON + dt.timedelta(minutes=minutes)).isoformat()


def diagnosis(resource: str = RULE, *evidence: str, explains: tuple[str, ...] = ("a.b",)) -> Any:
    return Diagnosis(
        cause="rule-missing",
        service="api",
        resource=resource,
        confidence=Confidence.CERTAIN,
        summary="A rule is missing.",
        explains=explains,
        evidence=tuple(Evidence(resource=e, seen="it is gone") for e in evidence),
        remedy=Remedy(summary="Bring it back.", decision="Bring it back."),
    )


def call(name: str = "DeleteRule", minutes: float = -4, **changes: Any) -> WriteCall:
    given = changes.pop("given", {"ruleArn": RULE})
    source = changes.pop("source", "elasticloadbalancing.amazonaws.com")
    return WriteCall(
        **{
            "id": f"{name}{minutes}",
            "name": name,
            "source": source,
            "at": at(minutes),
            "who": "alice",
            "caller": ALICE,
            "changed": changed_by(source, given),
            **changes,
        }
    )


def failing(
    since: float = 0, outcomes: str = "PPF", baseline_at: str = ""
) -> dict[str, CheckHistory]:
    history = CheckHistory(
        outcomes=outcomes, since=at(since), last_status=Status.FAIL, baseline_at=baseline_at
    )
    return {"a.b": history}


def passed(minutes: float = -5) -> Report:
    good = CheckHistory(outcomes="PP", last_run_at=at(minutes), last_status=Status.PASS)
    return report(history={"a.b": good})


def suspect(found: Diagnosis | None = None, state: PlatformState = STATE) -> Suspect:
    explanation = Explanation(diagnoses=(found or diagnosis(),))
    (made,) = suspects(explanation, failing(), passed(), state, NOON)
    return made


def judged(found: Diagnosis, *calls: WriteCall, whole: bool = True, minutes: float = 1) -> Any:
    explanation = Explanation(diagnoses=(found,))
    made = suspects(explanation, failing(), passed(), STATE, NOON)
    now = NOON + dt.timedelta(minutes=minutes)
    (after,) = completed(explanation, made, Audit(calls=calls, whole=whole), now).diagnoses
    return after


def test_the_call_is_the_first_line_of_evidence() -> None:
    found = judged(
        diagnosis(RULE, LISTENER), call(address="203.0.113.7", tool="aws-cli/2.15", minutes=-4)
    )
    seen = f"DeleteRule by {ALICE} from 203.0.113.7 with aws-cli/2.15 at 2026-11-29 11:56:00 UTC"
    assert found.evidence == (
        Evidence(resource=RULE, seen=seen, at=at(-4)),
        Evidence(resource=LISTENER, seen="it is gone"),
    )
    assert found.changed_by == ChangedBy(who="alice", call="DeleteRule", at=at(-4))


@pytest.mark.parametrize(
    ("calls", "by"),
    [
        ([call(minutes=-4), call("ModifyRule", -2)], "ModifyRule"),  # the later one
        ([call(minutes=-4), call("ModifyRule", 1)], "ModifyRule"),  # the run saw it yet
        ([call(minutes=-6)], None),  # all was well after it
        ([call(minutes=2)], None),  # it failed before
        ([call(error="AccessDenied")], None),  # it changed nothing
        ([call(given={"ruleArn": RULE + "4"})], None),  # a rule beside it
        ([call(given={"listenerArn": LISTENER}, name="DeleteListener")], "DeleteListener"),
        ([call(given={"listenerArn": LISTENER}, name="ModifyListener")], None),
        ([call(at="never")], None),
        (
            [call("DeleteListener", -1, given={"listenerArn": LISTENER}), call(minutes=-4)],
            "DeleteRule",  # the object itself before its parent
        ),
    ],
)
def test_a_call_counts_by_time_object_and_success(calls: list[WriteCall], by: str | None) -> None:
    found = judged(diagnosis(), *calls).changed_by
    assert (found.call if found else None) == by


def test_a_deleted_rule_is_a_change_of_its_listener() -> None:
    found = judged(diagnosis(LISTENER), call())
    assert found.changed_by == ChangedBy(who="alice", call="DeleteRule", at=at(-4))


@pytest.mark.parametrize(
    ("cause", "by"),
    [
        *[("rule-missing", None), ("listener-missing", None), ("service-missing", None)],
        *[("rule-shadowed", "CreateRule"), ("rule-wrong-target", "CreateRule")],
    ],
)
def test_what_is_missing_is_not_missing_because_somebody_made_one(
    cause: str, by: str | None
) -> None:
    found = msgspec.structs.replace(diagnosis(LISTENER), cause=cause)
    made = call("CreateRule", -2, given={"listenerArn": LISTENER})
    told = judged(found, made).changed_by
    assert (told.call if told else None) == by
    deleted = judged(found, call("DeleteRule", -3), made).changed_by
    assert deleted.call == (by or "DeleteRule")


def test_what_the_evidence_names_counts_after_the_object_itself() -> None:
    ecs, secrets = "ecs.amazonaws.com", "secretsmanager.amazonaws.com"
    service = "arn:aws:ecs:us-east-1:123456789012:service/shop/api"
    secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/key-Ab12Cd"
    rotated = call("PutSecretValue", -3, source=secrets, given={"secretId": "shop/key"})
    deployed = call("UpdateService", -4, source=ecs, given={"service": "api", "cluster": "shop"})
    both = diagnosis(service, secret)
    assert judged(both, rotated).changed_by.call == "PutSecretValue"
    told = judged(both, rotated, deployed)
    assert told.changed_by.call == "UpdateService"
    rows = [e.seen.partition(" ")[0] for e in told.evidence]
    assert rows == ["UpdateService", "PutSecretValue", "it"]


def test_a_listener_that_begins_to_use_a_certificate_is_its_change() -> None:
    certificate = "arn:aws:acm:us-east-1:123456789012:certificate/1"
    given = {"listenerArn": LISTENER, "certificates": [{"certificateArn": certificate}]}
    source = "elasticloadbalancing.amazonaws.com"
    served = call("ModifyListener", given=given, uses=used_by(source, given))
    assert judged(diagnosis(certificate), served).changed_by.call == "ModifyListener"
    assert judged(diagnosis(certificate + "2"), served).changed_by is None


def test_a_line_about_what_the_evidence_names_has_that_as_its_resource() -> None:
    service = "arn:aws:ecs:us-east-1:123456789012:service/shop/api"
    secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/key-Ab12Cd"
    rotated = call(
        "PutSecretValue", source="secretsmanager.amazonaws.com", given={"secretId": "shop/key"}
    )
    (first, *_) = judged(diagnosis(service, LISTENER, secret), rotated).evidence
    assert (first.resource, first.seen.partition(" ")[0]) == (secret, "PutSecretValue")


@pytest.mark.parametrize(
    ("name", "origin", "accused"),
    [
        ("DeregisterTargets", "AWS", False),  # it replaces a task
        ("DeregisterTargets", "somebody", True),
        ("ModifyTargetGroup", "AWS", True),
        ("ModifyTargetGroup", "canary", False),
    ],
)
def test_a_task_that_aws_replaces_and_the_canary_itself_accuse_nobody(
    name: str, origin: Any, accused: bool
) -> None:
    group = f"{ELB}:targetgroup/web/9"
    routine = call(name, -2, given={"targetGroupArn": group}, origin=origin)
    alone = judged(diagnosis(group), routine)
    assert (alone.changed_by is not None) == accused
    assert [e.resource for e in alone.evidence] == ([group] if accused else []), "nor 'no event'"
    edited = call("ModifyTargetGroup", -4, given={"targetGroupArn": group})
    both = judged(diagnosis(group), routine, edited)
    assert both.changed_by.at == at(-2 if accused else -4)


def test_no_event_is_not_said_of_a_role_whose_events_another_region_may_have() -> None:
    role = diagnosis("arn:aws:iam::123456789012:role/task")
    assert judged(role) == role


ECS = "arn:aws:ecs:us-east-1:123456789012"


def needing(*secrets: str) -> PlatformState:
    containers = tuple(
        Container(name=f"c{n}", image="i", secrets={"KEY": s}) for n, s in enumerate(secrets)
    )
    role = "arn:aws:iam::123456789012:role/start"
    revision = f"{ECS}:task-definition/api:7"
    service = EcsService(
        name="api",
        arn=f"{ECS}:service/shop/api",
        status="ACTIVE",
        desired=1,
        running=0,
        pending=0,
        task_definition=revision,
    )
    return PlatformState(
        ecs_services=(service,),
        task_definitions=(
            TaskDefinition(
                arn=revision, family="api", revision=7, containers=containers, execution_role=role
            ),
        ),
    )


@pytest.mark.parametrize("resource", [f"{ECS}:service/shop/api", f"{ECS}:task-definition/api:7"])
@pytest.mark.parametrize(
    ("cause", "source", "name", "given", "by"),
    [
        ("secret-unavailable", "ssm", "DeleteParameter", {"name": "/shop/host"}, "/shop/host"),
        ("secret-unavailable", "ssm", "DeleteParameter", {"name": "/shop/other"}, None),
        ("secret-unavailable", "ecs", "DeleteService", {"service": "key", "cluster": "b"}, None),
        ("secret-unavailable", "iam", "DeleteRolePolicy", {"roleName": "start"}, None),
        ("task-crash-loop", "ssm", "DeleteParameter", {"name": "/shop/host"}, None),
        (
            "execution-role-denied",
            "iam",
            "DeleteRolePolicy",
            {"roleName": "start"},
            "arn:aws:iam::123456789012:role/start",
        ),
    ],
)
def test_what_the_tasks_need_goes_before_the_deployment_that_brought_it_to_light(
    cause: str, source: str, name: str, given: dict[str, str], by: str | None, resource: str
) -> None:
    found = msgspec.structs.replace(diagnosis(resource), cause=cause)
    state = needing("/shop/host", "key")
    made = suspects(Explanation(diagnoses=(found,)), failing(), passed(), state, NOON)
    ecs = "ecs.amazonaws.com"
    given_to_ecs = {"service": "api", "cluster": "shop"}
    calls = (
        call("UpdateService", -2, source=ecs, given=given_to_ecs),
        call("RegisterTaskDefinition", -2, source=ecs, given={"family": "api"}),
        call(name, -4, source=f"{source}.amazonaws.com", given=given),
    )
    (after,) = completed(Explanation(diagnoses=(found,)), made, Audit(calls=calls), NOON).diagnoses
    own = "UpdateService" if ":service/" in resource else "RegisterTaskDefinition"
    assert after.changed_by.call == (name if by else own)
    assert after.evidence[0].resource == (by or resource)


BUCKET = "s3://artifacts/mlflow"


@pytest.mark.parametrize("resource", [BUCKET, f"{ECS}:task-definition/api:7"])
@pytest.mark.parametrize(
    ("source", "name", "given", "by"),
    [
        ("s3", "PutBucketPolicy", {"bucketName": "artifacts"}, BUCKET),
        ("s3", "PutBucketPolicy", {"bucketName": "other"}, None),
        ("iam", "DeleteRolePolicy", {"roleName": "write"}, "arn:aws:iam::1:role/write"),
        ("iam", "DeleteRolePolicy", {"roleName": "start"}, None),
        ("iam", "DetachRolePolicy", {"roleName": "write"}, "arn:aws:iam::1:role/write"),
    ],
)
def test_access_to_a_bucket_is_changed_by_its_policy_or_by_the_role_of_the_tasks(
    source: str, name: str, given: dict[str, str], by: str | None, resource: str
) -> None:
    found = msgspec.structs.replace(diagnosis(resource), cause="artifact-store-failing")
    state = needing("key")
    (definition,) = state.task_definitions
    container = msgspec.structs.replace(definition.containers[0], plain={"DESTINATION": BUCKET})
    definition = msgspec.structs.replace(
        definition, task_role="arn:aws:iam::1:role/write", containers=(container,)
    )
    state = msgspec.structs.replace(state, task_definitions=(definition,))
    made = suspects(Explanation(diagnoses=(found,)), failing(), passed(), state, NOON)
    assert {o.kind for o in asked(made).wanted} >= {"role", "bucket"}
    calls = (call(name, source=f"{source}.amazonaws.com", given=given),)
    (after,) = completed(Explanation(diagnoses=(found,)), made, Audit(calls=calls), NOON).diagnoses
    assert (after.changed_by.call if after.changed_by else None) == (name if by else None)
    assert not by or after.evidence[0].resource == by


def test_a_name_that_two_objects_have_accuses_nobody() -> None:
    service = call("UpdateService", -3, source="ecs.amazonaws.com", given={"service": "api"})
    secret = call(
        "PutSecretValue", -2, source="secretsmanager.amazonaws.com", given={"secretId": "api"}
    )
    assert judged(diagnosis("api"), service).changed_by.call == "UpdateService"
    assert judged(diagnosis("api"), service, secret).changed_by is None


def test_a_service_and_its_task_definition_may_have_one_name() -> None:
    ecs = "ecs.amazonaws.com"
    registered = call("RegisterTaskDefinition", -3, source=ecs, given={"family": "api"})
    deployed = call("UpdateService", -2, source=ecs, given={"service": "api", "cluster": "shop"})
    other = call("UpdateService", -1, source=ecs, given={"service": "api", "cluster": "test"})
    assert judged(diagnosis("api"), registered, deployed).changed_by.call == "UpdateService"
    assert judged(diagnosis("api"), deployed, other).changed_by is None


def test_the_last_good_run_counts_though_history_keeps_whole_seconds() -> None:
    begun = NOON + dt.timedelta(microseconds=250_000)
    explanation = Explanation(diagnoses=(diagnosis(),))
    (made,) = suspects(explanation, failing(), passed(-5), STATE, begun)
    assert made.since.isoformat() == at(-5)


def test_a_cloud_map_name_is_known_by_its_service() -> None:
    entry = DiscoveryService(id="srv-1", arn="", name="api.shop.local")
    state = PlatformState(read_at="now", discovery=(entry,))
    assert suspect(diagnosis("api.shop.local"), state).own.names == {"srv-1"}


@pytest.mark.parametrize(
    ("history", "previous", "since"),
    [
        (failing(), passed(-5), at(-5)),
        (failing(since=-30), None, at(-90)),
        (failing(outcomes="FFF"), None, at(-24 * 60)),
        (failing(since=-30, baseline_at=at(-35)), None, at(-35)),
        (failing(since=-30, baseline_at=at(-9000)), None, at(-30 - 24 * 60)),
        (failing(since=-30, baseline_at=at(-1)), None, at(-90)),  # not of this incident
        (failing(since=0, baseline_at=at(-35)), passed(-5), at(-5)),
        ({}, None, at(-24 * 60)),
        (failing(since=-30), passed(-5), at(-90)),  # it failed before the last run
    ],
)
def test_the_time_begins_with_the_last_good_run(
    history: dict[str, CheckHistory], previous: Report | None, since: str
) -> None:
    explanation = Explanation(diagnoses=(diagnosis(),))
    (made,) = suspects(explanation, history, previous, STATE, NOON)
    assert made.since.isoformat() == since


def test_only_three_diagnoses_that_explain_something_and_name_an_object_are_looked_up() -> None:
    many = (
        diagnosis("the log of api"),
        diagnosis("sg-0", explains=()),
        *(diagnosis(f"sg-{n}") for n in range(1, 5)),
    )
    made = suspects(Explanation(diagnoses=many), failing(), None, STATE, NOON)
    assert [m.diagnosis.resource for m in made] == ["sg-1", "sg-2"]
    question = asked(made)
    assert [sorted(w.names) for w in question.wanted] == [["sg-1"], ["sg-2"]]
    assert question.until == NOON + dt.timedelta(seconds=90)


@pytest.mark.parametrize(
    ("whole", "minutes", "last"),
    [
        (True, 1, "no event yet of a change; events may be 15 minutes late"),
        (True, 20, "no event of a change between 2026-11-29 11:55 UTC and the first failure"),
        (False, 1, None),
    ],
)
def test_no_event_is_said_last_and_only_where_all_were_read(
    whole: bool, minutes: float, last: str | None
) -> None:
    found = judged(diagnosis(RULE, LISTENER), whole=whole, minutes=minutes)
    rows = [e.seen for e in found.evidence]
    assert rows == ["it is gone", *([last] if last else [])]
    assert found.changed_by is None


def test_the_caller_and_the_service_that_called_for_it_are_both_named() -> None:
    stack = "cloudformation.amazonaws.com"
    told = sentence(call(through=stack, address=stack, tool=stack))
    assert told == f"DeleteRule by {ALICE} through {stack} at 2026-11-29 11:56:00 UTC"


def test_the_canary_and_aws_are_named_as_what_they_are() -> None:
    role = "arn:aws:sts::123456789012:assumed-role/AWSServiceRoleForECS/ecs"
    service = call(
        "DeregisterTargets",
        who="AWS (ecs.amazonaws.com)",
        origin="AWS",
        caller=role,
        address="ecs.amazonaws.com",
        tool="ecs.amazonaws.com",
    )
    assert sentence(service) == (
        "DeregisterTargets by AWS (ecs.amazonaws.com) at 2026-11-29 11:56:00 UTC"
    )
    own = call(
        who="the canary itself",
        origin="canary",
        caller="arn:aws:sts::1:assumed-role/r/hokusai-canary-test",
    )
    assert sentence(own) == "DeleteRule by the canary itself at 2026-11-29 11:56:00 UTC"
