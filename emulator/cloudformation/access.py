"""Resource types for policies, subscriptions, secrets and egress rules."""

from __future__ import annotations

import json
import secrets
import string
from typing import Any

from emulator.aws.inside import call, client
from emulator.cloudformation.plug import Kind, Made, Request

# what SNS gives a topic whose policy is taken away: the owner's account may use it
_OWNER_ONLY = {"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": []}


def put_bucket_policy(request: Request) -> Made:
    """AWS::S3::BucketPolicy."""
    given = request.properties
    policy = _text(given["PolicyDocument"])
    client("s3", request.region).put_bucket_policy(Bucket=given["Bucket"], Policy=policy)
    return Made(physical_id=given["Bucket"])


def remove_bucket_policy(request: Request) -> None:
    """AWS::S3::BucketPolicy."""
    client("s3", request.region).delete_bucket_policy(Bucket=request.before)


def put_queue_policy(request: Request) -> Made:
    """AWS::SQS::QueuePolicy."""
    policy = _text(request.properties["PolicyDocument"])
    for url in request.properties["Queues"]:
        attributes = {"Policy": policy}
        client("sqs", request.region).set_queue_attributes(QueueUrl=url, Attributes=attributes)
    return Made(physical_id=request.name, attributes={"Id": request.name})


def put_topic_policy(request: Request) -> Made:
    """AWS::SNS::TopicPolicy, which replaces the topic's own policy."""
    _set_topic_policy(request, request.properties["PolicyDocument"])
    return Made(physical_id=request.name, attributes={"Id": request.name})


def remove_topic_policy(request: Request) -> None:
    """AWS::SNS::TopicPolicy."""
    _set_topic_policy(request, _OWNER_ONLY)


def _set_topic_policy(request: Request, document: Any) -> None:
    for arn in request.properties["Topics"]:
        client("sns", request.region).set_topic_attributes(
            TopicArn=arn, AttributeName="Policy", AttributeValue=_text(document)
        )


def put_subscription(request: Request) -> Made:
    """AWS::SNS::Subscription; a changed one is a new one."""
    if request.before:
        remove_subscription(request)
    given = request.properties
    names = ("FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "DeliveryPolicy")
    attributes = {name: _text(given[name]) for name in names if name in given}
    arn = call(
        request.region,
        "sns",
        "subscribe",
        TopicArn=given["TopicArn"],
        Protocol=given["Protocol"],
        Endpoint=given.get("Endpoint", ""),
        Attributes=attributes,
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]
    return Made(physical_id=arn, attributes={"Arn": arn})


def remove_subscription(request: Request) -> None:
    """AWS::SNS::Subscription."""
    client("sns", request.region).unsubscribe(SubscriptionArn=request.before)


def put_bus_policy(request: Request) -> Made:
    """AWS::Events::EventBusPolicy."""
    given = dict(request.properties)
    if "Statement" in given:
        statement = {"Sid": given["StatementId"], **given["Statement"]}
        given["Policy"] = _text({"Version": "2012-10-17", "Statement": [statement]})
    call(request.region, "events", "put_permission", **given)
    return Made(physical_id=given["StatementId"])


def put_secret(request: Request) -> Made:
    """AWS::SecretsManager::Secret; a generated value is not generated again on update."""
    given = request.properties
    common = {"Description": given.get("Description", ""), "KmsKeyId": given.get("KmsKeyId", "")}
    common = {key: value for key, value in common.items() if value}
    if request.before:
        if "SecretString" in given:
            common["SecretString"] = given["SecretString"]
        call(request.region, "secretsmanager", "update_secret", SecretId=request.before, **common)
        return Made(physical_id=request.before, attributes={"Id": request.before})
    value = given.get("SecretString") or _generated(given.get("GenerateSecretString") or {})
    common |= {"Name": request.name, "SecretString": value}
    arn = call(request.region, "secretsmanager", "create_secret", **common)["ARN"]
    return Made(physical_id=arn, attributes={"Id": arn})


def remove_secret(request: Request) -> None:
    """AWS::SecretsManager::Secret."""
    client("secretsmanager", request.region).delete_secret(
        SecretId=request.before, ForceDeleteWithoutRecovery=True
    )


def _generated(options: dict[str, Any]) -> str:
    excluded = options.get("ExcludeCharacters", "")
    letters = [c for c in string.ascii_letters + string.digits if c not in excluded]
    length = int(options.get("PasswordLength", 32))
    value = "".join(secrets.choice(letters) for _ in range(length))
    if key := options.get("GenerateStringKey"):
        document = json.loads(options.get("SecretStringTemplate", "{}"))
        return json.dumps({**document, key: value})
    return value


def put_egress(request: Request) -> Made:
    """AWS::EC2::SecurityGroupEgress; a changed one replaces the old."""
    parameters = _egress(request)
    client("ec2", request.region).authorize_security_group_egress(**parameters)
    return Made(physical_id=request.before or request.name, attributes={"Id": request.name})


def remove_egress(request: Request) -> None:
    """AWS::EC2::SecurityGroupEgress."""
    client("ec2", request.region).revoke_security_group_egress(**_egress(request))


def _egress(request: Request) -> dict[str, Any]:
    permission = egress_permission(dict(request.properties))
    return {"GroupId": request.properties["GroupId"], "IpPermissions": [permission]}


def egress_permission(rule: dict[str, Any]) -> dict[str, Any]:
    """Return a rule of a template as EC2 wants it."""
    permission: dict[str, Any] = {"IpProtocol": str(rule["IpProtocol"])}
    permission |= {key: int(rule[key]) for key in ("FromPort", "ToPort") if key in rule}
    about = {"Description": rule["Description"]} if rule.get("Description") else {}
    if "CidrIp" in rule:
        permission["IpRanges"] = [{"CidrIp": rule["CidrIp"], **about}]
    if "CidrIpv6" in rule:
        permission["Ipv6Ranges"] = [{"CidrIpv6": rule["CidrIpv6"], **about}]
    if "DestinationSecurityGroupId" in rule:
        group = {"GroupId": rule["DestinationSecurityGroupId"], **about}
        permission["UserIdGroupPairs"] = [group]
    if "DestinationPrefixListId" in rule:
        permission["PrefixListIds"] = [{"PrefixListId": rule["DestinationPrefixListId"], **about}]
    return permission


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


KINDS = (
    Kind(type="AWS::S3::BucketPolicy", put=put_bucket_policy, remove=remove_bucket_policy),
    Kind(type="AWS::SQS::QueuePolicy", put=put_queue_policy),
    Kind(type="AWS::SNS::TopicPolicy", put=put_topic_policy, remove=remove_topic_policy),
    Kind(type="AWS::SNS::Subscription", put=put_subscription, remove=remove_subscription),
    Kind(type="AWS::Events::EventBusPolicy", put=put_bus_policy),
    Kind(type="AWS::SecretsManager::Secret", put=put_secret, remove=remove_secret, name="Name"),
    Kind(type="AWS::EC2::SecurityGroupEgress", put=put_egress, remove=remove_egress),
)
