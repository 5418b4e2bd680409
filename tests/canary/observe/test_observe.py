"""The readers against moto: everything is read, nothing is guessed, a denial is a value."""

from __future__ import annotations

import ast
import pathlib

import msgspec
import pytest

from canary.control_plane.stable import is_complete
from canary.control_plane.state import PlatformState
from canary.model import Principal
from canary.observe import PERMISSIONS, READERS, observe, refresh_failing, statements
from canary.observe.logs import scrub
from canary.observe.variables import address, is_address, is_bucket
from tests.canary.support.moto_platform import POLICIES, Recorder, environment

# no task runs in moto; CloudTrail is asked after the diagnosis (test_write_calls.py)
ELSEWHERE = {"ecs:DescribeTasks", "logs:GetLogEvents", "cloudtrail:LookupEvents"}
# asked of what ECS rolled out or scales by itself alone (test_rollouts.py)
ELSEWHERE |= {"ecs:DescribeServiceDeployments", "ecs:DescribeServiceRevisions"}
ELSEWHERE |= {"application-autoscaling:DescribeScalingActivities"}
# asked after some answers alone (edge/)
ELSEWHERE |= {"wafv2:GetWebACLForResource", "wafv2:GetWebACL", "wafv2:GetSampledRequests"}
ELSEWHERE |= {"route53:ListHostedZonesByName", "route53:ListResourceRecordSets"}
ELSEWHERE |= {"route53:GetHealthCheckStatus"}


def test_everything_is_read(state: PlatformState) -> None:
    assert state.unavailable == ()
    assert [b.name for b in state.load_balancers] == ["front"]
    assert {g.name for g in state.target_groups} == {"tg-0", "tg-11"}
    assert state.missing_services == ("never-made",)
    assert [g.name for g in state.security_groups] == ["web", "cache-guard"]
    assert state.discovery[0].instances[0].address == "10.0.1.9"
    assert len(state.certificates) == 1 and len(state.subnets) == 2
    assert [d.revision for d in state.task_definitions] == [2, 1]


def test_rules_have_their_tags_and_the_default_rule_none(state: PlatformState) -> None:
    rules = state.load_balancers[0].listeners[0].rules
    assert [r.tags for r in rules] == [{"number": "1"}, {"number": "2"}, *([{}] * 13)]


def test_rules_come_in_order_of_priority_with_the_default_last(state: PlatformState) -> None:
    priorities = [r.priority for r in state.load_balancers[0].listeners[0].rules]
    assert priorities == [str(n * 10) for n in range(1, 15)] + ["default"]


def test_of_variables_only_addresses_are_kept(state: PlatformState) -> None:
    container = state.task_definitions[0].containers[0]
    assert container.plain == {"DB_HOST": "db.local", "MLFLOW_URL": "http://mlflow.local:5000/"}
    assert container.variables == ("API_KEY_NAME", "DB_HOST", "FEATURE", "MLFLOW_URL")


def test_secrets_are_known_by_existence_and_version(state: PlatformState) -> None:
    known = {s.reference.rpartition(":secret:")[2][:4] or s.name: s for s in state.secrets}
    there = [s for s in state.secrets if s.exists]
    assert len(there) == 2 and len(known) >= 3
    secret = next(s for s in there if s.kind == "secret")
    assert secret.version and secret.version_before
    assert secret.kms_key == "1234-ab"
    assert {x.kms_key for x in state.secrets if not x.exists} == {""}
    assert {s.name for s in state.secrets if not s.exists and s.kind == "parameter"} == {
        "/cache/lost"
    }


def test_of_the_principals_secrets_the_state_is_read_too(aws: str) -> None:
    principals = {"valid": Principal(secret="app"), "odd": Principal(generated="unknown")}
    known = msgspec.structs.replace(environment(), principals=principals)
    clients = Recorder(aws)
    found = refresh_failing(clients, known, observe(clients, known), ["api"]).secrets
    (own,) = [s for s in found if s.reference == "app"]
    assert own.exists and own.version_before


def test_log_lines_are_bounded_and_only_telling_ones(state: PlatformState) -> None:
    lines = state.logs["api"]
    assert len(lines) == 50
    assert all("ERROR" in line.message for line in lines)


