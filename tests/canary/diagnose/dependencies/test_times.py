"""Who is slow: times of answers compared with each other, as plain values."""

from __future__ import annotations

from typing import Any

import pytest

from canary.control_plane.state import LogLine, PlatformState, RegistryEntry
from canary.diagnose.core.finding import Finding
from canary.diagnose.dependencies import named_in_logs, slow, slow_with_key, stuck_writes
from canary.diagnose.dependencies.instances import attributes_of
from canary.model import Environment, Result, Status, Step, Timing
from tests.canary.support import platforms as p
from tests.canary.support.routed import ENVIRONMENT, HEALTHY, NAMES, case
from tests.canary.support.scenes.ecs import definition

REGISTRY, AUTH = f"https://registry.{NAMES.domain}", f"https://auth.{NAMES.domain}"
PROXY = f"{REGISTRY}{p.API_PATH}"
VALIDATE = f"{AUTH}/api/v1/keys/validate"
READY = f"{REGISTRY}/ready"


def took(
    ms: float, url: str, *steps: str, status: int = 200, ok: bool = True, **more: Any
) -> Result:
    """Return a check with an answer after a time; its steps name dependencies of a document."""
    seen = p.answer(url, status, "{}", timing=Timing(total_ms=ms), **more)
    good = Status.PASS if ok else Status.FAIL
    made = [Step(name=s, status=good, evidence=(seen,)) for s in (steps or ("answer",))]
    return p.result(f"took.{url}.{ms}", "registry", *made, status=good)


def late(check: str, url: str, **more: Any) -> Result:
    """Return a request without an answer in its time."""
    service = "auth" if url.startswith(AUTH) else "registry"
    return p.failed(check, service, p.none(url, "read-timeout", **more))


def told(found: list[Finding]) -> list[tuple[str, str, str]]:
    return [
        (f.service, f.confidence.name, " ".join(sorted({x.check_id for x in f.explained_failures})))
        for f in found
    ]


# --- one dependency of a document


def slow_one(
    *results: Result, environment: Environment = ENVIRONMENT
) -> list[tuple[str, str, str]]:
    return told([*slow.slow_dependency(case(HEALTHY, None, *results, environment=environment))])


DATABASE = took(4000, READY, "database is ready")
FAST = took(50, f"{REGISTRY}/health")
HUNG = late("late", f"{REGISTRY}/x")


def test_a_dependency_whose_reports_are_late_while_other_answers_are_fast() -> None:
    assert slow_one(DATABASE, FAST, HUNG) == [("database", "LIKELY", "late")]
    assert slow_one(DATABASE, FAST) == []
    assert slow_one(DATABASE, HUNG) == []
    assert slow_one(FAST, HUNG) == []


@pytest.mark.parametrize(
    ("report", "other", "found"),
    [
        (1000, 300, True), (999, 200, False), (1000, 301, False), (4000, 1000, True),
        (4000, 1001, False), (1200, 300, True),
    ],
)  # fmt: skip
def test_times_are_compared_with_each_other(report: float, other: float, found: bool) -> None:
    results = [took(report, READY, "database"), took(other, f"{REGISTRY}/health"), HUNG]
    assert bool(slow_one(*results)) is found


def test_each_report_must_be_late() -> None:
    assert slow_one(DATABASE, took(999, f"{REGISTRY}/b", "database"), FAST, HUNG) == []
    assert slow_one(DATABASE, took(999, f"{REGISTRY}/b", "database", status=201), FAST, HUNG) != []
    assert slow_one(DATABASE, took(9, f"{REGISTRY}/b", "database", ok=False), FAST, HUNG) != []


def test_only_what_uses_the_dependency_is_explained() -> None:
    cache = took(4000, READY, "redis cache")
    results = [cache, FAST, HUNG, late("auth", f"{AUTH}/x"), late("mlflow", f"{REGISTRY}/mlflow/x")]
    assert slow_one(*results) == [("cache", "LIKELY", "auth late")]
    assert slow_one(cache, FAST, results[-1]) == []


