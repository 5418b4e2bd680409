"""Attacks by a forged past: what it offers, what is read now, and why nobody types it."""

from __future__ import annotations

from typing import Any, NamedTuple

from canary.control_plane.state import (
    Action,
    Condition,
    Container,
    Forward,
    GroupRule,
    IamRole,
    Listener,
    PlatformState,
    SecurityGroup,
    TaskDefinition,
)
from canary.diagnose.core.case import Case
from canary.diagnose.remedies.access import policy, put_role_policy
from canary.diagnose.remedies.edit import Edit
from canary.diagnose.remedies.listeners import create_listener, modify_listener
from canary.diagnose.remedies.names import register_instance
from canary.diagnose.remedies.network import authorize, permission
from canary.diagnose.remedies.never_worse import objections
from canary.diagnose.remedies.rules import (
    modify_rule,
)
from canary.diagnose.remedies.services import create_service, network, update_service
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

NAMES = faults.NAMES
CLUSTER, AUTH, MLFLOW = NAMES.of("cluster"), NAMES.of("auth"), NAMES.of("mlflow")
HEALTHY = p.healthy()
BALANCER = HEALTHY.load_balancers[1]
PLAIN, SECURE = BALANCER.listeners
RULE, LAST = SECURE.rules[1], SECURE.rules[-1]
SERVICE = HEALTHY.ecs_services[0]
EVIL = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/evil/1"
ROLE = "arn:aws:iam::123456789012:role/exec"
OWN_SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:app"


def objects(state: PlatformState, part: str, *more: Any) -> PlatformState:
    return p.replace(state, **{part: (*getattr(state, part), *more)})


def listener(state: PlatformState, port: int, **fields: Any) -> PlatformState:
    own = state.load_balancers[1]
    lists = tuple(p.replace(x, **fields) if x.port == port else x for x in own.listeners)
    return p.replace(
        state, load_balancers=(state.load_balancers[0], p.replace(own, listeners=lists))
    )


def of(state: PlatformState, port: int = 443) -> Listener:
    return next(x for x in state.load_balancers[1].listeners if x.port == port)


def rule(state: PlatformState = HEALTHY, **fields: Any) -> PlatformState:
    rules = (p.replace(r, **fields) if r.arn == RULE.arn else r for r in of(state).rules)
    return listener(state, 443, rules=tuple(rules))


def forward(group: str) -> Action:
    return Action(type="forward", forwards=(Forward(target_group=group),))


def redirect(to: str) -> Action:
    return Action(type="redirect", redirect=to, status_code="HTTP_301")


def sign_in(issuer: str) -> Action:
    config = {"Type": "jwt-validation", "JwtValidationConfig": {"JwksEndpoint": issuer}}
    return Action(type="jwt-validation", config=config)


class Attack(NamedTuple):
    """What the forged past offers, what is read now, and why nobody types it."""

    name: str
    edits: tuple[Edit, ...]
    why: str
    past: PlatformState
    now: PlatformState = HEALTHY


def deploys(
    name: str,
    why: str,
    now: PlatformState = HEALTHY,
    past: PlatformState | None = None,
    **fields: Any,
) -> Attack:
    """Return an attack in which the service had these fields while all was well."""
    more = {"task_definition": fields["taskDefinition"]} if "taskDefinition" in fields else {}
    known = {k: v for k, v in fields.items() if k != "taskDefinition"}
    groups = ((fields.get("networkConfiguration") or {}).get("awsvpcConfiguration") or {}).get(
        "securityGroups"
    )
    more |= {"security_groups": tuple(groups)} if groups else {}
    forged = p.change(past or now, "ecs_services", AUTH, config=known, **more)
    return Attack(name, (update_service(CLUSTER, SERVICE, **fields),), why, forged, now)


def again(name: str, why: str, now: PlatformState = HEALTHY, **config: Any) -> Attack:
    """Return an attack in which a service is gone, and the past tells how it was."""
    whole = {"taskDefinition": NAMES.revision("auth"), "desiredCount": 1, **config}
    was = p.replace(SERVICE, config=whole)
    gone = p.replace(now, ecs_services=now.ecs_services[1:])
    forged = p.replace(now, ecs_services=(was, *now.ecs_services[1:]))
    return Attack(name, (create_service(CLUSTER, was),), why, forged, gone)


def becomes(name: str, why: str, now: PlatformState = HEALTHY, **parts: Any) -> Attack:
    """Return an attack in which a rule had these parts while all was well."""
    fields = {"conditions": parts["conditions"]} if "conditions" in parts else {}
    if "actions" in parts:
        *earlier, last = parts["actions"]
        fields |= {"action": last, "earlier": tuple(earlier)}
    present = next(r for r in of(now).rules if r.arn == RULE.arn)
    return Attack(name, (modify_rule(present, **parts),), why, rule(now, **fields), now)


