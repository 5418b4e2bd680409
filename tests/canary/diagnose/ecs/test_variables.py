"""Variables of task definitions: the dependency that each configures, and where values lead."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from canary.control_plane.state import Container, PlatformState, TaskDefinition
from canary.diagnose.core.case import Case
from canary.diagnose.ecs.revision_diff import Difference, difference, port_mismatch
from canary.diagnose.ecs.variables import (
    addresses,
    affected,
    dependency_of,
    is_address,
    is_known_wrong,
    leads_to,
    public_port,
    tells_who_asks,
)
from canary.model import Role
from tests.canary.support import platforms as p

NAMES = p.Names()
HEALTHY = p.healthy()
AUTH_DOWN, GONE = "Authentication service unavailable", '{"detail":"Not Found"}'


def revised(**plain: str) -> PlatformState:
    """Return the platform whose API has these variables, in its newest revision alone."""
    definitions = tuple(
        p.replace(
            d, containers=(p.replace(d.containers[0], plain=plain if d.revision == 7 else {}),)
        )
        if d.family == NAMES.of("registry")
        else d
        for d in HEALTHY.task_definitions
    )
    return p.replace(HEALTHY, task_definitions=definitions)


def case(state: PlatformState = HEALTHY) -> Case:
    return Case(results=(), state=state, environment=p.environment(NAMES), previous=None, now=p.NOW)


@pytest.mark.parametrize(
    ("variable", "dependency"),
    [
        ("MLFLOW_TRACKING_URI", "mlflow"), ("MLFLOW_SERVER_URL", "mlflow"),
        ("MLFLOW_URL", "mlflow"), ("MLFLOW_HOST", "mlflow"), ("MLFLOW_PROXY_X", "mlflow"),
        ("MLFLOW_TIMEOUT", "mlflow"), ("AUTH_SERVICE_X", "auth"), ("AUTH_URL", "auth"),
        ("REDIS_HOST", "cache"), ("CACHE_URL", "cache"), ("DB_HOST", "database"),
        ("DATABASE_URL", "database"), ("POSTGRES_DB", "database"),
        ("BACKEND_STORE_URI", "database"),
        ("MLFLOW_OTHER", "mlflow"),  # by the service's own name
        ("AUTH_OTHER", "auth"), ("PORT", ""), ("MY_DB_HOST", ""), ("REGISTRY_URL", ""),
    ],
)  # fmt: skip
def test_a_name_speaks_of_a_dependency(variable: str, dependency: str) -> None:
    assert dependency_of(case(revised()), "registry", variable) == dependency


ROLES = {
    "mlflow": ("tracking", Role.MLFLOW), "auth": ("who", Role.IDENTITY),
    "cache": ("memory", Role.CACHE), "database": ("sql", Role.DATABASE),
}  # fmt: skip


@pytest.mark.parametrize(
    ("variable", "role"),
    [
        ("MLFLOW_TRACKING_URI", "mlflow"), ("MLFLOW_SERVER_URL", "mlflow"),
        ("MLFLOW_URL", "mlflow"), ("MLFLOW_HOST", "mlflow"), ("MLFLOW_PROXY_X", "mlflow"),
        ("MLFLOW_TIMEOUT", "mlflow"), ("AUTH_SERVICE_X", "auth"), ("AUTH_URL", "auth"),
        ("REDIS_HOST", "cache"), ("CACHE_URL", "cache"), ("DB_HOST", "database"),
        ("DATABASE_URL", "database"), ("POSTGRES_DB", "database"),
        ("BACKEND_STORE_URI", "database"),
    ],
)  # fmt: skip
def test_a_name_speaks_of_a_role_whatever_its_service_is_called(variable: str, role: str) -> None:
    """A service that is called as a variable begins is not the one that it speaks of."""
    known = p.environment(NAMES)
    services = {
        name: p.replace(known.services[old], role=what, url="", discovery="", depends_on=())
        for old, (name, what) in ROLES.items()
    }
    services |= {n: p.replace(known.services["cache"], role=Role.OTHER) for n in ("redis", "db")}
    api = p.replace(known.services["registry"], depends_on=tuple(services))
    named = p.replace(known, services={**services, "registry": api}, routes=())
    of = replace(case(revised()), environment=named)
    assert dependency_of(of, "registry", variable) == ROLES[role][0]
    assert dependency_of(of, "registry", "TRACKING_PORT") == "tracking"


def test_a_name_speaks_only_of_what_the_service_needs() -> None:
    assert dependency_of(case(revised()), "mlflow", "REDIS_HOST") == ""
    assert dependency_of(case(revised()), "mlflow", "DB_HOST") == "database"


@pytest.mark.parametrize(
    ("value", "dependency"),
    [
        ("https://auth.hokus.ai", "auth"),
        ("auth.hokus.ai", "auth"),
        ("http://auth.hokus.ai:9", "auth"),
        ("http://mlflow.hokusai.local:5000", "mlflow"),
        ("mlflow.hokusai.local", "mlflow"),
        ("10.0.1.12:5000", "mlflow"),  # its task
        ("http://other.hokusai.local:5000", "mlflow"),  # its namespace and its port
        ("http://other.hokusai.local:9", ""),
        ("postgresql://db.local/x", "database"),
        ("postgres://db.local/x", "database"),
        ("mysql://db.local/x", "database"),
        ("redis://r.local", "cache"),
        ("rediss://r.local", "cache"),
        ("anything:6379", "cache"),
        ("anything:5432", "database"),
        ("6379", "cache"),
        ("5000", ""),  # MLflow has addresses that could be compared
        ("anything:5000", ""),
        ("anything", ""),
        ("http://[x", ""),
        ("http://x:y", ""),
        ("", ""),
    ],
)
def test_a_value_leads_to_a_dependency(value: str, dependency: str) -> None:
    assert dependency_of(case(revised(WHERE=value)), "registry", "WHERE") == dependency


def test_what_a_variable_led_to_before_decides_first() -> None:
    definitions = [
        p.replace(d, containers=(p.replace(d.containers[0], plain={
            "REDIS_URL": "https://auth.hokus.ai" if d.revision == 6 else "redis://r"}),))
        for d in HEALTHY.task_definitions
        if d.family == NAMES.of("registry")
    ]  # fmt: skip
    state = p.replace(HEALTHY, task_definitions=tuple(definitions))
    assert dependency_of(case(state), "registry", "REDIS_URL") == "auth"


def test_the_newest_earlier_revision_of_the_family_decides_also_of_the_last_run() -> None:
    def of(now: dict[int, str], before: dict[int, str], family: str = "registry") -> str:
        def known(values: dict[int, str]) -> PlatformState:
            found = [
                p.replace(p.definition(NAMES, name, number), containers=(Container(
                    name="c", image="i", plain={"WHERE": value}),))
                for number, value in values.items()
                for name in (family if number != 7 else "registry",)
            ]  # fmt: skip
            return p.replace(HEALTHY, task_definitions=tuple(found))

        found = replace(case(known(now)), previous=known(before) if before else None)
        return dependency_of(found, "registry", "WHERE")

    auth, cache, sql = "https://auth.hokus.ai", "redis://r", "mysql://s"
    assert of({7: auth}, {}) == "auth"
    assert of({7: auth, 6: cache}, {}) == "cache"
    assert of({7: auth, 5: sql, 6: cache}, {}) == "cache"
    assert of({7: auth}, {6: cache}) == "cache"
    assert of({7: auth, 6: cache}, {}, "mlflow") == "auth"  # a revision of another service
    assert of({6: cache}, {}) == ""  # what runs is not known
    assert of({7: "plain", 6: "plain"}, {}) == ""


def test_of_two_services_at_one_host_the_port_decides() -> None:
    known = p.environment(NAMES)
    services = {**known.services}
    for name, port in (("auth", 8000), ("mlflow", 5000)):
        services[name] = p.replace(services[name], url="", discovery="both.local", port=port)
    file = p.replace(known, services=services)

    def of(value: str) -> str:
        return dependency_of(replace(case(revised(X=value)), environment=file), "registry", "X")

    assert of("http://both.local:5000") == "mlflow"
    assert of("http://both.local:8000") == "auth"
    assert of("tcp://both.local") == of("http://both.local:9") == ""
    one = {**services, "mlflow": p.replace(services["mlflow"], url="https://m.hokus.ai:8443")}
    both = replace(case(revised(X="https://m.hokus.ai:8443")), environment=p.replace(
        file, services=one))  # fmt: skip
    assert dependency_of(both, "registry", "X") == "mlflow"


def test_what_a_wrong_variable_explains() -> None:
    url = f"https://registry.{NAMES.domain}"
    results = (
        p.failed("key", "registry", p.answer(f"{url}/k", 401, "Invalid or expired API key",
                                             principal="valid", header_form="bearer")),
        p.failed("auth", "registry", p.answer(f"{url}/a", 503, AUTH_DOWN)),
        p.failed("docs", "registry", p.answer(f"{url}/docs", 404, GONE)),
        p.failed("mlflow", "registry", p.answer(f"{url}{p.API_PATH}", 404, GONE)),
        p.failed("direct", "mlflow", p.answer(f"{url}/mlflow/x", 404, GONE)),
        p.failed("down", "registry", p.answer(f"{url}/d", 500, "no")),
    )  # fmt: skip
    of = replace(case(), results=results)

    def explained(variable: str, name: str = "registry") -> str:
        return " ".join(sorted(f.check_id for f in affected(of, name, variable)))

    own = of.services["registry"].identity_variable
    assert explained(own) == "key"
    assert explained("PORT") == "down"
    assert explained("AUTH_SERVICE_URL") == "auth down"
    assert explained("MLFLOW_SERVER_URL") == "down mlflow"
    assert explained(own, "mlflow") == ""


@pytest.mark.parametrize(
    ("status", "body", "more", "found"),
    [
        (404, "RESOURCE_NOT_FOUND", {}, True), (401, "API key required", {}, True),
        (404, GONE, {}, True), (403, "Invalid Host header", {}, True), (405, "{}", {}, True),
        (302, "", {}, True), (404, p.WERKZEUG, {"content_type": "text/html"}, True),
        (422, "{}", {}, False), (403, "{}", {}, False),
    ],
)  # fmt: skip
def test_a_wrong_address_of_mlflow_gives_these_answers(
    status: int, body: str, more: dict[str, Any], found: bool
) -> None:
    url = f"https://registry.{NAMES.domain}{p.API_PATH}"
    answer = p.failed("a", "registry", p.answer(url, status, body, principal="valid", **more))
    of = replace(case(), results=(answer,))
    assert bool(affected(of, "registry", "MLFLOW_SERVER_URL")) is found


def test_what_has_no_port_is_not_led_to_by_what_has_none() -> None:
    known = p.environment(NAMES)
    services = {**known.services, "cache": p.replace(known.services["cache"], port=0)}
    of = replace(case(revised(X="anything")), environment=p.replace(known, services=services))
    assert dependency_of(of, "registry", "X") == ""


@pytest.mark.parametrize(
    ("other", "value", "leads"),
    [
        ("auth", "https://auth.hokus.ai", True),
        ("auth", "https://auth.hokus.ai:443/x", True),
        ("auth", "http://auth.hokus.ai", False),  # a redirect loses the body of a POST
        ("auth", "https://auth.hokus.ai:8443", False),
        ("auth", "http://auth.hokus.ai:443", False),
        ("auth", "https://auth.hokus.org", False),
        ("auth", "http://auth.hokusai.local:8000", True),
        ("auth", "https://auth.hokusai.local:8000", False),  # its target group speaks HTTP
        ("auth", "http://auth.hokusai.local:8001", False),
        ("auth", "tcp://auth.hokusai.local", True),
        ("auth", "http://auth.hokusai.local", False),
        ("auth", "http://10.0.1.10:8000", True),
        ("auth", "http://hokusai-auth-lb.us-east-1.elb.amazonaws.com", True),
        ("auth", "http://hokusai-registry-lb.us-east-1.elb.amazonaws.com", False),
        ("auth", "http://auth.hokus.ai:x", False),
        ("cache", "redis://anything", False),
    ],
)
def test_whether_an_address_leads_there(other: str, value: str, leads: bool) -> None:
    assert leads_to(case(), other, value) is leads


@pytest.mark.parametrize(
    ("variable", "value", "address"),
    [
        ("AUTH_SERVICE_URL", "https://x", True),
        ("AUTH_SERVICE_URL", "x", True),
        ("MLFLOW_TRACKING_URI", "x", True),
        ("AUTH_SERVICE_HOST", "x", False),
        ("AUTH_SERVICE_HOST", "tcp://x", True),
        ("AUTH_SERVICE_URL", "", False),
        ("PORT_URL", "https://x", False),
        ("REDIS_URL", "redis://x", False),  # the file has no address of the cache
    ],
)
def test_what_holds_the_address_of_a_dependency(variable: str, value: str, address: bool) -> None:
    assert is_address(case(revised()), "registry", variable, value) is address


@pytest.mark.parametrize(
    ("value", "known"),
    [
        ("http://mlflow.hokusai.local:9", True),  # a host of the file
        ("http://gone.hokusai.local:5000", True),  # a namespace of which every name is known
        ("http://alias.example:5000", False),
        ("http://[x", False),
        ("plain", False),
    ],
)
def test_what_is_known_to_be_wrong(value: str, known: bool) -> None:
    of = case(revised(MLFLOW_SERVER_URL=value))
    assert is_known_wrong(of, "registry", "MLFLOW_SERVER_URL", value) is known


def test_an_address_that_an_earlier_revision_had_shows_a_new_one_as_wrong() -> None:
    state = revised(MLFLOW_SERVER_URL="http://alias.example:5000")
    earlier = p.definition(NAMES, "registry", 6)
    state = p.replace(state, task_definitions=(*state.task_definitions[:2], earlier,
                                               *state.task_definitions[3:]))  # fmt: skip
    of = case(state)
    assert is_known_wrong(of, "registry", "MLFLOW_SERVER_URL", "http://alias.example:5000")


def test_addresses_and_ports_of_services() -> None:
    of = case()
    assert addresses(of, "auth") == ("auth.hokus.ai", "auth.hokusai.local:8000")
    assert addresses(of, "mlflow") == ("mlflow.hokusai.local:5000",)
    assert addresses(of, "cache") == ()
    assert public_port(of, "registry", "auth") == 443
    assert public_port(of, "registry", "mlflow") == 0
    inner = case(revised(AUTH_SERVICE_URL="http://auth.hokusai.local:8000"))
    assert public_port(inner, "registry", "auth") == 0
    assert public_port(case(revised()), "registry", "auth") is None
    assert tells_who_asks(of, "registry", of.services["registry"].identity_variable)
    assert not tells_who_asks(of, "registry", "PORT")


# --- the difference between revisions


def revision(number: int = 1, **fields: Any) -> TaskDefinition:
    container = {"name": "c", "image": "i:1", **fields}
    return TaskDefinition(
        arn=f"td:{number}", family="td", revision=number, containers=(Container(**container),)
    )


OLD = revision(
    variables=("A", "B"), plain={"A": "1", "B": "1"}, secrets={"S": "arn:s", "T": "arn:t"},
    ports=(80,), memory=1, command=("run",), health_command="ok",
)  # fmt: skip


def changed(**fields: Any) -> Difference:
    known = {
        "variables": ("A", "B"), "plain": {"A": "1", "B": "1"},
        "secrets": {"S": "arn:s", "T": "arn:t"}, "ports": (80,), "memory": 1, "command": ("run",),
        "health_command": "ok",
    }  # fmt: skip
    return difference(OLD, revision(2, **known | fields))


@pytest.mark.parametrize(
    ("fields", "lines"),
    [
        ({}, []),
        ({"variables": ("A",), "plain": {"A": "1"}}, ["variable B is gone"]),
        ({"variables": ("A", "B", "C")}, ["variable C is new"]),
        ({"secrets": {"S": "arn:s"}}, ["secret T is gone"]),
        ({"plain": {"A": "2", "B": "1"}}, ["A: 1 became 2"]),
        ({"plain": {"A": "", "B": "1"}}, ["A: 1 became nothing"]),
        ({"secrets": {"S": "arn:s", "T": "arn:x"}}, ["T: arn:t became arn:x"]),
        ({"secrets": {"S": "arn:s"}, "variables": ("A", "B", "T")},
         ["T: a secret became a plain value"]),
        ({"secrets": {"S": "arn:s"}, "variables": ("A", "B", "T"),
          "plain": {"A": "1", "B": "1", "T": "x"}}, ["T: a secret became x"]),
        ({"secrets": {"S": "arn:s", "T": "arn:t", "A": "arn:a"}, "variables": ("B",),
          "plain": {"B": "1"}}, []),  # a variable that became a secret is not lost
        ({"image": "i:2"}, ["image: i:1 became i:2"]),
        ({"ports": (81,)}, ["ports: (80,) became (81,)"]),
        ({"memory": 2}, ["container memory: 1 became 2"]),
        ({"command": ("run", "x")}, ["command: run became run x"]),
        ({"health_command": ""}, ["health command: ok became nothing"]),
        ({"entry_point": ("./run.sh",)}, ["entry point: nothing became ./run.sh"]),
        ({"essential": False}, ["essential: True became False"]),
        ({"name": "other"},
         ["container other: nothing became i:1", "container c: i:1 became nothing"]),
        ({"variables": ("C",), "plain": {}, "secrets": {}, "image": "i:2"},
         ["variable A is gone", "variable B is gone", "variable C is new", "secret S is gone",
          "secret T is gone", "image: i:1 became i:2"]),
    ],
)  # fmt: skip
def test_what_a_newer_revision_changed(fields: dict[str, Any], lines: list[str]) -> None:
    assert changed(**fields).lines() == lines


@pytest.mark.parametrize("field", ["cpu", "memory", "architecture", "execution_role", "task_role"])
def test_settings_of_the_whole_revision_are_compared(field: str) -> None:
    found = difference(OLD, p.replace(OLD, **{field: "other"}))
    assert found.other == ((field, str(getattr(OLD, field)), "other"),)


@pytest.mark.parametrize(
    ("plain", "ports", "found"),
    [
        ({"PORT": "80"}, (80,), None),
        ({"PORT": "81"}, (80, 443), ("81", "80")),
        ({"PORT": "443"}, (80, 443), None),
        ({"PORT": "x"}, (80,), None),
        ({"PORT": "81"}, (), None),
        ({}, (80,), None),
    ],
)
def test_a_port_that_is_not_mapped(
    plain: dict[str, str], ports: tuple[int, ...], found: tuple[str, str] | None
) -> None:
    assert port_mismatch(revision(plain=plain, ports=ports)) == found


def test_an_unknown_name_of_the_same_namespace_leads_to_nobody() -> None:
    services = dict(p.environment(NAMES).services)
    services["mlflow"] = p.replace(services["mlflow"], depends_on=())
    services["registry"] = p.replace(services["registry"], depends_on=("mlflow",))
    file = p.replace(p.environment(NAMES), services=services)
    for value, found in (("http://other.hokusai.local:1", ""),
                         ("http://other.hokusai.local:5000", "mlflow")):  # fmt: skip
        known = replace(case(revised(X=value)), environment=file)
        assert dependency_of(known, "registry", "X") == found


def test_an_internal_address_of_tls_leads_nowhere_where_a_group_speaks_plain_http() -> None:
    (own,) = (g for g in HEALTHY.target_groups if g.arn == NAMES.group("auth"))
    beside = p.replace(own, arn="arn:tls", name="auth-tls", protocol="HTTPS")
    state = p.replace(HEALTHY, target_groups=(*HEALTHY.target_groups, beside))
    services = dict(p.environment(NAMES).services)
    both = (own.name, beside.name)

    def leads(*names: str) -> bool:
        services["auth"] = p.replace(services["auth"], target_groups=names)
        known = replace(case(state), environment=p.replace(p.environment(NAMES), services=services))
        return leads_to(known, "auth", "https://auth.hokusai.local:8000")

    assert (leads(own.name), leads(*both)) == (False, False)


def test_of_two_parts_at_one_host_the_port_of_the_scheme_tells_which() -> None:
    services = dict(p.environment(NAMES).services)
    services["mlflow"] = p.replace(services["mlflow"], url=f"https://auth.{NAMES.domain}:8443")
    file = p.replace(p.environment(NAMES), services=services)
    for value, found in ((f"https://auth.{NAMES.domain}/x", "auth"),
                         (f"https://auth.{NAMES.domain}:8443/x", "mlflow"),
                         (f"http://auth.{NAMES.domain}/x", "")):  # fmt: skip
        known = replace(case(revised(X=value)), environment=file)
        assert dependency_of(known, "registry", "X") == found


def test_an_address_of_another_part_of_the_file_is_known_to_be_wrong() -> None:
    for host, wrong in ((f"registry.{NAMES.domain}", True), ("elsewhere.example", False)):
        value = f"http://{host}"
        known = case(revised(AUTH_SERVICE_URL=value))
        assert is_known_wrong(known, "registry", "AUTH_SERVICE_URL", value) is wrong
