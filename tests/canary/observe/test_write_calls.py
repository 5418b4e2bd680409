"""The reader of CloudTrail against the emulator: bounded, honest about what it could not read."""

from __future__ import annotations

import datetime as dt
import json
import secrets
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from canary.control_plane.named_objects import named
from canary.control_plane.write_calls import Audit, WriteCall
from canary.model import Environment, Service
from canary.observe.write_calls import MOST, Asked, Pause, WriteCalls, write_call
from emulator.aws.endpoint import Endpoint
from emulator.settings import ACCOUNT, REGION
from emulator.trail.history import SWITCHES
from tests.emulator.support.emulated import emulator

ROLE = "arn:aws:sts::123456789012:assumed-role"


class Idle(Pause):
    """A clock that a pause moves, so that no test waits."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def monotonic(self) -> float:  # type: ignore[override]  # a method here, a function there
        """Return the time."""
        return self.now

    def sleep(self, seconds: float) -> None:  # type: ignore[override]  # as above
        """Move the time."""
        self.pauses.append(seconds)
        self.now += seconds


class Clients:
    """One client of CloudTrail, which counts its look-ups."""

    def __init__(self, url: str, region: str = REGION, **credentials: str) -> None:
        self._client = boto3.client(
            "cloudtrail",
            region_name=region,
            endpoint_url=url,
            config=Config(retries={"total_max_attempts": 1}, read_timeout=0.3),
            **{"aws_access_key_id": "test", "aws_secret_access_key": "test", **credentials},
        )
        self.look_ups: list[tuple[str, str]] = []
        self._client.meta.events.register("provide-client-params", self._note)

    def _note(self, params: dict[str, Any], **_: Any) -> None:
        (attribute,) = params["LookupAttributes"]
        self.look_ups.append((attribute["AttributeKey"], attribute["AttributeValue"]))

    def client(self, _service: str) -> Any:
        """Return the client."""
        return self._client


@pytest.fixture
def aws() -> Iterator[Endpoint]:
    with emulator() as server:
        yield server.endpoint
        SWITCHES.reset()


def environment() -> Environment:
    services = {"api": Service(url="https://api.test")}
    return Environment(name="test", account=ACCOUNT, region=REGION, cluster="c", services=services)


def asked(*resources: str) -> Asked:
    now = dt.datetime.now(dt.UTC)
    hour = dt.timedelta(hours=1)
    wanted = tuple(found for r in resources if (found := named(r)))
    return Asked(wanted=wanted, since=now - hour, until=now + hour)


def audited(clients: Clients, *resources: str, clock: Idle | None = None) -> Audit:
    reader = WriteCalls(clients, environment(), clock or Idle())
    reader.read(asked(*resources))
    return reader.audit()


def parameters(aws: Endpoint, count: int) -> None:
    for number in range(count):
        aws.client("ssm").put_parameter(Name=f"/p/{number}", Value="x", Type="String")


def test_one_look_up_is_enough_where_few_calls_were_made(aws: Endpoint) -> None:
    parameters(aws, 3)
    clients = Clients(aws.url)
    audit = audited(clients, "sg-1")
    assert clients.look_ups == [("ReadOnly", "false")]
    assert (audit.problem, audit.whole) == ("", True)
    assert [(c.name, c.who, c.caller) for c in audit.calls] == [
        ("PutParameter", "operator", f"arn:aws:iam::{ACCOUNT}:user/operator")
    ] * 3
    assert sorted(n for c in audit.calls for o in c.changed for n in o.names) == [
        "/p/0",
        "/p/1",
        "/p/2",
    ]
    assert {c.tool.partition("/")[0] for c in audit.calls} == {"Boto3"}
    assert {c.address for c in audit.calls} == {"203.0.113.10"}


def test_two_hundred_events_are_found_by_object_and_never_more_than_five_look_ups(
    aws: Endpoint,
) -> None:
    aws.client("ssm").put_parameter(Name="/wanted", Value="x", Type="String")
    aws.client("ssm").delete_parameter(Name="/wanted")
    parameters(aws, 220)
    clients, clock = Clients(aws.url), Idle()
    arn = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/wanted"
    audit = audited(clients, arn, clock=clock)
    assert clients.look_ups == [
        ("ReadOnly", "false"),
        ("EventName", "PutParameter"),
        ("EventName", "DeleteParameter"),
        ("ReadOnly", "false"),
        ("ReadOnly", "false"),
    ]
    assert len(clients.look_ups) == MOST
    assert clock.pauses == [0.5] * 4
    assert not audit.whole
    assert "DeleteParameter" in {c.name for c in audit.calls}
    assert len(audit.calls) == 151  # three pages, and the one that no page held


def test_all_pages_are_read_where_five_hold_them(aws: Endpoint) -> None:
    parameters(aws, 120)
    audit = audited(Clients(aws.url), "sg-1")
    assert (len(audit.calls), audit.whole) == (120, True)


def test_a_denial_is_a_problem(aws: Endpoint) -> None:
    iam = aws.client("iam")
    document = json.dumps({"Version": "2012-10-17", "Statement": []})
    role = iam.create_role(RoleName="blind", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    key = aws.client("sts").assume_role(RoleArn=role, RoleSessionName="run")["Credentials"]
    denied = Clients(
        aws.url,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        aws_session_token=key["SessionToken"],
    )
    audit = audited(denied, "sg-1")
    assert audit.denied is not None
    assert (audit.denied.action, audit.denied.denied) == ("cloudtrail:LookupEvents", True)
    problem = "cloudtrail:LookupEvents: AccessDeniedException"
    assert audit == Audit(problem=problem, denied=audit.denied)


def test_throttling_and_silence_are_problems_and_what_was_read_is_kept(aws: Endpoint) -> None:
    parameters(aws, 60)
    SWITCHES.per_second = 1
    throttled = audited(Clients(aws.url), "sg-1")
    assert throttled.problem == "cloudtrail:LookupEvents: ThrottlingException"
    assert throttled.denied is None
    assert (len(throttled.calls), throttled.whole) == (50, False)
    SWITCHES.reset()
    SWITCHES.answer_after_s = 0.5
    silent = audited(Clients(aws.url), "sg-1")
    assert silent == Audit(problem="cloudtrail:LookupEvents: ReadTimeoutError")


def test_what_has_not_been_read_yet_is_a_problem(aws: Endpoint) -> None:
    reader = WriteCalls(Clients(aws.url), environment(), Idle())
    assert reader.audit() == Audit(problem="CloudTrail did not answer in time")


def test_no_event_yet_is_no_problem(aws: Endpoint) -> None:
    parameters(aws, 1)
    SWITCHES.delay_s = 60.0
    assert audited(Clients(aws.url), "sg-1") == Audit(whole=True)


def event(**changes: Any) -> dict[str, Any]:
    told = {
        "awsRegion": REGION,
        "recipientAccountId": ACCOUNT,
        "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::1:user/a", "userName": "a"},
        "sourceIPAddress": "203.0.113.7",
        "userAgent": "aws-cli/2.15.30 Python/3.11",
        "requestParameters": {"groupId": "sg-1"},
        **changes,
    }
    return {
        "EventId": "1",
        "EventName": "RevokeSecurityGroupIngress",
        "EventSource": "ec2.amazonaws.com",
        "EventTime": dt.datetime(2026, 11, 29, 12, tzinfo=dt.UTC),
        "Username": "a",
        "CloudTrailEvent": json.dumps(told),
    }


def read(**changes: Any) -> WriteCall:
    (found,) = write_call(event(**changes), environment())
    return found


def test_an_event_of_another_region_or_account_is_not_read() -> None:
    assert list(write_call(event(awsRegion="eu-west-1"), environment())) == []
    assert list(write_call(event(recipientAccountId="999999999999"), environment())) == []
    assert read().changed == (named("sg-1"),)


@pytest.mark.parametrize(
    "raw", [{}, {"EventId": "1", "CloudTrailEvent": "{"}, {"CloudTrailEvent": "[]"}]
)
def test_an_event_of_another_form_is_left_out(raw: dict[str, Any]) -> None:
    assert list(write_call(raw, environment())) == []


@pytest.mark.parametrize(
    ("identity", "who"),
    [
        ({"type": "IAMUser", "arn": "arn:aws:iam::1:user/bob", "userName": "bob"}, "bob"),
        ({"type": "Root", "arn": "arn:aws:iam::1:root"}, "the account's root user"),
        (
            {"type": "AssumedRole", "arn": f"{ROLE}/deploy/ci-7"},
            "the role deploy (session ci-7)",
        ),
        (
            {
                "type": "AssumedRole",
                "arn": f"{ROLE}/hokusai-canary-test-us-east-1/hokusai-canary-test",
            },
            "the canary itself",
        ),
        (
            {"type": "AssumedRole", "arn": f"{ROLE}/any/hokusai-canary-test"},
            "the role any (session hokusai-canary-test)",
        ),
        ({"type": "AWSService", "invokedBy": "ecs.amazonaws.com"}, "AWS (ecs.amazonaws.com)"),
        (
            {
                "type": "AssumedRole",
                "arn": f"{ROLE}/AWSServiceRoleForECS/ecs",
                "invokedBy": "ecs.amazonaws.com",
            },
            "AWS (ecs.amazonaws.com)",
        ),
        ({}, "a"),
        (
            {"type": "IAMUser", "userName": "bob", "invokedBy": "cloudformation.amazonaws.com"},
            "bob",
        ),
    ],
)
def test_a_caller_is_named_as_what_it_is(identity: dict[str, str], who: str) -> None:
    assert read(userIdentity=identity).who == who


@pytest.mark.parametrize(
    ("identity", "origin", "through"),
    [
        ({"type": "IAMUser", "userName": "bob"}, "somebody", ""),
        (
            {"type": "IAMUser", "userName": "bob", "invokedBy": "cloudformation.amazonaws.com"},
            "somebody",
            "cloudformation.amazonaws.com",
        ),
        ({"type": "AWSService", "invokedBy": "ecs.amazonaws.com"}, "AWS", ""),
        ({"type": "AssumedRole", "arn": f"{ROLE}/AWSServiceRoleForECS/ecs"}, "AWS", ""),
        ({"type": "AssumedRole", "arn": f"{ROLE}/AWSServiceRole/ecs"}, "somebody", ""),
        (
            {
                "type": "AssumedRole",
                "arn": f"{ROLE}/hokusai-canary-test-us-east-1/hokusai-canary-test",
            },
            "canary",
            "",
        ),
    ],
)
def test_a_service_that_calls_for_somebody_is_not_the_caller(
    identity: dict[str, str], origin: str, through: str
) -> None:
    found = read(userIdentity=identity)
    assert (found.origin, found.through) == (origin, through)


def test_parameters_of_any_depth_cost_their_event_alone() -> None:
    deep: Any = "x"
    for _ in range(300):
        deep = [deep]
    given = {"listenerArn": "l", "certificates": deep}
    source = "elasticloadbalancing.amazonaws.com"
    raw = event(requestParameters=given) | {"EventSource": source}
    assert [c.uses for c in write_call(raw, environment())] == [()]
    raw["CloudTrailEvent"] = '{"requestParameters": ' + "[" * 100_000 + "]" * 100_000 + "}"
    assert list(write_call(raw, environment())) == []


def test_names_of_others_are_bounded_masked_and_without_control_characters() -> None:
    hostile = "x`rm -rf /`\n\x1b[31m\u202eevil password=hemmelig1 " + "y" * 500
    identity = {"type": "IAMUser", "arn": f"arn:aws:iam::1:user/{hostile}", "userName": hostile}
    found = read(userIdentity=identity, userAgent=hostile, sourceIPAddress=hostile)
    texts = [found.who, found.caller, found.address, found.tool]
    assert found.tool == "x"
    assert [len(text) <= 200 for text in texts] == [True] * 4
    for text in texts:
        assert text.isprintable()
        assert "`" not in text
        assert "hemmelig1" not in text
    key = "AKIA" + secrets.token_hex(8).upper()
    agent = f"aws-cli/2.15 {key}"
    assert read(userAgent=agent).tool == "aws-cli/2.15"
    assert read(userAgent=key).tool == ""
    assert read(userAgent="console.amazonaws.com").tool == "the AWS console"
