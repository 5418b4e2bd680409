"""Repair properties that moto drops from a template, and updates that lose state."""

from __future__ import annotations

import base64
import functools
import json
from collections.abc import Callable
from typing import Any

from emulator.aws.inside import client
from emulator.cloudformation.access import egress_permission
from emulator.lambda_host.configuration import keep

Repair = Callable[[Any, dict[str, Any], str], None]
"""(moto's resource, its properties, region)."""

# CDK writes this rule where a group may send nothing at all
_NO_EGRESS = "255.255.255.255/32"


@functools.cache
def install() -> None:
    """Repair the models that the stacks here use."""
    from moto.awslambda.models import LambdaFunction, Permission
    from moto.ec2.models.security_groups import SecurityGroup, SecurityGroupIngress
    from moto.events.models import EventBus
    from moto.iam.models import Role
    from moto.kms.models import Key
    from moto.logs.models import LogGroup
    from moto.s3.models import FakeBucket
    from moto.sns.models import Topic

    bus: Any = EventBus  # Ref of a bus is its name
    bus.physical_resource_id = property(lambda self: self.name)
    _group_arns(LogGroup)
    _after(FakeBucket, _bucket)
    _after(SecurityGroup, _group)
    _after(LambdaFunction, _function)
    _after(Role, _role)
    _after(Key, _key)
    _after(LogGroup, _log_group)
    _after(Permission, _nothing)
    _after(SecurityGroupIngress, _nothing)
    _after(Topic, _topic, keep_on_update=True)


def _after(model: Any, repair: Repair, *, keep_on_update: bool = False) -> None:
    """Run a repair after creation and after update; a model without an update gets that one."""
    create, update = model.create_from_cloudformation_json, model.update_from_cloudformation_json
    in_place = keep_on_update or hasattr(update, "__isabstractmethod__")

    def created(_cls: Any, /, *given: Any, **rest: Any) -> Any:
        name, template, account, region = given
        _prepare(template)
        resource = create(name, template, account, region, **rest)
        repair(resource, template.get("Properties", {}), region)
        return resource

    def updated(
        _cls: Any, original_resource: Any, new_resource_name: str, cloudformation_json: Any,
        account_id: str, region_name: str,
    ) -> Any:  # fmt: skip
        resource = original_resource
        _prepare(cloudformation_json, update=True)
        if not in_place:
            resource = update(
                original_resource, new_resource_name, cloudformation_json, account_id, region_name
            )
        repair(resource, cloudformation_json.get("Properties", {}), region_name)
        return resource

    model.create_from_cloudformation_json = classmethod(created)
    model.update_from_cloudformation_json = classmethod(updated)


def _prepare(template: dict[str, Any], *, update: bool = False) -> None:
    """Write properties as moto reads them: code zipped also on update, KMS's own form of tags."""
    kind, given = template.get("Type"), template.get("Properties", {})
    if kind == "AWS::KMS::Key":
        given["Tags"] = [
            {"TagKey": tag["Key"], "TagValue": tag["Value"]} if "Key" in tag else tag
            for tag in given.get("Tags", [])
        ]
    if update and kind == "AWS::Lambda::Function" and "ZipFile" in given["Code"]:
        from moto.awslambda.models import LambdaFunction

        zipped = LambdaFunction._create_zipfile_from_plaintext_code(given["Code"]["ZipFile"])
        given["Code"]["ZipFile"] = base64.b64encode(zipped)


def _group_arns(model: Any) -> None:
    """The Arn of a log group ends in `:*` in a template, as grants to its streams need it."""
    original = model.get_cfn_attribute

    def get_cfn_attribute(self: Any, name: str) -> Any:
        value = original(self, name)
        return f"{value.removesuffix(':*')}:*" if name == "Arn" else value

    model.get_cfn_attribute = get_cfn_attribute


def _nothing(*_: Any) -> None:
    """Do nothing: a change of such a resource has no effect."""


def _bucket(bucket: Any, given: dict[str, Any], region: str) -> None:
    s3 = client("s3", region)
    if versioning := given.get("VersioningConfiguration"):
        s3.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration=versioning)
    if block := given.get("PublicAccessBlockConfiguration"):
        flags = {key: str(value).lower() == "true" for key, value in block.items()}
        s3.put_public_access_block(Bucket=bucket.name, PublicAccessBlockConfiguration=flags)
    rules = (given.get("LifecycleConfiguration") or {}).get("Rules") or []
    if rules:
        listed = [_lifecycle(number, rule) for number, rule in enumerate(rules)]
        s3.put_bucket_lifecycle_configuration(
            Bucket=bucket.name, LifecycleConfiguration={"Rules": listed}
        )


def _lifecycle(number: int, rule: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "ID": rule.get("Id", f"rule-{number}"),
        "Status": rule["Status"],
        "Filter": {"Prefix": rule.get("Prefix", "")},
    }
    if "ExpirationInDays" in rule:
        shown["Expiration"] = {"Days": int(rule["ExpirationInDays"])}
    if later := rule.get("NoncurrentVersionExpiration"):
        shown["NoncurrentVersionExpiration"] = {"NoncurrentDays": int(later["NoncurrentDays"])}
    if days := (rule.get("AbortIncompleteMultipartUpload") or {}).get("DaysAfterInitiation"):
        shown["AbortIncompleteMultipartUpload"] = {"DaysAfterInitiation": int(days)}
    return shown


def _group(group: Any, given: dict[str, Any], region: str) -> None:
    if "SecurityGroupEgress" not in given:
        return
    ec2 = client("ec2", region)
    shown = ec2.describe_security_groups(GroupIds=[group.id])["SecurityGroups"][0]
    if shown["IpPermissionsEgress"]:
        ec2.revoke_security_group_egress(
            GroupId=group.id, IpPermissions=shown["IpPermissionsEgress"]
        )
    for rule in given["SecurityGroupEgress"]:
        if rule.get("CidrIp") != _NO_EGRESS:
            permission = egress_permission(rule)
            ec2.authorize_security_group_egress(GroupId=group.id, IpPermissions=[permission])


def _function(function: Any, given: dict[str, Any], _region: str) -> None:
    keep(function, given)
    function.memory_size, function.timeout = int(function.memory_size), int(function.timeout)
    function.reserved_concurrency = given.get("ReservedConcurrentExecutions")
    if storage := given.get("EphemeralStorage"):
        function.ephemeral_storage = int(storage["Size"])


def _role(role: Any, _given: dict[str, Any], _region: str) -> None:
    """Store the policy as JSON, because GetRolePolicy would show a Python value."""
    role.policies = {
        name: policy if isinstance(policy, str) else json.dumps(policy)
        for name, policy in role.policies.items()
    }


def _key(key: Any, given: dict[str, Any], _region: str) -> None:
    policy = given["KeyPolicy"]
    key.policy = policy if isinstance(policy, str) else json.dumps(policy)
    key.key_rotation_status = str(given.get("EnableKeyRotation", False)).lower() == "true"


def _log_group(group: Any, given: dict[str, Any], region: str) -> None:
    logs = client("logs", region)
    if days := given.get("RetentionInDays"):
        logs.put_retention_policy(logGroupName=group.name, retentionInDays=int(days))
    if key := given.get("KmsKeyId"):
        group.kms_key_id = key


def _topic(topic: Any, given: dict[str, Any], _region: str) -> None:
    """Update a topic in place; moto's update would drop its subscriptions and its policy."""
    topic.display_name = given.get("DisplayName", topic.display_name)
    topic.kms_master_key_id = given.get("KmsMasterKeyId", "")