def test_two_in_one_document_cannot_be_told_apart() -> None:
    assert slow_one(took(4000, READY, "database", "redis cache"), FAST, HUNG) == []


def test_a_part_that_runs_in_ecs_is_another_rule_s() -> None:
    services = {**ENVIRONMENT.services}
    services["database"] = p.replace(services["database"], ecs_service="db")
    own = p.replace(ENVIRONMENT, services=services)
    assert slow_one(DATABASE, FAST, HUNG, environment=own) == []


def test_another_broken_dependency_of_the_same_document_explains_it() -> None:
    broken = took(4000, READY, "redis cache", ok=False)
    assert slow_one(DATABASE, broken, FAST, HUNG) == []
    for other in (
        took(4001, READY, "redis cache", ok=False),
        took(4000, f"{REGISTRY}/other", "redis cache", ok=False),
        took(4000, READY, "database", ok=False),
        took(4000, READY, "something", ok=False),
    ):
        assert slow_one(DATABASE, other, FAST, HUNG) == [("database", "LIKELY", "late")]


def test_mlflow_of_the_same_document_may_be_the_slow_one() -> None:
    both = took(4000, READY, "redis cache", "mlflow answers")
    bare = f"{REGISTRY}/mlflow/"
    assert slow_one(both, FAST, HUNG) == []
    assert slow_one(both, FAST, HUNG, took(2000, bare)) == [("cache", "LIKELY", "late")]
    assert slow_one(both, FAST, HUNG, took(2001, bare)) == []
    for other in (
        took(9, bare, principal="valid"), took(9, bare, status=201),
        took(9, bare, method="OPTIONS"),
        took(9, f"{REGISTRY}/docs"),
    ):  # fmt: skip
        assert slow_one(both, FAST, HUNG, other) == []
    apart = [took(4000, READY, "redis cache"), took(4001, READY, "mlflow answers")]
    assert slow_one(*apart, FAST, HUNG) == [("cache", "LIKELY", "late")]


def test_the_slowest_report_is_shown_beside_the_fastest_answer() -> None:
    results = [DATABASE, took(5000, READY, "database"), FAST, took(60, f"{REGISTRY}/health"), HUNG]
    (found,) = slow.slow_dependency(case(HEALTHY, None, *results))
    assert [(e.resource, e.seen, e.expected) for e in found.evidence] == [
        (f"GET {READY}", "200 in 5000 ms", "at most 300 ms"),
        (f"GET {REGISTRY}/health", "200 in 50 ms", "at most 300 ms"),
    ]
    assert found.remedy.inspect == (
        "aws logs tail /ecs/hokusai-registry-development --region us-east-1 --since 30m",
    )


# --- the auth service judges late


def judged(ms: float, who: str = "valid", status: int = 200, **more: Any) -> Result:
    known = {"principal": who, "header_form": "bearer"}
    return took(ms, VALIDATE, status=status, **{**known, **more})


def auth_late(*results: Result) -> list[tuple[str, str, str]]:
    return told([*slow.slow_auth(case(HEALTHY, None, *results))])


AUTH_FAST = took(20, f"{AUTH}/health")
KEYED = late("key", f"{REGISTRY}/x", principal="valid")


def test_an_auth_service_that_judges_late_is_no_outage() -> None:
    assert auth_late(judged(2000), AUTH_FAST, KEYED) == [("auth", "LIKELY", "key")]
    assert auth_late(judged(999), AUTH_FAST, KEYED) == []
    assert auth_late(judged(2000), judged(999, "other"), AUTH_FAST, KEYED) == []
    assert auth_late(judged(2000), took(501, f"{AUTH}/health"), KEYED) == []
    assert auth_late(judged(2000), KEYED) == auth_late(AUTH_FAST, KEYED) == []
    assert auth_late(judged(2000, status=499), AUTH_FAST, KEYED) != []
    assert auth_late(judged(2000, status=500), AUTH_FAST, KEYED) == []
    assert auth_late(judged(2000), judged(9, status=500), AUTH_FAST, KEYED) != []
    assert auth_late(judged(2000, status=401), KEYED) == []  # nothing shows that it can be fast
    silent = p.failed("s", "auth", p.none(VALIDATE, "refused", principal="valid"))
    assert auth_late(judged(2000), silent, AUTH_FAST, KEYED) != []


