"""What a value of the control plane says where AWS said nothing: a stored state is read by it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import msgspec

from canary.control_plane import state as types
from canary.control_plane.baselines import NO_BASELINES
from canary.control_plane.state import Action, Forward, Listener, PlatformState, Rule, not_read
from canary.model import Frozen

# All that is not empty, zero or false: AWS's own defaults, and what a service has as a rule.
GIVEN = {
    "Container.essential": True,
    "EcsService.minimum_percent": 100,
    "EcsService.maximum_percent": 200,
    "Forward.weight": 1,
    "LoadBalancer.scheme": "internet-facing",
    "LoadBalancer.state": "active",
    "SecretState.kind": "secret",
    "TargetGroup.target_type": "ip",
    "TargetGroup.health_enabled": True,
    "TargetGroup.health_path": "/",
    "TargetGroup.health_port": "traffic-port",
    "TargetGroup.health_protocol": "HTTP",
    "TargetGroup.health_matcher": "200",
    "TargetGroup.matcher_kind": "HttpCode",
    "TargetGroup.health_interval_s": 30,
    "TargetGroup.health_timeout_s": 5,
    "TargetGroup.healthy_threshold": 5,
    "TargetGroup.unhealthy_threshold": 2,
    "TaskDefinition.status": "ACTIVE",
    "TaskDefinition.architecture": "X86_64",
}
NOTHING: tuple[Any, ...] = ("", (), {}, None, False, 0)


def defaults() -> Iterator[tuple[str, Any]]:
    for _, kind in inspect.getmembers(types, inspect.isclass):
        if issubclass(kind, Frozen) and kind is not Frozen:
            for field in msgspec.structs.fields(kind):
                made = field.default_factory is not msgspec.NODEFAULT
                found = field.default_factory() if made else field.default  # type: ignore[operator]
                if found is not msgspec.NODEFAULT:
                    yield f"{kind.__name__}.{field.name}", found


def test_what_aws_does_not_say_is_empty_but_for_the_known_defaults() -> None:
    assert {name: value for name, value in defaults() if value not in NOTHING} == GIVEN


def test_a_field_that_was_not_read_is_no_empty_text() -> None:
    """None stands for "not known" and never for "nothing": the two are told apart."""
    unknown = {name for name, value in defaults() if value is None}
    assert all(name.partition(".")[2] not in ("arn", "name", "id") for name in unknown)


def test_the_actions_of_a_rule_are_in_their_order() -> None:
    sign_in = Action(type="authenticate-oidc", order=1)
    forward = Action(type="forward", order=2, forwards=(Forward(target_group="tg"),))
    rule = Rule(arn="r", priority="1", action=forward, earlier=(sign_in,))
    assert rule.actions == (sign_in, forward)
    assert Rule(arn="r", priority="1", action=forward).actions == (forward,)


def test_the_default_certificate_is_none_of_those_chosen_by_name() -> None:
    listener = Listener(
        arn="x", port=443, protocol="HTTPS", certificates=("a", "b", "c"), default_certificate="b"
    )
    assert listener.sni_certificates == ("a", "c")


def test_of_a_control_plane_that_was_not_read_everything_is_unavailable() -> None:
    state = not_read("Timeout", "too late")
    (gap,) = state.unavailable
    assert msgspec.to_builtins(gap) == {
        "action": "observe", "resource": "*", "code": "Timeout", "reason": "too late",
        "denied": False,
    }  # fmt: skip
    assert state == PlatformState(unavailable=(gap,))


def test_without_baselines_nothing_is_known_of_the_past() -> None:
    assert (NO_BASELINES.of, NO_BASELINES.incident, NO_BASELINES.day_before) == ({}, None, {})
