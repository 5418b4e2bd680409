"""The fault library: what the table promises, and what each fault does to the edge.

The symptoms follow the table of edge signatures: status, content type and who answered.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest
import urllib3

from sandbox import names
from sandbox.faults import FAULTS
from tests.sandbox import fingerprint
from tests.sandbox.conftest import RunningTwin

SEARCH = "/api/mlflow/api/2.0/mlflow/experiments/search?max_results=1"
HTML, JSON, TEXT = "text/html", "application/json", "text/plain"
BALANCER, TARGET = "balancer", "target"
REGISTRY, AUTH = names.REGISTRY_HOST, names.AUTH_HOST


class Symptom(NamedTuple):
    """One answer at the edge that a fault leads to."""

    fault: str
    host: str
    path: str
    status: int
    content_type: str
    who: str
    body: str = ""
    principal: str = ""


SYMPTOMS = [
    Symptom("mlflow-rule-missing", REGISTRY, "/mlflow/x", 401, JSON, TARGET, "API key required"),
    Symptom("api-rules-missing", REGISTRY, "/api/v1/models", 404, TEXT, BALANCER, "Not Found"),
    Symptom("mlflow-api-rule-missing", REGISTRY, SEARCH, 404, TEXT, BALANCER, "Not Found"),
    Symptom("mlflow-api-rule-wrong-target", REGISTRY, SEARCH, 404, HTML, TARGET, "<!doctype"),
    Symptom("catch-all-shadows-rules", REGISTRY, "/api/v1/models", 404, HTML, TARGET),
    Symptom("rules-on-http-only", REGISTRY, "/health", 404, TEXT, BALANCER, "Not Found"),
    Symptom("api-group-detached", REGISTRY, "/health", 503, HTML, BALANCER, "503 Service"),
    Symptom("api-group-empty", REGISTRY, "/health", 503, HTML, BALANCER, "503 Service"),
    Symptom("api-listens-elsewhere", REGISTRY, "/health", 502, HTML, BALANCER, "502 Bad"),
    Symptom("api-blocked", REGISTRY, "/health", 504, HTML, BALANCER, "504 Gateway Time-out"),
    Symptom("auth-blocked", AUTH, "/health", 504, HTML, BALANCER, "504 Gateway Time-out"),
    Symptom("api-scaled-to-zero", REGISTRY, "/health", 503, HTML, BALANCER, "503 Service"),
    Symptom("auth-scaled-to-zero", AUTH, "/health", 503, HTML, BALANCER, "503 Service"),
    Symptom("auth-scaled-to-zero", REGISTRY, SEARCH, 503, JSON, TARGET, "", "valid"),
    Symptom("mlflow-scaled-to-zero", REGISTRY, SEARCH, 502, JSON, TARGET, "MLflow", "valid"),
    Symptom("mlflow-service-deleted", REGISTRY, "/mlflow/x", 503, HTML, BALANCER),
    Symptom("api-crash-loop", REGISTRY, "/health", 503, HTML, BALANCER),
    Symptom("auth-secret-placeholder", AUTH, "/health", 503, HTML, BALANCER),
    Symptom("execution-role-denied", REGISTRY, "/health", 503, HTML, BALANCER),
    Symptom("image-missing", REGISTRY, "/health", 503, HTML, BALANCER),
    Symptom("mlflow-url-unset", REGISTRY, SEARCH, 502, JSON, TARGET, "localhost:5000", "valid"),
    Symptom(
        "mlflow-url-wrong-namespace", REGISTRY, SEARCH, 502, JSON, TARGET, "hokusai.local", "valid"
    ),
    Symptom("service-id-wrong", REGISTRY, SEARCH, 401, JSON, TARGET, "Invalid or", "valid"),
    Symptom("host-header-rejected", REGISTRY, SEARCH, 403, TEXT, TARGET, "Invalid Host", "valid"),
    Symptom("discovery-missing", REGISTRY, SEARCH, 502, JSON, TARGET, "MLflow", "valid"),
    Symptom("key-unknown", REGISTRY, SEARCH, 401, JSON, TARGET, "Invalid or", "valid"),
    Symptom("key-without-scope", REGISTRY, SEARCH, 403, JSON, TARGET, "", "valid"),
    Symptom("authorization-stripped", REGISTRY, SEARCH, 401, JSON, TARGET, "required", "valid"),
    Symptom("no-protection", REGISTRY, SEARCH, 200, JSON, TARGET, "experiments"),
    Symptom("revoked-accepted", REGISTRY, SEARCH, 200, JSON, TARGET, "", "revoked"),
    Symptom("expired-accepted", REGISTRY, SEARCH, 200, JSON, TARGET, "", "expired"),
    Symptom("auth-down-misreported", REGISTRY, SEARCH, 401, JSON, TARGET, "", "valid"),
    Symptom("proxy-unmounted", REGISTRY, SEARCH, 404, JSON, TARGET, "Not Found", "valid"),
    Symptom("seed-2025-08-05", AUTH, "/health", 502, HTML, BALANCER, "502 Bad Gateway"),
    Symptom("seed-2025-08-05", REGISTRY, SEARCH, 404, HTML, TARGET, "<!doctype"),
    Symptom("seed-2025-08-05-as-reported", REGISTRY, SEARCH, 404, TEXT, BALANCER, "Not Found"),
]  # fmt: skip
QUICK = {"mlflow-api-rule-wrong-target", "api-rules-missing", "api-blocked", "seed-2025-08-05"}


def by_fault() -> list[object]:
    """A case for each fault; all but a few are part of the sweep."""
    return [
        pytest.param(
            fault,
            [s for s in SYMPTOMS if s.fault == fault],
            id=fault,
            marks=() if fault in QUICK else (pytest.mark.sweep,),
        )
        for fault in dict.fromkeys(symptom.fault for symptom in SYMPTOMS)
    ]


def check(twin: RunningTwin, symptom: Symptom) -> None:
    key = twin.key(symptom.principal) if symptom.principal else ""
    answer = twin.get(symptom.host, symptom.path, key=key)
    assert answer.status == symptom.status, answer.data[:300]
    assert answer.headers["content-type"].startswith(symptom.content_type)
    answered = BALANCER if answer.headers.get("server") == "awselb/2.0" else TARGET
    assert answered == symptom.who
    assert symptom.body in answer.data.decode()


@pytest.mark.parametrize(("fault", "symptoms"), by_fault())
def test_a_fault_shows_at_the_edge_as_it_did(
    healthy_twin: RunningTwin, fault: str, symptoms: list[Symptom]
) -> None:
    healthy_twin.plant(fault)
    healthy_twin.settle()
    for symptom in symptoms:
        check(healthy_twin, symptom)


@pytest.fixture(scope="module")
def healthy_answers(twin: RunningTwin) -> tuple[fingerprint.Answer | str, ...]:
    """What the healthy platform answers."""
    return fingerprint.take(twin)


@pytest.mark.sweep
@pytest.mark.parametrize("fault", list(FAULTS))
def test_every_fault_settles_shows_as_promised_and_heals(
    healthy_answers: tuple[fingerprint.Answer | str, ...], twin: RunningTwin, fault: str
) -> None:
    try:
        twin.plant(fault)
        twin.settle()
        broken = fingerprint.take(twin)
    finally:
        twin.heal()
    if FAULTS[fault].symptom:
        assert broken != healthy_answers
    else:
        assert fingerprint.statuses(broken) == fingerprint.statuses(healthy_answers)
    healed = fingerprint.take(twin)
    assert fingerprint.statuses(healed) == fingerprint.statuses(healthy_answers)


@pytest.mark.sweep
@pytest.mark.parametrize("fault", ["registry-listener-missing", "auth-listener-missing"])
def test_a_missing_listener_refuses_connections(healthy_twin: RunningTwin, fault: str) -> None:
    healthy_twin.plant(fault)
    healthy_twin.settle()
    host = AUTH if fault.startswith("auth") else REGISTRY
    with pytest.raises(urllib3.exceptions.NewConnectionError):
        healthy_twin.get(host, "/health")


@pytest.mark.sweep
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("certificate-expired", "certificate has expired"),
        ("certificate-wrong-name", "doesn't match"),
        ("certificate-untrusted", "self-signed certificate"),
    ],
)
def test_a_bad_certificate_ends_the_handshake(
    healthy_twin: RunningTwin, fault: str, words: str
) -> None:
    healthy_twin.plant(fault)
    healthy_twin.settle()
    with pytest.raises(urllib3.exceptions.SSLError, match=words):
        healthy_twin.get(REGISTRY, "/health")


@pytest.mark.sweep
def test_on_the_seed_day_ecs_calls_auth_well(healthy_twin: RunningTwin) -> None:
    healthy_twin.plant("seed-2025-08-05")
    healthy_twin.settle()
    answer = healthy_twin.client("ecs").describe_services(
        cluster=names.CLUSTER, services=[names.AUTH_SERVICE]
    )
    (auth,) = answer["services"]
    assert (auth["runningCount"], auth["desiredCount"]) == (1, 1)
    assert len(auth["deployments"]) == 2


@pytest.mark.parametrize("fault", list(FAULTS.values()), ids=list(FAULTS))
def test_a_fault_is_a_sentence_and_a_cause(fault: object) -> None:
    found = FAULTS[fault.id]  # type: ignore[attr-defined]
    assert found.sentence[0].isupper()
    assert not found.sentence.endswith(".")
    assert len(found.sentence) <= 100
    assert found.cause == found.cause.lower()
    assert found.plant.__doc__


def test_the_library_holds_at_least_thirty_faults_and_both_seed_days() -> None:
    assert len(FAULTS) >= 30
    assert {"seed-2025-08-05", "seed-2025-08-05-as-reported"} <= set(FAULTS)
