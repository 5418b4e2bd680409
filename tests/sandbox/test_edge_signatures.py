"""Each way an answer can look at the edge, produced by what produces it on the platform.

The rows are those of the platform's record of incidents, "edge signatures": status, content
type, who answered and the words of the body are what separates look-alikes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.support import classic as names
from tests.sandbox.support.edge_client import JSON, Answer, ask
from tests.sandbox.support.twin import RunningTwin

pytestmark = pytest.mark.slow

AUTH, REGISTRY = names.AUTH_HOST, names.REGISTRY_HOST
MLFLOW_API = "/api/mlflow/api/2.0/mlflow"
SEARCH = f"{MLFLOW_API}/experiments/search?max_results=1"


@pytest.fixture(scope="module")
def shared(twin: RunningTwin) -> Iterator[RunningTwin]:
    """Heal the session's twin when this module is done with it."""
    yield twin
    twin.heal()


@pytest.fixture
def healed(shared: RunningTwin) -> RunningTwin:
    """A healthy twin to break; the next test, or the module's end, heals it."""
    shared.heal()
    return shared


def registry(twin: RunningTwin, path: str, principal: str | None = None, **more: Any) -> Answer:
    """Ask the registry, as a principal or as nobody."""
    key = None if principal is None else twin.key(principal)
    return ask(twin.state, REGISTRY, path, key=key, **more)


def broken(twin: RunningTwin, fault: str) -> None:
    """Plant a fault of the library and wait until the twin is steady."""
    twin.plant(fault)
    twin.settle(60.0)


def is_own_page(answer: Answer, title: str) -> bool:
    """Say whether an answer is the balancer's own page of that title."""
    kind = (answer.kind, answer.from_balancer)
    return kind == ("text/html", True) and f"<h1>{title}</h1>".encode() in answer.body


# --- on the healthy platform


def test_an_unknown_path_of_mlflow_is_404_html_from_mlflow_itself(twin: RunningTwin) -> None:
    answer = registry(twin, "/mlflow/nothing-here/at-all", "valid")
    assert answer.status == 404 and answer.kind == "text/html"
    assert not answer.from_balancer
    stranger = registry(twin, "/mlflow/nothing-here/at-all")
    assert (stranger.status, stranger.document) == (401, {"detail": "API key required"})
    assert stranger.server == "gunicorn"  # MLflow's gateway, not the API


def test_a_route_that_is_not_mounted_is_404_json_detail(twin: RunningTwin) -> None:
    answer = registry(twin, "/api/v1/nothing-here", "valid")
    assert (answer.status, answer.kind) == (404, JSON)
    assert answer.document == {"detail": "Not Found"}


def test_a_path_that_mlflow_lacks_is_404_json_through_the_proxy(twin: RunningTwin) -> None:
    answer = registry(twin, f"{MLFLOW_API}/nothing-here", "valid")
    assert (answer.status, answer.kind) == (404, JSON)
    assert answer.document["error_code"] in ("RESOURCE_NOT_FOUND", "ENDPOINT_NOT_FOUND")


def test_an_absent_entity_is_404_json_and_healthy(twin: RunningTwin) -> None:
    path = f"{MLFLOW_API}/registered-models/get?name=no-such-model"
    answer = registry(twin, path, "valid")
    assert (answer.status, answer.kind) == (404, JSON)
    assert answer.document["error_code"] == "RESOURCE_DOES_NOT_EXIST"


def test_no_key_and_a_wrong_key_are_401_with_different_words(twin: RunningTwin) -> None:
    nobody, wrong = registry(twin, SEARCH), registry(twin, SEARCH, "unknown")
    assert (nobody.status, nobody.document) == (401, {"detail": "API key required"})
    assert (wrong.status, wrong.document) == (401, {"detail": "Invalid or expired API key"})


@pytest.mark.parametrize("principal", ["revoked", "expired", "other-service"])
def test_a_key_that_auth_refuses_reads_like_a_wrong_one(twin: RunningTwin, principal: str) -> None:
    answer = registry(twin, SEARCH, principal)
    assert (answer.status, answer.document["detail"]) == (401, "Invalid or expired API key")


def test_a_missing_parameter_is_400_json_from_mlflow(twin: RunningTwin) -> None:
    answer = registry(twin, f"{MLFLOW_API}/registered-models/get", "valid")
    assert (answer.status, answer.kind) == (400, JSON)
    assert answer.document["error_code"] == "INVALID_PARAMETER_VALUE"


def test_a_wrong_verb_is_405_html_where_it_is_mlflow_that_refuses(twin: RunningTwin) -> None:
    answer = registry(twin, SEARCH, "valid", method="DELETE")
    assert (answer.status, answer.kind) == (405, "text/html")