def test_declared_actions_are_the_called_ones(aws: str) -> None:
    clients = Recorder(aws)
    ecs = clients.client("ecs")
    refresh_failing(clients, environment(), observe(clients, environment()), ["api"])
    declared = {p.action for p in PERMISSIONS}
    assert ecs is not None
    assert clients.calls - declared == set()
    assert declared - clients.calls <= ELSEWHERE


def test_a_failure_costs_one_more_round_of_calls_and_no_more(aws: str) -> None:
    recorder = Recorder(aws)
    state = observe(recorder, environment())
    once = recorder.requests.copy()
    assert set(once.values()) == {1}, "a round asks nothing twice"
    refresh_failing(recorder, environment(), state, ["api"])
    again = recorder.requests - once
    assert set(again.values()) == {1}, "nor does the second one"


DENIABLE = sorted({p.action for p in PERMISSIONS} - ELSEWHERE)


@pytest.mark.parametrize(
    "action",
    # every fifth one in each `make test`, all of them in `make test-slow`
    [pytest.param(a, marks=[pytest.mark.slow] if n % 5 else []) for n, a in enumerate(DENIABLE)],
)
def test_a_denied_action_is_unavailable_and_nothing_else_is_lost(aws: str, action: str) -> None:
    clients = Recorder(aws, denied=action)
    found = refresh_failing(clients, environment(), observe(clients, environment()), ["api"])
    assert {(u.action, u.denied) for u in found.unavailable} == {(action, True)}


WHOLE_PARTS = {
    "elasticloadbalancing:DescribeLoadBalancers": "load_balancers",
    "elasticloadbalancing:DescribeTargetGroups": "target_groups",
    "ecs:DescribeServices": "ecs_services",
    "ecs:ListTaskDefinitions": "task_definitions",
    "ecs:DescribeTaskDefinition": "task_definitions",
    "ec2:DescribeSecurityGroups": "security_groups",
    "ec2:DescribeSubnets": "subnets",
    "acm:ListCertificates": "certificates",
    "acm:DescribeCertificate": "certificates",
    "servicediscovery:ListServices": "discovery",
}


@pytest.mark.parametrize(("action", "part"), WHOLE_PARTS.items())
def test_a_part_of_the_state_that_was_not_read_is_named(aws: str, action: str, part: str) -> None:
    assert observe(Recorder(aws, denied=action), environment()).unread == (part,)


def test_all_is_named_that_follows_from_an_unread_namespace(aws: str) -> None:
    found = observe(Recorder(aws, denied="servicediscovery:ListNamespaces"), environment())
    assert found.unread == ("discovery", "namespaces")


_ELB = "elasticloadbalancing:Describe"
BALANCER_PARTS = {
    "Listeners": (("listeners",), ()),
    "LoadBalancerAttributes": (("attributes",), ()),
    "Rules": ((), ("rules",)),
    "Tags": ((), ("tags",)),
    "ListenerCertificates": ((), ("certificates",)),
    "ListenerAttributes": ((), ("attributes",)),
}


@pytest.mark.parametrize("action", sorted(BALANCER_PARTS))
def test_a_part_of_a_balancer_that_was_not_read_is_named_there(aws: str, action: str) -> None:
    (balancer,) = observe(Recorder(aws, denied=_ELB + action), environment()).load_balancers
    (listener,) = balancer.listeners or [None]
    found = (balancer.unread, listener.unread if listener else ())
    assert found == BALANCER_PARTS[action]


@pytest.mark.parametrize(
    ("action", "part"), [("TargetHealth", "targets"), ("TargetGroupAttributes", "attributes")]
)
def test_only_the_group_is_marked_whose_reading_failed(aws: str, action: str, part: str) -> None:
    clients = Recorder(aws, denied=_ELB + action, only="targetgroup/tg-0/")
    groups = {g.name: g.unread for g in observe(clients, environment()).target_groups}
    assert groups == {"tg-0": (part,), "tg-11": ()}


def test_tasks_and_instances_that_were_not_read_are_marked(aws: str) -> None:
    (service,) = observe(Recorder(aws, denied="ecs:ListTasks"), environment()).ecs_services
    assert service.unread == ("tasks",)
    denied = Recorder(aws, denied="servicediscovery:ListInstances")
    assert [d.unread for d in observe(denied, environment()).discovery] == [("instances",)]


