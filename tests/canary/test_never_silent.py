"""Whatever breaks: a report with what is known is published, or the invocation raises.

A raised error counts in AWS/Lambda Errors and, since no heartbeat is printed, lets RunCompleted
go missing: both have an alarm. docs/reliability.md holds the table.
"""

from __future__ import annotations

import datetime as dt
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from canary.adapters.store.folder import FolderStore
from canary.adapters.store.packing import unpack
from canary.adapters.store.protocol import StoreError
from canary.config import ConfigError
from canary.model import Report, Severity, Status
from canary.publish import Published, publish_metrics, publish_report
from canary.report import json as canonical
from canary.wiring.run import make_runtime
from tests.canary.support import functions, made, worlds
from tests.canary.support.functions import PRINCIPALS, Function
from tests.canary.support.servers import faults
from tests.canary.support.servers.cloud import Cloud, json_error, slow, xml_error

ROOT = Path(__file__).resolve().parents[2]
QUICK = ["auth.root"]
THROTTLED = "ThrottlingException"


@pytest.fixture(scope="module")
def platform() -> Iterator[str]:
    """A platform that answers every request with a small document."""
    with faults.serving(faults.good) as port:
        yield f"http://127.0.0.1:{port}"


def report_of(deployed: Function, done: functions.Invoked) -> Report:
    """Return the report that one invocation left in the store."""
    name = f"canary/runs/{done.summary['run_id']}.json"
    found = deployed.cloud.client("s3").get_object(Bucket=functions.BUCKET, Key=name)
    return canonical.load(unpack(found["Body"].read()))


