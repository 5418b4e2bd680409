"""Nothing depends on how somebody named a principal, a variable or a port."""

from __future__ import annotations

import pytest

from canary.control_plane.state import HostAddress, LogLine, PlatformState, Unavailable
from canary.diagnose import diagnose
from canary.model import Confidence, Diagnosis, Environment, Principal, Result, Role, Service
from tests.canary.support import platform_faults as faults
from tests.canary.support import platforms as p

HERE = p.environment(faults.NAMES)
HOST = f"registry.{faults.NAMES.domain}"
URL = f"https://{HOST}"


def judged(
    *results: Result,
    state: PlatformState | None = None,
    environment: Environment = HERE,
    previous: PlatformState | None = None,
) -> tuple[Diagnosis, ...]:
    return diagnose(
        list(results), state or p.healthy(), environment, previous, p.NOW
    ).diagnoses  # fmt: skip


def with_service(name: str, **changes: object) -> Environment:
    services = {**HERE.services, name: p.replace(HERE.services[name], **changes)}
    return p.replace(HERE, services=services)


@pytest.mark.parametrize(
    ("name", "principal", "refused"),
    [
        ("admin", Principal(secret="s", reason="makes keys"), False),
        ("root", Principal(secret="s", reason="makes keys"), True),
        ("root", Principal(secret="s", reason="makes keys", refused=False), False),
        ("admin", Principal(secret="s", refused=True), True),
        ("user", Principal(secret="s"), False),
        ("other", Principal(generated="unknown"), True),
        ("visitor", Principal(anonymous=True), False),
        ("visitor", Principal(anonymous=True, refused=True), True),
    ],
)
def test_who_must_be_refused_is_written_in_the_file(
    name: str, principal: Principal, refused: bool
) -> None:
    environment = p.replace(HERE, principals={name: principal})
    assert environment.must_refuse(name) is refused
    assert environment.must_refuse("")
    assert not environment.must_refuse("nobody knows this one")


def test_a_principal_that_is_called_revoked_and_is_not_is_no_revoked_key() -> None:
    principals = {
        "valid": Principal(secret="canary/valid"),
        "revoked-in-june": Principal(secret="canary/x", reason="it was made for another service"),
    }
    let_in = p.answer(URL + "/api/v1/models", 200, "[]", principal="revoked-in-june")
    result = p.failed("registry.other", "registry", let_in, assertions=p.status_is("401", "200"))
    here = p.replace(HERE, principals=principals)
    (found,) = judged(result, environment=here, previous=p.healthy())
    assert found.cause == "protection-missing"


def tenant(variable: str) -> tuple[PlatformState, PlatformState, Result]:
    """Return the platform before and after the registry got another identity, and a refusal."""
    before = faults.revised(p.healthy(), "registry", variable, "platform")
    body = '{"detail":"Invalid or expired API key"}'
    refused = p.answer(URL + p.API_PATH, 401, body, principal="valid")
    state = p.healthy()
    known = next(d for d in before.task_definitions if d.revision == 8)
    was = p.replace(known, revision=7, arn=faults.NAMES.revision("registry"))
    kept = tuple(d for d in state.task_definitions if d.arn != was.arn)
    state = p.replace(state, task_definitions=(*kept, was))
    after = faults.revised(state, "registry", variable, "other")
    return state, after, p.failed("registry.valid-key", "registry", refused)


@pytest.mark.parametrize("variable", ["AUTH_SERVICE_ID", "TENANT"])
def test_the_variable_of_the_identity_may_have_any_name(variable: str) -> None:
    before, state, refused = tenant(variable)
    here = with_service("registry", identity_variable=variable)
    first = judged(refused, state=state, environment=here, previous=before)[0]
    assert (first.cause, variable in first.summary) == ("service-id-wrong", True)


def open_guards(state: PlatformState) -> PlatformState:
    """Return the state in which the groups of cache and database admit every port."""
    groups = tuple(
        p.replace(g, ingress=tuple(p.replace(r, from_port=1, to_port=65535) for r in g.ingress))
        if g.name.endswith("-guard")
        else g
        for g in state.security_groups
    )
    return p.replace(state, security_groups=groups)


@pytest.mark.parametrize("port", [5432, 3306, 5433])
def test_a_line_of_a_log_names_the_database_by_the_port_of_the_file(port: int) -> None:
    line = LogLine(at=p.ago(1), message=f"connect to 10.0.9.9:{port}: connection timed out")
    state = open_guards(p.replace(p.healthy(), logs={"registry": (line,)}))
    late = p.failed("registry.models", "registry", p.answer(URL + "/api/v1/models", 500, "{}"))
    named = {
        where: [d.cause for d in judged(late, state=state, environment=here)]
        for where, here in (
            ("there", with_service("database", port=port)),
            ("elsewhere", with_service("database", port=port + 1000)),
        )
    }
    assert named["there"] == ["database-unreachable"]
    assert "database-unreachable" not in named["elsewhere"]


def test_a_line_of_a_log_names_the_cache_by_the_port_of_the_file() -> None:
    line = LogLine(at=p.ago(1), message="connection refused by 10.0.9.9:6380")
    state = open_guards(p.replace(p.healthy(), logs={"registry": (line,)}))
    late = p.failed("registry.models", "registry", p.answer(URL + "/api/v1/models", 500, "{}"))
    here = with_service("cache", port=6380)
    assert [d.cause for d in judged(late, state=state, environment=here)] == ["cache-unreachable"]


# --- what only a baseline can show


REFUSED = p.failed("registry.health", "registry", p.none(f"{URL}/health", "refused"))