def test_what_was_read_is_marked_nowhere(state: PlatformState) -> None:
    (balancer,) = state.load_balancers
    things = [state, balancer, *balancer.listeners, *state.target_groups, *state.ecs_services]
    assert [t.unread for t in things] == [()] * 6  # type: ignore[attr-defined]


def test_an_endpoint_that_does_not_answer_is_unavailable_and_not_denied() -> None:
    found = observe(Recorder("http://127.0.0.1:9", fails=True), environment())
    assert found.unavailable and not any(u.denied for u in found.unavailable)
    assert found.missing_services == ()


def test_each_reader_declares_its_actions() -> None:
    assert all(isinstance(reader.ACTIONS, tuple) for reader in READERS)


def test_statements_carry_the_names_of_the_environment() -> None:
    found = statements(environment())
    assert not any("{" in s.resource for s in found)
    assert any("log-group:/ecs/api" in s.resource for s in found)


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("postgres://user:pass@db:5432/x refused", "postgres://***@db:5432/x refused"),
        ("no URL: 'postgres://user:p/a@s@db/x'", "no URL: 'postgres://***@db/x'"),
        ("invalid X-API-Key: abcdefgh1 of x", "invalid X-API-Key: *** of x"),
        ("rejected, cookie: a=b1c2; c=d3e4", "rejected, cookie: ***"),
        ("password=abcdef1 wrong", "password=*** wrong"),
        ("Authorization: Bearer abcdefghijk", "Authorization: ***"),
    ],
)
def test_what_could_be_a_secret_leaves_no_trace_in_a_line(line: str, kept: str) -> None:
    assert scrub(line) == kept


def test_an_address_loses_user_and_query() -> None:
    assert address("redis://u:p@host:6379/0?x=y") == "redis://host:6379/0"
    assert address("u:p@host") == ""
    assert is_address("DB_HOST") and not is_address("SECRET_KEY_NAME")
    assert not is_address("SLACK_WEBHOOK_URL")
    assert is_address("TENANT_ID", frozenset({"TENANT"})) and not is_address("TENANT_ID")
    assert not is_address("TENANT_KEY", frozenset({"TENANT"}))
    assert is_bucket("DESTINATION", "s3://artifacts/x") and not is_bucket("DESTINATION", "x")
    assert not is_bucket("SIGNED_DESTINATION", "s3://artifacts/x")


@pytest.mark.parametrize("sign", "/?#")
def test_an_address_shows_no_part_of_a_password_that_was_not_quoted(sign: str) -> None:
    assert address(f"postgres://user:half{sign}half@db:5432/x") == ""
    assert address(f"https://db:5000/x{sign}a@b").startswith("https://db:5000/x")


def test_no_reader_imports_boto3() -> None:
    for path in pathlib.Path("canary/observe").glob("*.py"):
        names = {
            a.name.split(".")[0]
            for n in ast.walk(ast.parse(path.read_text()))
            if isinstance(n, ast.Import)
            for a in n.names
        }
        assert not names & {"boto3", "botocore"}


def test_of_the_roles_that_start_tasks_the_policies_are_read(state: PlatformState) -> None:
    (role,) = state.roles
    assert (role.name, role.bounded) == ("start", ())
    assert role.policies == POLICIES
    assert role.attached == ("arn:aws:iam::123456789012:policy/more",)


@pytest.mark.parametrize("action", ["ListRolePolicies", "GetRolePolicy"])
def test_a_role_that_was_not_read_is_unread_and_keeps_no_baseline_away(
    aws: str, action: str
) -> None:
    found = observe(Recorder(aws, denied=f"iam:{action}"), environment())
    assert (found.roles, found.unread) == ((), ("roles",))
    late = msgspec.structs.replace(found.unavailable[0], denied=False)
    assert is_complete(msgspec.structs.replace(found, unavailable=(late,)))
    other = msgspec.structs.replace(late, action="ecs:ListTasks")
    assert not is_complete(msgspec.structs.replace(found, unavailable=(late, other)))
