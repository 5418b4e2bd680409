"""Tasks that cannot start or stay: AWS's reasons, the circuit breaker, the rollback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from tests.emulator.support.agent_ground import (
    NO_BREAKER,
    WITH_BREAKER,
    Change,
    Subject,
    image,
    memory,
    secret,
    variable,
)
from tests.sandbox.support import classic as names
from tests.sandbox.support.twin import RunningTwin

pytestmark = pytest.mark.slow


@pytest.fixture
def api(twin: RunningTwin) -> Iterator[Subject]:
    subject = Subject(twin, names.API_SERVICE)
    before = subject.describe()["taskDefinition"]
    yield subject
    subject.update(taskDefinition=before, desiredCount=1, deploymentConfiguration=WITH_BREAKER)
    assert subject.describe()["runningCount"] == 1


def arn(twin: RunningTwin, name: str) -> str:
    return str(twin.client("secretsmanager").describe_secret(SecretId=name)["ARN"])


def test_a_deployment_that_cannot_start_is_rolled_back(api: Subject) -> None:
    before = api.describe()["taskDefinition"]
    api.revise(variable("SANDBOX_BEHAVIOUR", "crash-on-start:cannot import name 'mlflow_proxy'"))
    found = api.describe()
    assert found["taskDefinition"] == before
    assert (found["runningCount"], found["deployments"][0]["rolloutState"]) == (1, "COMPLETED")
    events = api.events()
    failed = next(i for i, e in enumerate(events) if "deployment failed: tasks failed" in e)
    rolling = next(i for i, e in enumerate(events) if e.startswith("rolling back to deployment"))
    assert rolling == failed - 1
    assert any(e.startswith("is unable to consistently start tasks") for e in events)
    assert api.log("cannot import name")


@pytest.mark.sweep
def test_the_old_task_serves_while_the_new_one_fails(api: Subject) -> None:
    only_breaker_off = {"deploymentCircuitBreaker": {"enable": False, "rollback": False}}
    api.revise(
        variable("SANDBOX_BEHAVIOUR", "crash-on-start:boom"),
        deploymentConfiguration=only_breaker_off,
    )
    found = [(d["status"], d["rolloutState"]) for d in api.describe()["deployments"]]
    assert found == [("PRIMARY", "IN_PROGRESS"), ("ACTIVE", "COMPLETED")]
    assert api.twin.get(names.REGISTRY_HOST, "/health").status == 200


@pytest.mark.parametrize(
    ("secret_of", "suffix", "text"),
    [
        (names.APP_SECRET, ":nope::", "did not contain json key nope"),
        (names.APP_SECRET + "-RANDOM", "", "is not authorized to perform: secretsmanager:GetSecr"),
        (
            names.AUTH_SECRET,
            ":admin_token::",
            "api error AccessDeniedException: User: arn:aws:sts:",
        ),
    ],
)
def test_a_secret_that_cannot_be_had_stops_the_task(
    api: Subject, secret_of: str, suffix: str, text: str
) -> None:
    known = secret_of.removesuffix("-RANDOM")
    found = arn(api.twin, known)
    value_from = (found[:-6] + "RANDOM" if known != secret_of else found) + suffix
    api.revise(secret("DB_PASSWORD", value_from), deploymentConfiguration=NO_BREAKER)
    stopped = api.last_stopped()
    assert stopped["stopCode"] == "TaskFailedToStart"
    head = "ResourceInitializationError: unable to pull secrets or registry auth: "
    assert stopped["stoppedReason"].startswith(head + "execution resource retrieval failed: ")
    assert text in stopped["stoppedReason"]
    assert "exitCode" not in stopped["containers"][0]
    placing = [e for e in api.events() if e.startswith("was unable to place a task. Reason: ")]
    assert placing
    assert text.split("json")[0] in placing[0]


def test_a_missing_parameter_stops_the_task(api: Subject) -> None:
    name = "/hokusai/development/redis/absent"
    api.revise(secret("REDIS_HOST", name), deploymentConfiguration=NO_BREAKER)
    assert "unable to retrieve secrets from ssm" in api.last_stopped()["stoppedReason"]


@pytest.mark.parametrize(
    ("change", "code", "text", "exit_code"),
    [
        (image("never-pushed"), "TaskFailedToStart", "CannotPullContainerError: pull image", None),
        (image("2026-11-18-arm64"), "EssentialContainerExited", "Essential container in", 1),
        (memory(64), "EssentialContainerExited", "Essential container in task exited", 137),
    ],
)
def test_an_image_that_cannot_run_stops_the_task(
    api: Subject, change: Change, code: str, text: str, exit_code: int | None
) -> None:
    api.revise(change, deploymentConfiguration=NO_BREAKER)
    stopped = api.last_stopped()
    assert (stopped["stopCode"], text in stopped["stoppedReason"]) == (code, True)
    container = stopped["containers"][0]
    assert container.get("exitCode") == exit_code
    if exit_code == 137:
        reason = "OutOfMemoryError: Container killed due to memory usage"
        assert container["reason"] == reason
    if exit_code == 1:
        assert api.log("exec format error")


@pytest.mark.sweep
def test_a_task_that_does_not_listen_on_its_port_fails_its_health_check(api: Subject) -> None:
    api.revise(variable("PORT", "8000"), deploymentConfiguration=NO_BREAKER)
    stopped_by_elb = [
        t for t in api.tasks("STOPPED") if "Task failed ELB health checks in" in t["stoppedReason"]
    ]
    complaints = [e for e in api.events() if "is unhealthy in (target-group arn:" in e]
    assert complaints
    assert "due to (reason Health checks failed)" in complaints[0]
    assert all(t["stopCode"] == "ServiceSchedulerInitiated" for t in stopped_by_elb)
    answer = api.twin.get(names.REGISTRY_HOST, "/health")
    # no second task fits beside it: between two of them the target group is empty
    assert answer.status in (502, 503)
    assert answer.headers["Server"] == "awselb/2.0"


def test_a_deployment_without_room_says_so(api: Subject) -> None:
    tight = {**NO_BREAKER, "minimumHealthyPercent": 100, "maximumPercent": 100}
    api.update(deploymentConfiguration=tight, forceNewDeployment=True, settle=False)
    for _ in range(50):
        if any("because of the service deployment configuration" in e for e in api.events()):
            break
    assert any("was unable to stop or start tasks during a deployment" in e for e in api.events())
    assert len(api.describe()["deployments"]) == 2


def test_a_name_that_is_variable_and_secret_is_refused(api: Subject) -> None:
    with pytest.raises(ClientError, match="The secret name must be unique and not shared"):
        api.revise(variable("DB_PASSWORD", "plain"))
