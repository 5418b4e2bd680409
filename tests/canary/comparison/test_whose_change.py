"""Which calls keep the canary silent, which one is taken, and what tasks need of others."""

from __future__ import annotations

import msgspec

from canary.comparison.changers import changers
from canary.model import ChangedBy
from tests.canary.comparison.test_changers import (
    ECS,
    ELB,
    RULE,
    at,
    call,
    diagnosis,
    judged,
    needing,
    suspect,
)
from tests.canary.comparison.test_suspects import with_store


def test_a_change_at_another_time_is_no_reason_to_keep_silent() -> None:
    for other in (call(minutes=-60), call(error="Denied"), call(given={"ruleArn": RULE + "4"})):
        assert judged(diagnosis(), other).evidence[-1].resource == "CloudTrail"
    routine = call(origin="canary")
    assert judged(diagnosis(), routine) == diagnosis()  # it was changed, and nobody is accused


def test_of_two_calls_at_one_moment_the_first_is_taken_and_told_with_its_time() -> None:
    two = [call("ModifyRule", -4), call("DeleteRule", -4)]
    assert changers(suspect(), two) == (two[0],)
    group = f"{ELB}:targetgroup/web/9"
    beside = call("ModifyTargetGroup", -2, given={"targetGroupArn": group}, who="bob")
    told = judged(diagnosis(RULE, group), beside, two[0])
    assert told.changed_by == ChangedBy(who="alice", call="ModifyRule", at=at(-4))


def test_what_names_nothing_is_nothing_that_tasks_need() -> None:
    state = needing("arn:aws:unknown:us-east-1:1:thing", "/shop/host")
    found = msgspec.structs.replace(
        diagnosis(f"{ECS}:service/shop/api"), cause="secret-unavailable"
    )
    assert [*suspect(found, state).references] == ["/shop/host"]
    stores = with_store("s3://models/x")
    (own, *others) = stores.task_definitions
    bare = msgspec.structs.replace(own, task_role="")
    stores = msgspec.structs.replace(stores, task_definitions=(bare, *others))
    found = msgspec.structs.replace(found, cause="artifact-store-failing")
    assert [*suspect(found, stores).references] == ["s3://models/x"]
