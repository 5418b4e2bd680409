"""Fixes with every part that a block can have, and their Terraform as it is kept.

`python -m tests.canary.support.terraform.kept` writes the texts anew; the change of the files
shows what became different.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from canary.diagnose.core.case import Case
from canary.diagnose.remedies.edit import Edit
from canary.diagnose.remedies.listeners import arn_of
from canary.diagnose.remedies.services import registry_of
from canary.diagnose.terraform.write import text
from tests.canary.support import platforms as p
from tests.canary.support.terraform import described

Json = dict[str, Any]
FOLDER = Path(__file__).parents[2] / "data" / "terraform"
NAMES = p.Names()
STATE = described.whole(p.healthy(NAMES))
BALANCER, GROUP, SERVICE = STATE.load_balancers[1], STATE.target_groups[1], STATE.ecs_services[1]
SECURE = BALANCER.listeners[1]
RULE = SECURE.rules[1]
API, MLFLOW = NAMES.group("registry"), NAMES.group("mlflow")
NEW = arn_of(BALANCER, 8443)
CERTIFICATE = p.certificate_arn(NAMES)
SIGN_IN = {
    "OnUnauthenticatedRequest": "authenticate", "Scope": "openid", "SessionCookieName": "c",
    "SessionTimeout": 60, "AuthenticationRequestExtraParams": {"prompt": "login"},
    "UserPoolArn": "arn:pool", "UserPoolClientId": "id", "UserPoolDomain": "d",
}  # fmt: skip
ACTIONS: list[Json] = [
    {"Type": "authenticate-cognito", "Order": 1, "AuthenticateCognitoConfig": SIGN_IN},
    {"Type": "jwt-validation", "Order": 2, "JwtValidationConfig": {
        "Issuer": "https://i", "JwksEndpoint": "https://i/jwks", "AdditionalClaims": [
            {"Format": "single-string", "Name": "scope", "Values": ["read", "write"]}]}},
    {"Type": "forward", "Order": 3, "TargetGroupArn": API, "ForwardConfig": {
        "TargetGroups": [{"TargetGroupArn": API, "Weight": 3}, {"TargetGroupArn": MLFLOW}],
        "TargetGroupStickinessConfig": {"Enabled": True, "DurationSeconds": 600}}},
]  # fmt: skip
REDIRECT = {"Protocol": "HTTPS", "Host": "#{host}", "Port": "443", "Path": "/a", "Query": "",
            "StatusCode": "HTTP_301"}  # fmt: skip
FIXED = {"ContentType": "text/plain", "MessageBody": "", "StatusCode": "404"}
CONDITIONS: list[Json] = [
    {"Field": "host-header", "HostHeaderConfig": {"Values": ["a.example"]}},
    {"Field": "path-pattern", "PathPatternConfig": {"RegexValues": ["^/a"]}},
    {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X", "Values": ["1"]}},
    {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["GET", "PUT"]}},
    {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}},
    {"Field": "query-string", "QueryStringConfig": {"Values": [
        {"Key": "k", "Value": "v"}, {"Value": "w"}]}},
]  # fmt: skip
REWRITE = {"Rewrites": [{"Regex": "^/a", "Replace": "/b"}]}
TRANSFORMS: list[Json] = [
    {"Type": "host-header-rewrite", "HostHeaderRewriteConfig": REWRITE},
    {"Type": "url-rewrite", "UrlRewriteConfig": REWRITE},
]
TAGS = [{"Key": "owner", "Value": "web"}]


def edit(service: str, operation: str, parameters: Json, **more: Any) -> Edit:
    """Return an edit in AWS's own words."""
    known = {"resource": parameters.get("ListenerArn", ""), "after": {}}
    return Edit(service=service, operation=operation, parameters=parameters, **{**known, **more})


def created(priority: int, actions: list[Json], listener: Any = SECURE.arn, **more: Any) -> Edit:
    """Return the edit that creates a rule."""
    given = {"ListenerArn": listener, "Priority": priority, "Actions": actions,
             "Conditions": CONDITIONS[:1], **more}  # fmt: skip
    return edit("elbv2", "create-rule", given, resource="the new rule")


def changed(service: str, operation: str, arn: str, **fields: Any) -> Edit:
    """Return the edit that changes fields of one object."""
    return edit(service, operation, {"service": SERVICE.name, **fields}, resource=arn, after=fields)


def forward(*groups: Json, **sticky: Any) -> list[Json]:
    """Return one action that forwards."""
    return [{"Type": "forward", "ForwardConfig": {"TargetGroups": list(groups), **(
        {"TargetGroupStickinessConfig": sticky} if sticky else {})}}]  # fmt: skip


