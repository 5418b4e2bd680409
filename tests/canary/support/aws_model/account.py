"""An AWS account as plain values: read by the canary's own readers, changed by typed commands."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

from botocore import xform_name

from canary.control_plane.state import Certificate, PlatformState
from canary.diagnose.core.case import Case
from canary.model import Result
from canary.observe import balancers, groups, targets
from canary.observe.calls import Reader
from canary.observe.ecs_services import converted
from tests.canary.support import platforms as p
from tests.canary.support.aws_model.balancing import Balancing
from tests.canary.support.aws_model.containers import Containers
from tests.canary.support.aws_model.firewall import Firewall
from tests.canary.support.aws_model.typed import typed

Json = dict[str, Any]
NAMES = p.Names()
ENVIRONMENT = p.environment(NAMES)
BALANCER = NAMES.elb("loadbalancer", f"app/{NAMES.prefix}-registry-lb/1234")
GROUPS = tuple(NAMES.group(s) for s in ("registry", "mlflow", "auth"))
GOOD, MORE, FOREIGN = (
    p.certificate_arn(NAMES).replace("/good", f"/{name}") for name in ("good", "more", "foreign")
)
_PARTS = (
    *("balancers", "balancer_attributes", "listeners", "listener_attributes", "further", "rules"),
    *("groups", "group_attributes", "targets", "guards"),
)
_MADE = frozenset({"ListenerArn", "RuleArn", "LoadBalancerArn"})


class Account:
    """All objects that AWS describes, in the form in which it describes them."""

    def __init__(self, held: Json | None = None) -> None:
        self.held: Json = held or {part: {} for part in _PARTS}
        self._calls = {
            "elbv2": Balancing(self.held),
            "ec2": Firewall(self.held),
            "ecs": Containers(self.held),
        }

    def copy(self) -> Account:
        """Return an account of its own with the same objects."""
        return Account(deepcopy(self.held))

    def call(self, service: str, operation: str, parameters: Json) -> Json:
        """Answer a call by the name of its operation in AWS's API."""
        answer: Json = getattr(self._calls[service], xform_name(operation))(**parameters)
        return answer

    def do(self, service: str, operation: str, /, **parameters: Any) -> Json:
        """Make a call of AWS's API; the account keeps no part of what it is given."""
        return self.call(service, operation, deepcopy(parameters))

    def type(self, *lines: str) -> None:
        """Type commands."""
        for line in lines:
            typed(line, self.call)

    def client(self, service: str) -> _Client:
        """Return what reads the account as a client of boto3 does."""
        return _Client(self, service)

    def shown(self) -> Json:
        """Return all that is described, in a form that can be compared.

        A listener is known by its port, a rule by its priority: AWS gives new ones new names.
        """
        held = self.held
        of = {a: f"{x['LoadBalancerArn']}:{x['Port']}" for a, x in held["listeners"].items()}
        rules = {f"{of[owner]} {r['Priority']}": _still(r) for owner, r in held["rules"].values()}
        assert len(rules) == len(held["rules"])
        return {
            **{k: held[k] for k in ("balancers", "balancer_attributes", "groups")},
            "services": held.get("services", {}),
            "targets": {
                a: sorted((t["Target"]["Id"], t["Target"]["Port"]) for t in found)
                for a, found in held["targets"].items()
            },
            "guards": {i: _guard(g) for i, g in held["guards"].items()},
            "listeners": {of[a]: _still(x) for a, x in held["listeners"].items()},
            "attributes": {of[a]: x for a, x in held["listener_attributes"].items()},
            "further": {of[a]: sorted(x) for a, x in held["further"].items()},
            "rules": rules,
        }


class _Client:
    def __init__(self, account: Account, service: str) -> None:
        self._account, self._service = account, service

    def __getattr__(self, name: str) -> Any:
        return lambda **parameters: self._account.call(self._service, name, parameters)

    def get_paginator(self, name: str) -> Any:
        return _Pages(getattr(self, name))


class _Pages:
    def __init__(self, call: Any) -> None:
        self._call = call

    def paginate(self, **parameters: Any) -> list[Json]:
        return [self._call(**parameters)]


def _still(found: Json) -> Json:
    return {k: v for k, v in found.items() if k not in _MADE}


def _guard(found: Json) -> Json:
    """Return a security group whose permissions and peers stand in one order."""
    sides = ("IpPermissions", "IpPermissionsEgress")
    ordered = {
        side: sorted(
            (
                {k: sorted(v, key=_text) if isinstance(v, list) else v for k, v in one.items()}
                for one in found[side]
            ),
            key=_text,
        )
        for side in sides
    }
    return {**found, **ordered}


def _text(found: Json) -> str:
    return json.dumps(found, sort_keys=True)


def state(account: Account) -> PlatformState:
    """Return the platform of plain values, with what our readers read of the account."""
    healthy = p.healthy(NAMES)
    reader = Reader(account, ENVIRONMENT)
    found: Json = {"certificates": _certificates(healthy)}
    if account.held["balancers"]:
        others = tuple(b for b in healthy.load_balancers if b.arn != BALANCER)
        found["load_balancers"] = (*others, *balancers.read(reader))
    if account.held["groups"]:
        mine = account.held["groups"]
        left = tuple(g for g in healthy.target_groups if g.arn not in mine)
        own = found.get("load_balancers", healthy.load_balancers)
        found["target_groups"] = (*left, *targets.read(reader, own))
    if "services" in account.held:  # else those of the plain platform
        found |= _services(account, healthy)
    if account.held["guards"]:
        read = groups.read(reader, healthy.load_balancers, healthy.ecs_services)
        kept = tuple(g for g in healthy.security_groups if g.id not in {r.id for r in read})
        found["security_groups"] = (*kept, *read)
    assert reader.unavailable() == (), reader.unavailable()
    return p.replace(healthy, **found)


def _services(account: Account, healthy: PlatformState) -> Json:
    raw = account.held["services"]
    tasks = {s.name: s.tasks for s in healthy.ecs_services}
    read = tuple(converted(r, tasks[n]) for n, r in raw.items())
    others = tuple(s for s in healthy.ecs_services if s.name not in MANAGED)
    gone = tuple(sorted(MANAGED - set(raw)))
    names = tuple(
        p.replace(d, arn=d.arn.replace(":x:1:", f":{NAMES.region}:123456789012:"))
        for d in healthy.discovery
    )
    return {"ecs_services": (*others, *read), "missing_services": gone, "discovery": names}


MANAGED = frozenset({NAMES.of("auth")})
"""The services of the account that is drawn; the others are those of the plain platform."""


def _certificates(healthy: PlatformState) -> tuple[Certificate, ...]:
    """Return two certificates of the platform's names, and one of other names."""
    (good,) = healthy.certificates
    other = "*.example.org"
    foreign = p.replace(good, arn=FOREIGN, domain=other, names=(other,))
    return good, p.replace(good, arn=MORE), foreign


def case(account: Account, well: Account | None, *results: Result) -> Case:
    """Return the case of failed checks over an account, which was `well` before."""
    return Case(
        results=results, state=state(account), environment=ENVIRONMENT,
        previous=state(well) if well else None, now=p.NOW,
    )  # fmt: skip
