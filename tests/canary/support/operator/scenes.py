"""Readings of faulty platforms, of which each kind of command is printed at least once."""

from __future__ import annotations

from typing import Any

from canary.control_plane.state import IamRole, Listener, PlatformState, SecretState
from canary.model import Result
from tests.canary.support import platforms as p
from tests.canary.support.operator.texts import swapped
from tests.canary.support.platform_faults import FAULTS, NAMES, by_id, plant, service
from tests.canary.support.told_scenes import SCENES as TOLD

Given = tuple[PlatformState, list[Result], PlatformState | None]
"""A platform, what failed, and the platform before, if it is known."""
HEALTHY = p.healthy(NAMES)
IAM = "arn:aws:iam::123456789012:role/"
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:"
AWS_OWN = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
MORE = p.certificate_arn(NAMES).replace("/good", "/more")
_LONG = {"v1": "1" * 32, "v2": "2" * 32}  # as long as AWS's names of versions are
CONFIG: dict[str, Any] = {
    "taskDefinition": NAMES.revision("mlflow"),
    "desiredCount": 1,
    "launchType": "FARGATE",
    "deploymentConfiguration": {"minimumHealthyPercent": 100, "maximumPercent": 200},
    "networkConfiguration": {
        "awsvpcConfiguration": {"subnets": ["subnet-a"], "securityGroups": ["sg-mlflow"]}
    },
    "tags": [{"key": "owner", "value": "the platform's team"}],
    "placementConstraints": [{"type": "memberOf", "expression": "attribute:a == b"}],
}


def _change_balancers(state: PlatformState, change: Any) -> PlatformState:
    return p.replace(state, load_balancers=tuple(change(b) for b in state.load_balancers))


def _whole(state: PlatformState) -> PlatformState:
    """Return a platform that tells all of its listeners and rules, with tags."""

    def listener(found: Listener) -> Listener:
        rules = tuple(p.replace(r, tags={"owner": "team", "why": "a b"}) for r in found.rules)
        tls = found.protocol == "HTTPS"
        return p.replace(
            found, rules=rules, ssl_policy="ELBSecurityPolicy-2016-08" if tls else "",
            attributes={"routing.http.response.server.enabled": "false"},
        )  # fmt: skip

    whole = _change_balancers(
        state, lambda b: p.replace(b, listeners=tuple(listener(x) for x in b.listeners))
    )
    known: PlatformState = swapped(whole, _LONG)
    return known


def _listener_gone() -> Given:
    more = p.replace(HEALTHY.certificates[0], arn=MORE)
    known = p.replace(HEALTHY, certificates=(*HEALTHY.certificates, more))

    def served(listener: Listener) -> Listener:
        default = next(iter(listener.certificates), "")
        both = (default, MORE) if default else ()
        return p.replace(listener, certificates=both, default_certificate=default)

    before = _change_balancers(
        known, lambda b: p.replace(b, listeners=tuple(served(x) for x in b.listeners))
    )
    state = _change_balancers(
        known, lambda b: p.replace(b, listeners=tuple(x for x in b.listeners if x.port != 443))
    )
    refused = [
        p.failed(f"{n}.health", n, p.none(f"https://{n}.{NAMES.domain}/health", "refused"))
        for n in ("auth", "registry")
    ]
    return state, refused, before


def _moved_balancer() -> Given:
    state = _change_balancers(
        HEALTHY,
        lambda b: p.replace(b, security_groups=("sg-lb-registry",)) if "auth" in b.name else b,
    )
    return state, by_id("auth-blocked").failures(), HEALTHY


def _service_gone() -> Given:
    state, results = plant(by_id("mlflow-service-gone"))
    before = service(HEALTHY, "mlflow", config=CONFIG)
    return state, results, before


def _name_gone() -> Given:
    state = p.replace(HEALTHY, discovery=(), namespaces={"hokusai.local": "ns-1"})
    return state, plant(by_id("mlflow-name-empty"))[1], HEALTHY


def _role_back(denied: str) -> Given:
    """Return an execution role that lost a policy of its own, and the one that AWS has written."""
    state, results = plant(by_id("api-role-denied"))

    def naming(found: PlatformState, role: IamRole) -> PlatformState:
        key = {"KEY": f"{SECRET}one-AbCdEf:k::"}
        definitions = tuple(
            p.replace(
                d, execution_role=role.arn,
                containers=(p.replace(d.containers[0], secrets=key),),
            )
            for d in found.task_definitions
        )  # fmt: skip
        return p.replace(found, task_definitions=definitions, roles=(role,))

    document = {
        "Statement": [{"Effect": "Allow", "Action": ["secretsmanager:GetSecretValue"],
                       "Resource": [f"{SECRET}one-*"], "Sid": "ReadOne"}],
    }  # fmt: skip
    was = IamRole(arn=f"{IAM}start", policies={"base": document}, attached=(AWS_OWN,))
    words = f"AccessDeniedException: User x is not authorized to perform: {denied}"
    (api,) = [s for s in state.ecs_services if s.name == NAMES.of("registry")]
    tasks = tuple(p.replace(t, stopped_reason=words) for t in api.tasks)
    now = p.replace(was, policies={}, attached=())
    return naming(service(state, "registry", tasks=tasks), now), results, naming(HEALTHY, was)


def _parameter_back() -> Given:
    """Return a login that fails since a parameter changed, which a task has read since."""
    state, results = TOLD["secret-changed-and-tried"]
    parameter = SecretState(
        reference="/db/password", exists=True, kind="parameter", name="/db/password", version="2",
        version_before="1", changed_at=p.ago(20), kms_key="alias/own",
    )  # fmt: skip
    definitions = tuple(
        p.replace(
            d, containers=(p.replace(d.containers[0], secrets={"DB_PASSWORD": "/db/password"}),)
        )
        for d in state.task_definitions
    )
    return p.replace(state, task_definitions=definitions, secrets=(parameter,)), results, HEALTHY


_MORE: dict[str, Given] = {
    "listener-gone": _listener_gone(),
    "balancer-moved": _moved_balancer(),
    "service-gone": _service_gone(),
    "name-gone": _name_gone(),
    "role-back": _role_back("secretsmanager:GetSecretValue"),
    "attached-back": _role_back("ecr:GetAuthorizationToken"),
    "parameter-back": _parameter_back(),
}
_ALL: dict[str, Given] = {
    **{name: (state, results, HEALTHY) for name, (state, results) in TOLD.items()},
    **{f.id: (*plant(f), HEALTHY) for f in FAULTS},
    **{f"{f.id} without a past": (*plant(f), None) for f in FAULTS},
    **_MORE,
}
SCENES: dict[str, tuple[Any, ...]] = {
    name: (results, _whole(state), p.environment(NAMES), before and _whole(before), p.NOW)
    for name, (state, results, before) in _ALL.items()
}