def test_what_waits_for_a_judgement_has_a_key_or_an_answer() -> None:
    anonymous, mlflow = (
        late("none", f"{REGISTRY}/y"),
        late("m", f"{REGISTRY}/mlflow/", principal="v"),
    )
    words = p.failed("words", "registry", p.answer(PROXY, 503, "Authentication service timeout"))
    down = p.failed("down", "registry", p.answer(PROXY, 503, "Authentication service unavailable"))
    results = [judged(2000), AUTH_FAST, KEYED, anonymous, mlflow, words, down]
    assert auth_late(*results) == [("auth", "LIKELY", "key words")]


# --- services that are late with a key alone


def keys(*results: Result, environment: Environment = ENVIRONMENT) -> list[tuple[str, str, str]]:
    found = slow_with_key.slow_with_key(case(HEALTHY, None, *results, environment=environment))
    return told([*found])


def refused(ms: float, who: str, form: str = "bearer", **more: Any) -> Result:
    return took(ms, PROXY, **{"status": 401, "principal": who, "header_form": form, **more})


TWO_KEYS = [refused(6000, "revoked"), refused(6100, "expired")]
AUTH_KEYS = [judged(2000, "revoked", 401), judged(2100, "expired", 401)]
BOTH = [*TWO_KEYS, *AUTH_KEYS, FAST, AUTH_FAST, HUNG]


def test_what_two_services_wait_for_with_a_key_is_what_both_use() -> None:
    assert keys(*BOTH) == []  # database and cache alike
    fast = took(10, READY, "database")
    assert keys(*BOTH, fast) == [("cache", "LIKELY", "late")]
    assert keys(*BOTH[:-1], fast) == []
    elsewhere = late("mlflow", f"{REGISTRY}/mlflow/")  # which does not use the cache
    assert keys(*BOTH[:-1], fast, elsewhere) == []
    slow_too = took(10, READY, "database", "redis cache")
    assert keys(*BOTH, slow_too) == []


def test_one_service_alone_is_a_possibility() -> None:
    fast = took(10, READY, "database")
    assert keys(*AUTH_KEYS, AUTH_FAST, late("auth", f"{AUTH}/x"), fast) == [
        ("cache", "POSSIBLE", "auth")
    ]
    one = [judged(2000, "revoked", 401), AUTH_FAST, late("auth", f"{AUTH}/x"), fast]
    assert keys(*one) == []  # one slow key may be chance
    assert keys(*one, judged(999, "expired", 401)) == []
    assert keys(*one, judged(1000, "expired", 401)) != []
    assert keys(*one, judged(2000, "expired", 499)) != []
    assert keys(*one, judged(2000, "expired", 500)) == []
    assert keys(*one, judged(2000, "valid")) != []  # a good key waits as well


def test_without_a_fast_answer_to_all_nothing_is_said_of_keys() -> None:
    base = [*AUTH_KEYS, late("auth", f"{AUTH}/x"), took(10, READY, "database")]
    assert keys(*base) == []
    assert keys(*base, took(500, f"{AUTH}/health")) != []
    assert keys(*base, took(501, f"{AUTH}/health")) == []
    assert keys(*base, took(20, f"{AUTH}/health", principal="valid")) == []
    assert keys(*base, took(20, f"{AUTH}/health", status=201)) == []


