"""Database faults: writes hang while reads answer, or two services cannot reach it."""

from __future__ import annotations

import pytest

from canary.control_plane.state import LogLine, PlatformState, SecretState
from canary.diagnose import diagnose
from canary.model import Confidence, Exchange, Explanation, Result, Status, Step, Timing
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

BASE = faults.PROXY.removesuffix("experiments/search")
CREATE = BASE + "runs/create"
REFUSED = 'connection to server at "10.0.3.9", port 5432 failed: Connection refused'


def judge(state: PlatformState, *results: Result) -> Explanation:
    return diagnose(list(results), state, p.environment(faults.NAMES), p.healthy(), p.NOW)


def hanging(url: str, method: str = "POST") -> Result:
    seen = Exchange(method=method, url=url, failure="read-timeout")
    return p.failed(f"check.{method}{len(url)}", "registry", seen)


def reading() -> Result:
    """Return a check that read MLflow's tables and got its answer."""
    seen = p.answer(BASE + "registered-models/get", 200, "{}", timing=Timing(total_ms=20))
    step = Step(name="read", status=Status.PASS, evidence=(seen,))
    return p.result("registry.proxy", "registry", step, status=Status.PASS)


@pytest.mark.parametrize("call", ["runs/create", "model-versions/create", "experiments/create"])
def test_writes_that_hang_while_reads_answer_are_the_database(call: str) -> None:
    verdict = judge(p.healthy(), hanging(BASE + call), reading())
    (found,) = verdict.diagnoses
    assert (found.cause, found.service) == ("database-unreachable", "database")
    assert found.confidence is Confidence.LIKELY
    assert "writes hang" in found.summary
    assert found.remedy.decision and not found.remedy.fix
    assert any("registered-models/get" in e.resource and "200" in e.seen for e in found.evidence)
    assert verdict.unexplained == ()


@pytest.mark.parametrize(
    "results",
    [
        (hanging(CREATE),),  # nothing says that reads work
        (hanging(CREATE), hanging(BASE + "registered-models/get", "GET"), reading()),
        (hanging(BASE + "runs/search"), reading()),  # a search is a read by POST
        (hanging(faults.REGISTRY + "/health", "GET"), reading()),
    ],
    ids=["no-read", "a-read-hangs-too", "a-search-hangs", "something-else-hangs"],
)
def test_other_hanging_calls_do_not_accuse_the_database(results: tuple[Result, ...]) -> None:
    causes = {d.cause for d in judge(p.healthy(), *results).diagnoses}
    assert "database-unreachable" not in causes


def test_a_database_that_two_services_miss_is_one_fault_at_the_database() -> None:
    lines = {name: (LogLine(at=p.ago(1), message=REFUSED),) for name in ("auth", "mlflow")}
    state = p.replace(p.healthy(), logs=lines)
    verdict = judge(
        state,
        p.failed("auth.validate", "auth", p.answer(faults.AUTH + "/api/v1/keys", 500, "{}")),
        p.failed("registry.proxy", "registry", p.answer(faults.PROXY, 500, "{}")),
    )
    assert [(d.cause, d.service) for d in verdict.diagnoses] == [
        ("database-unreachable", "database")
    ]
    assert verdict.unexplained == ()


@pytest.mark.parametrize("variable", ["DB_HOST", "DB_NAME"])
def test_a_login_refused_for_want_of_a_variable_follows_from_the_variable(variable: str) -> None:
    state = faults.without(p.healthy(), "registry", variable)
    line = LogLine(at=p.ago(1), message='FATAL: password authentication failed for user "postgres"')
    state = p.replace(state, logs={"registry": (line,)})
    body = '{"ready":false,"checks":[{"name":"database","passed":false}]}'
    ready = p.failed("registry.ready", "registry", p.answer(faults.REGISTRY + "/ready", 503, body))
    assert [d.cause for d in judge(state, ready).diagnoses] == ["environment-variable-missing"]


@pytest.mark.parametrize("reporting_services", [("auth",), ("auth", "mlflow")])
def test_the_address_in_a_secret_that_changed_comes_back_for_who_alone_misses_the_database(
    reporting_services: tuple[str, ...],
) -> None:
    line = LogLine(at=p.ago(1), message='could not translate host name "old.rds.local" to address')
    secret = next(iter(p.definition(faults.NAMES, "auth").containers[0].secrets.values()))
    changed = SecretState(
        reference=secret, exists=True, name="app", changed_at=p.ago(9), version="v2",
        version_before="v1",
    )  # fmt: skip
    state = p.replace(
        p.healthy(), logs=dict.fromkeys(reporting_services, (line,)), secrets=(changed,)
    )
    url = faults.AUTH + "/api/v1/keys/validate"
    verdict = judge(
        state,
        p.failed(
            "auth.validates", "auth", p.answer(url, 500, '{"detail":"Internal Server Error"}')
        ),
        p.failed("registry.valid-key", "registry", faults.auth_unavailable()),
    )
    (found,) = verdict.diagnoses
    assert (found.cause, verdict.unexplained) == ("database-unreachable", ())
    assert bool(found.remedy.fix) == (len(reporting_services) == 1)


