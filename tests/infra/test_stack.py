"""The template: every check reaches an alarm that reaches an action, and nothing is public."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from canary.alarms.composites import MAX_CHILDREN, MAX_RULE, tickets_of
from canary.alarms.plan import plan_alarms
from canary.config import load
from canary.model import Config, Mute, Severity
from tests.infra.conftest import DEVELOPMENT, resources, synthesize

ALARM = "AWS::CloudWatch::Alarm"
PREFIX = "hokusai-canary-development-"


def alarm_names(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {p["AlarmName"]: p for p in resources(template, ALARM).values()}


def test_every_check_reaches_an_alarm_that_reaches_an_action(
    config: Config, template: dict[str, Any]
) -> None:
    composites = list(resources(template, "AWS::CloudWatch::CompositeAlarm").values())
    told = [c for c in composites if not c["AlarmName"].endswith("-page-held")]
    assert len(told) == len(composites) - 1
    assert all(c["AlarmActions"] and c["OKActions"] for c in told)
    rules = {c["AlarmName"].removeprefix(PREFIX): c["AlarmRule"] for c in composites}
    for check in config.checks:
        name = f"{PREFIX}{check.id.replace('.', '-')}"
        assert "AlarmActions" not in alarm_names(template)[name], check.id
        assert f'ALARM("{name}")' in rules[f"ticket-{check.suite.value}"], check.id
        assert (f'ALARM("{name}")' in rules["page"]) is (check.severity is Severity.CRITICAL)


def test_a_ticket_waits_while_the_page_rings_and_is_never_cancelled(
    template: dict[str, Any],
) -> None:
    composites = resources(template, "AWS::CloudWatch::CompositeAlarm").values()
    tickets = [c for c in composites if "-ticket-" in c["AlarmName"]]
    assert len(tickets) == 5  # four suites, and critical checks that flap
    for ticket in tickets:
        assert ticket["ActionsSuppressor"] == f"{PREFIX}page"
        assert 0 < ticket["ActionsSuppressorExtensionPeriod"] <= 600


def test_a_suite_too_large_for_one_rule_has_several_tickets(config: Config) -> None:
    names = tuple(f"hokusai-canary-x-{'long-' * 12}{n}" for n in range(250))
    plans = tickets_of(config.environment, {"endpoints": names}, suppressor="page")
    assert [p.key for p in plans][:2] == ["ticket-endpoints", "ticket-endpoints-2"]
    assert [n for p in plans for n in p.listens] == list(names)
    assert all(len(p.rule) <= MAX_RULE and len(p.listens) <= MAX_CHILDREN for p in plans)


def test_every_alarm_has_a_check_or_a_named_purpose(config: Config) -> None:
    ids = {c.id for c in config.checks}
    for alarm in plan_alarms(config, "fn", 60).alarms:
        assert alarm.check in ids or (alarm.purpose and not alarm.check), alarm.name


def test_every_description_names_what_holds_the_runbook_and_the_first_command(
    config: Config,
) -> None:
    plan = plan_alarms(config, "fn", 60)
    for text in [a.description for a in (*plan.alarms, *plan.composites)]:
        assert "Runbook: docs/runbooks/" in text and "First: " in text and len(text) <= 1024
        assert f" Report: {config.environment.latest_report} Runbook: " in text
        assert "canary show" not in text or "--store environment" in text  # works from a desk


def test_alarms_and_checks_link_to_their_runbooks_where_the_file_says_where_these_are(
    tmp_path: Path,
) -> None:
    base = "https://github.com/owner/repository/blob/main"
    path = tmp_path / "development.toml"
    text = DEVELOPMENT.read_text()
    path.write_text(text.replace("[notify]\n", f'[notify]\nrunbook_url = "{base}/"\n'))
    linked = load(str(path))
    assert all(c.runbook.startswith(f"{base}/docs/runbooks/") for c in linked.checks)
    plan = plan_alarms(linked, "fn", 50)
    for alarm in (*plan.alarms, *plan.composites):
        assert f"Runbook: {base}/docs/runbooks/" in alarm.description
        assert "First: " in alarm.description


def test_alarm_ids_stay_when_checks_are_reordered(
    config: Config, code: str, template: dict[str, Any]
) -> None:
    turned = msgspec.structs.replace(config, checks=tuple(reversed(config.checks)))
    assert resources(template, ALARM) == resources(synthesize(turned, code), ALARM)


def test_a_mute_changes_no_alarm(config: Config) -> None:
    """A muted check's metric is 0: a mute that ends counts again without a deployment."""
    mutes = tuple(
        Mute(check=c.id, until=dt.date(2030, 1, 1), reason="being rebuilt") for c in config.checks
    )
    environment = msgspec.structs.replace(config.environment, mutes=mutes)
    muted = msgspec.structs.replace(config, environment=environment)
    assert plan_alarms(muted, "fn", 60) == plan_alarms(config, "fn", 60)


