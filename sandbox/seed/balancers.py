"""Create load balancers, target groups, listeners and rules."""

from __future__ import annotations

import secrets
from typing import Any

import msgspec

from emulator.aws.endpoint import Endpoint
from sandbox.seed import firewall
from sandbox.seed.network import Vpc
from sandbox.world.parts import Balancer, Listener, Rule, Service
from sandbox.world.world import World

NOT_FOUND = {
    "Type": "fixed-response",
    "FixedResponseConfig": {
        "StatusCode": "404",
        "ContentType": "text/plain",
        "MessageBody": "Not Found",
    },
}


class Balancers(msgspec.Struct, frozen=True, kw_only=True):
    """ARNs of the load balancing."""

    balancers: dict[str, str]  # name -> ARN
    listeners: dict[str, dict[int, str]]  # balancer name -> port -> ARN
    target_groups: dict[str, str]  # name -> ARN
    certificates: dict[str, str]  # host or zone -> ARN
    rules: dict[str, str]  # BALANCER.RULE, by their names in the world -> ARN


def build(aws: Endpoint, world: World, vpc: Vpc, certificates: dict[str, str]) -> Balancers:
    """Create the load balancing and return its ARNs; certificates are by host or zone."""
    elbv2 = aws.client("elbv2")
    groups = {
        name: _target_group(elbv2, vpc.id, name, s)
        for s in world.services.values()
        for name in (s.target_group, s.alternate)
        if name
    }
    arns = {part: groups[s.target_group] for part, s in world.services.items()}
    balancers, listeners, rules = {}, {}, {}
    tags = environment_tags(world)
    for label, each in world.balancers.items():
        arn = _balancer(elbv2, vpc, each, tags)
        balancers[each.name] = arn
        own = [certificates[name] for name in each.certificates or (world.zone,)]
        listeners[each.name] = {
            x.port: _listener(elbv2, arn, own, x, arns, tags) for x in each.listeners.values()
        }
        firewall.build(aws, each, arn)
        serving = listeners[each.name][each.serving.port]
        for name, rule in each.rules.items():
            other = groups.get(world.services[rule.to].alternate, "") if rule.weighted else ""
            rules[f"{label}.{name}"] = _rule(elbv2, serving, rule, arns[rule.to], other, tags)
    return Balancers(
        balancers=balancers,
        listeners=listeners,
        target_groups=groups,
        certificates=certificates,
        rules=rules,
    )


def environment_tags(world: World) -> list[dict[str, str]]:
    """Return the tags of what is created."""
    return [{"Key": "Environment", "Value": world.environment}]


def create_rule(
    elbv2: Any,
    listener: str,
    priority: int,
    conditions: list[dict[str, Any]],
    actions: list[dict[str, Any]],
    tags: list[dict[str, str]],
) -> str:
    """Create a rule, and return its ARN."""
    answer = elbv2.create_rule(
        ListenerArn=listener,
        Priority=priority,
        Conditions=conditions,
        Actions=actions,
        Tags=tags,
    )
    return str(answer["Rules"][0]["RuleArn"])


