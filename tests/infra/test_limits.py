"""AWS's limits on alarms and templates, with many checks, long names and long reasons."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from alarm_evaluator import ALARM as ALARMING
from alarm_evaluator import OK, evaluate
from canary.alarms.composites import MAX_CHILDREN, MAX_RULE, Route
from canary.alarms.plan import plan_alarms
from canary.deployment.permissions import INTERFACES, rows
from canary.metrics.table import MOST_OWN
from canary.model import Config, Severity
from infra.network import egress_note
from tests.infra.conftest import resources, synthesize

ALARM = "AWS::CloudWatch::Alarm"
DESCRIPTION = 1024  # characters, PutMetricAlarm
TEMPLATE_BYTES, TEMPLATE_RESOURCES = 1_000_000, 500  # CloudFormation quotas
BY_AWS = {"kms", "sqs"}  # Lambda sends the lost events, SNS uses the topics' key
GLOBAL = {"iam", "route53"}  # without an endpoint in most regions: what they tell is unknown then
ENDPOINT_OF = {"cloudwatch": "monitoring"}  # where the endpoint is not called as the actions are
WIDGET_ALARMS, WIDGET_METRICS, BOARD_METRICS = 100, 500, 2500  # CloudWatch quotas


def many(config: Config, count: int, **changes: Any) -> Config:
    """Return the configuration with so many checks more, of the longest ids."""
    like = config.checks[0]
    more = tuple(
        msgspec.structs.replace(like, id=f"{'long-' * 14}.n{n:03}", needs=(), **changes)
        for n in range(count)
    )
    return msgspec.structs.replace(config, checks=(*config.checks, *more))


def test_the_page_s_rule_fits_however_many_critical_checks_with_long_names(config: Config) -> None:
    page = plan_alarms(many(config, 150, severity=Severity.CRITICAL), "fn", 60).page
    assert len(page.rule) <= MAX_RULE
    assert len(page.listens) <= MAX_CHILDREN
    assert all(f'ALARM("{name}")' in page.rule for name in page.listens)
    assert len(page.listens) > 50


def test_a_long_runbook_fits_the_alarm(config: Config, code: str) -> None:
    check = msgspec.structs.replace(config.checks[0], runbook="https://wiki/" + "x" * 1000)
    template = synthesize(msgspec.structs.replace(config, checks=(check, *config.checks[1:])), code)
    told = [p["AlarmDescription"] for p in resources(template, ALARM).values()]
    assert all(len(text) <= DESCRIPTION for text in told)


@pytest.mark.parametrize("alike", [("state.lost", ""), ("x.a-b", "x-a.b"), ("v1a.b", "v1.a-b")])
def test_checks_whose_alarms_would_be_one_are_refused(
    config: Config, code: str, alike: tuple[str, str]
) -> None:
    checks = tuple(
        msgspec.structs.replace(config.checks[0], id=name, needs=()) for name in alike if name
    )
    with pytest.raises(ValueError, match=r"id: makes .*: rename it"):
        synthesize(msgspec.structs.replace(config, checks=checks), code)


@pytest.mark.parametrize("count", [300, 700])
def test_many_checks_fit_one_template(config: Config, code: str, count: int) -> None:
    made = many(config, count - len(config.checks))
    template = synthesize(made, code)
    assert len(template["Resources"]) <= TEMPLATE_RESOURCES
    assert len(json.dumps(template)) <= TEMPLATE_BYTES
    (board,) = resources(template, "AWS::CloudWatch::Dashboard").values()
    parts = board["DashboardBody"]["Fn::Join"][1]
    body = json.loads("".join(p if isinstance(p, str) else "arn" for p in parts))
    alarms = [len(w["properties"]["alarms"]) for w in body["widgets"] if w["type"] == "alarm"]
    metrics = [
        len(w["properties"]["metrics"]) for w in body["widgets"] if "metrics" in w["properties"]
    ]
    assert sum(alarms) >= 300 and max(alarms) <= WIDGET_ALARMS
    assert max(metrics) <= WIDGET_METRICS and sum(metrics) <= BOARD_METRICS


def test_of_very_many_checks_the_most_severe_have_an_alarm_and_one_rings_for_the_rest(
    config: Config,
) -> None:
    plan = plan_alarms(many(config, 700, severity=Severity.LOW), "fn", 60)
    own = {a.check for a in plan.alarms if a.check}
    assert len(own) == MOST_OWN
    assert {c.id for c in config.checks if c.severity is not Severity.LOW} <= own
    (rest,) = [a for a in plan.alarms if a.key == "checks-down"]
    assert rest.route is Route.TICKET and rest.series[0].name == "ChecksDown"
    assert not [a for a in plan_alarms(config, "fn", 60).alarms if a.key == "checks-down"]


@pytest.mark.parametrize(
    ("expression", "minutes"),
    [("rate(1 minute)", 10), ("rate(5 minutes)", 30), ("rate(16 hours)", 2880)],
)
def test_a_heartbeat_that_has_just_been_made_waits_for_the_first_runs(
    config: Config, code: str, expression: str, minutes: int
) -> None:
    """Else the silence before the first run would wake people at every first deployment."""
    schedule = msgspec.structs.replace(config.environment.schedule, expression=expression)
    where = msgspec.structs.replace(config.environment, schedule=schedule)
    made = resources(synthesize(msgspec.structs.replace(config, environment=where), code), ALARM)
    waiting = {
        p["AlarmName"]: p["WarmUpConfiguration"]
        for p in made.values()
        if "WarmUpConfiguration" in p or p["TreatMissingData"] == "breaching"
    }
    name = "hokusai-canary-development-heartbeat"
    assert waiting == {name: {"WarmUpPeriodDurationInMinutes": minutes}}


def test_residue_that_a_flow_reports_every_five_minutes_rings(config: Config) -> None:
    """The other runs of those minutes clean nothing up and report none."""
    alarm = next(a for a in plan_alarms(config, "fn", 60).alarms if a.key == "residue")
    points: list[bool | None] = [minute % 5 == 0 for minute in range(12)]
    assert evaluate(points, alarm.datapoints, alarm.periods, alarm.missing.value, OK) == ALARMING


def test_endpoints_reach_every_service_that_a_run_calls_and_s3_by_its_gateway(
    config: Config, code: str
) -> None:
    network = msgspec.structs.replace(
        config.environment.network, create_endpoints=True, route_tables=("rtb-1", "rtb-2")
    )
    where = msgspec.structs.replace(config.environment, network=network)
    wired = msgspec.structs.replace(config, environment=where)
    template = synthesize(wired, code)
    made = list(resources(template, "AWS::EC2::VPCEndpoint").values())
    names = {str(e["ServiceName"]).rpartition(".")[2] for e in made}
    called = {r.action.partition(":")[0] for r in rows(wired) if r.action not in INTERFACES}
    called = {ENDPOINT_OF.get(name, name) for name in called} - BY_AWS - GLOBAL
    assert {"sns", "events"} < called <= names
    opened = {
        rule["CidrIp"]
        for group in resources(template, "AWS::EC2::SecurityGroup").values()
        for rule in group.get("SecurityGroupIngress", [])
        if (rule["FromPort"], rule["ToPort"]) == (443, 443)
    }
    # an endpoint takes over its service's name in the whole VPC, the platform's tasks included
    assert opened == {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"}
    (gateway,) = [e for e in made if e["VpcEndpointType"] == "Gateway"]
    assert gateway["RouteTableIds"] == ["rtb-1", "rtb-2"]
    assert "S3 needs" not in egress_note(where)
    without = msgspec.structs.replace(network, route_tables=())
    assert "S3 needs a gateway endpoint" in egress_note(
        msgspec.structs.replace(where, network=without)
    )
