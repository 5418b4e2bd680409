"""What is printed for a hop that stops a connection: commands that show it, and a decision."""

from __future__ import annotations

from typing import Any

import pytest

from canary.control_plane.vpc import Route
from canary.control_plane.way import Hop, Stop
from canary.diagnose.network.start_ways import service_of
from canary.diagnose.network.way_remedies import decision
from tests.canary.support import networks as n
from tests.canary.support.routed import case

EC2 = "aws ec2 describe-{} --region us-east-1"
NATS, TABLES, POINTS = (
    EC2.format(what) for what in ("nat-gateways", "route-tables", "vpc-endpoints")
)
HOLE = Route(destination="0.0.0.0/0", target="pcx-1", state="blackhole")


def stop(hop: Hop, resource: str, **fields: Any) -> Stop:
    return Stop(hop=hop, resource=resource, says="it is closed", **fields)


@pytest.mark.parametrize(
    ("hop", "show", "summary"),
    [
        (stop(Hop.ACL, "acl-1"),
         (f"{EC2.format('network-acls')} --network-acl-ids acl-1",),
         "Let the connection pass: acl-1."),
        (stop(Hop.NAT, "nat-1"), (f"{NATS} --nat-gateway-ids nat-1", TABLES),
         "Lead the routes of nat-1 to a NAT gateway that is available."),
        (stop(Hop.ENDPOINT, "vpce-1"), (f"{POINTS} --vpc-endpoint-ids vpce-1",),
         "Give the endpoint back: vpce-1."),
        (stop(Hop.ENDPOINT, "ecr.dkr"), (POINTS, TABLES), "Give the endpoint back: ecr.dkr."),
        (stop(Hop.ROUTE, "rtb-1"), (f"{TABLES} --route-table-ids rtb-1", NATS),
         "Give the route back: rtb-1."),
        (stop(Hop.ROUTE, "odd"), (POINTS, TABLES), "Give the route back: odd."),
        (stop(Hop.EGRESS, "sg-1"), (POINTS, TABLES), "Open the way: sg-1."),
    ],
    ids=["acl", "nat", "endpoint", "no endpoint", "route", "odd", "group"],
)  # fmt: skip
def test_commands_show_the_hop_and_nothing_is_changed(
    hop: Stop, show: tuple[str, ...], summary: str
) -> None:
    found = decision(case(), hop, "api to its database")
    assert (found.inspect, found.verify, found.fix, found.undo) == (show, show, (), ())
    assert found.summary == summary


@pytest.mark.parametrize(
    ("hop", "begins"),
    [
        (stop(Hop.ACL, "acl-1", entry=n.entry(5, False)),
         "Rule 5 (inbound) of acl-1 stops api to its database. Decide whether it shall:"),
        (stop(Hop.ACL, "acl-1", entry=n.entry(7, False), egress=True),
         "Rule 7 (outbound) of acl-1 stops api to its database. Decide whether it shall:"),
        (stop(Hop.ACL, "acl-1"), "No inbound rule of acl-1 lets api to its database pass."),
        (stop(Hop.ACL, "acl-1", egress=True),
         "No outbound rule of acl-1 lets api to its database pass."),
        (stop(Hop.NAT, "nat-1"), "nat-1 does not come back. Create a NAT gateway in a public"),
        (stop(Hop.ENDPOINT, "vpce-1"), "Decide on the way of api to its database: the endpoint"),
        (stop(Hop.ROUTE, "rtb-1", route=HOLE),
         "The target pcx-1 of 0.0.0.0/0 is gone. Decide to what rtb-1 shall lead instead, and"
         " replace the route."),
        (stop(Hop.ROUTE, "rtb-1", route=n.BY_IGW),
         "igw-1 serves public addresses alone. Decide: run the tasks in subnets with a route to a"),
        (stop(Hop.ROUTE, "rtb-1"),
         "Decide to what rtb-1 shall lead, for the way of api to its database: a private subnet"),
    ],
)  # fmt: skip
def test_the_decision_names_what_stops_whom(hop: Stop, begins: str) -> None:
    assert decision(case(), hop, "api to its database").decision.startswith(begins)


@pytest.mark.parametrize(
    ("host", "service"),
    [
        ("123456789012.dkr.ecr.us-east-1.amazonaws.com", "ecr.dkr"),
        ("api.ecr.us-east-1.amazonaws.com", "ecr.api"),
        ("secretsmanager.us-east-1.amazonaws.com", "secretsmanager"),
        ("ssm.us-east-1.amazonaws.com", "ssm"),
        ("logs.us-east-1.amazonaws.com", "logs"),
        ("kms.us-east-1.amazonaws.com", "kms"),
        ("prod-us-east-1-starport-layer-bucket.s3.us-east-1.amazonaws.com", "s3"),
        ("prod-us-east-1-starport-layer-bucket", "s3"),  # the message was cut
        ("bucket.s3.us-east-1.amazonaws.com", "s3"),
        ("s3.us-east-1.amazonaws.com", "s3"),
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "ecr.dkr"),
        ("vpce-1-a.secretsmanager.us-east-1.vpce.amazonaws.com", "secretsmanager"),
        ("api.ecr", "ecr.api"),  # so AWS's page writes it
        ("registry-1.docker.io", ""),
        ("logs.example.com", ""),  # hosts of others, whatever they are called
        ("blogs.example.com", ""),
        ("api.ecr.example.com", ""),
        ("logs.amazonaws.com.example.com", ""),
        ("blogs.us-east-1.amazonaws.com", ""),
        ("xssm", ""),
        ("ssmx", ""),
    ],
)
def test_a_host_tells_the_service_that_was_asked(host: str, service: str) -> None:
    assert service_of(f'Head "https://{host}/v2/": dial tcp: i/o timeout') == service
    assert service_of(f"Get http://{host}: logs of Secrets Manager") == service


@pytest.mark.parametrize(
    ("words", "service"),
    [
        ("connection issue between the task and AWS Secrets Manager", "secretsmanager"),
        ("unable to retrieve secret from asm : timeout", "secretsmanager"),
        ("unable to get parameters from ssm", "ssm"),
        ("unable to pull registry auth", "ecr.api"),
        ("Amazon ecr", "ecr.api"),
        ("failed to find the Logger", "logs"),
        ("the log stream", "logs"),
        ("the log group", "logs"),
        ("Amazon CloudWatch", "logs"),
        ("the log", ""),
        ("i/o timeout", ""),
    ],
)
def test_else_the_words_tell_it(words: str, service: str) -> None:
    assert service_of(words) == service
