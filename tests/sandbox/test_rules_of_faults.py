"""Rules that faults add: ELBv2 takes them in each world, whatever hosts and priorities it has."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from sandbox.faults import routing
from sandbox.faults.context import FaultContext
from sandbox.faults.routing import MOST_VALUES
from sandbox.world.load import known, load
from sandbox.world.world import API, World

WORLDS = [name for name in known() if API in load(name).services]
HOSTS = ["registry.hokus.ai", "api.hokus.ai"]


class Balancing:
    """ELBv2 with a world's rules, which keeps what is asked of it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.created: list[dict[str, Any]] = []
        self.edited: list[dict[str, Any]] = []

    def describe_listeners(self, **_: str) -> dict[str, Any]:
        listeners = self._world.balancer_of_registry.listeners.values()
        return {"Listeners": [{"ListenerArn": f"on {x.port}", "Port": x.port} for x in listeners]}

    def describe_rules(self, **_: str) -> dict[str, Any]:
        rules = self._world.balancer_of_registry.rules
        found = [{"RuleArn": name, "Priority": str(rule.priority)} for name, rule in rules.items()]
        return {"Rules": found}

    def create_rule(self, **asked: Any) -> dict[str, Any]:
        self.created.append(asked)
        return {"Rules": [{"RuleArn": f"rule {asked['Priority']}"}]}

    def modify_rule(self, **asked: Any) -> None:
        self.edited.append(asked)

    def delete_rule(self, **_: Any) -> None:
        """Nothing is kept of it."""

    def modify_listener(self, **_: Any) -> None:
        """Nothing is kept of it."""


def planted(name: str, fault: Any) -> Balancing:
    world = load(name)
    asked = Balancing(world)
    twin: Any = SimpleNamespace(
        world=world,
        dataplane=None,
        aws=SimpleNamespace(client=lambda service: asked),
        platform=SimpleNamespace(
            balancers=SimpleNamespace(
                balancers={b.name: b.name for b in world.balancers.values()},
                target_groups={s.target_group: s.target_group for s in world.services.values()},
            )
        ),
    )
    fault(FaultContext(twin))
    return asked


def values(rule: dict[str, Any], key: str) -> list[str]:
    """Return the values of a rule's conditions of one kind."""
    return [v for c in rule["Conditions"] for v in c.get(key, {}).get("Values", [])]


@pytest.mark.parametrize("name", WORLDS)
@pytest.mark.parametrize(
    "fault",
    [routing.catch_all_shadows, routing.api_rules_missing, routing.mlflow_api_rule_missing],
)
def test_an_added_rule_has_a_free_priority_and_few_values(name: str, fault: Any) -> None:
    taken = [rule.priority for rule in load(name).balancer_of_registry.rules.values()]
    asked = planted(name, fault)
    priorities = [rule["Priority"] for rule in asked.created]
    assert priorities and len({*taken, *priorities}) == len(taken) + len(priorities)
    assert all(1 <= priority <= 50_000 for priority in priorities)
    for rule in (*asked.created, *asked.edited):
        count = len(values(rule, "PathPatternConfig")) + len(values(rule, "HostHeaderConfig"))
        assert 1 <= count <= MOST_VALUES


def test_on_a_shared_listener_they_are_for_the_registry_s_hosts_alone() -> None:
    asked = planted("one-balancer", routing.catch_all_shadows)
    assert [(r["Priority"], values(r, "PathPatternConfig")) for r in asked.created] == [
        (40, ["/api*"])
    ]
    lost = planted("one-balancer", routing.mlflow_api_rule_missing)
    assert [(r["Priority"], values(r, "PathPatternConfig")) for r in lost.created] == [
        (120, ["/", "/health*", "/ready"]),
        (121, ["/live", "/version"]),
    ]
    every = (*asked.created, *lost.created, *lost.edited)
    assert [values(rule, "HostHeaderConfig") for rule in every] == [HOSTS] * 4


def test_on_a_listener_of_its_own_no_host_is_named() -> None:
    asked = planted("classic", routing.api_rules_missing)
    assert [(r["Priority"], values(r, "PathPatternConfig")) for r in asked.created] == [
        (120, ["/", "/health*", "/ready", "/live", "/version"])
    ]
    assert values(asked.created[0], "HostHeaderConfig") == []