def test_clear_text_is_led_to_tls_on_every_host(twin: RunningTwin) -> None:
    for host in (AUTH, REGISTRY, names.API_HOST):
        answer = ask(twin.state, host, "/health", port=80)
        assert is_own_page(answer, "301 Moved Permanently")


def test_a_key_without_scope_is_403_json(twin: RunningTwin) -> None:
    answer = registry(
        twin,
        f"{MLFLOW_API}/registered-models/create",
        "read-only",
        method="POST",
        body={"name": "not-to-be-made"},
    )
    assert (answer.status, answer.kind) == (403, JSON)


# --- after changes through the AWS API


@pytest.mark.sweep
def test_no_rule_on_this_listener_is_404_plain_text_from_the_balancer(healed: RunningTwin) -> None:
    broken(healed, "rules-on-http-only")
    answer = registry(healed, SEARCH, "valid")
    assert (answer.status, answer.kind, answer.body) == (404, "text/plain", b"Not Found")
    assert answer.from_balancer


@pytest.mark.sweep
def test_a_rule_to_the_wrong_group_is_html_where_the_proxy_would_give_json(
    healed: RunningTwin,
) -> None:
    broken(healed, "mlflow-api-rule-wrong-target")
    answer = registry(healed, SEARCH, "valid")
    assert (answer.status, answer.kind, answer.from_balancer) == (404, "text/html", False)


def test_a_target_that_refuses_is_502_html_at_once(healed: RunningTwin) -> None:
    elbv2 = healed.client("elbv2")
    group = elbv2.describe_target_groups(Names=[names.AUTH_TARGET_GROUP])["TargetGroups"][0]
    arn = group["TargetGroupArn"]
    health = elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    target = health[0]["Target"]
    elbv2.deregister_targets(TargetGroupArn=arn, Targets=[target])
    elbv2.register_targets(TargetGroupArn=arn, Targets=[{**target, "Port": 8999}])
    vpc_group = _security_group(healed, names.AUTH_TASK_GROUP)
    healed.client("ec2").authorize_security_group_ingress(
        GroupId=vpc_group, IpProtocol="tcp", FromPort=8999, ToPort=8999, CidrIp="10.0.0.0/16"
    )
    healed.settle(60.0)
    answer = ask(healed.state, AUTH, "/health")
    assert answer.status == 502 and answer.seconds < 1
    assert is_own_page(answer, "502 Bad Gateway")


def _security_group(twin: RunningTwin, name: str) -> str:
    found = twin.client("ec2").describe_security_groups(
        Filters=[{"Name": "group-name", "Values": [name]}]
    )
    return str(found["SecurityGroups"][0]["GroupId"])


@pytest.mark.sweep
def test_a_group_without_targets_is_503_html(healed: RunningTwin) -> None:
    broken(healed, "auth-scaled-to-zero")
    assert is_own_page(ask(healed.state, AUTH, "/health"), "503 Service Temporarily Unavailable")
    behind = registry(healed, SEARCH, "valid")  # the key is innocent, and is not blamed
    assert (behind.status, behind.kind) == (503, JSON)
    assert "uthentication service" in behind.document["detail"]


@pytest.mark.sweep
def test_a_closed_security_group_is_504_html_after_the_connect_timeout(
    healed: RunningTwin,
) -> None:
    broken(healed, "auth-blocked")
    answer = ask(healed.state, AUTH, "/health")
    assert is_own_page(answer, "504 Gateway Time-out")
    assert 1.5 < answer.seconds < 5


def test_a_wrong_health_path_changes_nothing_at_the_edge_for_the_balancer_fails_open(
    healed: RunningTwin,
) -> None:
    broken(healed, "api-health-path-wrong")
    assert registry(healed, SEARCH, "valid").status == 200


def test_a_deleted_listener_refuses_connections(healed: RunningTwin) -> None:
    broken(healed, "registry-listener-missing")
    with pytest.raises(ConnectionRefusedError):
        registry(healed, "/health")
    assert ask(healed.state, AUTH, "/health").status == 200


def test_mlflow_gone_is_502_json_through_the_api_and_503_html_past_it(
    healed: RunningTwin,
) -> None:
    broken(healed, "mlflow-scaled-to-zero")
    answer = registry(healed, SEARCH, "valid")
    assert (answer.status, answer.kind, answer.from_balancer) == (502, JSON, False)
    assert "Failed to connect to MLflow server at http" in answer.document["detail"]
    past = registry(healed, "/mlflow/health")
    assert past.status == 503 and is_own_page(past, "503 Service Temporarily Unavailable")


@pytest.mark.sweep
def test_a_host_that_mlflow_does_not_allow_is_403_plain_text_from_mlflow(
    healed: RunningTwin,
) -> None:
    broken(healed, "host-header-rejected")
    answer = registry(healed, SEARCH, "valid")
    assert (answer.status, answer.kind) == (403, "text/plain")
    assert b"Invalid Host header" in answer.body
