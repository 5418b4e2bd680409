"""Health checks of real targets: each state and reason, and where requests go by it."""

from __future__ import annotations

import asyncio
import socket
import time
from collections import Counter

import pytest

from tests.emulator.support import faulty_targets as faulty
from tests.emulator.support.balancer_rig import Rig, forward, group, listener, rule, target

SECOND = "10.0.1.11"


MISMATCH = "Target.ResponseCodeMismatch"
CODES = "Health checks failed with these codes: "
BAD: list[tuple[faulty.Behaviour, str, str]] = [
    (faulty.status(404), MISMATCH, CODES + "[404]"),
    (faulty.status(301), MISMATCH, CODES + "[301]"),  # redirects are not followed
    (faulty.quiet, "Target.Timeout", "Request timed out"),
    (faulty.rude, "Target.FailedHealthChecks", "Health checks failed"),
    (faulty.says(b"hello\r\n"), "Target.FailedHealthChecks", "Health checks failed"),
]


@pytest.mark.parametrize(
    ("behaviour", "reason", "text"), BAD, ids=["404", "redirect", "hanging", "reset", "garbage"]
)
def test_a_bad_target_is_unhealthy_for_its_reason(
    rig: Rig, targets: faulty.Targets, behaviour: faulty.Behaviour, reason: str, text: str
) -> None:
    port = targets.run(behaviour)
    rig.forward_to(target(port), wait=None)
    verdict = rig.until("unhealthy", port)
    assert (verdict["reason"], verdict["description"]) == (reason, text)


def test_a_port_where_nobody_listens_fails_its_checks(rig: Rig) -> None:
    port = faulty.free_port()
    rig.forward_to(target(port), wait=None)
    assert rig.until("unhealthy", port)["reason"] == "Target.FailedHealthChecks"


def test_a_target_behind_a_closed_security_group_times_out(
    rig: Rig, targets: faulty.Targets
) -> None:
    port = targets.run(faulty.echo)
    rig.forward_to(target(port, reachable=False), wait=None)
    verdict = rig.until("unhealthy", port)
    assert (verdict["reason"], verdict["description"]) == ("Target.Timeout", "Request timed out")


def test_a_new_target_is_registering_then_checked_then_healthy_after_one_pass(
    rig: Rig, targets: faulty.Targets
) -> None:
    port = targets.run(faulty.status(500))
    rig.forward_to(target(port), wait=None, check={"unhealthy": 5, "healthy": 5})
    rig.until("initial", port)
    while (rig.verdict(port) or {}).get("reason") != "Elb.InitialHealthChecking":
        time.sleep(0.01)
    targets.change("127.0.1.10", port, faulty.echo)
    verdict = rig.until("healthy", port)
    assert (verdict["reason"], verdict["description"]) == (None, None)
    states = [one["reason"] for one in rig.verdicts if one["port"] == port]
    assert states[0] == "Elb.RegistrationInProgress"


def test_the_matcher_decides_what_passes(rig: Rig, targets: faulty.Targets) -> None:
    port = targets.run(faulty.status(308))
    rig.forward_to(target(port), check={"matcher": "200,308"})


def test_a_check_is_made_as_aws_makes_it(rig: Rig, targets: faulty.Targets) -> None:
    heard: list[bytes] = []

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(faulty.answer("200 OK", b""))

    port = targets.run(hear)
    rig.forward_to(target(port), check={"path": "/health?deep=1"})
    assert heard[0].startswith(b"GET /health?deep=1 HTTP/1.1\r\n")
    assert b"User-Agent: ELB-HealthChecker/2.0\r\n" in heard[0]
    assert f"Host: 10.0.1.10:{port}\r\n".encode() in heard[0]


def test_checks_go_to_another_port_where_the_group_says_so(
    rig: Rig, targets: faulty.Targets
) -> None:
    port, health = targets.run(faulty.status(500)), targets.run(faulty.echo)
    rig.forward_to(target(port), check={"port": str(health)})


def test_a_group_that_nobody_forwards_to_is_unused_and_not_probed(
    rig: Rig, targets: faulty.Targets
) -> None:
    port = targets.run(faulty.echo)
    one = group(target(port), in_use=False)
    rig.show(groups=[one])
    verdict = rig.until("unused", port)
    assert verdict["reason"] == "Target.NotInUse"
    time.sleep(0.3)
    assert (rig.verdict(port) or {})["checks"] == 0
    rig.show(listener(rule("default", forward(one))), groups=[{**one, "in_use": True}])
    rig.until("healthy", port)


def test_a_draining_target_gets_nothing_and_alone_it_is_a_503(
    rig: Rig, targets: faulty.Targets
) -> None:
    port = targets.run(faulty.echo)
    one = rig.forward_to(target(port))
    gone = {**one, "targets": [target(port, draining=True)]}
    rig.show(*rig.snapshot["balancers"][0]["listeners"], groups=[gone])
    assert rig.until("draining", port)["reason"] == "Target.DeregistrationInProgress"
    assert rig.get().status == 503


def test_a_recovering_target_needs_its_threshold_and_a_failing_one_too(
    rig: Rig, targets: faulty.Targets
) -> None:
    port = targets.run(faulty.echo)
    rig.forward_to(target(port), check={"unhealthy": 3, "healthy": 3})
    for behaviour, state in [(faulty.status(503), "unhealthy"), (faulty.echo, "healthy")]:
        checks = (rig.verdict(port) or {})["checks"]
        targets.change("127.0.1.10", port, behaviour)
        assert rig.until(state, port)["checks"] >= checks + 3


