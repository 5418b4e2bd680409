"""What an environment's file may ask for beyond the usual: each option reaches the template."""

from __future__ import annotations

import json
from typing import Any

import aws_cdk as cdk
import msgspec
import pytest
from aws_cdk import assertions
from aws_cdk import aws_lambda as lam

from canary.model import Channel, Config, Notify
from infra.parts import Build
from infra.stack import CanaryStack
from tests.infra.conftest import resources, synthesize

KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
FUNCTION = "AWS::Lambda::Function"
UNTAGGED = {  # kinds that take no tags, or none that the CDK writes
    "AWS::CloudWatch::Dashboard", "AWS::Events::Rule", "AWS::IAM::Policy", "AWS::KMS::Alias",
    "AWS::Lambda::EventInvokeConfig", "AWS::Logs::ResourcePolicy", "AWS::S3::BucketPolicy",
    "AWS::SNS::Subscription", "AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy",
    "AWS::Scheduler::Schedule",
}  # fmt: skip


def changed(config: Config, part: str, **changes: Any) -> Config:
    """Return the configuration with changes to one table of the environment's file."""
    table = msgspec.structs.replace(getattr(config.environment, part), **changes)
    environment = msgspec.structs.replace(config.environment, **{part: table})
    return msgspec.structs.replace(config, environment=environment)


def test_tracing_is_off_unless_asked_for_and_then_allowed(
    config: Config, code: str, template: dict[str, Any]
) -> None:
    assert "TracingConfig" not in next(iter(resources(template, FUNCTION).values()))
    assert "xray:" not in json.dumps(template)
    traced = synthesize(changed(config, "deployment", tracing=True), code)
    for function in resources(traced, FUNCTION).values():
        assert function["TracingConfig"] == {"Mode": "Active"}
    assert "xray:PutTraceSegments" in json.dumps(resources(traced, "AWS::IAM::Policy"))


def test_logs_are_kept_as_long_and_under_the_key_that_the_file_says(
    config: Config, code: str
) -> None:
    made = changed(config, "deployment", log_retention_days=7, kms_key_arn=KEY)
    groups = resources(synthesize(made, code), "AWS::Logs::LogGroup").values()
    assert len(groups) == 2
    assert [(g["RetentionInDays"], g["KmsKeyId"]) for g in groups] == [(7, KEY)] * 2


def test_memory_time_and_architecture_follow_the_file(
    config: Config, code: str, template: dict[str, Any]
) -> None:
    made = changed(config, "deployment", memory_mb=2048)
    found = resources(synthesize(changed(made, "run", budget=110.0), code), FUNCTION)
    for function in found.values():
        assert (function["MemorySize"], function["Timeout"]) == (2048, 120)
    usual = next(iter(resources(template, FUNCTION).values()))
    assert (usual["MemorySize"], usual["Timeout"], usual["Runtime"]) == (1024, 60, "python3.13")


@pytest.mark.parametrize("expression", ["rate(5 minutes)", "cron(0/10 * * * ? *)"])
def test_expensive_checks_have_a_slower_schedule_where_the_file_names_them(
    config: Config, code: str, expression: str
) -> None:
    slow = {"slow_expression": "rate(1 hour)", "slow_checks": (config.checks[0].id,)}
    made = synthesize(changed(config, "schedule", expression=expression, **slow), code)
    schedules = {s["Name"]: s for s in resources(made, "AWS::Scheduler::Schedule").values()}
    assert {n.rpartition("-")[2]: s["ScheduleExpression"] for n, s in schedules.items()} == {
        "every": expression,
        "slow": "rate(1 hour)",
    }
    event = json.loads(schedules["hokusai-canary-development-slow"]["Target"]["Input"])
    assert (event["trigger"], event["only"]) == ("schedule-slow", [config.checks[0].id])
    assert event["scheduled_at"] == "<aws.scheduler.scheduled-time>"
    assert all(s["Target"]["DeadLetterConfig"] for s in schedules.values())