def registry_only(*more: Result) -> list[tuple[str, str, str]]:
    """Return what is said where the auth service itself judges these keys fast."""
    quick = [judged(10, "revoked", 401), judged(10, "expired", 401)]
    return keys(FAST, HUNG, took(10, READY, "database"), *quick, *more)


def test_a_service_is_late_by_itself_beside_the_answer_of_auth() -> None:
    assert registry_only(*TWO_KEYS) == [("cache", "POSSIBLE", "late")]
    assert registry_only(refused(1009, "revoked"), refused(1200, "expired")) == []
    assert registry_only(refused(1010, "revoked"), refused(1200, "expired")) != []
    assert keys(FAST, HUNG, took(10, READY, "database"), *TWO_KEYS) == []  # auth judged none
    wait = [judged(5500, "revoked", 401), judged(5500, "expired", 401)]
    assert keys(FAST, HUNG, took(10, READY, "database"), *TWO_KEYS, *wait) == []


@pytest.mark.parametrize(
    "other",
    [
        {"who": "valid"}, {"status": 403}, {"form": "cookie"}, {"who": "", "form": ""},
        {"ok": False}, {"ms": 900.0},
    ],
)  # fmt: skip
def test_only_a_key_that_must_be_refused_and_is_counts(other: dict[str, Any]) -> None:
    given = {"ms": 6100.0, "who": "expired", **other}
    assert registry_only(refused(6000, "revoked"), refused(6100, "expired")) != []
    also = judged(10, "valid", 401)
    assert registry_only(refused(6000, "revoked"), refused(**given), also) == []


def test_the_least_time_of_each_key_counts() -> None:
    assert registry_only(*TWO_KEYS, refused(20, "revoked")) == []
    (found,) = slow_with_key.slow_with_key(
        case(HEALTHY, None, *BOTH, took(10, READY, "database"), refused(7000, "revoked"))
    )
    assert [(e.resource, e.seen, e.expected) for e in found.evidence] == [
        ("auth, requests with a key", "at least 2000 ms", "at most 300 ms"),
        (f"GET {AUTH}/health", "200 in 20 ms", "at most 300 ms"),
        ("registry, requests with a key", "at least 4000 ms beside the answer of auth",
         "at most 300 ms"),
        (f"GET {READY}", "200 in 10 ms", "at most 300 ms"),
    ]  # fmt: skip
    assert found.summary == (
        "auth and registry answer late with a key and fast without one: the cache answers slowly,"
        " which each asks for a key."
    )
    assert len(found.remedy.inspect) == 2


def test_what_has_an_address_of_its_own_is_asked_itself() -> None:
    fast = took(10, READY, "database")
    for fields in ({"ecs_service": "x"}, {"url": "https://cache.example"}):
        services = {**ENVIRONMENT.services}
        services["cache"] = p.replace(services["cache"], **fields)
        own = p.replace(ENVIRONMENT, services=services)
        assert keys(*BOTH, fast, environment=own) == []
    services = {**ENVIRONMENT.services}
    services["auth"] = p.replace(services["auth"], depends_on=("database", "cache", "gone"))
    services["registry"] = p.replace(services["registry"], depends_on=("auth", "cache", "gone"))
    both = p.replace(ENVIRONMENT, services=services)
    assert keys(*BOTH, environment=both) == [("cache", "LIKELY", "late")]


# --- writes that hang

RUNS = f"{REGISTRY}/api/mlflow/api/2.0/mlflow/runs"
READ = took(30, f"{RUNS}/search", method="POST")


def hanging(method: str = "POST", url: str = f"{RUNS}/create", check: str = "write") -> Result:
    seen = p.none(url, "read-timeout")
    return p.failed(check, "registry", p.replace(seen, method=method))


def stuck(*results: Result) -> list[str]:
    found = stuck_writes.stuck_writes(case(HEALTHY, None, *results))
    return [t[2] for t in told([*found])]