LISTENER = {
    "LoadBalancerArn": BALANCER.arn, "Protocol": "HTTPS", "Port": 8443, "SslPolicy": "P",
    "Certificates": [{"CertificateArn": CERTIFICATE}], "DefaultActions": ACTIONS, "Tags": TAGS,
    "MutualAuthentication": {
        "Mode": "verify", "TrustStoreArn": "arn:trust", "IgnoreClientCertificateExpiry": False,
        "AdvertiseTrustStoreCaNames": "on"},
}  # fmt: skip
HEADERS = [
    *(f"request.x_amzn_mtls_clientcert_{n}.header_name"
      for n in ("serial_number", "issuer", "subject", "validity", "leaf")),
    "request.x_amzn_mtls_clientcert.header_name", "request.x_amzn_tls_version.header_name",
    "request.x_amzn_tls_cipher_suite.header_name",
    *(f"response.access_control_allow_{n}.header_value"
      for n in ("origin", "methods", "headers", "credentials")),
    "response.access_control_expose_headers.header_value",
    "response.access_control_max_age.header_value", "response.x_frame_options.header_value",
    "response.content_security_policy.header_value",
    "response.x_content_type_options.header_value",
    "response.strict_transport_security.header_value",
]  # fmt: skip
PEERS = {
    "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "ours"}, {"CidrIp": "1.1.1.1/32"}],
    "Ipv6Ranges": [{"CidrIpv6": "::/0"}],
    "PrefixListIds": [{"PrefixListId": "pl-1"}],
    "UserIdGroupPairs": [{"GroupId": "sg-2", "UserId": "123456789012"}, {"GroupId": "sg-3"}],
}  # fmt: skip
CONFIG: Json = {
    "cluster": "c", "serviceName": "web", "taskDefinition": "web:7", "desiredCount": 2,
    "launchType": "FARGATE", "platformVersion": "1.4.0", "schedulingStrategy": "REPLICA",
    "healthCheckGracePeriodSeconds": 90, "availabilityZoneRebalancing": "ENABLED",
    "enableECSManagedTags": True, "enableExecuteCommand": False, "propagateTags": "SERVICE",
    "deploymentController": {"type": "ECS"},
    "deploymentConfiguration": {
        "minimumHealthyPercent": 50, "maximumPercent": 150, "strategy": "BLUE_GREEN",
        "bakeTimeInMinutes": 5, "alarms": {"alarmNames": ["a"], "enable": True, "rollback": False},
        "deploymentCircuitBreaker": {"enable": True, "rollback": False}},
    "networkConfiguration": {"awsvpcConfiguration": {
        "subnets": ["s-1", "s-2"], "securityGroups": ["sg-1"], "assignPublicIp": "DISABLED"}},
    "loadBalancers": [{
        "targetGroupArn": API, "loadBalancerName": "classic", "containerName": "web",
        "containerPort": 80, "advancedConfiguration": {
            "alternateTargetGroupArn": MLFLOW, "productionListenerRule": "arn:rule",
            "testListenerRule": "arn:test", "roleArn": "arn:role"}}],
    "serviceRegistries": [
        {"registryArn": "arn:r", "port": 1, "containerName": "web", "containerPort": 2}],
    "placementStrategy": [{"type": "spread", "field": "az"}],
    "placementConstraints": [{"type": "memberOf", "expression": "x"}],
    "tags": [{"key": "a", "value": "b"}, {"key": "aws:x", "value": "c"}, {"key": "empty"}],
}  # fmt: skip
SPOT = [{"capacityProvider": "SPOT", "weight": 1, "base": 0}]
NAMED: Json = {
    "Name": "web", "NamespaceId": "ns-1", "HealthCheckCustomConfig": {"FailureThreshold": 1},
    "DnsConfig": {"RoutingPolicy": "MULTIVALUE", "DnsRecords": [{"Type": "A", "TTL": 10}]},
}  # fmt: skip
POLICY = {"RoleName": "web-role", "PolicyName": "read.it", "PolicyDocument": {"Statement": []}}
KEPT: dict[str, tuple[Edit, ...]] = {
    "rules-created": (
        created(1, ACTIONS, Conditions=CONDITIONS, Transforms=TRANSFORMS, Tags=TAGS),
        created(2, [{"Type": "redirect", "RedirectConfig": REDIRECT}]),
        created(3, [{"Type": "fixed-response", "FixedResponseConfig": FIXED}]),
        created(4, forward({"TargetGroupArn": API, "Weight": 5})),
        created(5, forward({"TargetGroupArn": API, "Weight": 0})),
        created(6, forward({"TargetGroupArn": API}, Enabled=True, DurationSeconds=60)),
        created(7, forward({"TargetGroupArn": API}, {"TargetGroupArn": MLFLOW}, Enabled=False)),
        created(8, [{"Type": "forward", "TargetGroupArn": API}]),
    ),
    "rules-changed": (
        changed("elbv2", "modify-rule", RULE.arn, Conditions=CONDITIONS[:1], ResetTransforms=True),
        edit("elbv2", "set-rule-priorities", {}, after={"RulePriorities": [
            {"RuleArn": SECURE.rules[0].arn, "Priority": 7}]}),
        edit("elbv2", "delete-rule", {}), edit("elbv2", "register-targets", {}),
    ),
    "listener-created": (
        edit("elbv2", "create-listener", LISTENER, resource="b:8443"),
        edit("elbv2", "add-listener-certificates", {"ListenerArn": NEW, "Certificates": [
            {"CertificateArn": "arn:one"}, {"CertificateArn": "arn:two"}]}),
        edit("elbv2", "modify-listener-attributes", {"ListenerArn": NEW, "Attributes": [
            *({"Key": f"routing.http.{k}", "Value": f"v{n}"} for n, k in enumerate(HEADERS)),
            {"Key": "routing.http.response.server.enabled", "Value": "true"},
            {"Key": "routing.http.unknown", "Value": ""}]}),
        created(9, ACTIONS[2:], NEW),
    ),
    "listener-changed": (
        changed("elbv2", "modify-listener", SECURE.arn, Port=444, SslPolicy="Q",
                Certificates=[]),
        edit("elbv2", "add-listener-certificates", {"ListenerArn": SECURE.arn, "Certificates": [
            {"CertificateArn": "arn:one"}]}),
    ),
    "balancer-attribute": (
        changed("elbv2", "modify-load-balancer-attributes", BALANCER.arn,
                **{"idle_timeout.timeout_seconds": 90}),),
    "balancer-groups": (
        changed("elbv2", "set-security-groups", BALANCER.arn, SecurityGroups=["sg-1", "sg-2"]),),
    "target-group": (
        changed("elbv2", "modify-target-group", GROUP.arn, HealthCheckPath="/new", Matcher={
            "HttpCode": "200-299"}, HealthCheckPort="8080"),),
    "security-groups": (
        edit("ec2", "authorize-security-group-ingress", {"GroupId": "sg-auth", "IpPermissions": [
            {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 81, **PEERS}]}),
        edit("ec2", "authorize-security-group-egress", {"GroupId": "sg-x", "IpPermissions": [
            {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]}),
    ),
    "services-created": (
        edit("ecs", "create-service", CONFIG),
        edit("ecs", "create-service", {
            "serviceName": "web", "taskDefinition": "x", "launchType": "EC2", "desiredCount": 3,
            "schedulingStrategy": "DAEMON", "capacityProviderStrategy": SPOT, "tags": [
                {"key": "aws:x", "value": "c"}], "propagateTags": "NONE",
            "deploymentConfiguration": {"strategy": "ROLLING", "bakeTimeInMinutes": 0,
                                        "alarms": {"alarmNames": [], "enable": False}},
            "networkConfiguration": {"awsvpcConfiguration": {
                "subnets": ["s"], "assignPublicIp": "ENABLED"}}}),
    ),
    "service-changed": (
        changed("ecs", "update-service", SERVICE.arn, desiredCount=3, taskDefinition="web:8"),
        edit("ecs", "update-service", {"service": SERVICE.name}),
    ),
    "service-changed-in-its-network": (
        changed("ecs", "update-service", SERVICE.arn, networkConfiguration={
            "awsvpcConfiguration": {"subnets": ["s"]}}),),
    "others": (
        edit("logs", "create-log-group", {"logGroupName": "/ecs/web"}),
        edit("iam", "put-role-policy", POLICY, before={"Statement": [1]}),
        edit("iam", "put-role-policy", POLICY, before=None),
        edit("iam", "attach-role-policy", {"RoleName": "web-role", "PolicyArn": "arn:p/Read"}),
        edit("servicediscovery", "create-service", NAMED),
        edit("ecs", "create-service", {**CONFIG, "serviceRegistries": [
            {"registryArn": registry_of("web", "ns-1")}]}),
        edit("servicediscovery", "register-instance", {}),
    ),
}  # fmt: skip
CASE = Case(results=(), state=STATE, environment=p.environment(NAMES), previous=None, now=p.NOW)


def path(name: str) -> Path:
    """Return where a text is kept."""
    return FOLDER / f"{name}.tf"


def main() -> None:
    """Write all texts anew."""
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.tf"):
        old.unlink()
    for name, edits in KEPT.items():
        path(name).write_text(text(CASE, edits), encoding="utf-8")


if __name__ == "__main__":
    main()