def test_a_subscriber_who_leaves_the_list_makes_nobody_confirm_anew(
    config: Config, code: str
) -> None:
    both = ("email:one@example.com", "https://two.example.com/hook")
    kind = "AWS::SNS::Subscription"
    before = resources(synthesize(changed(config, "notify", page=both), code), kind)
    after = resources(synthesize(changed(config, "notify", page=both[1:]), code), kind)
    assert {(s["Protocol"], s["Endpoint"]) for s in before.values()} == {
        ("email", "one@example.com"),
        ("https", "https://two.example.com/hook"),
    }
    assert after.items() < before.items()


def test_a_pager_that_is_a_channel_too_hears_of_the_heartbeat_alone(
    config: Config, code: str
) -> None:
    """A channel has the platform's incidents; a dead canary posts nothing, but its alarm does."""
    page = (
        "email:one@example.com",
        "https://events.eu.pagerduty.com/integration/K/enqueue",
        "email:on-call@example.pagerduty.com",
        "https://api.opsgenie.com/v1/json/amazonsns?apiKey=K",
    )
    channels = (Channel(kind="pagerduty", secret="p"),)
    made = resources(
        synthesize(changed(config, "notify", page=page, channels=channels), code),
        "AWS::SNS::Subscription",
    )
    only = {"AlarmName": ["hokusai-canary-development-heartbeat"]}
    found = {
        s["Endpoint"]: (s.get("FilterPolicy"), s.get("FilterPolicyScope")) for s in made.values()
    }
    assert found == {
        "one@example.com": (None, None),
        page[1]: (only, "MessageBody"),
        "on-call@example.pagerduty.com": (only, "MessageBody"),
        page[3]: (None, None),
    }


def test_who_hears_for_several_teams_is_subscribed_once(config: Config, code: str) -> None:
    """SNS refuses a second subscription of one recipient to a topic, with another filter."""
    one, both = "email:one@example.com", "email:both@example.com"
    owners: dict[str, tuple[str, ...]] = {"ml": (one, both), "data": (both,)}
    kind = "AWS::SNS::Subscription"
    made = resources(synthesize(changed(config, "notify", owners=owners), code), kind)
    assert {s["Endpoint"]: s["FilterPolicy"] for s in made.values()} == {
        "one@example.com": {"owner": ["ml"]},
        "both@example.com": {"owner": ["ml", "data"]},
    }
    owners["data"] = ()
    before = resources(synthesize(changed(config, "notify", owners=owners), code), kind)
    assert before.keys() == made.keys(), "a second team makes nobody confirm anew"


@pytest.mark.parametrize(
    ("target", "audience", "told"),
    [
        ("https://events.pagerduty.com/integration/K/enqueue", (), True),
        ("https://EVENTS.PagerDuty.com/x", ("platform", "canary"), True),
        ("https://events.pagerduty.com/x", ("canary",), False),
        ("https://notpagerduty.com/x", (), False),
        ("https://pagerduty.com.example.com/x", (), False),
        ("email:a@pagerduty.com", (), True),
        ("sms:+15550100", (), False),
        ("https://api.opsgenie.com/x", (), False),
    ],
)
def test_a_pager_is_known_by_its_domain_and_by_who_it_is_for(
    target: str, audience: tuple[Any, ...], told: bool
) -> None:
    channels = (
        Channel(kind="pagerduty", secret="p", audience=audience), Channel(kind="slack", secret="s"),
    )  # fmt: skip
    assert Notify(channels=channels).has_channel(target) is told


def test_an_interface_endpoint_stands_in_each_zone_once(config: Config, code: str) -> None:
    network = {
        "create_endpoints": True,
        "subnets": ("subnet-1", "subnet-2", "subnet-3"),
        "availability_zones": ("us-east-1a", "us-east-1a", "us-east-1b"),
    }
    template = synthesize(changed(config, "network", **network), code)
    for endpoint in resources(template, "AWS::EC2::VPCEndpoint").values():
        assert endpoint["SubnetIds"] == ["subnet-1", "subnet-3"]
    for function in resources(template, FUNCTION).values():
        assert function["VpcConfig"]["SubnetIds"] == list(network["subnets"])  # type: ignore[call-overload]


def test_whatever_takes_tags_bears_the_canary_s_and_the_file_s(template: dict[str, Any]) -> None:
    for name, resource in template["Resources"].items():
        if resource["Type"] in UNTAGGED:
            continue
        tags = resource["Properties"]["Tags"]
        pairs = tags if isinstance(tags, dict) else {t["Key"]: t["Value"] for t in tags}
        assert pairs.items() >= {"canary": "development", "project": "hokusai"}.items(), name