def test_only_healthy_targets_are_asked_in_turn_while_there_is_one(
    rig: Rig, targets: faulty.Targets
) -> None:
    good, also, bad = (targets.run(b) for b in (faulty.echo, faulty.echo, faulty.status(500)))
    rig.forward_to(target(good), target(also), target(bad), wait=None)
    for port, state in [(good, "healthy"), (also, "healthy"), (bad, "unhealthy")]:
        rig.until(state, port)
    answers = Counter(rig.get("/turn").status for _ in range(10))
    assert answers == {200: 10}
    end = time.monotonic() + 3  # a record may come a moment after its answer
    while sum((asked := asked_targets(rig, "/turn")).values()) < 10 and time.monotonic() < end:
        time.sleep(0.01)
    assert sorted(asked.values()) == [5, 5]


def asked_targets(rig: Rig, path: str) -> Counter[str]:
    return Counter(r["target"] for r in list(rig.records) if r["path"] == path)


def test_all_unhealthy_fails_open_to_all_of_them(rig: Rig, targets: faulty.Targets) -> None:
    ports = [targets.run(faulty.status(418)), targets.run(faulty.status(404))]
    rig.forward_to(*(target(port) for port in ports), wait="unhealthy")
    assert {rig.get("/open").status for _ in range(4)} == {418, 404}


def test_targets_that_are_all_initial_are_a_503(rig: Rig, targets: faulty.Targets) -> None:
    port = targets.run(faulty.quiet)
    rig.forward_to(target(port), wait=None, check={"unhealthy": 10, "timeout_s": 5})
    rig.until("initial", port)
    assert rig.get().status == 503


def test_a_group_without_targets_and_a_group_that_is_gone_are_503(rig: Rig) -> None:
    one = rig.forward_to(wait=None)
    assert rig.get().status == 503
    rig.show(listener(rule("default", forward(one))), groups=[])
    assert rig.get().status == 503


def test_weights_are_kept_and_a_chosen_group_without_targets_does_not_fall_back(
    rig: Rig, targets: faulty.Targets
) -> None:
    port = targets.run(faulty.echo)
    full, empty = group(target(port)), group()
    weighted = [
        {"TargetGroupArn": full["arn"], "Weight": 3},
        {"TargetGroupArn": empty["arn"], "Weight": 1},
    ]
    action = {"Type": "forward", "ForwardConfig": {"TargetGroups": weighted}}
    rig.show(listener(rule("default", action)), groups=[full, empty])
    rig.until("healthy", port)
    assert Counter(rig.get().status for _ in range(8)) == {200: 6, 503: 2}


def test_a_sticky_client_stays_with_its_target_until_that_is_unhealthy(
    rig: Rig, targets: faulty.Targets
) -> None:
    ports = [targets.run(faulty.echo), targets.run(faulty.echo, "127.0.1.11")]
    sticky = {"stickiness.enabled": "true", "stickiness.type": "lb_cookie"}
    one = group(target(ports[0]), target(ports[1], SECOND), attributes=sticky)
    rig.show(listener(rule("default", forward(one))), groups=[one])
    for port in ports:
        rig.until("healthy", port)
    cookie = first_cookie(rig)
    for _ in range(5):
        rig.get("/sticky", Cookie=cookie)
    asked = [r["target"] for r in rig.records if r["path"] == "/sticky"]
    assert len(set(asked)) == 1
    place = (
        "127.0.1.10" if asked[0].endswith(str(ports[0])) else "127.0.1.11",
        int(asked[0].split(":")[1]),
    )
    targets.change(*place, faulty.status(500))
    rig.until("unhealthy", place[1])
    assert rig.get("/sticky", Cookie=cookie).status == 200


def first_cookie(rig: Rig) -> str:
    """Return the AWSALB cookie of a first answer."""
    with socket.create_connection(rig.edge()) as plug:
        plug.sendall(b"GET /first HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        head = plug.makefile("rb").read().decode()
    lines = [line for line in head.split("\r\n") if line.startswith("Set-Cookie: ")]
    assert len(lines) == 2 and "AWSALBCORS=" in lines[1] and "SameSite=None; Secure" in lines[1]
    assert "Expires=" in lines[0] and "Max-Age" not in lines[0]
    return lines[0].removeprefix("Set-Cookie: ").partition(";")[0]


def test_a_verdict_is_steady_only_after_probes_that_began_after_the_change(
    rig: Rig, targets: faulty.Targets
) -> None:
    port = targets.run(faulty.echo)
    rig.forward_to(target(port))
    end = time.monotonic() + 5
    while not rig.balancer.steady() and time.monotonic() < end:
        time.sleep(0.01)
    assert rig.balancer.steady()
    targets.change("127.0.1.10", port, faulty.status(500))
    changed = time.monotonic()
    assert not rig.balancer.steady(after=changed)
    while not rig.balancer.steady(after=changed) and time.monotonic() < changed + 5:
        time.sleep(0.01)
    assert rig.balancer.steady(after=changed)
    assert (rig.verdict(port) or {})["state"] == "unhealthy"
