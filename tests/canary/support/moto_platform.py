"""A small platform in moto, and clients that note their calls."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar
from urllib.parse import unquote

import boto3
import requests
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer

from canary.model import Environment, Service

PASSWORD = "p" * 12
REGION = "us-east-1"
# boto3's client and operation -> IAM action, where the two are spelled differently
POLICIES = {
    name: {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": [action], "Resource": ["*"]}],
    }
    for name, action in (("read", "secretsmanager:GetSecretValue"), ("log", "logs:PutLogEvents"))
}
# moto does not know ElastiCache's events, nor ECS's service deployments
ANSWERS: dict[str, dict[str, Any]] = {
    "elasticache:DescribeEvents": {"Events": []},
    "ecs:ListServiceDeployments": {"serviceDeployments": []},
}
PREFIXES = {"elbv2": "elasticloadbalancing"}


class Recorder:
    """Clients of boto3 on a moto server; notes each call, and denies one action if asked.

    `only`: a text of the requests that are denied, else all of the action are; `code`: AWS's word
    for it. `answers`: what AWS answers to actions that moto does not know.

    All recorders of a server share their clients: to make one takes longer than to use it.
    """

    shared: ClassVar[dict[tuple[str, str, bool], Any]] = {}

    def __init__(
        self,
        url: str,
        denied: str = "",
        fails: bool = False,
        only: str = "",
        code: str = "AccessDeniedException",
        answers: Mapping[str, dict[str, Any]] = ANSWERS,
    ) -> None:
        self.calls: set[str] = set()
        self.requests: Counter[str] = Counter()
        self._url, self._denied, self._fails, self._only = url, denied, fails, only
        self._answers, self._code = answers, code
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

    def _note(self, model: Any, params: dict[str, Any], **_: Any) -> Any:
        prefix = PREFIXES.get(model.service_model.service_name, model.service_model.service_name)
        action = f"{prefix}:{model.name}"
        with self._lock:
            self.calls.add(action)
            self.requests[f"{action} {params['url_path']} {params['body']!r}"] += 1
        if action == self._denied and self._only in unquote(str(params["body"])):
            error = {"Error": {"Code": self._code, "Message": "not authorized"}}
            raise ClientError(error, model.name)
        known = self._answers.get(action)
        return None if known is None else (AWSResponse("", 200, {}, None), known)


@contextlib.contextmanager
def served() -> Iterator[str]:
    """Serve the seeded platform, and yield its URL.

    All servers of a process show one account, and other modules have emulators of their own: each
    begins with an empty one.
    """
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    requests.post(f"{url}/moto-api/reset", timeout=10).raise_for_status()
    seed(Recorder(url))
    yield url
    server.stop()


def seed(aws: Recorder) -> None:
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
    _seed_way(ec2, vpc, subnets, group)
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
            **({"Tags": [{"Key": "number", "Value": str(n)}]} if n < 3 else {}),
        )  # fmt: skip
    elb.register_targets(TargetGroupArn=groups[0], Targets=[{"Id": "10.0.1.9", "Port": 80}])
    _seed_ecs(aws, ecs, subnets, group)
    _seed_stores(aws)


def _seed_stores(aws: Recorder) -> None:
    """Make two databases, of which the platform uses one, and a cache of two nodes."""
    rds = aws.client("rds")
    for name in ("platform-db", "of-others"):
        rds.create_db_instance(
            DBInstanceIdentifier=name, Engine="postgres", DBInstanceClass="db.t4g.small",
            AllocatedStorage=20, MaxAllocatedStorage=100, MultiAZ=True,
            MasterUsername="u", MasterUserPassword=PASSWORD,
            PreferredMaintenanceWindow="sun:05:00-sun:06:00",
        )  # fmt: skip
    aws.client("elasticache").create_replication_group(
        ReplicationGroupId="platform-cache", ReplicationGroupDescription="x", Engine="redis",
        CacheNodeType="cache.t4g.small", NumCacheClusters=2, AutomaticFailoverEnabled=True,
    )  # fmt: skip
    minute = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=1)
    for name, value in (("FreeStorageSpace", 7e8), ("DatabaseConnections", 41.0)):
        dimensions = [{"Name": "DBInstanceIdentifier", "Value": "platform-db"}]
        aws.client("cloudwatch").put_metric_data(
            Namespace="AWS/RDS",
            MetricData=[
                {"MetricName": name, "Dimensions": dimensions, "Value": v, "Timestamp": at}
                for v, at in ((value, minute), (value * 2, minute - dt.timedelta(minutes=9)))
            ],
        )


def _seed_way(ec2: Any, vpc: str, subnets: list[str], group: str) -> None:
    """Make what a connection meets: a list, a NAT gateway with its route, an ACL, endpoints."""
    entries = [{"Cidr": "10.9.0.0/24"}, {"Cidr": "10.8.0.0/24", "Description": "office"}]
    office = ec2.create_managed_prefix_list(
        PrefixListName="office", AddressFamily="IPv4", MaxEntries=5, Entries=entries
    )["PrefixList"]["PrefixListId"]
    permission = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443,
                  "PrefixListIds": [{"PrefixListId": office}]}  # fmt: skip
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.create_internet_gateway()  # of no VPC
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=subnets[1], AllocationId=address)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnets[0])
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0",
                     NatGatewayId=nat["NatGateway"]["NatGatewayId"])  # fmt: skip
    acl = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    ec2.create_network_acl_entry(
        NetworkAclId=acl, RuleNumber=90, Protocol="6", RuleAction="deny", Egress=False,
        CidrBlock="10.0.2.7/24", PortRange={"From": 443, "To": 444},
    )  # fmt: skip
    ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.s3",
                            RouteTableIds=[table])  # fmt: skip
    ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.ecr.dkr",
                            VpcEndpointType="Interface", SubnetIds=subnets[:1],
                            SecurityGroupIds=[group], PrivateDnsEnabled=True)  # fmt: skip


def _seed_ecs(aws: Recorder, ecs: Any, subnets: list[str], group: str) -> None:
    aws.client("ssm").put_parameter(Name="/cache/endpoint", Value="x", Type="String")
    made = aws.client("secretsmanager").create_secret(
        Name="app", SecretString="v1", KmsKeyId="1234-ab"
    )
    aws.client("secretsmanager").put_secret_value(SecretId="app", SecretString="v2")
    iam = aws.client("iam")
    role = iam.create_role(RoleName="start", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    for name, document in POLICIES.items():
        iam.put_role_policy(RoleName="start", PolicyName=name, PolicyDocument=json.dumps(document))
    managed = iam.create_policy(PolicyName="more", PolicyDocument=json.dumps(POLICIES["read"]))
    iam.attach_role_policy(RoleName="start", PolicyArn=managed["Policy"]["Arn"])
    ecs.create_cluster(clusterName="c")
    for image in ("a", "b"):
        ecs.register_task_definition(
            family="api", executionRoleArn=role,
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
                depends_on=("cache", "database"),
            ),
            "cache": Service(security_group="cache-guard", port=6379, instance="platform-cache"),
            "database": Service(port=5432, instance="platform-db"),
            "other": Service(ecs_service="never-made"),
        },
    )