def admits(
    name: str,
    why: str,
    group: str,
    one: GroupRule,
    direction: str = "ingress",
    now: PlatformState = HEALTHY,
) -> Attack:
    found = next(g for g in now.security_groups if g.id == group)
    forged = p.change(now, "security_groups", group, **{direction: (one,)})
    return Attack(name, (authorize(found, direction, [permission(one)]),), why, forged, now)


def listens(name: str, why: str, port: int = 443, **fields: Any) -> Attack:
    """Return an attack in which a listener is gone, and the past tells how it was."""
    forged = listener(HEALTHY, port, **{"ssl_policy": TLS, **fields} if port == 443 else fields)
    left = tuple(x for x in BALANCER.listeners if x.port != port)
    gone = p.change(HEALTHY, "load_balancers", BALANCER.arn, listeners=left)
    return Attack(name, create_listener(BALANCER, of(forged, port)), why, forged, gone)


def turns(name: str, why: str, now: PlatformState, past: PlatformState, **fields: Any) -> Attack:
    return Attack(name, (modify_listener(of(now), **fields),), why, past, now)


def allows(
    name: str, why: str, resource: str, action: str = "secretsmanager:GetSecretValue"
) -> Attack:
    document = policy([{"Effect": "Allow", "Action": [action], "Resource": [resource]}])
    role = IamRole(arn=ROLE, policies={"own": document})
    now = p.replace(HEALTHY, roles=(p.replace(role, policies={}),))
    edit = put_role_policy("exec", "own", document)
    return Attack(name, (edit,), why, p.replace(HEALTHY, roles=(role,)), now)


def named(name: str, why: str, task: str = "auth7", **attributes: str) -> Attack:
    known = HEALTHY.discovery[0]
    given = {"AWS_INSTANCE_IPV4": p.ADDRESSES["auth"], **attributes}
    had = p.replace(known.instances[0], attributes=given)
    forged = p.change(HEALTHY, "discovery", known.id, instances=(had,))
    now = p.change(HEALTHY, "discovery", known.id, instances=())
    return Attack(name, (register_instance(known, task, given),), why, forged, now)


NAME = "arn:aws:servicediscovery:us-east-1:123456789012:service/srv-registry"
NAMED = p.replace(
    HEALTHY,
    discovery=tuple(
        p.replace(d, arn=NAME) if d.id == "srv-registry" else d for d in HEALTHY.discovery
    ),
)
TLS = "ELBSecurityPolicy-TLS13-1-2-2021-06"
ALONE = "only the past tells"
FAR = objects(HEALTHY, "security_groups", SecurityGroup(id="sg-far", name="far", vpc_id="vpc-2"))
GONE = objects(HEALTHY, "security_groups", SecurityGroup(id="sg-evil", name="e", vpc_id="vpc-1"))
ELSEWHERE = objects(
    HEALTHY,
    "target_groups",
    p.replace(HEALTHY.target_groups[0], arn=EVIL, name="evil", vpc_id="vpc-2"),
)
FOREIGN = p.change(ELSEWHERE, "target_groups", EVIL, vpc_id="vpc-1")
OTHER = TaskDefinition(
    arn=NAMES.revision("auth").replace(AUTH, "admin"),
    family="admin",
    revision=7,
    containers=(Container(name="admin", image="i"),),
)
ADMIN = objects(HEALTHY, "task_definitions", OTHER)
CERTIFICATE = p.certificate_arn(NAMES)
SITE = objects(
    HEALTHY,
    "certificates",
    p.replace(
        HEALTHY.certificates[0], arn=CERTIFICATE + "2", domain="x.example", names=("x.example",)
    ),
)
GUARDED = rule(earlier=(sign_in("https://ours"),))
FORBIDS = rule(action=Action(type="fixed-response", status_code="403"))
FROM = Condition(field="source-ip", values=("10.0.0.0/8",))
ADMINS = (Condition(field="path-pattern", values=("/admin/*",)),)
INSIDE = rule(conditions=(*ADMINS, FROM))
ASKS = listener(HEALTHY, 443, mutual_authentication={"Mode": "verify"})
HTML = Action(
    type="fixed-response", status_code="200", content_type="text/html", message_body="<b>"
)


def tcp(port: int, to: int = 0, **peers: Any) -> GroupRule:
    return GroupRule(protocol="tcp", from_port=port, to_port=to or port, **peers)


def networked(**fields: Any) -> dict[str, Any]:
    return {"networkConfiguration": network(SERVICE, **fields)}


def judged(edits: tuple[Edit, ...], now: PlatformState, past: PlatformState) -> str:
    case = Case(results=(), state=now, environment=p.environment(NAMES), previous=past, now=p.NOW)
    return "; ".join(objections(case, edits))
