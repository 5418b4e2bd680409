"""The second shape: a state machine that is sound, on the same schedule, with the same zip."""

from __future__ import annotations

import copy
import itertools
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from canary.config.aws_limits import LONGEST_SHARD_S
from canary.deployment.waves import (
    AROUND_S,
    BUSY_S,
    busy_tries,
    function_s,
    limit_s,
    waves,
)
from canary.model import Config, Load
from infra.scale import BUSY, Functions, definition
from tests.infra.conftest import DEVELOPMENT, resources
from tests.infra.support.deployed import synthesize as run_app

LEAD = "arn:aws:lambda:us-east-1:123456789012:function:hokusai-canary-development"
MACHINE = definition(
    Functions(lead=LEAD, shard=f"{LEAD}-shard", timeout_s=60, limit_s=400, busy_tries=11)
)
# the fields of each type of state (Amazon States Language, states-language.net/spec.html)
COMMON = {"Type", "Comment", "Next", "End", "InputPath", "OutputPath"}
FIELDS = {
    "Task": {"Resource", "Parameters", "TimeoutSeconds", "Retry", "ResultPath", "Catch"},
    "Choice": {"Choices", "Default"},
    "Succeed": set(),
    "Map": {
        *("Label", "MaxConcurrency", "ToleratedFailurePercentage", "ItemReader", "ItemSelector"),
        *("ItemProcessor", "ResultPath", "Catch", "Retry", "Parameters"),
    },
}


