"""A task runs what its definition says: each container, its command, its order, its end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from emulator.ecs.images import Image
from tests.emulator.support.task_ground import (
    SLEEP,
    Ground,
    container,
    end,
    ground,
    python,
    shell,
    states,
)

EXITED = ("EssentialContainerExited", "Essential container in task exited")
TO_START = ("TaskFailedToStart", "Task failed to start")
CANNOT_START = (
    "CannotStartContainerError: ResourceInitializationError: failed to create new container "
    "runtime task: failed to create shim task: OCI runtime create failed: runc create failed: "
    "unable to start container process: exec: "
)


@pytest.fixture(scope="module")
def tasks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    folder = tmp_path_factory.mktemp("image")
    (folder / "start.sh").write_text("#!/bin/sh\nexit 0\n")
    (folder / "unknown.sh").write_text("#!/nowhere/sh\n")
    (folder / "unknown.sh").chmod(0o755)
    image = Image(entry_point=("echo", "hello"), command=("world",), folder=str(folder))
    with ground(folder, {"greeter": image}) as found:
        yield found


def test_the_command_decides_how_the_task_ends(tasks: Ground) -> None:
    for code in (0, 1, 3):
        task = tasks.ended(shell("app", f"echo bye; exit {code}"))
        assert end(task) == EXITED
        assert states(task) == {"app": ("STOPPED", code)}
        assert tasks.lines(task["taskArn"], "app") == ["bye"]


@pytest.mark.parametrize(
    ("given", "code", "line"),
    [
        ({"command": ["python", "-m", "no.such.module"]}, 1, "No module named 'no'"),
        ({"command": ["sh", "-c", "exit 4"]}, 4, ""),
        ({"command": ["sh", "-c", "no-such-program"]}, 127, "no-such-program: not found"),
        ({"entryPoint": ["sh", "-c"], "command": ["echo $WHO; exit 5"]}, 5, "me"),
    ],
)
def test_a_command_fails_as_its_program_says(
    tasks: Ground, given: dict[str, list[str]], code: int, line: str
) -> None:
    app = container("app", environment=[{"name": "WHO", "value": "me"}], **given)
    task = tasks.ended(app)
    assert (end(task), states(task)) == (EXITED, {"app": ("STOPPED", code)})
    assert line in "\n".join(tasks.lines(task["taskArn"], "app"))


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (["no-such-program", "serve"], '"no-such-program": executable file not found in $PATH'),
        (["/app/none.sh"], '"/app/none.sh": stat /app/none.sh: no such file or directory'),
        (["./start.sh"], '"./start.sh": permission denied'),
    ],
)
def test_a_program_that_cannot_be_started_stops_the_task(
    tasks: Ground, given: list[str], reason: str
) -> None:
    task = tasks.ended(_greeter(entryPoint=given))
    assert (end(task), states(task)) == (TO_START, {"app": ("STOPPED", None)})
    assert task["containers"][0]["reason"] == f"{CANNOT_START}{reason}: unknown"


def test_a_script_whose_interpreter_is_missing_says_so_in_the_log(tasks: Ground) -> None:
    task = tasks.ended(_greeter(entryPoint=["./unknown.sh"]))
    assert (end(task), states(task)) == (EXITED, {"app": ("STOPPED", 1)})
    lines = tasks.lines(task["taskArn"], "app")
    assert lines == ["exec ./unknown.sh: no such file or directory"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, ["hello world"]),
        ({"command": ["you"]}, ["hello you"]),
        ({"entryPoint": ["echo", "good"]}, ["good"]),  # without the image's own command
        ({"entryPoint": ["echo"], "command": ["bye"]}, ["bye"]),
    ],
)
def test_an_image_s_entry_point_and_command_are_defaults(
    tasks: Ground, given: dict[str, list[str]], said: list[str]
) -> None:
    task = tasks.ended(_greeter(**given))
    assert tasks.lines(task["taskArn"], "app") == said


def test_each_container_has_its_own_process_and_variables_and_shares_the_address(
    tasks: Ground,
) -> None:
    serve = "import socket; s = socket.create_server(('0.0.0.0', 7000)); s.accept()"
    ask = (
        "import os, socket, time\n"
        "print(os.environ.get('WHO'))\n"
        "for _ in range(100):\n"
        "    try: socket.create_connection(('localhost', 7000)); break\n"
        "    except OSError: time.sleep(0.05)\n"
        "print('connected')\n"
    )
    web = python("web", serve, environment=[{"name": "WHO", "value": "web"}])
    client = python("client", ask, essential=False)
    task = tasks.ended(web, client)
    assert (end(task), states(task)["web"]) == (EXITED, ("STOPPED", 0))
    assert tasks.lines(task["taskArn"], "client") == ["None", "connected"]
    assert len({c["networkInterfaces"][0]["privateIpv4Address"] for c in task["containers"]}) == 1


def test_a_container_that_is_not_essential_leaves_the_task_running(tasks: Ground) -> None:
    arn = tasks.run(shell("app", SLEEP), shell("log", "exit 9", essential=False))
    task = tasks.when(arn, lambda t: states(t)["log"] == ("STOPPED", 9))
    assert task["lastStatus"] == "RUNNING"
    assert states(task) == {"app": ("RUNNING", None), "log": ("STOPPED", 9)}
    task = tasks.stop(arn)
    assert end(task) == ("UserInitiated", "Task stopped by user")
    assert states(task) == {"app": ("STOPPED", 143), "log": ("STOPPED", 9)}


def test_an_essential_container_s_end_stops_the_others(tasks: Ground) -> None:
    task = tasks.ended(shell("app", SLEEP), shell("proxy", "exit 2"))
    assert end(task) == EXITED
    assert states(task) == {"app": ("STOPPED", 143), "proxy": ("STOPPED", 2)}


def test_containers_wait_for_what_they_depend_on(tasks: Ground) -> None:
    def after(condition: str) -> list[dict[str, str]]:
        return [{"containerName": "migrate", "condition": condition}]

    app = shell("app", "echo up", dependsOn=after("SUCCESS"))
    done = tasks.ended(shell("migrate", "echo migrated", essential=False), app)
    assert states(done) == {"migrate": ("STOPPED", 0), "app": ("STOPPED", 0)}
    failing = shell("migrate", "exit 1", essential=False)
    failed = tasks.ended(failing, app)
    assert (end(failed), states(failed)) == (
        TO_START,
        {"migrate": ("STOPPED", 1), "app": ("STOPPED", None)},
    )
    anyway = tasks.ended(failing, {**app, "dependsOn": after("COMPLETE")})
    assert (end(anyway), states(anyway)["app"]) == (EXITED, ("STOPPED", 0))


@pytest.mark.parametrize(
    ("condition", "other", "text"),
    [
        ("COMPLETE", {"essential": True}, "cannot be set on the essential container other"),
        ("HEALTHY", {"essential": False}, "needs a health check of the container other"),
        ("START", {"name": "third"}, "'app' depends on 'other', which does not exist"),
        ("START", {"dependsOn": [{"containerName": "app", "condition": "START"}]}, "a circle"),
    ],
)
def test_dependencies_that_cannot_be_are_refused(
    tasks: Ground, condition: str, other: dict[str, object], text: str
) -> None:
    app = shell("app", "", dependsOn=[{"containerName": "other", "condition": condition}])
    with pytest.raises(ClientError, match=text):
        tasks.register(app, {**shell("other", ""), **other})


def test_a_run_overrides_a_container_s_command_and_variables(tasks: Ground) -> None:
    app = container("app", command=["false"], environment=[{"name": "A", "value": "1"}])
    changed = {
        "name": "app",
        "command": ["sh", "-c", "echo $A $B"],
        "environment": [{"name": "B", "value": "2"}],
    }
    task = tasks.ended(app, overrides={"containerOverrides": [changed]})
    assert tasks.lines(task["taskArn"], "app") == ["1 2"]
    assert task["group"] == "family:small"
    with pytest.raises(ClientError, match="Override for container named x is not a container in"):
        tasks.run(app, overrides={"containerOverrides": [{"name": "x"}]})


def test_credentials_of_the_task_role_come_from_an_endpoint(tasks: Ground) -> None:
    ask = (
        "import json, os, urllib.request\n"
        "uri = os.environ['AWS_CONTAINER_CREDENTIALS_FULL_URI']\n"
        "given = json.load(urllib.request.urlopen(uri))\n"
        "print(given['RoleArn'], *sorted(given.keys() - {'RoleArn'}))\n"
        "print('AWS_ACCESS_KEY_ID' in os.environ)\n"
    )
    task = tasks.ended(python("app", ask), overrides={"taskRoleArn": tasks.role})
    assert tasks.lines(task["taskArn"], "app") == [
        f"{tasks.role} AccessKeyId Expiration SecretAccessKey Token",
        "False",
    ]


def test_a_task_s_storage_is_the_definition_s_or_fargate_s_own(tasks: Ground) -> None:
    app = shell("app", "exit 0")
    sizes = []
    for given in ({}, {"ephemeralStorage": {"sizeInGiB": 21}}):
        arn = tasks.start(tasks.register(app, **given))
        sizes.append(tasks.task(arn)["ephemeralStorage"]["sizeInGiB"])
    assert sizes == [20, 21]
    for size in (20, 201):
        with pytest.raises(ClientError, match="ephemeral storage must have 21 to 200 GiB"):
            tasks.register(app, ephemeralStorage={"sizeInGiB": size})


def _greeter(**given: list[str]) -> dict[str, object]:
    from emulator.settings import IMAGE_REGISTRY

    return {**container("app"), "image": f"{IMAGE_REGISTRY}/greeter:latest", **given}
