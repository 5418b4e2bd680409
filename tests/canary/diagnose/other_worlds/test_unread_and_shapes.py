"""What was not read, what was so all the time, and other ports: none of it is the cause."""

from __future__ import annotations

import pytest

from canary.control_plane.state import GroupRule, PlatformState
from canary.control_plane.vpc import Network, PrefixList
from canary.model import Confidence, Environment
from tests.canary.diagnose.other_worlds.scenes import NAMES, commands, judged, said
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

CERTAIN, POSSIBLE = Confidence.CERTAIN, Confidence.POSSIBLE
PORT = {"protocol": "tcp", "from_port": 8001, "to_port": 8001}
BY_LIST = GroupRule(**PORT, prefix_lists=("pl-1",))
BY_IPV6 = GroupRule(**PORT, ipv6_cidrs=("2600:1f18::/56",))
crash = faults.stops(
    "registry", "Essential container in task exited", "EssentialContainerExited", 1
)
known_or_not = pytest.mark.parametrize("known", [True, False], ids=["with a past", "without"])


@known_or_not
@pytest.mark.parametrize("rule", [BY_LIST, BY_IPV6], ids=["prefix list", "IPv6"])
def test_a_crash_loop_behind_a_prefix_list_is_the_crash_loop(rule: GroupRule, known: bool) -> None:
    well = p.change(p.dual_stack(), "security_groups", "sg-registry", ingress=(rule,))
    down = p.change(crash(well), "target_groups", NAMES.group("registry"), targets=())
    found = judged(down, well if known else None, *faults.by_id("api-scaled-to-zero").failures())
    assert said(found) == [("task-crash-loop", CERTAIN)]


@known_or_not
def test_a_prefix_list_that_is_read_after_the_failure_alone_proves_no_change(known: bool) -> None:
    """Its entries of before are not known: while all was well, somebody came in otherwise."""
    well = p.change(p.healthy(), "security_groups", "sg-registry", ingress=(BY_LIST,))
    entries = (PrefixList(id="pl-1", cidrs=("192.0.2.0/24",)),)
    state = p.replace(well, network=Network(prefix_lists=entries))
    found = judged(state, well if known else None, *faults.by_id("api-blocked").failures())
    (group,) = [d for d in found if d.cause == "security-group-blocked"]
    assert group.confidence is (POSSIBLE if known else CERTAIN)


OFFICE = tuple(
    GroupRule(protocol="tcp", from_port=port, to_port=port,
              cidrs=("203.0.113.10/32", "198.51.100.0/24"))
    for port in (80, 443)
)  # fmt: skip


def private(state: PlatformState) -> PlatformState:
    """Return the platform whose balancers admit an office and a NAT gateway alone."""
    inner = tuple(p.replace(b, scheme="internal") for b in state.load_balancers)
    return p.change(
        p.replace(state, load_balancers=inner), "security_groups", "sg-lb-registry", ingress=OFFICE
    )


@known_or_not
def test_the_lost_listener_of_a_private_balancer_is_the_only_cause(known: bool) -> None:
    gone, results = faults.plant(faults.by_id("registry-listener-gone"))
    found = judged(private(gone), private(p.healthy()) if known else None, *results)
    assert said(found) == [("listener-missing", CERTAIN)]
    assert "authorize-security-group" not in commands(found)


FULL = (
    '{"error_code":"INTERNAL_ERROR","message":"(psycopg2.errors.DiskFull) could not extend file:'
    " No space left on device [SQL: INSERT INTO runs (run_uuid, artifact_uri) VALUES (%(run_uuid)s,"
    ' %(artifact_uri)s)]"}'
)


def test_a_full_database_is_no_failing_artifact_store() -> None:
    """Words alone are no proof, but they are the database's, and quoted."""
    refused = p.failed("registry.proxy", "registry", p.answer(faults.PROXY, 500, FULL))
    found = judged(p.healthy(), p.healthy(), refused)
    assert said(found) == [("database-full", POSSIBLE)]
    assert any("DiskFull" in e.seen for e in found[0].evidence)


URL = f"https://registry.{NAMES.domain}:8443"


def environment() -> Environment:
    known = p.environment(NAMES)
    registry = p.replace(known.services["registry"], url=URL, connect_to={})
    return p.replace(known, services={**known.services, "registry": registry})


def on_8443(state: PlatformState, *open_ports: int) -> PlatformState:
    """Return the platform whose registry serves HTTPS on 8443, with these ports open."""
    moved = tuple(
        p.replace(b, listeners=tuple(p.replace(x, port=8443) if x.port == 443 else x
                                     for x in b.listeners))
        if "registry" in b.name else b
        for b in state.load_balancers
    )  # fmt: skip
    rules = tuple(p._in(port, "0.0.0.0/0") for port in open_ports or (80, 8443))
    moved_state = p.replace(state, load_balancers=moved)
    return p.change(moved_state, "security_groups", "sg-lb-registry", ingress=rules)


@known_or_not
def test_the_wrong_rule_of_a_listener_on_8443_is_the_cause(known: bool) -> None:
    state, _ = faults.plant(faults.by_id("mlflow-path-to-mlflow"))
    lost = p.answer(URL + p.API_PATH, 404, p.WERKZEUG, content_type="text/html")
    found = judged(
        on_8443(state), on_8443(p.healthy()) if known else None,
        p.failed("registry.proxy", "registry", lost), p.control("listener_rule", "registry"),
        environment=environment(),
    )  # fmt: skip
    assert said(found) == [("rule-wrong-target", CERTAIN)]
    assert [c.split()[2] for c in found[0].remedy.fix] == ["modify-rule"]


@known_or_not
def test_a_closed_8443_is_the_groups(known: bool) -> None:
    silent = p.failed("registry.health", "registry", p.none(f"{URL}/health", "connect-timeout"))
    before = on_8443(p.healthy()) if known else None
    found = judged(on_8443(p.healthy(), 80), before, silent, environment=environment())
    assert said(found) == [("security-group-blocked", CERTAIN)]
    assert "on port 8443" in found[0].summary
    assert bool(found[0].remedy.fix) is known  # without a past nobody knows who was let in