@pytest.mark.parametrize(
    ("method", "call", "write"),
    [
        ("POST", "runs/create", True), ("PATCH", "registered-models/update", True),
        ("DELETE", "model-versions/delete", True), ("POST", "experiments/create", True),
        ("GET", "runs/create", False), ("PUT", "runs/create", False),
        ("POST", "runs/search", False), ("POST", "artifacts/create", False),
        ("POST", "runs/create/x", False),
    ],
)  # fmt: skip
def test_a_write_that_hangs_while_reads_answer(method: str, call: str, write: bool) -> None:
    url = f"{REGISTRY}/api/mlflow/api/2.0/mlflow/{call}"
    assert stuck(READ, hanging(method, url)) == ["write"] * write


def test_where_a_read_hangs_too_or_none_was_answered_the_writes_are_not_stuck() -> None:
    assert stuck(hanging()) == []
    assert stuck(READ, hanging(), hanging("GET", f"{RUNS}/get", "read")) == []
    assert stuck(READ, hanging(), hanging("GET", f"{REGISTRY}/x", "other")) == ["other write"]
    assert stuck(READ, hanging("GET", f"{REGISTRY}/x", "other")) == []
    assert stuck(READ, hanging(), late("auth", f"{AUTH}/x")) == ["write"]
    for other in (
        took(30, f"{RUNS}/search", ok=False), took(30, f"{RUNS}/search", status=201),
        took(30, f"{REGISTRY}/health"), took(30, f"{RUNS}/create", method="POST"),
    ):  # fmt: skip
        assert stuck(other, hanging()) == []


def test_a_mlflow_without_a_database_has_no_lock() -> None:
    services = {**ENVIRONMENT.services}
    services["mlflow"] = p.replace(services["mlflow"], depends_on=())
    bare = p.replace(ENVIRONMENT, services=services)
    assert [
        *stuck_writes.stuck_writes(case(HEALTHY, None, READ, hanging(), environment=bare))
    ] == []


# --- a dependency named in logs


def named(
    *results: Result, minutes: float = 2, words: str = "redis: connection refused",
    state: PlatformState = HEALTHY, of: str = "registry",
) -> list[tuple[str, str, str]]:  # fmt: skip
    known = p.replace(state, logs={of: (LogLine(at=p.ago(minutes), message=words),)})
    found = named_in_logs.by_words(case(known, None, *results))
    return [(f.cause, f.summary, told([f])[0][2]) for f in found]


ERROR = p.failed("a", "registry", p.answer(f"{REGISTRY}/x", 500, "no"))
CACHE = ("cache-unreachable", "registry cannot use the cache.", "a")


def test_a_recent_line_of_a_service_that_uses_it_names_a_dependency() -> None:
    assert named(ERROR) == [CACHE]
    assert named(ERROR, minutes=9.9) == [CACHE]
    assert named(ERROR, minutes=10) == []
    assert named() == []
    assert named(ERROR, of="cache") == named(ERROR, of="mlflow") == []
    assert named(ERROR, words="all is well") == []


def test_only_what_goes_through_the_reporting_service_is_explained() -> None:
    other = p.failed("b", "auth", p.answer(f"{AUTH}/x", 500, "no"))
    assert named(ERROR, other) == [CACHE]
    assert named(other, of="auth") == [("cache-unreachable", "auth cannot use the cache.", "b")]


def test_a_line_is_cut_and_an_answer_says_the_same() -> None:
    known = p.replace(HEALTHY, logs={"registry": (
        LogLine(at=p.ago(2), message="redis refused " + "x" * 400),)})  # fmt: skip
    (found,) = named_in_logs.by_words(case(known, None, ERROR))
    assert [(e.resource, len(e.seen)) for e in found.evidence] == [("log of registry", 300)]
    answer = p.failed("a", "registry", p.answer(f"{REGISTRY}/x", 500, "redis: refused"))
    (told_,) = named_in_logs.by_words(case(HEALTHY, None, answer))
    assert told_.evidence[0].resource == f"GET {REGISTRY}/x"