def test_silence_breaches_within_six_minutes(template: dict[str, Any]) -> None:
    heartbeat = alarm_names(template)["hokusai-canary-development-heartbeat"]
    assert heartbeat["TreatMissingData"] == "breaching"
    assert (heartbeat["EvaluationPeriods"], heartbeat["DatapointsToAlarm"]) == (6, 6)
    assert any(m.get("Expression") == "FILL(m, 0)" for m in heartbeat["Metrics"])
    assert heartbeat["AlarmActions"] and heartbeat["OKActions"]


def test_the_page_may_be_held_back_but_not_for_ever(template: dict[str, Any]) -> None:
    composites = resources(template, "AWS::CloudWatch::CompositeAlarm").values()
    named = {c["AlarmName"].removeprefix(PREFIX): c for c in composites}
    page, held = named["page"], named["page-held"]
    assert page["ActionsSuppressor"] == f"{PREFIX}page-held" and "AlarmActions" not in held
    assert 0 < page["ActionsSuppressorExtensionPeriod"] <= 300
    long = f'ALARM("{PREFIX}critical-failed-long")'
    assert held["AlarmRule"] == (
        f'ALARM("{PREFIX}deploy-in-progress") AND NOT ALARM("{PREFIX}deploy-too-long")'
        f" AND NOT {long}"
    )
    assert f" OR {long} OR " in page["AlarmRule"]
    too_long = alarm_names(template)[f"{PREFIX}deploy-too-long"]
    assert too_long["EvaluationPeriods"] <= 60 and too_long["AlarmActions"]


def statements(template: dict[str, Any]) -> list[dict[str, Any]]:
    policies = resources(template, "AWS::IAM::Policy")
    return [s for p in policies.values() for s in p["PolicyDocument"]["Statement"]]


def test_no_statement_allows_a_star_action(template: dict[str, Any]) -> None:
    for statement in statements(template):
        actions = statement["Action"]
        for action in [actions] if isinstance(actions, str) else actions:
            assert not action.endswith(":*") and action != "*", statement


@pytest.mark.parametrize("enabled", [(), ("auth.key-lifecycle",)])
def test_the_administrators_token_is_for_who_enabled_the_key_lifecycle_alone(
    enabled: tuple[str, ...], tmp_path: Path, code: str
) -> None:
    file = tmp_path / "here.toml"
    file.write_text(f"enable = {list(enabled)}\n" + DEVELOPMENT.read_text())
    text = json.dumps(synthesize(load(str(file)), code))
    assert "secret:hokusai/canary/development-" in text
    assert ("secret:hokusai/canary/development/admin-" in text) is bool(enabled)


def test_no_secret_value_and_no_key_is_in_the_template(template: dict[str, Any]) -> None:
    text = json.dumps(template)
    assert "api_key" not in text and "SecretString" not in text


def test_the_bucket_is_private_versioned_encrypted_and_kept(template: dict[str, Any]) -> None:
    bucket = next(r for r in template["Resources"].values() if r["Type"] == "AWS::S3::Bucket")
    properties = bucket["Properties"]
    assert all(properties["PublicAccessBlockConfiguration"].values())
    assert properties["VersioningConfiguration"]["Status"] == "Enabled"
    assert properties["BucketEncryption"] and properties["LifecycleConfiguration"]
    assert bucket["DeletionPolicy"] == "Retain"


def test_a_state_outlives_every_report_that_names_it(
    config: Config, template: dict[str, Any]
) -> None:
    bucket = next(r for r in template["Resources"].values() if r["Type"] == "AWS::S3::Bucket")
    rules = bucket["Properties"]["LifecycleConfiguration"]["Rules"]
    days = {r["Prefix"]: r["ExpirationInDays"] for r in rules if "Prefix" in r}
    prefix = config.environment.report_prefix
    # written once a day while it is named, so one day more would do
    assert days[f"{prefix}/state/"] > days[f"{prefix}/runs/"] + 1
    assert not any(kept.startswith(f"{prefix}/changes") for kept in days)


