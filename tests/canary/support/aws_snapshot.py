"""Everything that the AWS API describes of a platform, in a form that can be compared.

What AWS makes anew for each object or each moment is left out: identifiers, times, revision and
version numbers, events, deployments, the places of tasks. An object is known by its name. Of
revisions and of certificates only those in use are compared: nobody deletes one to mend a fault.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

Client = Callable[[str], Any]
Names = dict[str, str]

VOLATILE = {
    "ResponseMetadata", "CreatedTime", "CreatedDate", "CreatedAt", "CreateDate", "createdAt",
    "updatedAt", "registeredAt", "deregisteredAt", "LastModifiedDate", "LastAccessedDate",
    "LastChangedDate", "lastModifiedDate", "createTime", "creationTime", "storedBytes", "events",
    "deployments", "taskSets", "revision", "registeredBy", "RoleLastUsed", "RoleId",
    "VersionIdsToStages", "SecretVersionsToStages", "Version", "InstanceCount", "runningCount",
    "pendingCount", "roleArn", "CreatorRequestId", "Id", "id", "HostedZoneId", "OwnerId",
    "DNSName", "LoadBalancerArns", "CreatedBy", "createdBy", "status", "SecurityGroupRuleId",
    "ImportedAt", "IssuedAt", "Serial", "InUseBy", "NotBefore", "NotAfter", "KeyId", "Arn", "arn",
    "logGroupArn", "RuleId", "ETag", "AvailableIpAddressCount", "compatibilities",
}  # fmt: skip
"""Keys whose values AWS makes anew, or counts, or that are read elsewhere."""
RANDOM = re.compile(r"(?<=/)[0-9a-f]{16}(?=/|$)")


def taken(client: Client) -> dict[str, Any]:
    """Return path -> value of everything that is described."""
    told: Names = {}
    found = {name: part(client, told) for name, part in _PARTS}
    return dict(_flat(_still(found, told)))


def changed(before: dict[str, Any], after: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return path -> (before, after) of what is not as it was."""
    return {
        path: (before.get(path), after.get(path))
        for path in sorted(before.keys() | after.keys())
        if before.get(path) != after.get(path)
    }


def _forward(action: dict[str, Any]) -> dict[str, Any]:
    """Return a forward action in the long form: AWS shows both forms for a single target group."""
    group = action.get("TargetGroupArn")
    if action.get("Type") != "forward" or not group or "ForwardConfig" in action:
        return action
    config = {
        "TargetGroups": [{"TargetGroupArn": group, "Weight": 1}],
        "TargetGroupStickinessConfig": {"Enabled": False},
    }
    return {**action, "ForwardConfig": config}


def _still(value: Any, told: Names) -> Any:
    if isinstance(value, dict):
        value = _forward(value)
        return {
            told.get(str(k), str(k)): _still(v, told)
            for k, v in sorted(value.items(), key=str)
            if k not in VOLATILE
        }
    if isinstance(value, list):
        return [_still(item, told) for item in value]
    if isinstance(value, str):
        return told.get(value) or RANDOM.sub("*", value)
    return value


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{path}.{key}")
        if not value:
            yield path, "{}"
    elif isinstance(value, list):
        yield f"{path}[]", len(value)
        ordered = sorted(value, key=lambda v: json.dumps(v, sort_keys=True, default=str))
        for n, inner in enumerate(ordered):
            yield from _flat(inner, f"{path}[{n}]")
    else:
        yield path, value


def _balancers(client: Client, told: Names) -> dict[str, Any]:
    elb, found = client("elbv2"), {}
    for balancer in elb.describe_load_balancers()["LoadBalancers"]:
        arn, name = balancer["LoadBalancerArn"], balancer["LoadBalancerName"]
        told[arn] = f"balancer {name}"
        attributes = elb.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
        found[name] = {
            **balancer,
            "tags": _tags(elb, [arn])[arn],
            "attributes": {a["Key"]: a["Value"] for a in attributes},
            "listeners": {
                str(each["Port"]): _listener(elb, each, told)
                for each in elb.describe_listeners(LoadBalancerArn=arn)["Listeners"]
            },
        }
    return found


def _listener(elb: Any, listener: dict[str, Any], told: Names) -> dict[str, Any]:
    arn = listener["ListenerArn"]
    told[arn] = RANDOM.sub("*", arn)
    rules = elb.describe_rules(ListenerArn=arn)["Rules"]
    served = elb.describe_listener_certificates(ListenerArn=arn)["Certificates"]
    given = _tags(elb, [arn, *(r["RuleArn"] for r in rules)])
    for rule in rules:
        told[rule["RuleArn"]] = f"rule {rule['Priority']}"
        rule["tags"] = given[rule["RuleArn"]]
    by_place = {r["Priority"]: r for r in rules}
    return {**listener, "tags": given[arn], "rules": by_place, "served": served}


def _tags(elb: Any, arns: list[str]) -> dict[str, list[dict[str, str]]]:
    """Return the tags of at most 20 resources by their ARNs."""
    told = elb.describe_tags(ResourceArns=arns)["TagDescriptions"]
    return {t["ResourceArn"]: t["Tags"] for t in told}


def _groups(client: Client, told: Names) -> dict[str, Any]:
    elb, found = client("elbv2"), {}
    for group in elb.describe_target_groups()["TargetGroups"]:
        arn, name = group["TargetGroupArn"], group["TargetGroupName"]
        told[arn] = f"target group {name}"
        attributes = elb.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
        health = elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        found[name] = {
            **group,
            "tags": _tags(elb, [arn])[arn],
            "attributes": {a["Key"]: a["Value"] for a in attributes},
            "targets": sorted(
                [str(t["Target"]["Port"]), t["TargetHealth"]["State"]]
                for t in health
                if t["TargetHealth"]["State"] != "draining"
            ),
        }
    return found


