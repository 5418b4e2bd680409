"""Health checks run their command, and memory limits are met by what processes take."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.ecs.containers.check import Request, plain_request
from tests.emulator.support.task_ground import (
    CLUSTER,
    SLEEP,
    Ground,
    end,
    ground,
    patiently,
    python,
    shell,
    states,
)

pytestmark = pytest.mark.slow  # processes begin and end by themselves, the tests wait for them

CURL, WGET = "curl/8.5.0", "Wget/1.21.4"
SERVE = """
from http.server import BaseHTTPRequestHandler, HTTPServer
class Web(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/health" else 500)
        self.end_headers()
HTTPServer(("0.0.0.0", 7000), Web).serve_forever()
"""


@pytest.fixture(scope="module")
def tasks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with ground(tmp_path_factory.mktemp("checks")) as found:
        yield found


def checked(*command: str) -> dict[str, Any]:
    """A health check that is made as often as the emulator makes one."""
    return {"command": list(command), "interval": 5, "timeout": 5, "retries": 1}


def test_each_container_has_its_own_health_and_the_essential_ones_make_the_task_s(
    tasks: Ground, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    arn = tasks.run(
        python(
            "web", SERVE, healthCheck=checked("CMD-SHELL", "curl -f http://localhost:7000/health")
        ),
        shell("file", SLEEP, healthCheck=checked("CMD", "test", "!", "-e", str(mark))),
        shell("odd", SLEEP, essential=False, healthCheck=checked("CMD-SHELL", "exit 1")),
    )
    task = tasks.when(arn, lambda t: t["healthStatus"] == "HEALTHY" and "UNHEALTHY" in _health(t))
    assert (task["healthStatus"], _health(task)) == ("HEALTHY", ["HEALTHY", "HEALTHY", "UNHEALTHY"])
    mark.touch()
    task = tasks.when(arn, lambda t: t["healthStatus"] == "UNHEALTHY")
    assert _health(task) == ["HEALTHY", "UNHEALTHY", "UNHEALTHY"]
    assert task["lastStatus"] == "RUNNING", "no service, nothing that ends it"
    tasks.stop(arn)


def test_a_check_runs_in_the_container_s_environment(tasks: Ground) -> None:
    words = 'test "$WHO" = me && curl -sf http://127.0.0.1:7000/health'
    arn = tasks.run(
        python("web", SERVE, environment=[{"name": "WHO", "value": "me"}],
               healthCheck=checked("CMD-SHELL", words)),
        shell("other", SLEEP, dependsOn=[{"containerName": "web", "condition": "HEALTHY"}]),
    )  # fmt: skip
    task = tasks.when(arn, lambda t: states(t)["other"] == ("RUNNING", None))
    assert (task["lastStatus"], _health(task)) == ("RUNNING", ["HEALTHY", "UNKNOWN"])
    assert task["healthStatus"] == "UNKNOWN", "the other one has no check"
    tasks.stop(arn)


def test_a_service_replaces_a_task_that_fails_its_check_or_exits(tasks: Ground) -> None:
    failing = shell("app", SLEEP, healthCheck=checked("CMD-SHELL", "exit 1"))
    name = {"cluster": CLUSTER, "service": "app"}
    tasks.ecs.create_service(
        cluster=CLUSTER, serviceName="app", taskDefinition=tasks.register(failing), desiredCount=1,
        launchType="FARGATE", networkConfiguration=tasks.network,
    )  # fmt: skip
    ended = ("ServiceSchedulerInitiated", "Task failed container health checks")
    assert ended in patiently(lambda: _ends(tasks), lambda ends: ended in ends)
    wrong = tasks.register(shell("app", "exit 1"))
    tasks.ecs.update_service(**name, taskDefinition=wrong)
    exited = ("EssentialContainerExited", "Essential container in task exited")
    assert exited in patiently(lambda: _ends(tasks), lambda ends: exited in ends)
    service = tasks.ecs.describe_services(cluster=CLUSTER, services=["app"])["services"][0]
    assert service["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    assert service["deployments"][0]["failedTasks"] > 0
    tasks.ecs.delete_service(**name, force=True)


def test_a_container_that_takes_more_memory_than_its_limit_is_killed(tasks: Ground) -> None:
    taking = "kept = []\nwhile True: kept.append(b'x' * 2**22)"
    small = python("greedy", taking, memory=64, essential=False)
    arn = tasks.run(shell("app", SLEEP), small)
    task = tasks.when(arn, lambda t: states(t)["greedy"][0] == "STOPPED")
    assert states(task) == {"app": ("RUNNING", None), "greedy": ("STOPPED", 137)}
    reasons = {c["name"]: c.get("reason") for c in task["containers"]}
    reason = "OutOfMemoryError: Container killed due to memory usage"
    assert reasons == {"app": None, "greedy": reason}
    tasks.stop(arn)


def test_a_container_that_is_stopped_in_time_has_no_reason(tasks: Ground) -> None:
    arn = tasks.run(shell("app", SLEEP, memory=64))
    tasks.when(arn, lambda t: t["lastStatus"] == "RUNNING")
    task = tasks.stop(arn)
    assert (end(task)[0], states(task)) == ("UserInitiated", {"app": ("STOPPED", 143)})
    assert "reason" not in task["containers"][0]


@pytest.mark.parametrize(
    ("command", "request_"),
    [
        (("CMD-SHELL", "curl -f http://localhost:80/x || exit 1"), Request(80, "/x", CURL, 400)),
        (("CMD-SHELL", "curl -fsS http://localhost"), Request(80, "/", CURL, 400)),
        (("CMD", "curl", "http://127.0.0.1:1/"), Request(1, "/", CURL, 1000)),
        (("CMD-SHELL", "curl -f 'http://localhost/a?b=c' > /dev/null 2>&1 || exit 0"),
         Request(80, "/a?b=c", CURL, 400, ignored=True)),
        (("CMD-SHELL", "wget -q --spider http://localhost:5/h"), Request(5, "/h", WGET, 400)),
        (("CMD", "curl", "-o", "/dev/null", "-m", "2", "http://localhost/"),
         Request(80, "/", CURL, 1000)),
        (("CMD-SHELL", "curl -f http://localhost/ && test -e /x"), None),
        (("CMD-SHELL", "curl -s http://localhost/ | grep ok"), None),
        (("CMD-SHELL", "curl -f https://localhost/"), None),
        (("CMD-SHELL", "curl -f http://example.com/"), None),
        (("CMD-SHELL", "curl -f -X POST http://localhost/"), None),
        (("CMD-SHELL", "pg_isready"), None),
        (("CMD-SHELL", "curl 'http://localhost/"), None),
    ],
)  # fmt: skip
def test_a_command_that_only_asks_for_a_url_needs_no_process(
    command: tuple[str, ...], request_: Request | None
) -> None:
    assert plain_request(command) == request_


def _health(task: dict[str, Any]) -> list[str]:
    return [one["healthStatus"] for one in task["containers"]]


def _ends(tasks: Ground) -> set[tuple[str, str]]:
    """How the tasks of the service have ended."""
    listed = tasks.ecs.list_tasks(cluster=CLUSTER, serviceName="app", desiredStatus="STOPPED")
    return {end(task) for task in map(tasks.task, listed["taskArns"]) if "stoppedAt" in task}