# --- what ECS tells Cloud Map


def instance(entry: RegistryEntry | None = None, **fields: Any) -> dict[str, str]:
    state = definition(HEALTHY, "mlflow", 7, container={"ports": fields.pop("ports", (5000,))})
    known = next(d for d in state.discovery if d.name.startswith("mlflow"))
    service = next(s for s in state.ecs_services if s.name == NAMES.of("mlflow"))
    entries = (entry,) if entry else ()
    return attributes_of(case(state, fields.get("before")), p.replace(
        service, registry_entries=entries), known, service.tasks[0])  # fmt: skip


SRV = "arn:aws:servicediscovery:x:1:service/srv-mlflow"


def test_a_port_is_that_of_the_registry_else_the_one_that_is_mapped() -> None:
    assert instance() == {
        "AWS_INSTANCE_IPV4": "10.0.1.12", "AWS_INSTANCE_PORT": "5000", "REGION": "us-east-1",
        "ECS_SERVICE_NAME": "hokusai-mlflow-development",
        "ECS_CLUSTER_NAME": "hokusai-cluster-development",
        "ECS_TASK_DEFINITION_FAMILY": "hokusai-mlflow-development",
    }  # fmt: skip
    for entry, port in (
        (RegistryEntry(arn=SRV, port=7), "7"), (RegistryEntry(arn=SRV, container_port=8), "8"),
        (RegistryEntry(arn=SRV, port=7, container_port=8), "7"), (RegistryEntry(arn=SRV), "5000"),
        (RegistryEntry(arn="arn:other", port=7), "5000"),
    ):  # fmt: skip
        assert instance(entry)["AWS_INSTANCE_PORT"] == port
    assert "AWS_INSTANCE_PORT" not in instance(ports=())
    assert instance(ports=(5, 6))["AWS_INSTANCE_PORT"] == "5"


def test_the_port_that_other_tasks_had_stays() -> None:
    had = {"AWS_INSTANCE_PORT": "9", "AWS_INSTANCE_IPV4": "10.0.9.9", "own": "x"}
    before = p.change(HEALTHY, "discovery", "mlflow.hokusai.local", instances=tuple(
        p.replace(i, id="other", attributes=had) for d in HEALTHY.discovery
        if d.name.startswith("mlflow") for i in d.instances))  # fmt: skip
    assert instance(before=before) == {
        "AWS_INSTANCE_PORT": "9", "AWS_INSTANCE_IPV4": "10.0.1.12", "own": "x"
    }  # fmt: skip


def test_a_tasks_own_attributes_come_back_and_it_is_healthy() -> None:
    had = {"AWS_INSTANCE_IPV4": "10.0.1.12", "AWS_INIT_HEALTH_STATUS": "UNHEALTHY", "own": "x"}
    task = next(s for s in HEALTHY.ecs_services if s.name == NAMES.of("mlflow")).tasks[0]
    known = [i for d in HEALTHY.discovery if d.name.startswith("mlflow") for i in d.instances]
    own = p.replace(known[0], id=task.arn.rpartition("/")[2], address=task.address, attributes=had)
    other = p.replace(own, id="other", address="10.0.9.9",
                      attributes={"AWS_INSTANCE_IPV4": "10.0.9.9", "common": "y"})  # fmt: skip
    bare = p.replace(other, id="bare", attributes={})
    before = p.change(HEALTHY, "discovery", "mlflow.hokusai.local",
                      instances=(bare, other, own))  # fmt: skip
    assert instance(before=before) == {**had, "AWS_INIT_HEALTH_STATUS": "HEALTHY"}
    elsewhere = p.replace(own, address="10.0.9.8")  # another task had its id's address
    before = p.change(HEALTHY, "discovery", "mlflow.hokusai.local",
                      instances=(bare, other, elsewhere))  # fmt: skip
    assert instance(before=before) == {"AWS_INSTANCE_IPV4": "10.0.1.12", "common": "y"}