def _firewall(client: Client, told: Names) -> dict[str, Any]:
    ec2 = client("ec2")
    groups = ec2.describe_security_groups()["SecurityGroups"]
    for group in groups:
        told[group["GroupId"]] = f"group {group['VpcId']} {group['GroupName']}"
    others = {
        "subnets": ec2.describe_subnets()["Subnets"],
        "routes": ec2.describe_route_tables()["RouteTables"],
        "acls": ec2.describe_network_acls()["NetworkAcls"],
    }
    return {"groups": {told[g["GroupId"]]: g for g in groups}, **others}


def _services(client: Client, told: Names) -> dict[str, Any]:
    ecs, found = client("ecs"), {}
    for cluster in ecs.list_clusters()["clusterArns"]:
        arns = ecs.list_services(cluster=cluster)["serviceArns"]
        asked = {"cluster": cluster, "services": arns, "include": ["TAGS"]}
        for service in ecs.describe_services(**asked)["services"] if arns else []:
            running = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])
            told[service["taskDefinition"]] = "revision"
            definition = {
                k: v for k, v in running["taskDefinition"].items() if k != "compatibilities"
            }
            told[definition.pop("taskDefinitionArn")] = "revision"
            found[service["serviceName"]] = {**service, "definition": definition}
    return found


def _discovery(client: Client, told: Names) -> dict[str, Any]:
    cloud_map, found = client("servicediscovery"), {}
    for namespace in cloud_map.list_namespaces()["Namespaces"]:
        told[namespace["Id"]] = f"namespace {namespace['Name']}"
        told[namespace["Arn"]] = f"namespace {namespace['Name']}"
        found[namespace["Name"]] = {"Description": namespace.get("Description", "")}
    for service in cloud_map.list_services()["Services"]:
        name = service["Name"]
        full = cloud_map.get_service(Id=service["Id"])["Service"]
        told[service["Arn"]] = told[service["Id"]] = f"discovery {name}"
        instances = cloud_map.list_instances(ServiceId=service["Id"])["Instances"]
        keys = [sorted(k for k in i["Attributes"] if not k.startswith("ECS_")) for i in instances]
        found[f"service {name}"] = {**full, "instances": keys}
    return found


def _secrets(client: Client, told: Names) -> dict[str, Any]:
    manager, found = client("secretsmanager"), {}
    for secret in manager.list_secrets(IncludePlannedDeletion=True)["SecretList"]:
        name = secret["Name"]
        told[secret["ARN"]] = f"secret {name}"
        kept = {k: v for k, v in secret.items() if k != "LastRotatedDate"}
        if "DeletedDate" not in secret:
            kept["value"] = _digest(manager.get_secret_value(SecretId=name)["SecretString"])
        found[name] = kept
    return found


def _parameters(client: Client, told: Names) -> dict[str, Any]:
    ssm = client("ssm")
    listed = ssm.get_paginator("describe_parameters").paginate()
    names = [p["Name"] for page in listed for p in page["Parameters"]]
    read = (ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"] for name in names)
    return {p["Name"]: {"type": p["Type"], "value": _digest(p["Value"])} for p in read}


def _roles(client: Client, told: Names) -> dict[str, Any]:
    iam, found = client("iam"), {}
    for role in iam.list_roles()["Roles"]:
        name = role["RoleName"]
        policies = iam.list_role_policies(RoleName=name)["PolicyNames"]
        found[name] = {
            **role,
            "policies": {
                p: iam.get_role_policy(RoleName=name, PolicyName=p)["PolicyDocument"]
                for p in policies
            },
            "attached": iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"],
        }
    return found


def _certificates(client: Client, told: Names) -> dict[str, Any]:
    acm, found = client("acm"), {}
    served = _served(client("elbv2"))
    for each in acm.list_certificates()["CertificateSummaryList"]:
        arn = each["CertificateArn"]
        full = acm.describe_certificate(CertificateArn=arn)["Certificate"]
        names = sorted(full.get("SubjectAlternativeNames", ()))
        told[arn] = f"certificate {full['DomainName']} {','.join(names)} {full.get('NotAfter')}"
        if arn in served:
            found[told[arn]] = full
    return found


def _served(elb: Any) -> set[str]:
    """Return the ARNs of the certificates that a listener serves."""
    balancers = elb.describe_load_balancers()["LoadBalancers"]
    arns = [b["LoadBalancerArn"] for b in balancers]
    listeners = [
        x for arn in arns for x in elb.describe_listeners(LoadBalancerArn=arn)["Listeners"]
    ]
    return {
        c["CertificateArn"]
        for x in listeners
        if x["Protocol"] == "HTTPS"
        for c in elb.describe_listener_certificates(ListenerArn=x["ListenerArn"])["Certificates"]
    }


def _log_groups(client: Client, told: Names) -> dict[str, Any]:
    listed = client("logs").get_paginator("describe_log_groups").paginate()
    return {g["logGroupName"]: g for page in listed for g in page["logGroups"]}


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()[:12]


_PARTS: tuple[tuple[str, Callable[[Client, Names], dict[str, Any]]], ...] = (
    ("certificate", _certificates),
    ("firewall", _firewall),
    ("target group", _groups),
    ("balancer", _balancers),
    ("discovery", _discovery),
    ("secret", _secrets),
    ("parameter", _parameters),
    ("role", _roles),
    ("log group", _log_groups),
    ("service", _services),
)
