"""How findings of rules become diagnoses: ranks, readings, what stays unexplained."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from canary.control_plane.state import PlatformState, SecretState, Unavailable
from canary.diagnose import canary_itself, diagnose, failing_routes
from canary.diagnose.core.case import Case
from canary.diagnose.core.finding import Finding
from canary.diagnose.core.slices import Slices
from canary.diagnose.rules import Rule
from canary.model import Confidence, Evidence, Explanation, Remedy, Result, Status, Step
from tests.canary.support import platforms as p
from tests.canary.support.routed import ENVIRONMENT, HEALTHY, HOST, case

URL = f"https://{HOST}"


def bad(check: str, path: str = "/x", status: int = 500, **more: Any) -> Result:
    return p.failed(check, "registry", p.answer(f"{URL}{path}", status, "no", **more))


def passed(path: str, status: int = 200) -> Result:
    step = Step(name="step", status=Status.PASS, evidence=(p.answer(f"{URL}{path}", status, "{}"),))
    return p.result(f"passed.{path}", "registry", step, status=Status.PASS)


def finding(case_: Case, *checks: str, **more: Any) -> Finding:
    found = frozenset(f for f in case_.failures if f.check_id in checks or f.path in checks)
    known: dict[str, Any] = {
        "cause": "route-failing", "service": "registry", "resource": "r", "summary": "S.",
        "remedy": Remedy(summary="R.", decision="D."), "explained_failures": found,
        "confidence": Confidence.CERTAIN,
    }  # fmt: skip
    return Finding(**{**known, **more})


def judge(
    *results: Result, rules: tuple[Rule, ...], slices: Slices | None = None,
    unread: tuple[str, ...] = (),
) -> Explanation:  # fmt: skip
    gaps = tuple(Unavailable(action=a, resource="*", code="c", reason="r") for a in unread)
    state = p.replace(HEALTHY, unavailable=gaps)
    return diagnose(results, state, ENVIRONMENT, None, p.NOW, slices=slices, rules=rules)


def of(*checks: str, **more: Any) -> Rule:
    fields = more.pop("finding", {})

    def find(case_: Case) -> Iterator[Finding]:
        yield finding(case_, *checks, **fields)

    return Rule(find=find, rank=more.pop("rank", 90), **more)


def test_a_check_of_which_one_step_is_explained_is_not_unexplained() -> None:
    steps = [bad("a", f"/{n}").steps[0] for n in (1, 2)]
    both = p.result("a", "registry", *steps)
    found = judge(both, bad("b"), rules=(of("/1"),))
    assert [d.explains for d in found.diagnoses] == [("a",)]
    assert found.unexplained == ("b",)
    assert judge(both, bad("b"), rules=()).unexplained == ("a", "b")
    assert judge(both, rules=(of("a"),)).unexplained == ()


def test_a_rule_runs_where_its_readings_were_taken_and_something_failed() -> None:
    def causes(*results: Result, unread: tuple[str, ...] = (), **more: Any) -> int:
        return len(judge(*results, rules=(of("a", **more),), unread=unread).diagnoses)

    assert causes(bad("a")) == causes(bad("a"), needs=("x:A", "x:B")) == 1
    assert causes(bad("a"), needs=("x:A", "x:B"), unread=("x:B",)) == 0
    always = {"always_report": True}
    assert causes(finding=dict(always)) == 0
    assert causes(without_failures=True, finding=dict(always)) == 1


def test_a_missing_reading_makes_a_finding_less_certain_and_says_why() -> None:
    def told(confidence: Confidence, *unread: str) -> tuple[str, list[Evidence]]:
        rule = of("a", also=("x:A", "x:B"), finding={"confidence": confidence})
        (found,) = judge(bad("a"), rules=(rule,), unread=unread).diagnoses
        return found.confidence.name, [e for e in found.evidence if e.expected == "read"]

    def why(resource: str) -> list[Evidence]:
        return [Evidence(resource=resource, seen="could not be read", expected="read")]

    assert told(Confidence.CERTAIN) == ("CERTAIN", [])
    assert told(Confidence.CERTAIN, "x:B") == ("LIKELY", why("x:B"))
    assert told(Confidence.CERTAIN, "x:B", "x:A") == ("LIKELY", why("x:A, x:B"))
    assert told(Confidence.LIKELY, "x:A") == ("LIKELY", [])
    assert told(Confidence.POSSIBLE, "x:A") == ("POSSIBLE", [])


def test_the_rank_of_a_rule_is_that_of_its_findings_but_where_they_have_their_own() -> None:
    def first(rank: int, own: dict[str, int]) -> str:
        near = of("a", rank=rank, finding={"resource": "near", **own})
        return judge(bad("a"), rules=(of("a", rank=50), near)).diagnoses[0].resource

    assert first(10, {}) == first(90, {"rank": 10}) == first(90, {"rank": 0}) == "near"
    assert first(90, {}) == first(90, {"rank": -1}) == "r"


def test_evidence_is_shown_once_with_the_failures_behind_it() -> None:
    seen = Evidence(resource=f"GET {URL}/x", seen="500 application/json from the target: no")
    rule = of("a", finding={"evidence": (seen, seen)})
    (found,) = judge(bad("a"), rules=(rule,)).diagnoses
    assert found.evidence == (seen,)
    other = of("a", finding={"evidence": (), "shown_failures": 1})
    (two,) = judge(bad("a"), bad("a2", "/y"), rules=(other,)).diagnoses
    assert [e.resource for e in two.evidence] == [f"GET {URL}/x"]


def test_a_rule_that_is_lost_costs_itself_alone_and_is_named() -> None:
    def cut(_seconds: float, action: Any) -> Any:
        return action()

    def breaks(case_: Case) -> Iterator[Finding]:
        yield finding(case_, "b")
        raise ValueError("odd")

    slices = Slices(cut, 1.0)
    found = judge(bad("a"), bad("b"), rules=(of("a"), Rule(find=breaks, rank=1)), slices=slices)
    assert [d.explains for d in found.diagnoses] == [("a",)]
    (note,) = found.notes
    assert note.endswith("so this run cannot name its causes: ValueError: odd")
    assert judge(bad("a"), rules=(of("a"),)).notes == ()


# --- the canary itself


def gap(action: str, code: str = "AccessDenied", resource: str = "*", denied: bool = True) -> Any:
    return Unavailable(action=action, resource=resource, code=code, reason="no", denied=denied)


def unread(*gaps: Unavailable, state: PlatformState = HEALTHY) -> PlatformState:
    return p.replace(state, unavailable=gaps)


def error(check: str, reason: str, exchange: Any = None) -> Result:
    return p.failed(check, "registry", exchange, status=Status.ERROR, reason=reason)


def test_each_action_that_is_denied_is_named_with_what_could_not_be_read() -> None:
    state = unread(
        *(gap("x:B", resource=str(n)) for n in range(4)), gap("x:A"), gap("x:C", denied=False)
    )
    results = [error("a", "x:A was denied"), error("b", "x:B"), bad("c", "/x:A"),
               p.failed("d", "registry", reason="x:A")]  # fmt: skip
    found = [*canary_itself.permissions(case(state, None, *results))]
    assert [(f.resource, sorted(x.check_id for x in f.explained_failures)) for f in found] == [
        ("x:A", ["a"]), ("x:B", ["b"])
    ]  # fmt: skip
    assert [(e.resource, e.seen, e.expected) for e in found[1].evidence] == [
        (str(n), "AccessDenied: no", "allowed") for n in range(3)
    ]


def keys(*results: Result, state: PlatformState = HEALTHY) -> list[tuple[str, str, str, str]]:
    return [
        (f.cause, f.resource, f.confidence.name, " ".join(sorted(
            x.check_id for x in f.explained_failures)))
        for f in canary_itself.credentials(case(state, None, *results))
    ]  # fmt: skip


def test_a_secret_that_could_not_be_read_is_named() -> None:
    gone = error("a", "secret canary/valid: ResourceNotFound")
    assert keys(gone) == [("canary-credential-missing", "canary/valid", "LIKELY", "a")]
    lost = SecretState(reference="canary/valid", exists=False, detail="is gone")
    assert keys(gone, state=p.replace(HEALTHY, secrets=(lost,))) == [
        ("canary-credential-missing", "canary/valid", "CERTAIN", "a")
    ]
    there = p.replace(HEALTHY, secrets=(p.replace(lost, exists=True),))
    assert keys(gone, state=there)[0][2] == "LIKELY"
    assert keys(error("a", "no credential of revoked")) == [
        ("canary-credential-missing", "canary/revoked", "LIKELY", "a")
    ]
    assert keys(error("a", "a Secret is not there")) == [
        ("canary-credential-missing", "principals", "LIKELY", "a")
    ]


def test_what_is_no_secret_of_the_canary_is_not_named() -> None:
    answer = p.answer(f"{URL}/x", 500, "secret")
    assert keys(error("a", "secret", answer)) == keys(error("a", "broken")) == []
    assert keys(p.failed("a", "registry", reason="secret canary/valid")) == []


def test_secrets_that_may_not_be_read_are_one_finding() -> None:
    denied = [error(c, f"canary/{s}: AccessDenied") for c, s in (("a", "valid"), ("b", "revoked"))]
    assert keys(*denied, error("c", "canary/expired: gone")) == [
        ("canary-permission-denied", "secretsmanager:GetSecretValue", "CERTAIN", "a b"),
        ("canary-credential-missing", "canary/expired", "LIKELY", "c"),
    ]
    (found,) = canary_itself.credentials(case(HEALTHY, None, *denied))
    assert found.summary == "The canary may not read canary/revoked, canary/valid."
    (bare,) = canary_itself.credentials(case(HEALTHY, None, error("a", "secret: AccessDenied")))
    assert bare.summary == "The canary may not read a secret."


def lost(*hosts: str, failure: str = "connect-timeout") -> list[Result]:
    return [p.failed(h, "x", p.none(f"https://{h}/a", failure)) for h in hosts]


AUTH = f"auth.{p.Names().domain}"
SILENT = ("ConnectTimeoutError", "ReadTimeout", "EndpointConnectionError", "ConnectionClosedError",
          "ConnectionError")  # fmt: skip


def egress(*results: Result, state: PlatformState = HEALTHY) -> str:
    found = [*canary_itself.egress(case(state, None, *results))]
    return " ".join(sorted({x.check_id for f in found for x in f.explained_failures}))


@pytest.mark.parametrize("code", SILENT)
def test_nothing_answers_neither_hosts_nor_aws(code: str) -> None:
    state = unread(gap("x:A", code, denied=False), gap("x:B", "Throttling", denied=False))
    both = lost(HOST, AUTH)
    assert egress(*both, state=state) == f"{AUTH} {HOST}"
    assert egress(*both, error("e", "no"), p.control("ecs_service", "auth"), state=state) == (
        f"{AUTH} e {HOST}"
    )
    assert egress(*both[:1], state=state) == egress(*both, passed("/x"), state=state) == ""
    assert egress(*both[:1], *lost(AUTH, failure="tls"), state=state) == ""
    (found,) = canary_itself.egress(case(state, None, *both))
    assert found.summary == "The canary reaches no host at all, nor AWS's API."
    assert [(e.resource, e.seen) for e in found.evidence[2:]] == [("x:A", f"{code}: no")]


def test_where_aws_answers_nothing_shows_the_canary_s_own_network() -> None:
    assert egress(*lost(HOST, AUTH)) == ""
    assert egress(*lost(HOST, AUTH, failure="dns")) == ""
    assert egress(*lost(HOST, failure="dns"), *lost(AUTH)) == ""
    nothing = p.replace(HEALTHY, load_balancers=())
    assert egress(*lost(HOST, AUTH), state=nothing) == f"{AUTH} {HOST}"
    throttled = unread(gap("x:B", "Throttling", denied=False))
    assert egress(*lost(HOST, AUTH), state=throttled) == ""


def test_one_host_alone_shows_nothing_of_the_network() -> None:
    services = {n: p.replace(s, url="") if n == "auth" else s
                for n, s in ENVIRONMENT.services.items()}  # fmt: skip
    one = p.replace(ENVIRONMENT, services=services)
    bare = p.replace(HEALTHY, load_balancers=())
    assert [*canary_itself.egress(case(bare, None, *lost(HOST), environment=one))] == []
    silent = unread(gap("x:A", "ReadTimeout", denied=False), state=bare)
    assert len([*canary_itself.egress(case(silent, None, *lost(HOST), environment=one))]) == 1


# --- routes that fail


def routes(*results: Result, state: PlatformState = HEALTHY) -> list[tuple[str, str, str]]:
    return [
        (f.service, f.confidence.name, " ".join(sorted({x.check_id for x in f.explained_failures})))
        for f in failing_routes.failing_routes(case(state, None, *results))
    ]


WELL = [passed("/b"), passed("/c")]


def test_a_route_that_fails_while_more_others_are_well() -> None:
    assert routes(bad("a"), *WELL) == [("registry", "POSSIBLE", "a")]
    assert routes(bad("a"), bad("a2"), *WELL) == [("registry", "POSSIBLE", "a a2")]
    assert routes(bad("a"), WELL[0]) == routes(bad("a")) == []
    assert routes(bad("a"), bad("b", "/y"), *WELL) == []
    assert routes(bad("a"), bad("b", "/y"), *WELL, passed("/d")) == [("registry", "LIKELY", "a b")]
    assert routes(bad("a", status=501), *WELL) == routes(*WELL) == []


def test_a_route_that_answers_now_and_then_is_another_fault() -> None:
    assert routes(bad("a"), passed("/x"), *WELL) == []
    assert routes(bad("a"), bad("other", status=404), *WELL) == []
    assert routes(bad("a"), bad("other", "/x?q=1", 404), *WELL) == [("registry", "POSSIBLE", "a")]


def test_a_service_that_is_unwell_has_no_failing_route() -> None:
    group = HEALTHY.target_groups[1]
    sick = p.change(HEALTHY, "target_groups", group.arn, targets=(
        p.replace(group.targets[0], state="unhealthy"),))  # fmt: skip
    assert routes(bad("a"), *WELL, state=sick) == []
    assert routes(bad("a"), *WELL, p.control("ecs_service", "registry")) == []
    assert routes(bad("a"), *WELL, p.control("ecs_service", "auth")) != []
    assert routes(bad("a"), *WELL, p.failed("p", "registry", p.page(f"{URL}/p", 502))) == []


def test_mlflow_owns_the_errors_that_have_its_code() -> None:
    def owner(*bodies: str, path: str = p.API_PATH) -> str:
        found = [p.failed(str(n), "registry", p.answer(f"{URL}{path}", 500, body))
                 for n, body in enumerate(bodies)]  # fmt: skip
        known = case(HEALTHY, None, *found)
        return failing_routes.owner_of(known, "registry", frozenset(known.failures))

    own = '{"error_code":"INTERNAL_ERROR"}'
    assert owner(own) == owner(own, own + " ") == "mlflow"
    assert owner(own, "no") == owner("no") == owner(own, path="/x") == owner() == "registry"


def test_at_most_six_routes_are_named() -> None:
    def summary(count: int) -> tuple[str, str, int]:
        results = [bad(str(n), f"/{n}") for n in range(count)]
        well = [passed(f"/w{n}") for n in range(count + 1)]
        (found,) = failing_routes.failing_routes(case(HEALTHY, None, *results, *well))
        return found.summary, found.remedy.decision, len(found.evidence)

    named = " and ".join(f"GET /{n}" for n in range(6))
    said = "registry answers {} with an error each time; its other routes are well."
    for count, more in ((6, ""), (7, " and 1 more"), (8, " and 2 more")):
        assert summary(count)[0] == said.format(named + more)
        assert summary(count)[2] == 6
    assert summary(1)[1].startswith("Whoever owns registry must mend this route: its log")
    assert summary(2)[1].startswith("Whoever owns registry must mend these: its log")