@pytest.fixture
def deployed(
    cloud: Cloud, platform: str, capfd: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Function:
    cloud.mend()
    for thread in threading.enumerate():  # what an earlier invocation left hanging would send here
        # a message's sender would also mark its lease, and this test's message has the same key
        if thread.name in {"within", "channel"}:
            thread.join(20)
    secrets = {p: f"opaque-{p}-{n}-0123456789" for n, p in enumerate(PRINCIPALS)}
    return functions.deploy(cloud, capfd, tmp_path, monkeypatch, platform, secrets)


def reset_connection(environ: dict[str, Any], start: Any, moto: Any) -> Any:
    """Hang up without an answer."""
    environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    raise ConnectionResetError


FAULTS: dict[str, tuple[str, Any, Callable[[Report], bool]]] = {
    # name -> service, fault, what the published report must tell
    "Secrets Manager throttled": (
        "secretsmanager",
        json_error(THROTTLED),
        lambda r: says(r, Status.ERROR, THROTTLED),
    ),
    "Secrets Manager denied": (
        "secretsmanager",
        json_error("AccessDeniedException"),
        lambda r: says(r, Status.ERROR, "AccessDenied"),
    ),
    "Secrets Manager down": (
        "secretsmanager",
        reset_connection,
        lambda r: says(r, Status.ERROR, "could not be read"),
    ),
    "Secrets Manager slow": ("secretsmanager", slow(1.0), lambda r: r.platform is not None),
    "ECS throttled": ("ecs", json_error(THROTTLED), lambda r: unavailable(r, THROTTLED)),
    "ECS denied": (
        "ecs",
        json_error("AccessDeniedException"),
        lambda r: unavailable(r, "AccessDenied"),
    ),
    "ECS slow": ("ecs", slow(1.0), lambda r: r.platform is not None),
    "ECS down": ("ecs", reset_connection, lambda r: unavailable(r, "ConnectionClosed")),
    "ELBv2 throttled": (
        "elasticloadbalancing",
        xml_error("Throttling", "400 Bad Request"),
        lambda r: unavailable(r, "Throttling"),
    ),
    "ELBv2 denied": (
        "elasticloadbalancing",
        xml_error("AccessDenied"),
        lambda r: unavailable(r, "AccessDenied"),
    ),
    "ELBv2 slow": ("elasticloadbalancing", slow(1.0), lambda r: r.platform is not None),
    "ELBv2 down": (
        "elasticloadbalancing",
        reset_connection,
        lambda r: unavailable(r, "ConnectionClosed"),
    ),
}


IN_EVERY_TEST = {
    *("Secrets Manager throttled", "ECS denied", "ECS slow", "ELBv2 down"),
    *("S3 denied", "S3 down", "SNS denied", "EventBridge down"),
}
"""Each service and each way to be out of order once; `make test-slow` has all of them."""


def cases(names: Iterable[str]) -> list[Any]:
    """Return a case for each name."""
    return [
        pytest.param(name, marks=[] if name in IN_EVERY_TEST else [pytest.mark.slow])
        for name in names
    ]


def says(report: Report, status: Status, text: str) -> bool:
    """Whether a check of that status names the text as its reason."""
    return any(r.status is status and text in r.reason for r in report.results)


def unavailable(report: Report, code: str) -> bool:
    """Whether the report's picture of the control plane has a gap with this code."""
    return code in msgspec.json.encode(report.platform).decode()


@pytest.mark.parametrize("name", cases(FAULTS))
def test_a_service_out_of_order_is_in_the_published_report(deployed: Function, name: str) -> None:
    service, fault, told = FAULTS[name]
    deployed.cloud.faults[service] = fault
    done = deployed.invoke(25, only=["registry.requires-scope", "auth.tasks"])
    assert done.error is None and done.emitted
    report = report_of(deployed, done)
    assert told(report), [r.reason for r in report.results if r.status is Status.ERROR][:3]


STORE_FAULTS = {
    "S3 denied": xml_error("AccessDenied"),
    "S3 throttled": xml_error("SlowDown", "503 Slow Down"),
    "S3 slow": slow(20.0),
    "S3 down": reset_connection,
}


@pytest.mark.parametrize("name", cases(STORE_FAULTS))
def test_without_a_store_the_log_holds_the_whole_report_and_the_next_run_says_so(
    deployed: Function, name: str
) -> None:
    deployed.cloud.faults["s3"] = STORE_FAULTS[name]
    done = deployed.invoke(30, only=QUICK)
    assert done.error is None and done.emitted
    assert done.logged is not None and done.logged.run.id == done.summary["run_id"]
    assert any("previous report could not be read" in n for n in done.summary["notes"])
    deployed.cloud.faults.clear()
    after = deployed.invoke(30, only=QUICK)
    assert any(done.summary["run_id"] in note for note in after.summary["notes"])
    assert report_of(deployed, after).run.id == after.summary["run_id"]


MESSAGE_FAULTS = {
    "SNS throttled": ("sns", xml_error("Throttling", "400 Bad Request")),
    "SNS denied": ("sns", xml_error("AuthorizationError")),
    "SNS slow": ("sns", slow(20.0)),
    "SNS down": ("sns", reset_connection),
    "EventBridge throttled": ("events", json_error(THROTTLED)),
    "EventBridge denied": ("events", json_error("AccessDeniedException")),
    "EventBridge slow": ("events", slow(20.0)),
    "EventBridge down": ("events", reset_connection),
}


@pytest.mark.parametrize("name", cases(MESSAGE_FAULTS))
def test_a_message_that_cannot_be_sent_is_a_problem_in_the_log_and_nothing_else(
    deployed: Function, name: str
) -> None:
    service, fault = MESSAGE_FAULTS[name]
    deployed.cloud.faults[service] = fault
    began = time.monotonic()
    done = deployed.invoke(30)
    assert time.monotonic() - began < 30  # before Lambda would end it
    assert done.error is None and done.emitted and deployed.latest() is not None
    told = "did not end within 6 s" if "slow" in name else "could not be sent"
    assert told in done.problems


def test_a_missing_secret_makes_errors_of_the_checks_that_need_it_alone(deployed: Function) -> None:
    manager = deployed.cloud.client("secretsmanager")
    manager.delete_secret(SecretId="canary/read-only", ForceDeleteWithoutRecovery=True)
    done = deployed.invoke(30)
    report = deployed.latest()
    assert done.error is None and report is not None
    missing = [r for r in report.results if "canary/read-only" in r.reason]
    assert missing and {r.status for r in missing} == {Status.ERROR}
    assert {r.status for r in report.results} > {Status.ERROR, Status.FAIL}


@pytest.mark.parametrize("text", ["name = ", "name = 5\n", "\x00", ""])
def test_an_unreadable_configuration_raises_before_anything_is_done(
    deployed: Function, text: str
) -> None:
    deployed.file.write_text(text)
    done = deployed.invoke()
    assert isinstance(done.error, ConfigError)
    assert not done.emitted and not deployed.cloud.sent


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'{"schema": "hokusai-canary/report/1", "run": {"id": "20261122t1',
        b'{"schema": "hokusai-canary/report/0", "run": {"id": "0"}}',
        b"\xff\xfe\x00",
        b"[" * 5000,
        b"null",
    ],
)
def test_a_previous_report_that_is_no_report_is_a_note(deployed: Function, body: bytes) -> None:
    deployed.put_latest(body)
    done = deployed.invoke(30, only=QUICK)
    assert done.error is None and done.emitted
    assert any("previous report could not be read" in n for n in done.summary["notes"])


