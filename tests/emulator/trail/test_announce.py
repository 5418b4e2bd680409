"""CloudTrail's events on the default bus: of write calls alone, and only where a trail records."""

from __future__ import annotations

import json
from typing import Any

from tests.emulator.support.emulated import emulator


def heard(aws: Any, url: str) -> list[dict[str, Any]]:
    """Return the bodies of all messages in a queue, and remove them."""
    sqs, found = aws.client("sqs"), []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for one in messages:
            found.append(json.loads(one["Body"]))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
    return found


def test_write_calls_reach_the_bus_while_a_trail_records_them() -> None:
    with emulator() as server:
        aws = server.endpoint
        sqs, events, ec2 = (aws.client(name) for name in ("sqs", "events", "ec2"))
        url = sqs.create_queue(QueueName="ear")["QueueUrl"]
        arn = "arn:aws:sqs:us-east-1:123456789012:ear"
        pattern = {"source": ["aws.ec2"], "detail-type": ["AWS API Call via CloudTrail"]}
        events.put_rule(Name="calls", EventPattern=json.dumps(pattern))
        events.put_targets(Rule="calls", Targets=[{"Id": "ear", "Arn": arn}])

        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        group = ec2.create_security_group(GroupName="a", Description="a", VpcId=vpc)["GroupId"]
        assert heard(aws, url) == []  # nobody records

        aws.client("s3").create_bucket(Bucket="trail")
        trail = aws.client("cloudtrail")
        trail.create_trail(Name="trail", S3BucketName="trail")
        trail.start_logging(Name="trail")
        ranges = [{"CidrIp": "192.0.2.0/24"}]
        rule = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": ranges}
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
        ec2.describe_security_groups()
        aws.client("logs").create_log_group(logGroupName="/other")
        [told] = heard(aws, url)
        assert (told["source"], told["account"]) == ("aws.ec2", "123456789012")
        detail = told["detail"]
        assert (detail["eventName"], detail["eventSource"]) == (
            "AuthorizeSecurityGroupIngress",
            "ec2.amazonaws.com",
        )
        assert detail["requestParameters"]["groupId"] == group and not detail["readOnly"]

        trail.stop_logging(Name="trail")
        ec2.delete_security_group(GroupId=group)
        assert heard(aws, url) == []