def test_alarms_may_publish_to_encrypted_topics(template: dict[str, Any]) -> None:
    for policy in resources(template, "AWS::SNS::TopicPolicy").values():
        effects = {s["Effect"] for s in policy["PolicyDocument"]["Statement"]}
        assert effects == {"Allow", "Deny"}
    key = next(iter(resources(template, "AWS::KMS::Key").values()))
    assert "cloudwatch.amazonaws.com" in json.dumps(key["KeyPolicy"])


def test_the_function_runs_once_at_a_time_and_late_events_die(template: dict[str, Any]) -> None:
    function = next(
        p for p in resources(template, "AWS::Lambda::Function").values() if "VpcConfig" in p
    )
    assert function["ReservedConcurrentExecutions"] == 1
    assert function["MemorySize"] >= 512 and function["Architectures"] == ["arm64"]
    assert function["LoggingConfig"]["LogFormat"] == "JSON"
    invoke = next(iter(resources(template, "AWS::Lambda::EventInvokeConfig").values()))
    assert (invoke["MaximumRetryAttempts"], invoke["MaximumEventAgeInSeconds"]) == (0, 60)
    assert invoke["DestinationConfig"]["OnFailure"]


def test_the_scheduled_time_travels_with_the_event(template: dict[str, Any]) -> None:
    schedule = next(iter(resources(template, "AWS::Scheduler::Schedule").values()))
    event = json.loads(schedule["Target"]["Input"])
    assert event["scheduled_at"] == "<aws.scheduler.scheduled-time>"
    assert schedule["Target"]["RetryPolicy"]["MaximumRetryAttempts"] == 0


def test_the_function_names_the_cause_where_an_alarm_rang(template: dict[str, Any]) -> None:
    """What pages is decided by the alarms' windows; the function adds the cause and reminders."""
    topics = {p["TopicName"]: n for n, p in resources(template, "AWS::SNS::Topic").items()}
    for function in resources(template, "AWS::Lambda::Function").values():
        given = function.get("Environment", {}).get("Variables", {})
        for variable, kind in (("CANARY_PAGE_TOPIC", "page"), ("CANARY_TICKET_TOPIC", "ticket")):
            (name,) = [n for topic, n in topics.items() if f"-{kind}-" in topic]
            assert given[variable] == {"Ref": name}
    statements = [
        s
        for p in resources(template, "AWS::IAM::Policy").values()
        for s in p["PolicyDocument"]["Statement"]
        if s.get("Sid") == "Tell"
    ]
    assert [s["Resource"] for s in statements] == [
        [{"Ref": n} for kind in ("ticket", "page") for t, n in topics.items() if f"-{kind}-" in t]
    ]


@pytest.mark.parametrize("name", ["one", "two"])
def test_names_of_two_environments_never_collide(
    config: Config, code: str, template: dict[str, Any], name: str
) -> None:
    environment = msgspec.structs.replace(config.environment, name=name, store="")
    other = synthesize(msgspec.structs.replace(config, environment=environment), code)
    mine = {json.dumps(p.get("AlarmName")) for p in resources(other, ALARM).values()}
    theirs = {json.dumps(p.get("AlarmName")) for p in resources(template, ALARM).values()}
    assert not mine & theirs


def test_the_code_of_the_function_may_change_no_network_interface(template: dict[str, Any]) -> None:
    """Lambda makes them with the function's role, and its calls carry no function's ARN."""
    found = [
        s
        for p in resources(template, "AWS::IAM::Policy").values()
        for s in p["PolicyDocument"]["Statement"]
        if s["Effect"] == "Deny"
    ]
    assert [s["Sid"] for s in found] == ["NoInterfaces"]
    assert "ec2:DescribeSubnets" not in found[0]["Action"]  # that is read
    assert {"ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface"} <= set(found[0]["Action"])
    arn = "arn:aws:lambda:us-east-1:123456789012:function:hokusai-canary-development*"
    assert found[0]["Condition"] == {"ArnLike": {"lambda:SourceFunctionArn": arn}}