def test_the_latest_report_is_written_after_the_run_s_own(deployed: Function) -> None:
    done = deployed.invoke(30, only=QUICK, trigger="schedule")
    puts = [
        line
        for line in (r.split(b"\n")[0].decode() for r in deployed.cloud.sent)
        if line.startswith("PUT /") and ".json" in line and "claims" not in line
    ]
    own = next(n for n, line in enumerate(puts) if done.summary["run_id"] in line)
    latest = next(n for n, line in enumerate(puts) if "latest/tried.json" in line)
    assert own < latest


def test_the_latest_report_stays_if_the_run_s_own_was_the_last_that_could_be_written(
    deployed: Function,
) -> None:
    event = {"only": QUICK, "trigger": "schedule"}
    before = deployed.invoke(30, **event).summary["run_id"]
    denied = xml_error("AccessDenied")

    def only_latest(environ: dict[str, Any], start: Any, moto: Any) -> Any:
        put = environ["REQUEST_METHOD"] == "PUT" and "latest/tried.json" in environ["PATH_INFO"]
        return denied(environ, start, moto) if put else moto(environ, start)

    time.sleep(1.1)  # ids sort by the second
    deployed.cloud.faults["s3"] = only_latest
    done = deployed.invoke(30, **event)
    deployed.cloud.faults.clear()
    found = deployed.latest()
    assert done.error is None and found is not None and found.run.id == before
    assert "latest/tried.json" in done.problems


def test_a_duplicate_delivery_is_a_run_of_its_own_and_the_newer_stays_latest(
    deployed: Function,
) -> None:
    at = dt.datetime.now(dt.UTC).isoformat()
    first = deployed.invoke(30, only=QUICK, trigger="schedule", scheduled_at=at)
    second = deployed.invoke(30, only=QUICK, trigger="schedule", scheduled_at=at)
    latest = deployed.latest()
    assert first.emitted and second.emitted and latest is not None
    assert latest.run.id == max(first.summary["run_id"], second.summary["run_id"])