def test_outputs_name_function_dashboard_bucket_and_topics(template: dict[str, Any]) -> None:
    wanted = {"FunctionName", "DashboardUrl", "ReportBucket", "PageTopic", "TicketTopic"}
    assert template["Outputs"].keys() >= wanted
    url = json.dumps(template["Outputs"]["DashboardUrl"]["Value"])
    assert "us-east-1.console.aws.amazon.com/cloudwatch" in url


@pytest.mark.parametrize("production", [True, False])
def test_production_is_protected_against_termination(
    config: Config, code: str, production: bool
) -> None:
    made = changed(config, "deployment", production=production)
    build = Build(code=lam.Code.from_asset(code), architecture="arm64")
    stack = CanaryStack(cdk.App(), made, build)
    assert stack.termination_protection is production
    assert assertions.Template.from_stack(stack)


def test_a_store_that_is_a_bare_bucket_is_one_place_for_function_and_desk(
    config: Config, code: str
) -> None:
    where = msgspec.structs.replace(config.environment, store="s3://a-bucket/")
    template = synthesize(msgspec.structs.replace(config, environment=where), code)
    function = next(iter(resources(template, FUNCTION).values()))
    variables = function["Environment"]["Variables"]  # type: ignore[index]
    assert variables["CANARY_STORE"] == where.report_store == "s3://a-bucket/canary"


def test_changes_reach_the_function_that_follows_by_two_queues(template: dict[str, Any]) -> None:
    queues = resources(template, "AWS::SQS::Queue")
    name = "hokusai-canary-development-changes"
    delays = {q["QueueName"]: q.get("DelaySeconds", 0) for q in queues.values()}
    assert delays == {"hokusai-canary-development-lost": 0, name: 0, f"{name}-again": 120}
    changes = {i for i, q in queues.items() if q["QueueName"].startswith(name)}
    rules = resources(template, "AWS::Events::Rule")
    followed = {i: r for i, r in rules.items() if "EventBusName" not in r}
    assert len(followed) == 2
    for rule in followed.values():
        assert {t["Arn"]["Fn::GetAtt"][0] for t in rule["Targets"]} == changes
    rollouts = next(r for r in followed.values() if r["Name"].endswith("-rollouts"))
    [place] = rollouts["EventPattern"]["resources"]
    assert place == {"prefix": "arn:aws:ecs:us-east-1:123456789012:service/hokusai-development/"}
    taken = resources(template, "AWS::Lambda::EventSourceMapping").values()
    assert {one["EventSourceArn"]["Fn::GetAtt"][0] for one in taken} == changes
    for queue in changes:
        policy = next(
            p for p in resources(template, "AWS::SQS::QueuePolicy").values()
            if p["Queues"] == [{"Ref": queue}]
        )  # fmt: skip
        [send] = [s for s in policy["PolicyDocument"]["Statement"] if s["Effect"] == "Allow"]
        sources = send["Condition"]["ArnEquals"]["aws:SourceArn"]
        assert {s["Fn::GetAtt"][0] for s in sources} == set(followed)
        assert send["Principal"] == {"Service": "events.amazonaws.com"}
    follower = next(
        f for f in resources(template, FUNCTION).values() if f["FunctionName"].endswith("-follow")
    )
    assert follower["ReservedConcurrentExecutions"] == 1


@pytest.mark.parametrize(
    ("part", "changes"), [("deployment", {"follow_changes": False}), ("", {"cluster": ""})]
)
def test_who_follows_nothing_has_nothing_of_it(
    config: Config, code: str, part: str, changes: dict[str, Any]
) -> None:
    where = msgspec.structs.replace(config.environment, **({} if part else changes))
    made = msgspec.structs.replace(config, environment=where)
    template = synthesize(changed(made, part, **changes) if part else made, code)
    assert len(resources(template, "AWS::SQS::Queue")) == 1
    assert len(resources(template, FUNCTION)) == 1
    assert resources(template, "AWS::Lambda::EventSourceMapping") == {}
    assert "sqs:ReceiveMessage" not in json.dumps(template)
