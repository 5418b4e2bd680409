"""The command line in odd surroundings: streams, disks and arguments never end in a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from canary.cli import main
from canary.report import json as canonical
from tests.canary.support.report_samples import seed_day
from tests.canary.test_handler import PRINCIPALS, UNWATCHED

ROOT = Path(__file__).resolve().parents[3]
ONE = "auth.https-redirect"
CANARY = f"{sys.executable} -m canary"
WRONG = "nowhere: no such environment or file (there are: development)\n"
NO_STORE = "is no store (valid: environment, s3://bucket/prefix, a folder)"
SUITES = "infrastructure, authentication, registration, endpoints"


def shell(command: str, **variables: str) -> tuple[int, str, str]:
    done = subprocess.run(
        ["/bin/bash", "-c", command],
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        errors="replace",
        timeout=60,
    )
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("command", "status", "err"),
    [
        (f"{CANARY} schema check >&-", 3, "stdout: it is closed\n"),
        (f"{CANARY} schema check >&- 2>&-", 3, ""),
        (f"{CANARY} --help >/dev/full", 3, "stdout: No space left on device\n"),
        (f"{CANARY} list -e nowhere >&- 2>/dev/full", 2, ""),
        (f"set -o pipefail; {CANARY} schema check | true", 141, ""),
        (f"ulimit -n 8; {CANARY} list -e $'\\xff'", 2, WRONG.replace("nowhere", "⟨U+DCFF⟩")),
    ],
)
def test_a_stream_that_takes_nothing_gives_a_status_and_one_line(
    command: str, status: int, err: str
) -> None:
    assert shell(command)[::2] == (status, err)


def test_odd_surroundings_change_no_status() -> None:
    odd = {"PYTHONIOENCODING": "ascii:strict", "TZ": "Nope/Where", "COLUMNS": "0", "LINES": "x"}
    c = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "TERM": ""}
    assert shell(f"{CANARY} plan", **odd, **c)[::2] == (0, "")


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an environment and the reports of its first run."""
    folder = tmp_path_factory.mktemp("odd")
    principals = "\n".join(
        f'[principals.{p}]\ngenerated = "malformed"\n'
        for p in (*PRINCIPALS, "unknown", "malformed")
    )
    text = 'aws_endpoint_url = "http://127.0.0.1:1"\n' + UNWATCHED.format(url="https://127.0.0.1:1")
    (folder / "here.toml").write_text(text + principals)
    status, _, err = shell(run(folder))
    assert (status, err) == (1, f"Reports: {folder}\n")
    return folder


def run(folder: Path, *more: str) -> str:
    arguments = ("-q", "-e", str(folder / "here.toml"), "--only", ONE, "--out", str(folder), *more)
    return f"AWS_MAX_ATTEMPTS=1 {CANARY} run {' '.join(arguments)}"


def content(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_full_disk_is_named_and_replaces_nothing(out: Path) -> None:
    before = content(out)
    status, shown, err = shell(f"ulimit -f 4; {run(out)}")
    assert status == 3 and "nothing-answers: requests to auth fail" in shown
    lines = err.splitlines()
    assert lines[-1].startswith("reports: ") and lines[-1].endswith(": File too large")
    assert Path(lines[-1].removeprefix("reports: ").partition(":")[0]).parent == out
    after = content(out)
    assert {n: after.get(n) for n in before if "/" not in n} == {
        n: data for n, data in before.items() if "/" not in n
    }
    assert not [name for name in after if Path(name).name.startswith(".")]


def test_a_closed_stdout_costs_the_run_nothing_else(out: Path) -> None:
    before = content(out)
    assert shell(f"{run(out)} >&-")[::2] == (3, "stdout: it is closed\n")
    after = content(out)
    names = ("report.json", "report.md", "report.html", "junit.xml")
    assert all(before[name] != after[name] for name in names)


def call(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, arguments, prog_name="canary")
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", "--budget", "nan"), "nan is no finite number in the range 0<=x<=900."),
        (("run", "--budget", "inf"), "inf is not in the range 0<=x<=900."),
        (("run", "--budget", "-inf"), "-inf is not in the range 0<=x<=900."),
        (("run", "--budget", "1e999"), "inf is not in the range 0<=x<=900."),
        (("gate", "--patience", "inf"), "inf is no finite number in the range x>=0."),
        (("rehearse", "--p", "nan"), "nan is no finite number in the range 0<=x<=1."),
        (("run", "--only", ""), "--only: is empty (valid: see `list`)"),
        (("run", "--only", ONE, "--only", " "), "--only: is empty (valid: see `list`)"),
        (("plan", "--suite", ""), f"--suite: is empty (valid: {SUITES})"),
        (("run", "--out", ""), "--out: is empty (valid: a folder)"),
        (("run", "--out", "x" * 5000), f"--out {'x' * 100}: File name too long"),
        (("run", "--store", ""), f"'' {NO_STORE}"),
        (("run", "--store", "s3://"), f"s3:// {NO_STORE}"),
        (("run", "--store", "http://x"), f"http://x {NO_STORE}"),
        (("run", "--store", "/dev/null"), "--store /dev/null: File exists"),
        (("run", "--store", "x" * 5000), f"--store {'x' * 100}: File name too long"),
        (("show", "x" * 5000), f"{'x' * 100}: File name too long"),
        (("show", ""), "no report '': neither a file nor the id of a run"),
        (("show", "../x"), "../x: no such file"),
        (("show", "latest", "--store", ""), f"'' {NO_STORE}"),
        (("rehearse", "--history", "ftp://x"), f"ftp://x {NO_STORE}"),
        (("validate", "-e", ""), "'': no such environment or file (there are: development)"),
        (("validate", "/"), ": cannot be read: Is a directory"),
        (("list", "-e", "a\0b"), "Error: an argument holds a NUL character"),
        (("plan", "--checks", "9" * 5000), f"or all, not {'9' * 100}"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_an_argument_that_no_run_can_use_is_refused(
    arguments: tuple[str, ...], message: str
) -> None:
    status, last = call(*arguments)
    assert status == 2 and last.endswith(message)


REPORT = canonical.render(seed_day()).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        REPORT[:1000],
        b"null",
        b"[]",
        b"\0" * 100,
        REPORT.decode().encode("utf-16"),
        b"[" * 100_000,
        REPORT.rstrip(b"}\n") + b',"x":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        b'{"schema":"hokusai-canary/report/1","run":' + b"9" * 5000 + b"}",
        REPORT.replace(b"report/1", b"report/9"),
    ],
    ids=lambda data: repr(data[:20]),
)
def test_a_file_that_is_no_report_is_refused_by_every_reader(data: bytes, tmp_path: Path) -> None:
    file, store = tmp_path / "report.json", tmp_path / "store"
    file.write_bytes(data)
    (store / "latest").mkdir(parents=True)
    (store / "latest" / "development.json").write_bytes(data)
    for arguments in (
        ("show", str(file)),
        ("compare", str(file), str(file)),
        ("rehearse", "--history", str(file)),
        ("history", "--store", str(store)),
    ):
        status, last = call(*arguments)
        assert status == 2 and "report" in last


def test_a_run_with_a_time_that_is_none_has_no_gap_before_it(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    runs.mkdir()
    wrong = REPORT.replace(seed_day().run.started_at.encode(), b"yesterday")
    (runs / "99991231t000000000-aaaaaa.json").write_bytes(wrong)
    assert call("rehearse", "--history", str(tmp_path))[0] == 0