def without_listener(*addresses: str) -> PlatformState:
    state = p.healthy()
    balancers = tuple(
        p.replace(b, listeners=tuple(x for x in b.listeners if x.port != 443))
        if "registry" in b.name
        else b
        for b in state.load_balancers
    )
    at = HostAddress(host=HOST, addresses=addresses, balancer_addresses=("198.51.100.7",))
    hosts = (at,) if addresses else ()
    return p.replace(state, load_balancers=balancers, hosts=hosts)


@pytest.mark.parametrize(
    ("addresses", "known", "sure"),
    [
        (("198.51.100.7",), False, Confidence.CERTAIN),  # clients arrive at the balancer
        (("203.0.113.1",), True, Confidence.CERTAIN),  # the listener was there
        ((), False, Confidence.LIKELY),  # nobody knows where the name leads
        ((), True, Confidence.CERTAIN),
    ],
)
def test_a_front_before_the_balancer_may_be_what_listens(
    addresses: tuple[str, ...], known: bool, sure: Confidence
) -> None:
    state, before = without_listener(*addresses), p.healthy() if known else None
    here = with_service("registry", connect_to={})
    found = judged(REFUSED, state=state, environment=here, previous=before)
    missed = next(d for d in found if d.cause == "listener-missing")
    assert missed.confidence is sure


def test_where_another_front_stands_before_the_balancer_nobody_is_told_to_pass_it_by() -> None:
    state = without_listener("203.0.113.1")
    nameless = with_service("registry", connect_to={})
    (found,) = judged(REFUSED, state=state, environment=nameless)
    assert found.cause == "dns-wrong-load-balancer"
    assert found.remedy.decision.startswith("See whether another front, such as a CDN, stands")
    here = HostAddress(host=HOST, addresses=("198.51.100.7",), balancer_addresses=("198.51.100.7",))
    (moved,) = judged(REFUSED, state=p.replace(p.healthy(), hosts=state.hosts),
                      previous=p.replace(p.healthy(), hosts=(here,)))  # fmt: skip
    assert (moved.cause, moved.confidence) == ("dns-wrong-load-balancer", Confidence.LIKELY)
    assert moved.remedy.summary.startswith(f"Point {HOST} at ")


UNREACHED = '{"detail":"Failed to connect to MLflow server at x"}'


@pytest.mark.parametrize(
    ("value", "sure"),
    [
        ("http://tracking:5000", Confidence.POSSIBLE),  # an alias of Service Connect
        ("http://localhost:5000", Confidence.POSSIBLE),  # a proxy in the same task
        ("http://tracking.internal.example:5000", Confidence.POSSIBLE),
        ("http://tracking.hokusai.local:5000", Confidence.CERTAIN),  # the namespace is known
    ],
)
def test_an_address_that_nobody_knows_may_be_an_alias(value: str, sure: Confidence) -> None:
    state = p.healthy()
    always = tuple(
        p.replace(
            d,
            containers=tuple(
                p.replace(c, plain={**c.plain, "MLFLOW_SERVER_URL": value}) for c in d.containers
            ),
        )
        if "registry" in d.family
        else d
        for d in state.task_definitions
    )
    down = p.failed("registry.proxy", "registry", p.answer(URL + p.API_PATH, 502, UNREACHED))
    found = judged(down, state=p.replace(state, task_definitions=always))
    wrong = sure is Confidence.CERTAIN
    first = "upstream-url-wrong" if wrong else "dependency-unreachable"
    assert [(d.cause, d.confidence is Confidence.CERTAIN, d.remedy.fix) for d in found] == [
        (first, wrong, ())
    ]
    # an earlier revision that led there shows that it is wrong
    changed = faults.revised(state, "registry", "MLFLOW_SERVER_URL", value)
    (shown,) = [d for d in judged(down, state=changed) if d.cause == "upstream-url-wrong"]
    assert shown.confidence is Confidence.CERTAIN and shown.remedy.fix


@pytest.mark.parametrize("known", [True, False])
def test_a_rule_is_created_again_only_where_it_was_seen(known: bool) -> None:
    state, results = faults.plant(faults.by_id("api-rules-gone"))
    (found,) = judged(*results, state=state, previous=p.healthy() if known else None)
    assert found.cause == "rule-missing"
    assert found.confidence is (Confidence.CERTAIN if known else Confidence.LIKELY)
    back = ["create-rule", "create-rule", "modify-listener", "delete-rule"]
    assert [f.split()[2] for f in found.remedy.fix] == (back if known else [])
    if not known:
        assert found.remedy.decision.endswith(
            "because nobody knows whether there was such a rule while all was well."
        )
        assert any("describe-rules" in c for c in found.remedy.inspect)


# --- without a control plane


def test_one_closed_port_of_a_host_is_named_while_another_one_answers() -> None:
    blind = PlatformState(unavailable=(Unavailable(action="observe", resource="*", code="x",
                                                   reason="not read"),))  # fmt: skip
    places = {"auth": f"https://{HOST}:8443", "registry": f"https://{HOST}:9443"}
    services = {
        name: Service(url=url, role=role)
        for (name, url), role in zip(places.items(), (Role.IDENTITY, Role.API), strict=True)
    }
    here = p.replace(HERE, services=services, routes=())
    closed = p.failed("registry.x", "registry", p.none(places["registry"] + "/x", "refused"))
    good = p.result(
        "auth.x", "auth", p.Step(name="x", status=p.Status.PASS,
                                 evidence=(p.answer(places["auth"] + "/x", 200),)),
        status=p.Status.PASS,
    )  # fmt: skip
    found = judged(closed, good, state=blind, environment=here)
    assert [d.cause for d in found] == ["listener-missing"]
    assert f"https://{HOST}:9443 are refused" in found[0].summary
    assert found[0].service == "registry"