def _changed(service: str) -> SecretState:
    secret = next(iter(p.definition(faults.NAMES, service).containers[0].secrets.values()))
    return SecretState(reference=secret, exists=True, name="app", changed_at=p.ago(9),
                       version="v2", version_before="v1")  # fmt: skip


def test_an_injected_address_that_cannot_be_read_gets_its_value_back() -> None:
    """A secret holds a host name instead of a URL; no revision changed."""
    state = faults.stops(
        "auth", "Essential container in task exited", "EssentialContainerExited", 1
    )(p.healthy())
    words = "ValueError: Could not parse SQLAlchemy URL from given URL string"
    line = LogLine(at=p.ago(2), message=words)
    state = p.replace(state, logs={"auth": (line,)}, secrets=(_changed("auth"),))
    (found,) = judge(state, p.control("ecs_service", "auth")).diagnoses
    assert found.cause == "environment-variable-wrong"
    assert "update-secret-version-stage" in found.remedy.fix[0]


def test_all_who_were_refused_start_again_with_the_value_before() -> None:
    refused = LogLine(at=p.ago(1), message='FATAL: password authentication failed for user "m"')
    logs = {"registry": (refused,), "mlflow": (refused,)}
    state = p.replace(p.healthy(), logs=logs, secrets=(_changed("mlflow"),))
    results = [
        p.failed("registry.ready", "registry",
                 p.answer(faults.REGISTRY + "/ready", 503, '{"database":"unhealthy"}')),
        p.failed("registry.proxy", "registry", p.answer(faults.PROXY, 500, "{}")),
    ]  # fmt: skip
    (found,) = judge(state, *results).diagnoses
    assert found.cause == "database-auth-failed"
    again = [c for c in found.remedy.fix if "update-service" in c]
    assert {faults.NAMES.of(n) for n in logs} == {
        n for n in map(faults.NAMES.of, logs) if any(n in c for c in again)
    }


@pytest.mark.parametrize(("started", "moved"), [(60, False), (3, True)], ids=["before", "after"])
def test_a_value_is_moved_back_only_after_a_task_has_tried_it(started: float, moved: bool) -> None:
    """Where no task was started since the change, a new deployment comes first."""
    refused = LogLine(at=p.ago(1), message='FATAL: password authentication failed for user "m"')
    healthy = p.healthy()
    service = next(s for s in healthy.ecs_services if s.name == faults.NAMES.of("mlflow"))
    tasks = tuple(p.replace(t, created_at=p.ago(started)) for t in service.tasks)
    state = faults.service(healthy, "mlflow", tasks=tasks)
    state = p.replace(state, logs={"mlflow": (refused,)}, secrets=(_changed("mlflow"),))
    ready = p.answer(faults.REGISTRY + "/ready", 503, '{"database":"unhealthy"}')
    (found,) = judge(state, p.failed("registry.ready", "registry", ready)).diagnoses
    assert any("update-secret-version-stage" in c for c in found.remedy.fix) is moved
    assert "--force-new-deployment" in found.remedy.fix[-1]


def test_the_databases_own_words_come_before_the_service_that_repeats_them() -> None:
    """Words alone are POSSIBLE, and still say more than that the auth service answers errors."""
    words = '{"detail":"(psycopg2.errors.UndefinedTable) relation api_keys does not exist"}'
    url = faults.AUTH + "/api/v1/keys/validate"
    verdict = judge(
        p.healthy(),
        p.failed("auth.validates", "auth", p.answer(url, 500, words)),
        p.failed("registry.valid-key", "registry", faults.auth_unavailable()),
    )
    assert [(d.cause, d.confidence) for d in verdict.diagnoses] == [
        ("database-schema-missing", Confidence.POSSIBLE)
    ]


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        (REFUSED, "database-unreachable"),
        ("FATAL:  sorry, too many clients already", "database-connections-exhausted"),
        ("FATAL:  the database system is starting up", "database-failing-over"),
    ],
)
def test_what_the_tasks_of_its_only_user_tell_is_the_databases_fault(
    words: str, cause: str
) -> None:
    state = faults.stops(
        "mlflow", "Essential container in task exited", "EssentialContainerExited", 1
    )(p.healthy())
    state = p.replace(state, logs={"mlflow": (LogLine(at=p.ago(2), message=words),)})
    (found,) = judge(state, p.control("ecs_service", "mlflow")).diagnoses
    database = p.environment(faults.NAMES).services["database"].security_group
    assert (found.cause, found.resource) == (cause, database)


def test_a_wrong_login_of_a_service_is_told_of_the_service() -> None:
    state = faults.stops(
        "mlflow", "Essential container in task exited", "EssentialContainerExited", 1
    )(p.healthy())
    line = LogLine(at=p.ago(2), message='FATAL: password authentication failed for user "m"')
    state = p.replace(state, logs={"mlflow": (line,)})
    (found,) = judge(state, p.control("ecs_service", "mlflow")).diagnoses
    (service,) = [s for s in state.ecs_services if s.name == faults.NAMES.of("mlflow")]
    assert (found.cause, found.resource) == ("database-auth-failed", service.arn)
