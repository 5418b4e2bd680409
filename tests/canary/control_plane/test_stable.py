"""A state's name: equal on a healthy platform from minute to minute, another after an edit."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from canary.control_plane import state as types
from canary.control_plane.edge.counters import Counter
from canary.control_plane.edge.dns import DnsRecord, HealthCheck, HostRecords
from canary.control_plane.edge.web_acl import AclRule, Association, OwnRequest, WebAcl
from canary.control_plane.stable import UNORDERED, VOLATILE, is_complete, reference, stable
from canary.control_plane.state import (
    BalancerEntry,
    Bound,
    CapacityProvider,
    Certificate,
    EcsService,
    ErrorCounts,
    GroupRule,
    HostAddress,
    IamRole,
    LogLine,
    PlatformState,
    RegistryEntry,
    SecretState,
    TargetGroup,
    TargetHealth,
    Task,
    Unavailable,
)
from canary.control_plane.vpc import Network
from canary.model import Frozen
from tests.canary.support import platforms as p

GAP = Unavailable(action="acm:ListCertificates", resource="*", code="Denied", reason="no")
SERVICE = p.healthy().ecs_services[0]
OWN_REQUEST = OwnRequest(method="GET", path="/", action="BLOCK", at="t")
RECORD = DnsRecord(zone_id="Z", type="A", health=HealthCheck(id="c", succeeded=1, checkers=1))
SAMPLE = p.replace(
    p.change(
        p.healthy(),
        "ecs_services",
        SERVICE.arn,
        balancer_entries=(BalancerEntry(target_group="arn:tg"),),
        registry_entries=(RegistryEntry(arn="arn:registry"),),
        capacity_providers=(CapacityProvider(name="FARGATE"),),
    ),
    secrets=(SecretState(reference="s", exists=True),),
    logs={"auth": (LogLine(at="t", message="m"),)},
    errors=(ErrorCounts(load_balancer="lb", balancer_5xx=0, target_5xx=0, minutes=5),),
    web_acls=(
        Association(
            load_balancer="arn:lb",
            acl=WebAcl(arn="a", name="w", rules=(AclRule(name="r", own=(OWN_REQUEST,)),)),
        ),
    ),
    dns=(HostRecords(host="h", records=(RECORD,)),),
    counters=(Counter(load_balancer="lb", metric="m", total=1, minutes=15),),
    hosts=(HostAddress(host="auth.hokus.ai", addresses=("1.2.3.4",)),),
    roles=(IamRole(arn="arn:role", policies={"p": {"Statement": []}}, attached=("arn:p",)),),
    network=Network(vpcs=("vpc-1",)),
    unavailable=(GAP,),
    bounds=(Bound(action="logs:FilterLogEvents", resource="auth", limit=9, unit="lines"),),
)
Path = tuple[Any, ...]
KINDS = {k for _, k in inspect.getmembers(types, inspect.isclass) if issubclass(k, Frozen)}


def structs(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield every struct in a state with the way to it: names of fields, places and keys."""
    if isinstance(value, msgspec.Struct):
        yield path, value
        for name in value.__struct_fields__:
            yield from structs(getattr(value, name), (*path, name))
    elif isinstance(value, tuple):
        for place, item in enumerate(value):
            yield from structs(item, (*path, place))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from structs(item, (*path, key))


def changed(value: Any, path: Path, new: Any) -> Any:
    """Return a value in which what the path leads to is another."""
    if not path:
        return new
    step, *rest = path
    if isinstance(value, msgspec.Struct):
        inner = changed(getattr(value, step), tuple(rest), new)
        return msgspec.structs.replace(value, **{step: inner})
    if isinstance(value, tuple):
        return (*value[:step], changed(value[step], tuple(rest), new), *value[step + 1 :])
    return {**value, step: changed(value[step], tuple(rest), new)}


