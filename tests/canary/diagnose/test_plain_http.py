"""A platform that serves plain HTTP alone: no redirect is missed, its only listener serves."""

from __future__ import annotations

import pytest

from canary.control_plane.state import PlatformState
from canary.diagnose import diagnose
from canary.model import Confidence, Environment, Explanation, Result
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

HOST = f"registry.{faults.NAMES.domain}"
URL = f"http://{HOST}:8080"


def environment() -> Environment:
    """Return the environment with a registry that is asked over plain HTTP on 8080."""
    base = p.environment(faults.NAMES)
    registry = p.replace(base.services["registry"], url=URL, connect_to={})
    return p.replace(base, services={**base.services, "registry": registry})


def plain(state: PlatformState, port: int = 8080) -> PlatformState:
    """Return the state in which the registry's only listener serves plain HTTP."""
    balancers = []
    for balancer in state.load_balancers:
        if "registry" in balancer.name:
            (secure,) = (x for x in balancer.listeners if x.protocol == "HTTPS")
            serving = p.replace(secure, port=port, protocol="HTTP", certificates=())
            balancer = p.replace(balancer, listeners=(serving,) if port else ())
        balancers.append(balancer)
    guards = tuple(
        p.replace(g, ingress=tuple(_at(r, 8080) for r in g.ingress)) if "lb-" in g.name else g
        for g in state.security_groups
    )
    return p.replace(state, load_balancers=tuple(balancers), security_groups=guards)


def _at(rule: p.GroupRule, port: int) -> p.GroupRule:
    return p.replace(rule, from_port=port, to_port=port) if rule.from_port == 80 else rule


def judge(state: PlatformState, *results: Result) -> Explanation:
    return diagnose(list(results), state, environment(), plain(p.healthy()), p.NOW)


def no_database() -> list[Result]:
    body = '{"detail":"could not connect to server: Connection refused, database port 5432"}'
    return [
        p.failed("registry.models", "registry", p.answer(f"{URL}/api/v1/models", 503, body)),
        p.failed("registry.proxy", "registry", p.answer(URL + p.API_PATH, 503, body)),
    ]


def test_a_stopped_database_is_no_missing_redirect() -> None:
    verdict = judge(plain(p.healthy()), *no_database())
    assert [d.cause for d in verdict.diagnoses] == ["database-unreachable"]
    assert verdict.unexplained == ()


def test_its_missing_listener_is_named_with_its_port() -> None:
    refused = p.failed("registry.health", "registry", p.none(f"{URL}/health", "refused"))
    (found,) = judge(plain(p.healthy(), port=0), refused).diagnoses
    assert (found.cause, found.confidence) == ("listener-missing", Confidence.CERTAIN)
    assert f"{HOST}:8080" in found.summary


def test_its_wrong_rule_is_named_and_no_listener() -> None:
    state, _ = faults.plant(faults.by_id("mlflow-path-to-mlflow"))
    lost = p.answer(URL + p.API_PATH, 404, p.WERKZEUG, content_type="text/html")
    (found,) = judge(plain(state), p.failed("registry.proxy", "registry", lost)).diagnoses
    assert found.cause == "rule-wrong-target"


@pytest.mark.parametrize("closed", [8080])
def test_its_closed_port_is_named(closed: int) -> None:
    state = plain(p.healthy())
    guards = tuple(
        p.replace(g, ingress=tuple(r for r in g.ingress if r.from_port != closed))
        if g.name == "lb-registry"
        else g
        for g in state.security_groups
    )
    late = p.failed("registry.health", "registry", p.none(f"{URL}/health", "connect-timeout"))
    (found,) = judge(p.replace(state, security_groups=guards), late).diagnoses
    assert (found.cause, found.resource) == ("security-group-blocked", "sg-lb-registry")
