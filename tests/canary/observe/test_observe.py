"""The readers against moto: everything is read, nothing is guessed, a denial is a value."""

from __future__ import annotations

import ast
import pathlib
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any, ClassVar

import boto3
import msgspec
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer

from canary.control_plane.state import PlatformState
from canary.model import Environment, Principal, Service
from canary.observe import PERMISSIONS, READERS, observe, refresh_failing, statements
from canary.observe.definitions import address, is_address
from canary.observe.logs import scrub

REGION = "us-east-1"
# boto3's client and operation -> IAM action, where the two are spelled differently
PREFIXES = {"elbv2": "elasticloadbalancing"}


class Recorder:
    """Clients of boto3 on a moto server; notes each call, and denies one action if asked.

    All recorders of a server share their clients: to make one takes longer than to use it.
    """

    shared: ClassVar[dict[tuple[str, str, bool], Any]] = {}

    def __init__(self, url: str, denied: str = "", fails: bool = False) -> None:
        self.calls: set[str] = set()
        self.requests: Counter[str] = Counter()
        self._url, self._denied, self._fails = url, denied, fails
        self._lock = threading.Lock()
        self._made: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """Return a client whose calls this recorder notes, and no earlier one."""
        with self._lock:
            if service not in self._made:
                key = (self._url, service, self._fails)
                client = self.shared[key] = self.shared.get(key) or self._make(service)
                client.meta.events.unregister("before-call", unique_id="recorder")
                client.meta.events.register("before-call", self._note, unique_id="recorder")
                self._made[service] = client
            return self._made[service]

    def _make(self, service: str) -> Any:
        if self._fails:
            config = Config(connect_timeout=0.2, retries={"max_attempts": 0})
        else:
            config = Config(retries={"max_attempts": 1})
        return boto3.client(
            service, region_name=REGION, endpoint_url=self._url, config=config,
            aws_access_key_id="x", aws_secret_access_key="x",
        )  # fmt: skip

    def _note(self, model: Any, params: dict[str, Any], **_: Any) -> None:
        prefix = PREFIXES.get(model.service_model.service_name, model.service_model.service_name)
        action = f"{prefix}:{model.name}"
        with self._lock:
            self.calls.add(action)
            self.requests[f"{action} {params['url_path']} {params['body']!r}"] += 1
        if action == self._denied:
            error = {"Error": {"Code": "AccessDeniedException", "Message": "not authorized"}}
            raise ClientError(error, model.name)


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    """A moto server with a small platform: one balancer, one service, many target groups."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    _seed(Recorder(url))
    yield url
    server.stop()


def _seed(aws: Recorder) -> None:
    ec2, elb, ecs = aws.client("ec2"), aws.client("elbv2"), aws.client("ecs")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{REGION}{z}")[
            "Subnet"
        ]["SubnetId"]
        for n, z in ((1, "a"), (2, "b"))
    ]
    group = ec2.create_security_group(GroupName="web", Description="web", VpcId=vpc)["GroupId"]
    ec2.create_security_group(GroupName="cache-guard", Description="cache", VpcId=vpc)
    balancer = elb.create_load_balancer(Name="front", Subnets=subnets, SecurityGroups=[group])
    arn = balancer["LoadBalancers"][0]["LoadBalancerArn"]
    groups = [
        elb.create_target_group(Name=f"tg-{n}", Protocol="HTTP", Port=80, VpcId=vpc,
                                TargetType="ip")["TargetGroups"][0]["TargetGroupArn"]
        for n in range(12)
    ]  # fmt: skip
    certificate = aws.client("acm").request_certificate(DomainName="*.example.org")
    listener = elb.create_listener(
        LoadBalancerArn=arn, Protocol="HTTPS", Port=443,
        Certificates=[{"CertificateArn": certificate["CertificateArn"]}],
        DefaultActions=[{"Type": "forward", "TargetGroupArn": groups[0]}],
    )["Listeners"][0]["ListenerArn"]  # fmt: skip
    for n in range(1, 15):
        elb.create_rule(
            ListenerArn=listener, Priority=n * 10,
            Conditions=[{"Field": "path-pattern", "Values": [f"/p{n}/*"]}],
            Actions=[{"Type": "forward", "TargetGroupArn": groups[0]}],
        )  # fmt: skip
    elb.register_targets(TargetGroupArn=groups[0], Targets=[{"Id": "10.0.1.9", "Port": 80}])
    _seed_ecs(aws, ecs, subnets, group)


def _seed_ecs(aws: Recorder, ecs: Any, subnets: list[str], group: str) -> None:
    aws.client("ssm").put_parameter(Name="/cache/endpoint", Value="x", Type="String")
    made = aws.client("secretsmanager").create_secret(Name="app", SecretString="v1")
    aws.client("secretsmanager").put_secret_value(SecretId="app", SecretString="v2")
    ecs.create_cluster(clusterName="c")
    for image in ("a", "b"):
        ecs.register_task_definition(
            family="api",
            containerDefinitions=[
                {
                    "name": "api", "image": image, "memory": 128,
                    "portMappings": [{"containerPort": 80}],
                    "environment": [
                        {"name": "DB_HOST", "value": "db.local"},
                        {"name": "MLFLOW_URL", "value": "http://u:p@mlflow.local:5000/?k=v"},
                        {"name": "API_KEY_NAME", "value": "private"},
                        {"name": "FEATURE", "value": "private"},
                    ],
                    "secrets": [
                        {"name": "PASSWORD", "valueFrom": f"{made['ARN']}:k::"},
                        {"name": "GONE", "valueFrom": made["ARN"].replace("app", "none")},
                        {"name": "CACHE", "valueFrom": "/cache/endpoint"},
                        {"name": "LOST", "valueFrom": "/cache/lost"},
                    ],
                }
            ],
        )  # fmt: skip
    network = {"awsvpcConfiguration": {"subnets": subnets, "securityGroups": [group]}}
    ecs.create_service(cluster="c", serviceName="api", taskDefinition="api", desiredCount=0,
                       launchType="FARGATE", networkConfiguration=network)  # fmt: skip
    logs = aws.client("logs")
    logs.create_log_group(logGroupName="/ecs/api")
    logs.create_log_stream(logGroupName="/ecs/api", logStreamName="s")
    now = int(time.time() * 1000)
    events = [{"timestamp": now - n, "message": f"ERROR number {n}"} for n in range(70)]
    events.insert(0, {"timestamp": now, "message": "all is well"})
    logs.put_log_events(logGroupName="/ecs/api", logStreamName="s", logEvents=events[::-1])
    map_ = aws.client("servicediscovery")
    map_.create_http_namespace(Name="local.test")
    space = map_.list_namespaces()["Namespaces"][0]["Id"]
    found = map_.create_service(Name="api", NamespaceId=space)["Service"]["Id"]
    map_.register_instance(
        ServiceId=found, InstanceId="i1", Attributes={"AWS_INSTANCE_IPV4": "10.0.1.9"}
    )


def environment() -> Environment:
    """Return the environment of the small platform."""
    return Environment(
        name="test",
        account="123456789012",
        region=REGION,
        cluster="c",
        services={
            "api": Service(
                url="https://api.example.org",
                connect_to={"443": "127.0.0.1:1"},
                ecs_service="api",
                load_balancer="front",
                target_groups=("tg-0", "tg-11"),
                log_group="/ecs/api",
                discovery="api.local.test",
                depends_on=("cache",),
            ),
            "cache": Service(security_group="cache-guard", port=6379),
            "other": Service(ecs_service="never-made"),
        },
    )


@pytest.fixture(scope="module")
def state(aws: str) -> PlatformState:
    """The platform, read and refreshed."""
    clients = Recorder(aws)
    return refresh_failing(clients, environment(), observe(clients, environment()), ["api"])


def test_everything_is_read(state: PlatformState) -> None:
    assert state.unavailable == ()
    assert [b.name for b in state.load_balancers] == ["front"]
    assert {g.name for g in state.target_groups} == {"tg-0", "tg-11"}
    assert state.missing_services == ("never-made",)
    assert [g.name for g in state.security_groups] == ["web", "cache-guard"]
    assert state.discovery[0].instances[0].address == "10.0.1.9"
    assert len(state.certificates) == 1 and len(state.subnets) == 2
    assert [d.revision for d in state.task_definitions] == [2, 1]


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
    ecs_tasks = {"ecs:DescribeTasks"}  # no task runs in moto
    refresh_failing(clients, environment(), observe(clients, environment()), ["api"])
    declared = {p.action for p in PERMISSIONS}
    assert ecs is not None
    assert clients.calls - declared == set()
    assert declared - clients.calls <= ecs_tasks


def test_a_failure_costs_one_more_round_of_calls_and_no_more(aws: str) -> None:
    recorder = Recorder(aws)
    state = observe(recorder, environment())
    once = recorder.requests.copy()
    assert set(once.values()) == {1}, "a round asks nothing twice"
    refresh_failing(recorder, environment(), state, ["api"])
    again = recorder.requests - once
    assert set(again.values()) == {1}, "nor does the second one"


@pytest.mark.parametrize("action", sorted({p.action for p in PERMISSIONS} - {"ecs:DescribeTasks"}))
def test_a_denied_action_is_unavailable_and_nothing_else_is_lost(aws: str, action: str) -> None:
    clients = Recorder(aws, denied=action)
    found = refresh_failing(clients, environment(), observe(clients, environment()), ["api"])
    assert {(u.action, u.denied) for u in found.unavailable} == {(action, True)}


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
        ("Authorization: Bearer abcdefghijk", "Authorization: Bearer ***"),
    ],
)
def test_what_could_be_a_secret_leaves_no_trace_in_a_line(line: str, kept: str) -> None:
    assert scrub(line) == kept


def test_an_address_loses_user_and_query() -> None:
    assert address("redis://u:p@host:6379/0?x=y") == "redis://host:6379/0"
    assert address("u:p@host") == ""
    assert is_address("DB_HOST") and not is_address("SECRET_KEY_NAME")
    assert not is_address("SLACK_WEBHOOK_URL")


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