def other(value: Any) -> Any:
    """Return another value of the same type."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return value + "x"
        case tuple():
            return value[1:] if value else ("x",)
        case dict():
            return {} if value else {"x": "y"}
        case msgspec.Struct():
            name = value.__struct_fields__[0]
            return msgspec.structs.replace(value, **{name: other(getattr(value, name))})
    raise AssertionError(f"no other value is known for {value!r}")


def fields() -> Iterator[Any]:
    """Yield each field of each type, once, with the way to it and whether it is volatile."""
    seen: set[tuple[type, str]] = set()
    for path, value in structs(SAMPLE):
        kind = type(value)
        inside = any(name in path for left in VOLATILE.values() for name in left)
        for name in value.__struct_fields__:
            if (kind, name) not in seen:
                seen.add((kind, name))
                is_volatile = inside or name in VOLATILE.get(kind, frozenset())
                mark = f"{kind.__name__}.{name}"
                yield pytest.param((*path, name), is_volatile, id=mark)


@pytest.mark.parametrize(("path", "is_volatile"), fields())
def test_a_stable_field_renames_a_state_and_a_volatile_one_does_not(
    path: Path, is_volatile: bool
) -> None:
    value = functools.reduce(
        lambda at, step: getattr(at, step) if isinstance(at, msgspec.Struct) else at[step],
        path,
        SAMPLE,
    )
    edited = changed(SAMPLE, path, other(value))
    assert (reference(edited) == reference(SAMPLE)) is is_volatile


def test_every_type_of_the_control_plane_is_among_the_fields_tried() -> None:
    missing = KINDS - {type(value) for _, value in structs(SAMPLE)}
    # of a volatile task, and what only failures read
    away = {"StoppedContainer", "Store", "Scaling", "ServiceDeployment", "Frozen"}
    assert {k.__name__ for k in missing} <= away


def test_the_tables_name_fields_that_exist() -> None:
    for table in (VOLATILE, UNORDERED):
        assert all(names <= set(kind.__struct_fields__) for kind, names in table.items())


def test_a_minute_later_the_healthy_platform_has_the_same_name() -> None:
    """Another task on another address, other events and times, logs, another order of names."""
    before = p.healthy()
    service, group = before.ecs_services[0], before.target_groups[0]
    task = Task(arn="new", service=service.name, task_definition="d", last_status="RUNNING")
    later = p.change(
        before, "ecs_services", service.arn, tasks=(task,), running=3, events=(), deployments=()
    )
    moved = (TargetHealth(id="10.0.9.9", port=8000, state="initial"),)
    later = p.change(later, "target_groups", group.arn, targets=moved)
    later = p.replace(
        later,
        read_at="later",
        logs={"auth": (LogLine(at="t", message="m"),)},
        security_groups=before.security_groups[::-1],
        ecs_services=later.ecs_services[::-1],
    )
    assert reference(later) == reference(before)


def test_another_order_of_what_a_group_allows_is_the_same_name() -> None:
    """AWS's own form of a permission has lists of its own."""
    ranges = [{"CidrIp": "10.0.0.0/16"}, {"CidrIp": "10.1.0.0/16", "Description": "office"}]
    names = set[str]()
    for order in (ranges, ranges[::-1]):
        rule = GroupRule(
            protocol="tcp",
            from_port=443,
            to_port=443,
            cidrs=tuple(str(r["CidrIp"]) for r in order),
            config={"IpProtocol": "tcp", "IpRanges": order},
        )
        names.add(reference(p.change(p.healthy(), "security_groups", "sg-auth", ingress=(rule,))))
    assert len(names) == 1


def test_an_order_that_means_something_is_part_of_the_name() -> None:
    listener = p.healthy().load_balancers[0].listeners[1]
    path = ("load_balancers", 0, "listeners", 1, "rules")
    assert reference(changed(p.healthy(), path, listener.rules[::-1])) != reference(p.healthy())