def conditions(paths: tuple[str, ...], hosts: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """Return a rule's conditions for paths and hosts; either may be empty."""
    found: list[dict[str, Any]] = []
    if hosts:
        found.append({"Field": "host-header", "HostHeaderConfig": {"Values": list(hosts)}})
    if paths:
        found.append({"Field": "path-pattern", "PathPatternConfig": {"Values": list(paths)}})
    return found


def forward(target_group: str) -> dict[str, Any]:
    """Return the action that forwards to one target group."""
    return {"Type": "forward", "TargetGroupArn": target_group}


def weighted(group: str, other: str) -> dict[str, Any]:
    """Return the action that sends all to one of two groups, by their weights."""
    groups = [
        {"TargetGroupArn": group, "Weight": 100},
        {"TargetGroupArn": other, "Weight": 0},
    ]
    return {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}


def redirect_to_https(port: int = 443) -> dict[str, Any]:
    """Return the usual default action of a listener for plain HTTP."""
    return {
        "Type": "redirect",
        "RedirectConfig": {
            "Protocol": "HTTPS",
            "Port": str(port),
            "Host": "#{host}",
            "Path": "/#{path}",
            "Query": "#{query}",
            "StatusCode": "HTTP_301",
        },
    }


def _balancer(elbv2: Any, vpc: Vpc, each: Balancer, tags: list[dict[str, str]]) -> str:
    arn = str(
        elbv2.create_load_balancer(
            Name=each.name,
            Subnets=vpc.public if each.scheme == "internet-facing" else vpc.private,
            SecurityGroups=[vpc.groups[each.group]],
            Scheme=each.scheme,
            Type="application",
            Tags=tags,
        )["LoadBalancers"][0]["LoadBalancerArn"]
    )
    elbv2.modify_load_balancer_attributes(
        LoadBalancerArn=arn,
        Attributes=[{"Key": "idle_timeout.timeout_seconds", "Value": "60"}],
    )
    return arn


def _rule(
    elbv2: Any, listener: str, rule: Rule, group: str, other: str, tags: list[dict[str, str]]
) -> str:
    actions = [*map(_with_secret, rule.before), weighted(group, other) if other else forward(group)]
    if rule.before:  # the order counts where there are several
        actions = [{**a, "Order": n} for n, a in enumerate(actions, start=1)]
    found = conditions(rule.paths, rule.hosts)
    return create_rule(elbv2, listener, rule.priority, found, actions, tags)


def _with_secret(action: dict[str, Any]) -> dict[str, Any]:
    """Return an action of a world; a client secret is made here, for no file holds one."""
    if "AuthenticateOidcConfig" not in action:
        return action
    secret = secrets.token_urlsafe(24)
    config = {**action["AuthenticateOidcConfig"], "ClientSecret": secret}
    return {**action, "AuthenticateOidcConfig": config}


def _listener(
    elbv2: Any,
    balancer: str,
    certificates: list[str],
    each: Listener,
    groups: dict[str, str],
    tags: list[dict[str, str]],
) -> str:
    secure: dict[str, Any] = {}
    if each.protocol == "HTTPS":
        secure = {"SslPolicy": each.policy, "Certificates": [{"CertificateArn": certificates[0]}]}
    made = elbv2.create_listener(
        LoadBalancerArn=balancer,
        Protocol=each.protocol,
        Port=each.port,
        DefaultActions=[_default(each, groups)],
        Tags=tags,
        **secure,
    )
    listener = str(made["Listeners"][0]["ListenerArn"])
    if secure and certificates[1:]:  # the others are chosen by the client's server name
        more = [{"CertificateArn": arn} for arn in certificates[1:]]
        elbv2.add_listener_certificates(ListenerArn=listener, Certificates=more)
    return listener


def _default(each: Listener, groups: dict[str, str]) -> dict[str, Any]:
    """Return a listener's default action."""
    if each.redirect:
        return redirect_to_https(each.redirect)
    return forward(groups[each.to]) if each.to else NOT_FOUND


def _target_group(elbv2: Any, vpc: str, name: str, service: Service) -> str:
    arn = elbv2.create_target_group(
        Name=name,
        Protocol="HTTP",
        Port=service.port,
        VpcId=vpc,
        TargetType="ip",
        HealthCheckProtocol="HTTP",
        HealthCheckPort="traffic-port",
        HealthCheckPath=service.health,
        HealthCheckIntervalSeconds=30,
        HealthCheckTimeoutSeconds=5,
        HealthyThresholdCount=2,
        UnhealthyThresholdCount=2,
        Matcher={"HttpCode": "200"},
    )["TargetGroups"][0]["TargetGroupArn"]
    elbv2.modify_target_group_attributes(
        TargetGroupArn=arn,
        Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}],
    )
    return str(arn)