def machines(machine: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a machine and those inside its maps."""
    yield machine
    for state in machine["States"].values():
        if "ItemProcessor" in state:
            yield from machines(state["ItemProcessor"])


def followers(state: dict[str, Any]) -> set[str]:
    found = {state.get("Next"), state.get("Default")}
    found |= {c["Next"] for c in (*state.get("Choices", ()), *state.get("Catch", ()))}
    return {name for name in found if name}


def test_every_state_is_reached_and_ends_or_leads_on() -> None:
    for machine in machines(MACHINE):
        states, reached = machine["States"], {machine["StartAt"]}
        for _ in states:
            reached |= {f for name in reached for f in followers(states[name])}
        assert reached == states.keys()
        for state in states.values():
            ends = state.get("End") or state["Type"] in ("Succeed", "Choice")
            assert bool(ends) != ("Next" in state)


def test_every_state_has_the_fields_of_its_type_alone() -> None:
    for machine in machines(MACHINE):
        for name, state in machine["States"].items():
            assert state.keys() <= COMMON | FIELDS[state["Type"]], name


def paths(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from paths(inner, name)
    else:
        yield key, value


def test_paths_are_written_where_a_key_says_so_and_nowhere_else() -> None:
    machine = MACHINE["States"]["Shards"]
    for part in (machine["ItemReader"], machine["ItemSelector"]):
        for key, value in paths(part):
            assert key.endswith(".$") == str(value).startswith("$"), key


def test_nothing_of_it_is_null_since_the_cdk_leaves_nulls_out_of_json() -> None:
    for machine in machines(MACHINE):
        assert None not in [value for _, value in paths(machine)]


def test_a_shard_that_fails_does_not_keep_the_run_from_its_conclusion() -> None:
    shards = MACHINE["States"]["Shards"]
    assert shards["ToleratedFailurePercentage"] == 100
    assert shards["Catch"][0] == {
        "ErrorEquals": ["States.ALL"], "ResultPath": "$.problem", "Next": "Conclude",
    }  # fmt: skip


def test_children_end_within_the_five_minutes_of_an_express_workflow() -> None:
    longest = LONGEST_SHARD_S
    functions = Functions(lead=LEAD, shard=LEAD, timeout_s=longest, limit_s=9, busy_tries=9)
    processor = definition(functions)["States"]["Shards"]["ItemProcessor"]
    assert processor["ProcessorConfig"] == {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}
    probe = processor["States"]["Probe"]
    passing, busy = probe["Retry"]
    pauses = [passing["IntervalSeconds"] * 2**n for n in range(passing["MaxAttempts"])]
    waits = busy["IntervalSeconds"] * busy["MaxAttempts"]  # a refusal itself takes no time
    attempts = passing["MaxAttempts"] + 1
    assert probe["TimeoutSeconds"] * attempts + sum(pauses) + waits < 300


def many(config: Config, number: int) -> Config:
    """Return a configuration with so many copies of its checks, spread over functions."""
    every = itertools.islice(itertools.cycle(config.checks), number)
    copies = (
        msgspec.structs.replace(c, id=f"{c.id}-{n}", needs=(), load=Load.LIGHT)
        for n, c in enumerate(every)
    )
    made = msgspec.structs.replace(config.environment.deployment, scale="map")
    where = msgspec.structs.replace(config.environment, deployment=made)
    return msgspec.structs.replace(config, environment=where, checks=tuple(copies))


@pytest.mark.parametrize(("number", "count"), [(70, 1), (4_000, 1), (5_100, 2), (16_000, 4)])
def test_an_outage_comes_to_its_conclusion_whatever_the_number_of_waves(
    config: Config, number: int, count: int
) -> None:
    """In an outage each function takes its whole time, and the machine waits where it is busy."""
    large = many(config, number)
    assert waves(large) == count
    task = function_s(large.environment) + AROUND_S
    busy = BUSY_S * busy_tries(large.environment)
    worst = 2 * (task + busy) + count * task
    assert worst < limit_s(large) < worst + 30 * (count + 1), "a run that hangs ends by itself"


@pytest.mark.parametrize(
    ("expression", "longest"),
    [("rate(1 minute)", 60), ("rate(1 hour)", 60), ("rate(30 minutes)", 60)],
)
def test_a_plan_that_meets_a_busy_function_waits_within_its_period(
    config: Config, expression: str, longest: int
) -> None:
    schedule = msgspec.structs.replace(config.environment.schedule, expression=expression)
    where = msgspec.structs.replace(config.environment, schedule=schedule)
    tries = busy_tries(where)
    assert longest - 2 * BUSY_S < tries * BUSY_S < longest
    for name in ("Plan", "Conclude"):
        [busy] = [r for r in MACHINE["States"][name]["Retry"] if BUSY in r["ErrorEquals"]]
        assert (busy["IntervalSeconds"], busy["MaxAttempts"], busy["BackoffRate"]) == (5, 11, 1.0)


def test_the_role_trusts_the_machine_and_its_children_and_nothing_else(
    spread: dict[str, Any],
) -> None:
    [role] = [
        r["AssumeRolePolicyDocument"]["Statement"][0]
        for r in resources(spread, "AWS::IAM::Role").values()
        if r["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]
        == {"Service": "states.amazonaws.com"}
    ]
    machine = "arn:aws:states:us-east-1:123456789012:stateMachine:hokusai-canary-development"
    assert role["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "123456789012"},
        "ArnLike": {"aws:SourceArn": [machine, f"{machine}/Shards"]},
    }


def test_a_run_is_near_its_end_when_it_is_near_the_machine_s(spread: dict[str, Any]) -> None:
    [made] = resources(spread, "AWS::StepFunctions::StateMachine").values()
    limit = re.search(
        r'"TimeoutSeconds":(\d+),"States":{"Plan"', json.dumps(made).replace("\\", "")
    )
    alarms = resources(spread, "AWS::CloudWatch::Alarm").values()
    [near] = [a for a in alarms if a["AlarmName"].endswith("-near-timeout")]
    assert limit is not None and near["Threshold"] == 700 * int(limit[1])


def test_the_same_schedule_starts_the_machine(spread: dict[str, Any]) -> None:
    [schedule] = resources(spread, "AWS::Scheduler::Schedule").values()
    [machine] = [n for n, r in spread["Resources"].items() if r["Type"].endswith("::StateMachine")]
    assert schedule["Target"]["Arn"] == {"Ref": machine}
    event = json.loads(schedule["Target"]["Input"])
    assert event["mode"] == "plan" and event["trigger"] == "schedule"
    assert schedule["ScheduleExpression"] == "rate(1 minute)"


def test_both_functions_are_of_one_zip_and_the_shards_run_side_by_side(
    spread: dict[str, Any],
) -> None:
    lead, shard = (
        next(
            f for f in resources(spread, "AWS::Lambda::Function").values() if f["FunctionName"] == n
        )
        for n in ("hokusai-canary-development", "hokusai-canary-development-shard")
    )
    assert lead["Code"] == shard["Code"] and lead["Environment"] == shard["Environment"]
    assert lead["ReservedConcurrentExecutions"] == 1
    assert "ReservedConcurrentExecutions" not in shard
    assert lead["LoggingConfig"] == shard["LoggingConfig"]


def test_the_machine_may_do_no_more_than_its_definition_asks(spread: dict[str, Any]) -> None:
    [policy] = [
        p for p in resources(spread, "AWS::IAM::Policy").values() if "Spread" in p["PolicyName"]
    ]
    statements = policy["PolicyDocument"]["Statement"]
    invoke, shards, *children = [(s["Action"], s["Resource"]) for s in statements]
    assert (invoke[0], shards[0]) == ("lambda:InvokeFunction", "s3:GetObject")
    assert "*" not in (invoke[1], shards[1])
    states = "arn:aws:states:us-east-1:123456789012"
    name = "hokusai-canary-development"
    assert children == [
        ("states:StartExecution", f"{states}:stateMachine:{name}"),
        (
            ["states:DescribeExecution", "states:StopExecution"],
            [f"{states}:execution:{name}:*", f"{states}:execution:{name}/Shards:*"],
        ),
    ], "as AWS's page on Distributed Map states has them (infra/scale.py)"


def test_alarms_are_the_same_in_both_shapes_but_for_what_carries_the_runs(
    spread: dict[str, Any], template: dict[str, Any]
) -> None:
    kind = "AWS::CloudWatch::Alarm"
    one, other = resources(spread, kind), resources(template, kind)
    [near] = [key for key, alarm in one.items() if "near-timeout" in alarm["AlarmName"]]
    assert one.pop(near) | {"Threshold": other[near]["Threshold"]} == other.pop(near)
    assert {one.pop(key)["AlarmName"].rpartition("-")[2] for key in one.keys() - other} == {
        *("failed", "out")  # executions-failed and executions-timed-out
    }
    assert {other.pop(key)["AlarmName"].rpartition("-")[2] for key in other.keys() - one} == {
        "throttles"  # lambda-throttles: Step Functions waits by itself
    }
    assert one == other


def by_schema(machine: dict[str, Any], folder: Path) -> str:
    """Return what cfn-lint's schema of the States Language finds in a definition."""
    role = "arn:aws:iam::123456789012:role/spread"
    properties = {"RoleArn": role, "Definition": machine}
    kind = "AWS::StepFunctions::StateMachine"
    file = folder / "machine.json"
    file.write_text(json.dumps({"Resources": {"It": {"Type": kind, "Properties": properties}}}))
    return linted(file)


def linted(file: Path) -> str:
    # W3005: the CDK itself adds the role to the function's DependsOn, where Fn::GetAtt would do
    options = ["--regions", "us-east-1", "--ignore-checks", "W3005", "--", str(file)]
    linter = str(Path(sys.executable).with_name("cfn-lint"))
    done = subprocess.run([linter, *options], capture_output=True, text=True, timeout=120)
    assert done.returncode in (0, 2) and not done.stderr, done.stderr
    return done.stdout


def test_the_definition_is_valid_by_the_schema_of_the_states_language(tmp_path: Path) -> None:
    """In the template it is a string with functions in it, which the linter does not read."""
    assert by_schema(MACHINE, tmp_path) == ""


@pytest.mark.parametrize(
    ("where", "field", "value"),
    [
        ("Plan", "Resource", None),
        ("Shards", "MaxConcurrency", "fifty"),
        ("Planned", "Type", "Choose"),
    ],
)
def test_the_schema_finds_what_is_wrong(
    tmp_path: Path, where: str, field: str, value: str | None
) -> None:
    wrong = copy.deepcopy(MACHINE)
    if value is None:
        del wrong["States"][where][field]
    else:
        wrong["States"][where][field] = value
    assert "E3601" in by_schema(wrong, tmp_path)


@pytest.mark.slow
def test_it_synthesizes_under_the_rules_and_cfn_lint_finds_nothing(tmp_path: Path) -> None:
    text = DEVELOPMENT.read_text()
    file = tmp_path / "development.toml"
    file.write_text(re.sub(r"^\[deployment\]$", '[deployment]\nscale = "map"', text, flags=re.M))
    done = run_app(str(file), tmp_path / "cdk.out")
    assert done.returncode == 0, done.stderr[-3000:]
    [made] = (tmp_path / "cdk.out").glob("*.template.json")
    assert linted(made) == ""
