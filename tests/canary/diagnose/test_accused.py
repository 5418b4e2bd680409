"""What was so while the failing checks were well accuses nobody; a change since then does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from canary.control_plane.baselines import Baseline, Baselines
from canary.control_plane.stable import reference
from canary.control_plane.state import Action, Forward, GroupRule, HostAddress, PlatformState
from canary.diagnose import diagnose
from canary.diagnose.causes import ALL
from canary.diagnose.core.case import Case
from canary.diagnose.core.day_before import of_the_day_before
from canary.diagnose.core.finding import Finding
from canary.diagnose.core.mechanisms import DROPS, ELSEWHERE, GONE, LATE, MAKES, SHOWN_BY_STATE
from canary.model import (
    Confidence,
    Diagnosis,
    Environment,
    Explanation,
    Remedy,
    Result,
    Status,
    Step,
)
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

WELL_AT = p.ago(3)
AUTH, REGISTRY = faults.AUTH, faults.REGISTRY
OF_STATE = [f for f in faults.FAULTS if f.cause in SHOWN_BY_STATE]


def well(
    results: list[Result], state: PlatformState, day: PlatformState | None = None
) -> Baselines:
    """Return the baselines of the failing checks: this state, and one of the day before."""
    checks = {r.check_id for r in results if r.status is Status.FAIL}
    last = Baseline(reference=reference(state), state=state, at=WELL_AT)
    before = {} if day is None else {
        c: Baseline(reference=reference(day), state=day, at=p.ago(60 * 30)) for c in checks
    }  # fmt: skip
    return Baselines(of=dict.fromkeys(checks, last), incident=last, day_before=before)


def judge(
    results: list[Result],
    state: PlatformState,
    known: Baselines | None = None,
    environment: Environment | None = None,
) -> Explanation:
    before = known.incident.state if known and known.incident else None
    where = environment or p.environment(faults.NAMES)
    return diagnose(results, state, where, before, p.NOW, known or Baselines())


def of(explanation: Explanation, cause: str) -> Diagnosis | None:
    return next((d for d in explanation.diagnoses if d.cause == cause), None)


def said(explanation: Explanation) -> list[tuple[str, Confidence]]:
    return [(d.cause, d.confidence) for d in explanation.diagnoses]


@pytest.mark.parametrize("fault", faults.FAULTS, ids=lambda f: f.id)
def test_a_change_since_all_was_well_is_accused_as_before(fault: faults.Fault) -> None:
    state, results = faults.plant(fault)
    plain = diagnose(results, state, p.environment(faults.NAMES), p.healthy(faults.NAMES), p.NOW)
    assert judge(results, state, well(results, p.healthy(faults.NAMES))) == plain
    assert plain.diagnoses[0].cause == fault.cause


@pytest.mark.parametrize("fault", OF_STATE, ids=lambda f: f.id)
def test_what_was_so_while_all_was_well_is_possible_and_never_offered_a_fix(
    fault: faults.Fault,
) -> None:
    state, results = faults.plant(fault)
    found = of(judge(results, state, well(results, state)), fault.cause)
    if found is None:  # the change itself was all that was known of it
        return
    assert found.confidence is Confidence.POSSIBLE
    assert (found.remedy.fix, found.remedy.terraform) == ((), "")
    assert found.remedy.decision.startswith(f"It was so in the run of {WELL_AT}")
    assert found.evidence[0].seen == "the same while these checks passed"
    assert found.evidence[0].at == WELL_AT


@pytest.mark.parametrize("fault", OF_STATE, ids=lambda f: f.id)
def test_a_change_of_the_day_before_still_accuses_but_is_not_certain(fault: faults.Fault) -> None:
    """Its symptoms came late: kept connections, caches, a fault that comes and goes."""
    state, results = faults.plant(fault)
    held = judge(results, state, well(results, state))
    late = judge(results, state, well(results, state, p.healthy(faults.NAMES)))
    found = of(late, fault.cause)
    if of(held, fault.cause) is None:  # only the change showed it, and it is old
        return
    assert found is not None and late.diagnoses[0] is found
    certain = fault.cause in LATE
    assert found.confidence in ((Confidence.CERTAIN,) if certain else (Confidence.LIKELY,))
    assert found.remedy.fix or found.remedy.decision


def test_groups_that_were_exchanged_an_hour_ago_come_back_from_the_day_before() -> None:
    """Kept connections served until now, so the last good run has the wrong groups already."""
    state = faults.service(p.healthy(faults.NAMES), "auth", security_groups=("sg-mlflow",))
    results = faults.by_id("auth-blocked").failures()
    found = judge(results, state, well(results, state, p.healthy(faults.NAMES))).diagnoses[0]
    assert (found.cause, found.confidence) == ("security-group-blocked", Confidence.CERTAIN)
    assert "update-service" in found.remedy.fix[0] and '"sg-auth"' in found.remedy.fix[0]
    assert not any("authorize" in c for c in found.remedy.fix)


def test_a_change_of_the_day_before_that_nothing_else_shows_is_possible() -> None:
    """A variable with another value is a fault only beside the value that it had."""
    state, results = faults.plant(faults.by_id("service-id"))
    known = well(results, state, p.healthy(faults.NAMES))
    case = Case(
        results=tuple(results), state=state, environment=p.environment(faults.NAMES),
        previous=state, now=p.NOW, baselines=known,
    )  # fmt: skip

    def judged(one: Case) -> list[Finding]:
        """Find a variable that changed since the previous state, and what answers tell."""
        changed = one.previous is not None and one.previous.ecs_services != state.ecs_services
        causes = ("service-id-wrong", "credential-rejected") if changed else ()
        return [
            Finding(cause=c, service="registry", resource="r", summary="s",
                    remedy=Remedy(summary="back", fix=("true",)),
                    explained_failures=frozenset(case.failures))
            for c in causes
        ]  # fmt: skip

    (found,) = of_the_day_before(case, judged(case), judged)
    assert (found.cause, found.confidence) == ("service-id-wrong", Confidence.POSSIBLE)
    assert of_the_day_before(case, [found], judged) == []  # it was found without it
    same = replace(case, baselines=well(results, state, state))
    assert of_the_day_before(same, [], judged) == []


def test_every_cause_in_the_tables_is_a_cause() -> None:
    assert {*MAKES, *DROPS, *ELSEWHERE, *GONE, *LATE} <= SHOWN_BY_STATE <= set(ALL)


# --- other people's platforms


def limited(state: PlatformState) -> PlatformState:
    """Return a platform whose registry is open to the group of another front alone, as ever."""
    front = (GroupRule(protocol="tcp", from_port=443, to_port=443, groups=("sg-front",)),)
    public = tuple(p.replace(b, scheme="internet-facing") for b in state.load_balancers)
    state = p.replace(state, load_balancers=public)
    return p.change(state, "security_groups", "sg-lb-registry", ingress=front)


@pytest.mark.parametrize("is_known", [True, False])
def test_a_balancer_open_to_a_front_alone_is_not_the_cause_of_a_refused_connection(
    is_known: bool,
) -> None:
    """A group makes time-outs: whoever refuses was reached, and the listener is gone."""
    gone, results = faults.plant(faults.by_id("registry-listener-gone"))
    known = well(results, limited(p.healthy(faults.NAMES))) if is_known else None
    verdict = judge(results, limited(gone), known)
    assert said(verdict) == [("listener-missing", Confidence.CERTAIN)]
    assert not any("0.0.0.0/0" in c for d in verdict.diagnoses for c in d.remedy.fix)


def test_a_balancer_open_to_a_front_alone_is_not_opened_for_a_time_out_either() -> None:
    state = limited(p.healthy(faults.NAMES))
    silent = p.failed(
        "registry.health", "registry", p.none(REGISTRY + "/health", "connect-timeout")
    )
    assert said(judge([silent], state))[0] == ("security-group-blocked", Confidence.CERTAIN)
    verdict = judge([silent], state, well([silent], state))
    assert [c for _, c in said(verdict)] == [Confidence.POSSIBLE]
    assert [d.remedy.fix for d in verdict.diagnoses] == [()]


def in_front(state: PlatformState, *addresses: str) -> PlatformState:
    """Return a platform with another front before its registry: CloudFront, an accelerator."""
    host = f"registry.{faults.NAMES.domain}"
    front = HostAddress(host=host, addresses=addresses, balancer_addresses=("198.51.100.7",))
    return p.replace(state, hosts=(front,))


def test_another_front_before_the_balancer_is_not_the_cause_of_an_answer() -> None:
    """Its addresses differ from minute to minute, and the same name led there all the time."""
    failed = [p.failed("registry.x", "registry", p.answer(REGISTRY + "/api/v1/models", 500, "{}"))]
    now = in_front(p.healthy(), "192.0.2.3", "192.0.2.4")
    known = well(failed, in_front(p.healthy(), "192.0.2.1"))
    assert said(judge(failed, now))[0] == ("dns-wrong-load-balancer", Confidence.LIKELY)
    (found,) = judge(failed, now, known).diagnoses
    assert found.confidence is Confidence.POSSIBLE  # nothing else is known
    assert "the record" not in found.remedy.decision


def test_a_name_that_led_to_the_balancer_while_all_was_well_is_accused() -> None:
    failed = [p.failed("registry.x", "registry", p.answer(REGISTRY + "/api/v1/models", 500, "{}"))]
    known = well(failed, in_front(p.healthy(), "198.51.100.7"))
    verdict = judge(failed, in_front(p.healthy(), "192.0.2.3"), known)
    assert said(verdict)[0] == ("dns-wrong-load-balancer", Confidence.LIKELY)


def test_without_a_baseline_a_good_answer_of_the_service_acquits_the_name() -> None:
    failed = p.failed("registry.x", "registry", p.answer(REGISTRY + "/api/v1/models", 500, "{}"))
    verdict = judge([failed, passed(REGISTRY + "/health")], in_front(p.healthy(), "192.0.2.1"))
    assert "dns-wrong-load-balancer" not in {c for c, _ in said(verdict)}


def passed(url: str) -> Result:
    step = Step(name="step", status=Status.PASS, evidence=(p.answer(url, 200, "{}"),))
    service = "auth" if url.startswith(AUTH) else "registry"
    return p.result(f"{service}.passed", service, step, status=Status.PASS)


def test_a_port_80_that_never_redirected_is_not_turned_into_a_redirect() -> None:
    """MLflow over http alone, as documented; its database stopped."""

    def http_only(state: PlatformState) -> PlatformState:
        to_api = Action(
            type="forward", forwards=(Forward(target_group=faults.NAMES.group("registry")),)
        )
        balancers = tuple(
            p.replace(
                b,
                listeners=tuple(
                    p.replace(x, rules=(p.replace(x.rules[0], action=to_api),))
                    for x in b.listeners
                    if x.port == 80
                ),
            )
            if "registry" in b.name
            else b
            for b in state.load_balancers
        )
        return p.replace(state, load_balancers=balancers)

    url = f"http://registry.{faults.NAMES.domain}/health"
    broken = '{"database":"unhealthy: could not connect to server: Connection timed out"}'
    results = [p.failed("registry.health", "registry", p.answer(url, 503, broken))]
    state = http_only(p.healthy(faults.NAMES))
    verdict = judge(results, state, well(results, state))
    assert Confidence.CERTAIN not in {d.confidence for d in verdict.diagnoses}
    assert verdict.diagnoses[0].cause == "database-unreachable"
    assert not any("redirect" in c for d in verdict.diagnoses for c in d.remedy.fix)


def test_a_listener_on_8443_that_served_is_not_moved_for_a_wrong_rule() -> None:
    def on_8443(state: PlatformState) -> PlatformState:
        return p.replace(
            state,
            load_balancers=tuple(
                p.replace(
                    b,
                    listeners=tuple(
                        p.replace(x, port=8443) if x.port == 443 else x for x in b.listeners
                    ),
                )
                for b in state.load_balancers
            ),
        )

    state, results = faults.plant(faults.by_id("mlflow-path-to-mlflow"))
    results = [*results, p.control("listener_rule", "registry", reason="a rule is wrong")]
    verdict = judge(results, on_8443(state), well(results, on_8443(p.healthy(faults.NAMES))))
    listener = of(verdict, "listener-missing")
    assert listener is None or listener.confidence is Confidence.POSSIBLE
    assert not any("listener" in c and "rule" not in c for d in verdict.diagnoses
                   for c in d.remedy.fix)  # fmt: skip


def test_names_that_are_wrong_in_the_file_alone_make_no_service_missing() -> None:
    """The service answers, though AWS knows neither its ECS service nor its target group."""
    environment = p.environment(faults.NAMES)
    wrong = p.replace(
        environment.services["auth"], ecs_service="auth-old", target_groups=("auth-old-tg",)
    )
    environment = p.replace(environment, services={**environment.services, "auth": wrong})
    state = p.replace(p.healthy(faults.NAMES), missing_services=("auth-old",))
    results = [p.control("ecs_service", "auth"), p.control("target_group", "auth")]
    certain = judge(results, state, environment=environment)
    assert said(certain)[0] == ("service-missing", Confidence.CERTAIN)
    verdict = judge([*results, passed(AUTH + "/health")], state, environment=environment)
    assert Confidence.CERTAIN not in {d.confidence for d in verdict.diagnoses}
    assert not any(d.remedy.fix or d.remedy.terraform for d in verdict.diagnoses)


def test_a_group_that_looked_closed_all_the_time_does_not_hide_a_crash_loop() -> None:
    """Its port is admitted by something that an older reading does not hold."""
    state, results = faults.plant(faults.by_id("auth-crashes"))

    def closed(one: PlatformState) -> PlatformState:
        return p.change(one, "security_groups", "sg-auth", ingress=())

    verdict = judge(results, closed(state), well(results, closed(p.healthy(faults.NAMES))))
    assert said(verdict)[0] == ("task-crash-loop", Confidence.CERTAIN)
    assert of(verdict, "security-group-blocked") is None


# --- what is the same, and what is not


def test_a_group_that_blocked_another_port_before_is_accused_of_its_change() -> None:
    state, results = faults.plant(faults.by_id("auth-blocked"))
    before = p.change(p.healthy(faults.NAMES), "security_groups", "sg-auth", egress=())
    verdict = judge(results, state, well(results, before))
    assert said(verdict)[0] == ("security-group-blocked", Confidence.CERTAIN)


def test_a_check_that_was_never_well_is_still_explained() -> None:
    """The other checks passed all the time with the same fault: it explains them no more."""
    state, results = faults.plant(faults.by_id("auth-scaled-to-zero"))
    known = well(results[:1], state)
    found = of(judge(results, state, known), "service-scaled-to-zero")
    assert found is not None and found.confidence is Confidence.CERTAIN
    assert results[0].check_id not in found.explains and results[1].check_id in found.explains


def test_a_check_that_failed_at_once_proves_the_change_for_those_that_fail_later() -> None:
    """In between, the later ones passed for a third time, with the fault."""
    state, results = faults.plant(faults.by_id("api-health-path"))
    late = p.failed("registry.health", "registry", p.page(REGISTRY + "/health", 503))
    day = p.healthy(faults.NAMES)
    first, later = well(results, day, day), well([late], state, day)
    known = Baselines(
        of={**later.of, **first.of},
        incident=first.incident,
        day_before={**later.day_before, **first.day_before},
    )
    (found,) = judge([*results, late], state, known).diagnoses
    assert (found.cause, found.confidence) == ("health-check-mismatch", Confidence.CERTAIN)
    assert set(found.explains) == {r.check_id for r in (*results, late)}


def test_another_task_that_ended_the_same_way_since_then_accuses() -> None:
    state, results = faults.plant(faults.by_id("auth-crashes"))
    service = next(s for s in state.ecs_services if s.name == faults.NAMES.of("auth"))
    older = tuple(
        p.replace(t, arn=f"{t.arn}-old", stopped_at=p.ago(90)) if t.stopped_at else t
        for t in service.tasks
    )
    before = p.change(state, "ecs_services", service.arn, tasks=older)
    verdict = judge(results, state, well(results, before))
    assert said(verdict)[0] == ("task-crash-loop", Confidence.CERTAIN)


def test_a_dependency_that_refuses_is_not_shut_out_by_a_group() -> None:
    """The group lets nobody in, but somebody answered: the connection was refused."""
    state = p.change(p.healthy(), "security_groups", "sg-cache", ingress=())
    for words, is_accused in (("connection refused", False), ("timed out", True)):
        body = f'{{"redis":"unhealthy: Error connecting to redis: {words}"}}'
        seen = p.answer(REGISTRY + "/health", 503, body)
        verdict = judge([p.failed("registry.dependencies", "registry", seen)], state)
        assert (of(verdict, "security-group-blocked") is not None) is is_accused, words


def test_a_service_that_answers_in_its_own_words_is_there() -> None:
    state, results = faults.plant(faults.by_id("auth-scaled-to-zero"))
    own = p.failed("auth.ready", "auth", p.answer(AUTH + "/ready", 503, '{"ready":false}'))
    found = of(judge([*results, own], state), "service-scaled-to-zero")
    assert found is not None and "auth.ready" not in found.explains
    assert "auth.health" in found.explains


def test_a_service_that_refuses_since_its_database_is_shut_off_belongs_to_the_group() -> None:
    """MLflow ends without its database, so that nobody listens there any more."""
    state = p.change(p.healthy(), "security_groups", "sg-database", ingress=())
    words = '{"detail":"Failed to connect to MLflow server: connection refused"}'
    results = [
        p.failed("registry.proxy", "registry", p.answer(faults.PROXY, 502, words)),
        p.failed("mlflow.ui", "registry", p.page(REGISTRY + "/mlflow/", 503)),
    ]
    found = judge(results, state).diagnoses[0]
    assert (found.cause, found.confidence) == ("security-group-blocked", Confidence.CERTAIN)
    assert set(found.explains) == {"registry.proxy", "mlflow.ui"}


def test_a_step_that_had_no_time_left_follows_from_the_listener() -> None:
    state, results = faults.plant(faults.by_id("auth-listener-gone"))
    seen = p.none(AUTH + "/health", "deadline")
    late = p.failed("auth.late", "auth", seen, reason="the time was over")
    (found,) = judge([*results, late], state).diagnoses
    assert "auth.late" in found.explains


def test_a_deployment_goes_back_to_what_ran_while_its_own_checks_were_well() -> None:
    """A check that fails for another reason since yesterday has an older baseline."""
    state, results = faults.plant(faults.by_id("api-variable-gone"))
    name, before, good = faults.NAMES.of("registry"), 6, 7
    healthy = p.healthy(faults.NAMES)
    service = next(s for s in healthy.ecs_services if s.name == name)
    yesterday = p.change(healthy, "ecs_services", service.arn,
                         task_definition=faults.NAMES.revision("registry", before))  # fmt: skip
    chronic = p.failed("mlflow.old", "mlflow", p.page("https://mlflow.example/x", 500))
    old = Baseline(reference=reference(yesterday), state=yesterday, at=p.ago(60 * 20))
    own = well(results, healthy)
    known = Baselines(of={**own.of, chronic.check_id: old}, incident=old)
    alone, beside = judge(results, state, own), judge([*results, chronic], state, known)
    cause = "environment-variable-missing"
    first, second = of(alone, cause), of(beside, cause)
    assert first is not None and second is not None
    assert first.remedy.fix == second.remedy.fix
    assert faults.NAMES.revision("registry", good) in second.remedy.fix[0]