def test_overlapping_runs_never_corrupt_the_latest_report(deployed: Function) -> None:
    from canary import handler as function

    event = {"only": QUICK, "trigger": "schedule"}
    threads = [
        threading.Thread(target=function.handler, args=(event, functions.Context(30)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    latest = deployed.latest()
    listed = deployed.cloud.client("s3").list_objects_v2(
        Bucket=functions.BUCKET, Prefix="canary/runs/"
    )
    ids = sorted(o["Key"].rpartition("/")[2] for o in listed["Contents"] if "json" in o["Key"])
    assert latest is not None and len(ids) == 4 and ids[-1] == f"{latest.run.id}.json"


@pytest.mark.parametrize("age", [dt.timedelta(hours=1), dt.timedelta(hours=-5)])
def test_a_stale_schedule_and_a_clock_that_is_wrong_are_told(
    deployed: Function, age: dt.timedelta
) -> None:
    at = (dt.datetime.now(dt.UTC) - age).isoformat()
    done = deployed.invoke(30, only=QUICK, trigger="schedule", scheduled_at=at)
    assert done.error is None
    if age > dt.timedelta():
        assert done.summary["status"] == "STALE" and "run is stale" in done.out
        assert not done.emitted  # the heartbeat's gap pages if no newer run follows
    else:
        assert done.emitted and deployed.latest() is not None


def test_without_egress_the_run_ends_in_time_and_its_report_is_in_the_log(
    deployed: Function,
) -> None:
    for service in ("s3", "sns", "events", "ecs", "elasticloadbalancing", "secretsmanager", "ec2"):
        deployed.cloud.faults[service] = reset_connection
    deployed.cloud.faults["s3"] = slow(6.0)  # as where packets are dropped
    text = deployed.file.read_text()
    began = time.monotonic()
    with faults.serving(faults.silent) as port:
        lines = [
            f'url = "http://127.0.0.1:{port}"' if x.startswith("url =") else x
            for x in text.splitlines()
        ]
        deployed.file.write_text("\n".join(lines))
        done = deployed.invoke(12)
    assert time.monotonic() - began < 15
    # no critical check was judged: the heartbeat that misses pages, about the canary itself
    assert done.error is None and not done.emitted
    assert [x["RunCompleted"] for x in done.lines if "RunCompleted" in x] == [[0.0]]
    assert done.logged is not None and done.logged.run.status in (Status.FAIL, Status.ERROR)
    critical = [r for r in done.logged.results if r.severity is Severity.CRITICAL]
    assert critical and {r.status for r in critical} <= {Status.ERROR, Status.SKIP}


class BrokenStore(FolderStore):
    """A store that takes nothing."""

    def put_if_absent(self, name: str, data: bytes) -> bool:
        raise StoreError("nothing is stored")

    def write(self, name: str, data: bytes) -> None:
        raise StoreError("nothing is stored")


class BrokenLog:
    """A log that takes nothing."""

    def event(self, message: str, **fields: Any) -> None:
        raise OSError("nobody reads")

    def whole(self, message: str, text: str, **fields: Any) -> None:
        raise OSError("nobody reads")


def test_what_reached_neither_store_nor_log_nor_metrics_is_known_and_raised(tmp_path: Path) -> None:
    def broken(*_: Any) -> Any:
        raise OSError("nobody reads")

    runtime = make_runtime(worlds.config(worlds.check()), str(tmp_path))
    runtime = msgspec.structs.replace(runtime, store=BrokenStore(tmp_path))
    report, done = made.report(made.result("F")), Published()
    publish_metrics(report, broken, done, runtime.config)
    publish_report(runtime, report, done, latest=True, emit=broken, log=BrokenLog(), notify=broken)
    assert not done.anywhere  # the handler raises NotPublishedError
    parts = [problem.partition(":")[0] for problem in done.problems]
    assert parts == [
        "metrics",
        "metrics",
        "log",
        "report",
        "log",
        "latest report",
        "messages",
        "metrics",
    ]


def test_every_row_of_the_table_is_in_the_documents() -> None:
    page = (ROOT / "docs" / "reliability.md").read_text()
    missing = [name for name in (*FAULTS, *STORE_FAULTS, *MESSAGE_FAULTS) if name not in page]
    assert missing == []


def test_a_report_that_went_to_the_log_reads_back_as_it_was(deployed: Function) -> None:
    deployed.cloud.faults["s3"] = xml_error("AccessDenied")
    done = deployed.invoke(30, only=QUICK)
    assert done.logged is not None
    assert canonical.load(canonical.render(done.logged)) == done.logged
