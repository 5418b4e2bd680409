"""The command line, as a user runs it: exit status, clean stdout, files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from canary.alarms.plan import plan_alarms
from canary.cli import main
from canary.cli.progress import line
from canary.config import load
from canary.model import Status
from canary.report import json as canonical
from canary.report import terminal
from tests.canary.support.report_samples import seed_day
from tests.canary.test_handler import PRINCIPALS, UNWATCHED

COMMANDS = (
    "doctor",
    "init",
    "serve",
    "run",
    "list",
    "plan",
    "validate",
    "show",
    "compare",
    "history",
    "changes",
    "public",
    "mute",
    "unmute",
    "permissions",
    "schema",
    "rehearse",
    "gate",
    "catalogue",
)
ROOT = Path(__file__).resolve().parents[3]
ONE = "auth.https-redirect"


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, prog_name="python -m canary")


@pytest.fixture
def file(tmp_path: Path) -> str:
    generated = [
        f'[principals.{p}]\ngenerated = "malformed"\n'
        for p in (*PRINCIPALS, "unknown", "malformed")
    ]
    path = tmp_path / "nothing-answers.toml"
    text = UNWATCHED.format(url="https://127.0.0.1:1") + "\n".join(generated)
    path.write_text('aws_endpoint_url = "http://127.0.0.1:1"\n' + text)
    return str(path)


@pytest.fixture
def out(tmp_path: Path, file: str) -> Path:
    done = call("run", "-e", file, "--only", ONE, "--out", str(tmp_path / "out"), "-q")
    assert done.exit_code == 1, done.output
    return tmp_path / "out"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    done = call(command, "--help")
    assert done.exit_code == 0 and command in done.output
    assert "Examples:" in done.output and max(map(len, done.output.splitlines())) <= 100


def test_the_list_of_commands_names_each_of_them() -> None:
    assert set(COMMANDS) == set(main.commands)


def test_the_list_is_an_array_of_checks() -> None:
    done = call("list", "--format", "json")
    checks = json.loads(done.stdout)
    assert done.exit_code == 0 and len(checks) > 50
    assert {"id", "title", "kind", "suite", "service", "severity", "needs"} <= set(checks[0])


def test_the_plan_says_its_budget_and_its_monthly_cost() -> None:
    done = call("plan")
    assert done.exit_code == 0
    assert "budget 50 s" in done.stdout and "$ a month" in done.stdout
    found = json.loads(call("plan", "--format", "json").stdout)
    assert found["plan"]["budget_s"] == 50.0
    # what the platform counts and may debit is bounded and said before anything runs
    keyed = sum(p["keyed"] for p in found["plan"]["order"])
    assert 0 < found["plan"]["keyed"] == keyed < found["plan"]["requests"]
    assert f"{keyed} of the requests carry a key" in done.stdout
    assert keyed < found["keyed_requests_an_hour"] <= 60 * keyed


def test_permissions_are_actions_with_resources() -> None:
    found = json.loads(call("permissions", "--format", "json").stdout)
    # Lambda's own calls for the function's network interfaces are denied to the function's code
    denied = {p["action"] for p in found if p["effect"] == "Deny"}
    actions = {p["action"] for p in found} - denied
    assert {"ecs:DescribeServices", "secretsmanager:GetSecretValue"} <= actions
    assert not [a for a in actions if "*" in a]
    # Lambda deletes what it handed on from the canary's own queue of changes, with its role
    assert "s3:GetObject" in actions
    assert [a for a in actions if "Delete" in a] == ["sqs:DeleteMessage"]


@pytest.mark.parametrize("what", ["check", "environment"])
def test_schemas_are_json(what: str) -> None:
    assert json.loads(call("schema", what).stdout)["$schema"].startswith("https://json-schema.org")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run", "--environment", "nowhere"), "nowhere: no such environment or file"),
        (("run", "-e", "development", "--only", "no.such"), "no such check or suite here: no.such"),
        (("plan", "--suite", "no-such"), "no such check or suite here: no-such"),
        (("show", "20200101t000000-abcdef", "--store", "out/nowhere"), "no report"),
        (("run", "--budget", "-1"), "-1.0 is not in the range"),
        (("run", "--out", "/proc/nowhere"), "--out /proc/nowhere: No such file or directory"),
        (("run", "--fail-on", "loud"), "'loud' is not one of"),
        (("validate", "--environment", "nowhere"), "nowhere: no such environment or file"),
        (("plan", "--checks", "many"), "a number, numbers with commas, or all"),
        (("plan", "--checks", "0"), "must be 1 or more"),
        (("rehearse", "--history", "nowhere"), "no runs of the last 7 days in nowhere"),
        (("nothing",), "No such command 'nothing'"),
    ],
)
def test_wrong_use_ends_with_status_2_and_says_what_is_wrong(
    arguments: tuple[str, ...], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = call(*arguments)
    assert done.exit_code == 2 and words in done.stderr and done.stdout == ""


def test_validate_prints_every_problem_and_ends_with_status_2() -> None:
    bad = Path(__file__).parents[1] / "config" / "bad_config"
    done = call("validate", str(bad / "check-unknown-key.toml"), str(bad / "check-circle.toml"))
    assert done.exit_code == 2
    assert "check-unknown-key.toml: auth.it: retries: unknown key" in done.stderr
    assert "check-circle.toml: auth.a: needs: form a cycle" in done.stderr


def test_the_page_of_a_whole_run_shows_the_runs_before_it(tmp_path: Path, file: str) -> None:
    for _ in range(2):
        assert call("run", "-e", file, "--out", str(tmp_path), "-q").exit_code == 1
    kept = tmp_path / "store" / "latest"
    (latest,) = kept.glob("*.html")
    assert (tmp_path / "report.html").read_bytes() == latest.read_bytes()
    assert "<svg" in latest.read_text().partition('id="history"')[2]


def test_a_run_writes_every_form_of_its_report(out: Path) -> None:
    names = {p.name for p in out.iterdir() if p.is_file()}
    assert names == {"report.json", "report.md", "report.html", "junit.xml"}
    report = canonical.load((out / "report.json").read_bytes())
    assert [r.check_id for r in report.results] == [ONE]


def test_json_on_stdout_is_the_report_and_nothing_else(file: str, tmp_path: Path) -> None:
    done = call("run", "-e", file, "--only", ONE, "--out", str(tmp_path), "--format", "json")
    assert canonical.load(done.stdout).run.environment == "nothing-answers"
    assert "Probing" in done.stderr


def test_a_report_is_shown_and_compared_from_its_file(out: Path, file: str) -> None:
    report = str(out / "report.json")
    assert ONE in call("show", report).stdout
    assert call("show", report, "--format", "markdown").stdout
    done = call("compare", report, report)
    assert done.exit_code == 0 and "STILL_FAILING" in done.stdout


def test_history_reads_the_latest_whole_run(file: str, tmp_path: Path) -> None:
    assert call("run", "-e", file, "--out", str(tmp_path / "o"), "-q").exit_code == 1
    store = str(tmp_path / "o" / "store")
    done = call("history", ONE, "-e", file, "--store", store)
    head, row = done.stdout.rstrip().splitlines()
    assert done.exit_code == 0 and head.startswith("check ")
    assert row.startswith(ONE) and row.endswith("F")
    shown = call("show", "latest", "-e", file, "--store", store, "--format", "json").stdout
    assert ONE in {r.check_id for r in canonical.load(shown).results}


def test_what_many_checks_would_take_is_planned_on_paper() -> None:
    text = call("plan", "--checks", "all").stdout
    assert all(size in text for size in ("100 ", "1,000 ", "10,000 ", "100,000 "))
    (one,) = json.loads(call("plan", "--checks", "10000", "--format", "json").stdout)
    assert one["shape"] == "map" and one["checks"] == 10_000


def test_the_bill_counts_the_alarms_that_the_deployment_makes() -> None:
    bill = json.loads(call("plan", "--format", "json").stdout)["monthly"]
    config = load("development", authoring=False)
    planned = sum(len(a.series) for a in plan_alarms(config, "fn", 50).alarms)  # each is billed
    line = next(item for item in bill if item["item"] == "alarms")
    assert line["how"].startswith(f"{planned} ")


def test_an_environment_is_validated_by_name() -> None:
    done = call("validate", "--environment", "development")
    assert done.exit_code == 0 and done.stdout == "1 file is valid: development.toml\n"


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("canary ga", "gate"),
        ("canary run --only registry.heal", "registry.health"),
        ("canary plan -e dev", "development"),
        ("canary rehearse --pattern fl", "flapping"),
    ],
)
def test_the_shell_completes_commands_checks_and_environments(typed: str, offered: str) -> None:
    words = {"_CANARY_COMPLETE": "bash_complete", "COMP_WORDS": typed}
    done = subprocess.run(
        [sys.executable, "-m", "canary"],
        env={**os.environ, **words, "COMP_CWORD": str(len(typed.split()) - 1)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"plain,{offered}" in done.stdout.splitlines()


@pytest.mark.parametrize("width", [80, 120])
def test_the_summary_keeps_to_the_width_of_the_terminal_but_for_commands(width: int) -> None:
    lines = terminal.render(seed_day(), width=width).splitlines()
    assert max(len(line) for line in lines if not line.startswith("aws ")) <= width


def test_a_failure_is_one_line_of_plain_text_while_the_run_works() -> None:
    failed = next(r for r in seed_day().results if r.status is Status.FAIL)
    shown = line(msgspec.structs.replace(failed, reason="[red]a\nb\x1b[2J"))
    assert shown.plain.startswith(f"  FAIL  {failed.check_id} 21 ms  [red]a b")
    assert "\n" not in shown.plain and "\x1b" not in shown.plain


def test_the_one_word_command_makes_its_own_completion() -> None:
    done = subprocess.run(
        [str(ROOT / "bin" / "canary")],
        env={**os.environ, "_CANARY_COMPLETE": "bash_source"},
        capture_output=True,
        text=True,
        check=False,
    )
    if not (ROOT / ".venv" / "bin" / "python").exists():
        pytest.skip("the one-word command uses .venv, which make setup makes")
    assert "_canary_completion" in done.stdout and done.stdout.rstrip().endswith("_setup;")
