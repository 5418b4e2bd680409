"""Which objects a diagnosis names, and which call on several objects or on a parent fits."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest

from canary.comparison.changers import changers, completed, sentence
from canary.comparison.suspects import ASKED, Suspect, asked, suspects
from canary.control_plane.named_objects import object_of
from canary.control_plane.state import Container, EcsService, PlatformState, TaskDefinition
from canary.control_plane.write_calls import Audit
from canary.model import CheckHistory, Evidence, Explanation, Status
from tests.canary.comparison.test_changers import (
    ALICE,
    ECS,
    ELB,
    LISTENER,
    NOON,
    RULE,
    STATE,
    at,
    call,
    diagnosis,
    failing,
    judged,
    needing,
    passed,
    suspect,
)
from tests.canary.support.made import report

BALANCER = f"{ELB}:loadbalancer/app/web/1111"
OTHER = object_of("rule", RULE + "9")


@pytest.mark.parametrize(
    ("resource", "name", "given", "accused"),
    [
        (RULE, "DeleteListener", {"listenerArn": LISTENER}, True),
        (LISTENER, "DeleteLoadBalancer", {"loadBalancerArn": BALANCER}, True),
        (RULE, "RemoveListenerCertificates", {"listenerArn": LISTENER}, False),
        (RULE, "ModifyListener", {"listenerArn": LISTENER}, False),
        (LISTENER, "RemoveListenerCertificates", {"listenerArn": LISTENER}, True),
    ],
)
def test_only_what_deletes_a_parent_takes_its_parts_away(
    resource: str, name: str, given: dict[str, str], accused: bool
) -> None:
    found = judged(diagnosis(resource), call(name, given=given))
    assert (found.changed_by is not None) is accused


def test_one_of_several_objects_of_a_call_is_enough() -> None:
    several = call("SetRulePriorities", changed=(OTHER, object_of("rule", RULE)))
    assert judged(diagnosis(), several).changed_by.call == "SetRulePriorities"
    assert judged(diagnosis(), call("SetRulePriorities", changed=(OTHER,))).changed_by is None
    uses = (object_of("certificate", "c-1"), object_of("certificate", "c-2"))
    served = call("ModifyListener", given={"listenerArn": LISTENER}, uses=uses)
    found = msgspec.structs.replace(suspect(), own=uses[1])
    assert changers(found, [served]) == (served,)


def test_the_newest_call_before_the_failure_goes_before_a_later_one() -> None:
    found = msgspec.structs.replace(suspect(), until=NOON + dt.timedelta(minutes=30))
    early, newer, later = call(minutes=-4), call(minutes=-2), call(minutes=3)
    edge = call(minutes=1.5)  # ninety seconds: the run that saw it was under way
    assert changers(found, [early, newer, later]) == (newer,)
    assert changers(found, [early, later, edge]) == (edge,)
    assert changers(found, [later]) == (later,)


def test_one_call_of_the_object_and_one_of_what_the_evidence_names_are_told() -> None:
    group = object_of("target group", f"{ELB}:targetgroup/web/9")
    found = msgspec.structs.replace(suspect(), others=(group,))
    own = [call(minutes=-4), call("ModifyRule", -3)]
    beside = [call(f"Modify{n}", -n, changed=(group,)) for n in (1, 2)]
    assert changers(found, [*own, *beside]) == (own[1], beside[0])
    assert changers(found, beside) == (beside[0],)


def test_the_line_of_a_call_on_several_objects_names_the_one_of_the_evidence() -> None:
    group = f"{ELB}:targetgroup/web/9"
    several = call("ModifyTargetGroup", changed=(OTHER, object_of("target group", group)))
    (first, *_) = judged(diagnosis(RULE, LISTENER, group), several).evidence
    assert first.resource == group


def test_of_several_checks_the_first_that_was_last_well_begins_the_time() -> None:
    failed = CheckHistory(outcomes="PF", since=at(0), last_status=Status.FAIL)
    well = {
        c: CheckHistory(outcomes="P", last_run_at=at(m), last_status=Status.PASS)
        for c, m in (("a", -5), ("b", -9))
    }
    skipped = CheckHistory(outcomes="S", last_run_at=at(-20), last_status=Status.SKIP)
    all_of_them = Explanation(diagnoses=(diagnosis(explains=("a", "b", "c")),))
    before = report(history={**well, "c": skipped})
    (made,) = suspects(all_of_them, dict.fromkeys("abc", failed), before, STATE, NOON)
    assert made.since.isoformat() == at(-9)


def test_evidence_of_no_object_or_of_the_own_one_is_no_other_object() -> None:
    group = f"{ELB}:targetgroup/web/9"
    found = suspect(diagnosis(RULE, "the log of api", RULE, group, "sg-1", LISTENER, group))
    assert [o.kind for o in found.others] == ["listener", "security group", "target group"]
    assert found.own == object_of("rule", RULE)
    assert asked([found]).wanted == (found.own, *found.others)


def test_three_diagnoses_are_looked_up_from_the_first_time_to_the_last() -> None:
    def of(check: str, group: str) -> object:
        return diagnosis(group, explains=(check,))

    history = {
        "a": CheckHistory(outcomes="PF", since=at(-30), last_status=Status.FAIL),
        "b": CheckHistory(outcomes="PF", since=at(-10), last_status=Status.FAIL),
        "c": CheckHistory(outcomes="P", since=at(-50), last_status=Status.PASS),
    }
    told = Explanation(diagnoses=tuple(of(c, f"sg-{c}") for c in "abab"))  # type: ignore[misc]
    made = suspects(told, history, None, STATE, NOON)
    assert ASKED == 3 and len(made) == 3
    assert [(s.since.isoformat(), s.failed.isoformat()) for s in made[:2]] == [
        (at(-90), at(-30)), (at(-70), at(-10))
    ]  # fmt: skip
    question = asked(made)
    assert (question.since.isoformat(), question.until.isoformat()) == (at(-90), at(-8.5))
    both = suspects(Explanation(diagnoses=(diagnosis("sg-x", explains=("a", "b", "c")),)),
                    history, None, STATE, NOON)  # fmt: skip
    assert (both[0].failed.isoformat(), both[0].until.isoformat()) == (at(-30), at(-8.5))


def with_store(*values: str) -> PlatformState:
    """Return a service with these values, beside one with another bucket and one not in use."""
    plain = {f"V{n}": v for n, v in enumerate(values)}
    own = TaskDefinition(
        arn=f"{ECS}:task-definition/api:7", family="api", revision=7, task_role="role-a",
        containers=(Container(name="c", image="i", plain=plain),),
    )  # fmt: skip
    web = msgspec.structs.replace(
        own, arn=f"{ECS}:task-definition/web:1", family="web", task_role="role-w",
        containers=(Container(name="c", image="i", plain={"B": "s3://web"}),),
    )  # fmt: skip
    old = msgspec.structs.replace(own, arn=f"{ECS}:task-definition/old:1", task_role="role-old")
    services = tuple(
        EcsService(
            name=d.family, arn=f"{ECS}:service/shop/{d.family}", status="ACTIVE", desired=1,
            running=1, pending=0, task_definition=d.arn,
        )
        for d in (own, web)
    )  # fmt: skip
    return PlatformState(ecs_services=services, task_definitions=(own, web, old))


@pytest.mark.parametrize("resource", ["s3://models/x", f"{ECS}:service/shop/api"])
def test_a_failing_store_needs_its_buckets_and_the_roles_of_those_that_write(resource: str) -> None:
    state = with_store("two words", "http://plain", "s3://other", "s3://models/x")
    found = msgspec.structs.replace(diagnosis(resource), cause="artifact-store-failing")
    made = suspect(found, state)
    assert made.references == {
        "role-a": object_of("role", "role-a"),
        "s3://models/x": object_of("bucket", "models"),
        "s3://other": object_of("bucket", "other"),
    }


def test_what_tasks_need_is_that_of_their_own_definition() -> None:
    state = needing("/shop/host", "arn:aws:secretsmanager:us-east-1:123456789012:secret:k-Ab12Cd")
    other = TaskDefinition(
        arn=f"{ECS}:task-definition/web:1", family="web", revision=1, execution_role="web-start",
        containers=(Container(name="c", image="i", secrets={"K": "/web/host"}),),
    )  # fmt: skip
    state = msgspec.structs.replace(state, task_definitions=(*state.task_definitions, other))
    service = f"{ECS}:service/shop/api"

    def needed(cause: str, resource: str = service) -> dict[str, str]:
        found = suspect(msgspec.structs.replace(diagnosis(resource), cause=cause), state)
        return {text: known.kind for text, known in found.references.items()}

    assert needed("secret-unavailable") == {
        "/shop/host": "parameter",
        "arn:aws:secretsmanager:us-east-1:123456789012:secret:k-Ab12Cd": "secret",
    }
    assert needed("execution-role-denied") == {"arn:aws:iam::123456789012:role/start": "role"}
    assert needed("execution-role-denied", other.arn) == {"web-start": "role"}
    assert needed("task-crash-loop") == {}


def test_a_sentence_leaves_out_what_is_not_known() -> None:
    assert sentence(call(at="never", caller="", who="somebody")) == "DeleteRule by somebody"
    assert sentence(call(caller="root", address="1.2.3.4")) == (
        "DeleteRule by alice from 1.2.3.4 at 2026-11-29 11:56:00 UTC"
    )
    assert sentence(call(tool="console", address="elb.amazonaws.com")) == (
        f"DeleteRule by {ALICE} with console at 2026-11-29 11:56:00 UTC"
    )


@pytest.mark.parametrize(
    ("minutes", "late"), [(14.9, True), (15, False)], ids=["yet to come", "never"]
)
def test_an_event_may_be_a_quarter_of_an_hour_late(minutes: float, late: bool) -> None:
    seen = judged(diagnosis(), minutes=minutes).evidence[-1]
    assert (seen.resource, "no event yet" in seen.seen) == ("CloudTrail", late)


def test_the_time_of_a_change_includes_its_ends() -> None:
    def told(minutes: float) -> bool:
        return judged(diagnosis(), call(minutes=minutes)).changed_by is not None

    assert [told(m) for m in (-5.01, -5, 1.5, 1.51)] == [False, True, True, False]


def test_of_a_thing_known_by_its_name_alone_the_line_keeps_the_name() -> None:
    service = f"{ECS}:service/shop/api"
    given = {"service": "api", "cluster": "shop"}
    deployed = call("UpdateService", source="ecs.amazonaws.com", given=given)
    rows = judged(diagnosis("api", service), deployed).evidence
    assert [e.resource for e in rows] == ["api", service]
    assert judged(diagnosis("api")) == diagnosis("api")  # nor is it said that nobody changed it


def test_a_diagnosis_that_nobody_looked_up_stays_as_it_is() -> None:
    one, two = diagnosis(), diagnosis("sg-2")
    made: tuple[Suspect, ...] = suspects(
        Explanation(diagnoses=(one,)), failing(), passed(), STATE, NOON
    )
    told = completed(Explanation(diagnoses=(two, one)), made, Audit(calls=(call(),)), NOON)
    assert told.diagnoses[0] is two
    assert told.diagnoses[1].evidence == (
        Evidence(resource=RULE, seen=sentence(call()), at=at(-4)),
    )