def test_a_reference_is_a_name_of_32_hexadecimal_digits() -> None:
    assert re.fullmatch(r"[0-9a-f]{32}", reference(p.healthy()))


def test_the_stable_part_is_plain_data_without_defaults_and_volatile_fields() -> None:
    config = {"IpProtocol": "tcp", "IpRanges": [{"CidrIp": "b"}, {"CidrIp": "a"}]}
    rule = GroupRule(protocol="tcp", from_port=1, to_port=2, cidrs=("b", "a"), config=config)
    assert stable(rule) == {
        "protocol": "tcp", "from_port": 1, "to_port": 2, "cidrs": ["a", "b"],
        "config": {"IpProtocol": "tcp", "IpRanges": [{"CidrIp": "a"}, {"CidrIp": "b"}]},
    }  # fmt: skip
    gap = Unavailable(action="a", resource="r", code="c", reason="request 1", denied=True)
    assert stable(gap) == {"action": "a", "resource": "r", "code": "c", "denied": True}
    assert stable({"a": (GAP,)}) == {"a": [stable(GAP)]}


def test_what_is_left_out_and_what_has_no_order_is_known_by_type() -> None:
    assert {k.__name__: sorted(v) for k, v in VOLATILE.items()} == {
        "PlatformState": [
            "bounds", "counters", "dns", "errors", "last_lines", "logs",
            "network", "read_at", "refreshed_services", "rollouts", "scaling", "secrets",
            "stores", "task_log_groups", "web_acls",
        ],
        "Unavailable": ["reason"],
        "LoadBalancer": ["state"],
        "TargetGroup": ["targets"],
        "EcsService": ["bounded", "deployments", "events", "pending", "running", "tasks"],
        "DiscoveryService": ["instances"],
        "Certificate": ["in_use_by", "renewal_status"],
        "HostAddress": ["addresses", "balancer_addresses", "canonical", "error"],
    }  # fmt: skip
    lists = {k.__name__: sorted(v) for k, v in UNORDERED.items() if k is not PlatformState}
    assert lists == {
        "LoadBalancer": ["listeners", "security_groups", "subnets", "zones"],
        "Listener": ["certificates"],
        "TargetGroup": ["load_balancers"],
        "EcsService": [
            "alarms", "balancer_entries", "capacity_providers", "registry_entries",
            "security_groups", "subnets", "target_groups",
        ],
        "SecurityGroup": ["egress", "ingress"],
        "GroupRule": ["cidrs", "config", "groups", "ipv6_cidrs", "prefix_lists"],
        "Subnet": ["ipv6_cidrs"],
    }  # fmt: skip
    assert UNORDERED[PlatformState] == frozenset(PlatformState.__struct_fields__)


def test_the_checks_that_failed_are_part_of_the_name_in_any_order() -> None:
    names = [reference(p.healthy(), f) for f in ((), ("a",), ("a", "b"), ("b", "a"))]
    assert names[2] == names[3] and len(set(names)) == 3


def test_a_field_with_its_default_leaves_the_name_of_an_older_version() -> None:
    """A state that was stored before a field existed has the field's default when it is read."""
    plain = msgspec.to_builtins(p.healthy())
    del plain["target_groups"][0]["health_matcher"]
    assert reference(msgspec.convert(plain, PlatformState)) == reference(p.healthy())


def test_a_denial_lasts_and_a_time_out_does_not() -> None:
    denied = p.replace(p.healthy(), unavailable=(p.replace(GAP, denied=True),))
    late = p.replace(p.healthy(), unavailable=(p.replace(GAP, denied=True), GAP))
    assert (is_complete(p.healthy()), is_complete(denied), is_complete(late)) == (True, True, False)


def test_a_person_changes_these_and_they_are_not_volatile() -> None:
    assert "desired" not in VOLATILE[EcsService] and "attributes" not in VOLATILE[TargetGroup]
    assert "not_after" not in VOLATILE[Certificate]
