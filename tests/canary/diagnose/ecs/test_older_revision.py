"""A service that runs an older revision again, and which revision is the good one."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from canary.control_plane.state import EcsService, Event, PlatformState, Task, TaskDefinition
from canary.diagnose.core.case import Case
from canary.diagnose.ecs import forerunner, older_revision, revisions
from canary.model import Result
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p
from tests.canary.support.routed import ENVIRONMENT, HEALTHY, NAMES, case
from tests.canary.support.scenes.ecs import definition, on_revision
from tests.canary.support.told_scenes import deployment, proxied

REGISTRY, AUTH = f"https://registry.{NAMES.domain}", f"https://auth.{NAMES.domain}"


def failed(check: str, url: str, status: int = 500, body: str = "no", **more: Any) -> Result:
    return p.failed(check, "registry", p.answer(url, status, body, **more))


def explained(name: str, *results: Result, **service: Any) -> str:
    """Return the checks that an older revision of a service explains."""
    state = faults.service(on_revision(name, 6), name, **service)
    found = [*older_revision.reverted(case(state, HEALTHY, *results))]
    assert all(f.service == name for f in found)
    return " ".join(sorted({x.check_id for f in found for x in f.explained_failures}))


def test_what_the_service_answers_by_itself_is_explained() -> None:
    results = [
        failed("a", f"{REGISTRY}/a", 422), failed("b", f"{REGISTRY}/b"),
        failed("auth", f"{AUTH}/x"), failed("mlflow", f"{REGISTRY}/mlflow/x", 404),
        p.failed("silent", "registry", p.none(f"{REGISTRY}/s", "connect-timeout")),
        p.control("listener_rule", "registry"), p.failed("none", "registry"),
    ]  # fmt: skip
    assert explained("registry", *results) == "a b"
    assert explained("auth", *results) == "auth b"  # of it the API's errors may follow


def test_silence_is_explained_where_no_load_balancer_stands_before() -> None:
    silent = p.failed("s", "auth", p.none(f"{AUTH}/s", "connect-timeout"))
    services = dict(ENVIRONMENT.services)
    services["auth"] = p.replace(services["auth"], load_balancer="")
    bare = p.replace(ENVIRONMENT, services=services)
    state = on_revision("auth", 6)
    assert [*older_revision.reverted(case(state, HEALTHY, silent))] == []
    (found,) = older_revision.reverted(case(state, HEALTHY, silent, environment=bare))
    assert [f.check_id for f in found.explained_failures] == ["s"]


@pytest.mark.parametrize(
    ("status", "body", "wanted", "found"),
    [
        (401, '{"detail":"Invalid or expired API key"}', "200", True),
        (200, "{}", "401", True),
        (503, '{"detail":"Authentication service unavailable"}', "200", True),
        (404, '{"detail":"no such run"}', "200", False),
    ],
)
def test_what_is_told_of_keys_is_the_answer_of_the_identity_service(
    status: int, body: str, wanted: str, found: bool
) -> None:
    principal = "revoked" if status == 200 else "valid"
    answer = proxied(status, body, principal=principal)
    told = p.failed("a", "registry", answer, assertions=p.status_is(wanted, str(status)))
    assert explained("auth", told) == ("a" if found else "")
    assert explained("registry", told) == "a"
    assert explained("mlflow", told) == "a"  # the request was for MLflow


def test_only_requests_for_mlflow_are_answers_of_mlflow() -> None:
    assert explained("mlflow", failed("a", f"{REGISTRY}/api/v1/models", 422)) == ""
    assert explained("mlflow", failed("a", f"{REGISTRY}/mlflow/x", 422)) == "a"


def test_a_service_that_does_not_run_whole_is_no_older_revision_at_work() -> None:
    one = failed("a", f"{REGISTRY}/a", 422)
    assert explained("registry", one) == "a"
    assert explained("registry", one, running=0) == ""
    assert explained("registry", one, desired=0, running=0) == ""
    assert explained("registry", one, desired=2, running=1) == ""
    assert explained("registry", one, desired=2, running=3) == "a"
    assert explained("registry") == ""


# --- the newer revision that was replaced


def newer(state: PlatformState, before: PlatformState | None = HEALTHY) -> int:
    found = forerunner.replaced_by_older(case(state, before), "auth")
    return found.revision if found else 0


OLDER = on_revision("auth", 6)


def was(**fields: Any) -> PlatformState:
    return faults.service(HEALTHY, "auth", **fields)


def test_a_healthy_revision_that_an_older_one_replaced() -> None:
    assert newer(OLDER) == 7
    assert newer(HEALTHY) == newer(OLDER, None) == newer(on_revision("auth", 7)) == 0
    assert newer(p.replace(OLDER, ecs_services=())) == 0
    assert newer(OLDER, p.replace(HEALTHY, ecs_services=())) == 0
    assert newer(OLDER, p.replace(HEALTHY, refreshed_services=("auth",))) == 0
    assert newer(OLDER, p.replace(HEALTHY, refreshed_services=("registry",))) == 7


@pytest.mark.parametrize(
    ("fields", "healthy"),
    [
        ({"running": 0}, False), ({"desired": 2}, False), ({"desired": 0}, False),
        ({"desired": 2, "running": 2}, True), ({"running": 2}, True),
        ({"deployments": (deployment(7, "PRIMARY"), deployment(6, "ACTIVE"))}, False),
        ({"deployments": ()}, False),
        ({"deployments": (deployment(7, "PRIMARY", failed_tasks=1),)}, False),
    ],
)  # fmt: skip
def test_a_revision_that_was_not_well_is_not_missed(fields: dict[str, Any], healthy: bool) -> None:
    assert newer(OLDER, was(**fields)) == (7 if healthy else 0)


def test_a_revision_that_fails_or_is_gone_is_not_deployed_again() -> None:
    arn = NAMES.revision("auth", 7)
    assert newer(definition(OLDER, "auth", 7, status="INACTIVE")) == 0
    assert newer(definition(OLDER, "auth", 7, family="other")) == 0
    assert newer(definition(OLDER, "auth", 7, container={"plain": {"PORT": "9"}})) == 0
    six = tuple(d for d in OLDER.task_definitions if d.arn != NAMES.revision("auth", 6))
    unread = p.replace(HEALTHY, task_definitions=six)
    assert newer(p.replace(OLDER, task_definitions=six), unread) == 0  # what runs now is not known
    gone = tuple(d for d in OLDER.task_definitions if d.arn != arn)
    assert newer(p.replace(OLDER, task_definitions=gone)) == 0
    six = deployment(6, "PRIMARY", task_definition=NAMES.revision("auth", 6))
    for number, failures, found in ((7, 1, 0), (7, 0, 7), (6, 1, 7)):
        other = deployment(number, "ACTIVE", task_definition=NAMES.revision("auth", number),
                           failed_tasks=failures)  # fmt: skip
        assert newer(faults.service(OLDER, "auth", deployments=(six, other))) == found


# --- the revision to go back to


def change(state: PlatformState, before: PlatformState | None = None) -> tuple[int, int, bool]:
    """Return the number of the bad revision and of the good one."""
    found = revisions.rollout(case(state, before), "auth")
    return (found.bad.revision, found.good.revision, found.rolled_back) if found else (0, 0, False)


def run(**fields: Any) -> PlatformState:
    return faults.service(HEALTHY, "auth", **fields)


def task(number: int, status: str = "RUNNING", **more: Any) -> Task:
    return p.replace(p.running_task(NAMES, "auth", number), last_status=status, **more)


def tried(number: int, status: str = "ACTIVE", **more: Any) -> Any:
    return deployment(number, status, task_definition=NAMES.revision("auth", number), **more)


SEVEN = tried(7, "PRIMARY")


def test_the_revision_that_ran_before_is_the_good_one() -> None:
    assert change(HEALTHY) == change(HEALTHY, HEALTHY) == (0, 0, False)
    assert change(HEALTHY, OLDER) == (7, 6, False)
    assert change(OLDER, HEALTHY) == (6, 7, False)
    assert change(run(deployments=(SEVEN, tried(6)))) == (7, 6, False)
    assert change(run(tasks=(task(6), task(7)))) == (7, 6, False)
    assert change(run(tasks=(task(6, "PENDING"),))) == (0, 0, False)


READ = dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)
BOTH = {"tasks": (task(6), task(7))}


def goes_back(state: PlatformState, before: PlatformState | None) -> bool:
    return revisions.rollback(case(state, before), "auth").edits != ()


def since(minutes: float, **fields: Any) -> PlatformState:
    """Return a platform that was read when revision 7 had been deployed for some minutes."""
    at = (READ - dt.timedelta(minutes=minutes)).isoformat()
    deployed = (p.replace(SEVEN, created_at=at), *fields.pop("more", ()))
    return p.replace(run(deployments=deployed), read_at=READ.isoformat(), **fields)


@pytest.mark.parametrize(
    ("minutes", "refreshed", "back"),
    [(60, (), False), (10, (), False), (9.9, (), True), (60, ("auth",), True), (60, ("x",), False)],
)
def test_nobody_goes_back_from_a_revision_that_was_well_for_a_while(
    minutes: float, refreshed: tuple[str, ...], back: bool
) -> None:
    now = definition(run(**BOTH, deployments=(SEVEN,)), "auth", 7, cpu="9")
    before = since(minutes, refreshed_services=refreshed)
    assert change(now, before) == (7, 6, False)
    assert goes_back(now, None) is True
    assert goes_back(now, before) is back


def test_a_deployment_that_is_under_way_is_gone_back_from() -> None:
    now = definition(run(**BOTH, deployments=(SEVEN, tried(6))), "auth", 7, cpu="9")
    assert goes_back(now, since(60)) is True
    alone = definition(run(**BOTH, deployments=(SEVEN,)), "auth", 7, cpu="9")
    assert goes_back(alone, since(60, more=(tried(6),))) is True
    assert goes_back(alone, p.replace(since(60), read_at="")) is True
    assert goes_back(alone, p.replace(run(deployments=(SEVEN,)), read_at=READ.isoformat())) is True


@pytest.mark.parametrize(
    ("fields", "usable"),
    [
        ({"status": "INACTIVE"}, False), ({"revision": 8}, False), ({"revision": 7}, False),
        ({"revision": 8, "family": "other"}, True),
        ({"container": {"plain": {"PORT": "9"}}}, False),
        ({"container": {"image": "x"}}, True),
    ],
)  # fmt: skip
def test_only_an_older_revision_that_is_sound_is_gone_back_to(
    fields: dict[str, Any], usable: bool
) -> None:
    state = definition(run(deployments=(SEVEN, tried(6))), "auth", 6, **fields)
    assert (change(state) != (0, 0, False)) is usable
    gone = tuple(d for d in state.task_definitions if d.arn != NAMES.revision("auth", 6))
    assert change(p.replace(state, task_definitions=gone)) == (0, 0, False)


def test_where_ecs_went_back_the_newest_deployed_revision_is_the_bad_one() -> None:
    six = {"task_definition": NAMES.revision("auth", 6)}
    failed = tried(7, "INACTIVE", failed_tasks=2)
    assert change(run(**six, deployments=(tried(6, "PRIMARY"), failed))) == (7, 6, True)
    assert change(run(**six, deployments=(tried(6, "PRIMARY"), tried(7)))) == (0, 0, False)
    older = tried(6, "ACTIVE", failed_tasks=2)
    assert change(run(deployments=(SEVEN, older))) == (7, 6, False)
    fell = p.replace(older, rollout_state="FAILED")
    assert change(run(deployments=(SEVEN, fell))) == (6, 7, True)
    own = tried(7, "PRIMARY", failed_tasks=2, rollout_state="FAILED")
    assert change(run(deployments=(own, tried(6)))) == (7, 6, False)


def test_a_task_that_failed_tells_the_bad_revision_after_a_roll_back() -> None:
    ended = task(7, "STOPPED", stopped_at=p.ago(3), desired_status="STOPPED",
                 stop_code="EssentialContainerExited", stopped_reason="exit")  # fmt: skip
    six = {"task_definition": NAMES.revision("auth", 6), "tasks": (ended,)}
    there = tried(6, "PRIMARY")
    back = p.replace(there, rollout_reason="ECS deployment circuit breaker: rolling back")
    event = Event(at=p.ago(2), message=f"(service auth) rolling back to deployment {there.id}.")
    assert change(run(**six, deployments=(back,))) == (7, 6, True)
    assert change(run(**six, deployments=(there,), events=(event,))) == (7, 6, True)
    assert change(run(**six, deployments=(there,), events=())) == (0, 0, False)


def test_when_the_change_was_made() -> None:
    def at(state: PlatformState, before: PlatformState | None = None) -> str:
        found = revisions.rollout(case(state, before), "auth")
        return found.at if found else ""

    made = p.replace(SEVEN, created_at=p.ago(7))
    assert at(run(deployments=(made, tried(6)))) == p.ago(7)
    registered = definition(run(deployments=(tried(6),)), "auth", 7, registered_at=p.ago(9))
    assert at(registered) == p.ago(9)


# --- what is looked at, and what is deployed


def known(state: PlatformState = HEALTHY, before: PlatformState | None = None) -> Case:
    return case(state, before)


AWS = "aws ecs {} --region us-east-1 --cluster hokusai-cluster-development {}"
SERVICE = "hokusai-auth-development"
SHOW = AWS.format("describe-services", f"--services {SERVICE}")
LIST = AWS.format("list-tasks", f"--service-name {SERVICE} --desired-status STOPPED")
TAIL = f"aws logs tail /ecs/{SERVICE} --region us-east-1 --since 30m"


def test_the_deployments_the_stopped_tasks_and_the_log_are_looked_at() -> None:
    assert revisions.inspect(known(), "auth") == (SHOW, LIST, TAIL)
    assert revisions.inspect(known(), "cache") == ()
    ended = [p.replace(task(7), arn=f"task/{n}", stopped_at=p.ago(n)) for n in range(1, 6)]
    state = run(tasks=(task(7), *ended))
    assert revisions.inspect(known(state), "auth")[2] == AWS.format(
        "describe-tasks", "--tasks task/1 task/2 task/3"
    )
    wait = AWS.format("wait services-stable", f"--services {SERVICE}")
    assert revisions.verify(known(), "auth") == (wait, SHOW)


def log(written: str, file: str = "/file", missing: tuple[str, ...] = ()) -> tuple[str, ...]:
    services = dict(ENVIRONMENT.services)
    services["auth"] = p.replace(services["auth"], log_group=file)
    state = definition(HEALTHY, "auth", 7, container={"log_group": written})
    state = p.replace(state, missing_log_groups=missing)
    return revisions.log_tail(
        case(state, environment=p.replace(ENVIRONMENT, services=services)), "auth"
    )


def test_the_log_is_where_the_tasks_write_else_where_the_file_says() -> None:
    tail = "aws logs tail {} --region us-east-1 --since 30m"
    assert log("/own") == (tail.format("/own"),)
    assert log("") == log("/own", missing=("/own",)) == (tail.format("/file"),)
    assert log("/own", missing=("/own", "/file")) == log("-x") == log("a b") == log("", "") == ()
    assert log("a#b.c_d-1/2") == (tail.format("'a#b.c_d-1/2'"),)


def test_a_decision_stands_where_no_way_back_is_known() -> None:
    found = revisions.remedy(known(), "auth", "Decide.", verify=("v",))
    assert (found.summary, found.fix, found.decision, found.verify) == (
        "Decide.", (), "Decide.", ("v",))  # fmt: skip
    found = revisions.remedy(known(), "auth", "Decide.", summary="Do.")
    assert (found.summary, found.decision, found.verify) == ("Do.", "Decide.", ())


def test_the_way_back_is_the_good_revision_or_a_new_start() -> None:
    other = definition(
        run(deployments=(SEVEN, tried(6))), "auth", 6, container={"plain": {"A": "b"}}
    )
    back = revisions.rollback(known(other), "auth")
    assert back.summary == "Go back to hokusai-auth-development:6."
    assert [e.parameters["taskDefinition"] for e in back.edits] == [NAMES.revision("auth", 6)]
    assert back.inspect == (
        "aws ecs describe-task-definition --region us-east-1 --task-definition"
        f" {NAMES.revision('auth', 7)}",
    )
    six = {"task_definition": NAMES.revision("auth", 6)}
    again = run(**six, deployments=(tried(6, "PRIMARY"), tried(7, "INACTIVE", failed_tasks=2)))
    found = revisions.rollback(known(again), "auth", unread=True)
    assert found.summary == "Start a new deployment of the present revision."
    assert ["taskDefinition" in e.parameters for e in found.edits] == [False]


def test_a_revision_of_the_same_content_is_no_way_back() -> None:
    (seven,) = [d for d in HEALTHY.task_definitions if d.arn == NAMES.revision("auth", 7)]
    same = definition(run(deployments=(SEVEN, tried(6))), "auth", 6, containers=seven.containers)
    assert revisions.rollback(known(same), "auth").edits == ()
    assert len(revisions.rollback(known(same), "auth", unread=True).edits) == 1
    assert revisions.rollback(known(), "auth", unread=True) == revisions.Back()


def test_the_change_is_told_with_at_most_six_lines() -> None:
    def evidence(good: TaskDefinition, bad: TaskDefinition) -> tuple[str, str, str]:
        (line,) = revisions.Rollout(bad=bad, good=good, at="t", rolled_back=False).evidence()
        return line.resource, line.seen, line.expected

    six, seven = (p.definition(NAMES, "auth", n) for n in (6, 7))
    same = p.replace(seven, containers=six.containers)
    family = "hokusai-auth-development"
    assert evidence(six, same) == (f"{family}:7", "the same content", f"as in {family}:6")
    many = p.replace(same, containers=(p.replace(
        six.containers[0], variables=tuple(f"A{n}" for n in range(9))),))  # fmt: skip
    assert evidence(six, many)[1].count("; ") == 5


def test_without_a_service_nothing_is_deployed() -> None:
    assert revisions.deploy(known(), "cache", "arn:x") == ()
    (edit,) = revisions.deploy(known(), "auth")
    assert edit.parameters == {
        "cluster": "hokusai-cluster-development", "service": SERVICE, "forceNewDeployment": True
    }  # fmt: skip
    service: EcsService = HEALTHY.ecs_services[0]
    assert edit.resource == service.arn
