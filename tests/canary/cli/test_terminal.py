"""The command line for people: help like a manual's, progress, what fits a screen."""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import msgspec
import pytest
from click.testing import CliRunner
from rich.progress import Progress

from canary.cli import Commands, main
from canary.cli.progress import Oldest
from canary.model import Status
from canary.report import json as canonical
from tests import pictures
from tests.canary.support import report_samples as samples

ROOT = Path(__file__).resolve().parents[3]
ESCAPE = "\x1b["


def on_a_terminal(arguments: list[str], folder: Path, **variables: str) -> list[str]:
    """Run the command line on a pseudo-terminal of 80 by 24 and return its lines."""
    parent, child = pty.openpty()
    done = subprocess.Popen(
        [sys.executable, "-m", "canary", *arguments],
        stdin=child,
        stdout=child,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env={
            **os.environ,
            "TERM": "xterm",
            "COLUMNS": "80",
            "LINES": "24",
            "PYTHONPATH": str(ROOT),
            **variables,
        },
    )
    os.close(child)
    told = b""
    with open(parent, "rb", buffering=0) as screen:
        try:
            while piece := screen.read(65536):
                told += piece
        except OSError:  # how Linux says that the other end was closed
            pass
    assert done.wait(30) == 0
    return told.decode().replace("\r\n", "\n").splitlines()


@pytest.fixture
def seed(tmp_path: Path) -> str:
    path = tmp_path / "report.json"
    path.write_text(canonical.render(pictures.real("seed-day")))
    return str(path)


@pytest.mark.parametrize("name", sorted(main.commands))
def test_help_says_what_it_does_how_it_ends_and_shows_examples(name: str) -> None:
    told = CliRunner().invoke(main, [name, "--help"], prog_name="canary").output
    assert "Exit status:" in told and "Examples:" in told
    options = [p for p in main.commands[name].params if isinstance(p, click.Option)]
    assert [o.name for o in options if not o.help] == []


def test_the_list_of_commands_fits_80_columns_without_a_cut() -> None:
    told = CliRunner().invoke(main, ["--help"], prog_name="python -m canary").output
    listed = told.partition("Commands:")[2].partition("Exit status")[0]
    assert len(re.findall(r"^  [a-z]+ ", listed, re.M)) == len(main.commands)
    assert "..." not in listed and max(map(len, told.splitlines())) <= 80


def test_a_summary_fits_the_terminal_in_colour_and_without(seed: str, tmp_path: Path) -> None:
    rows = on_a_terminal(["show", Path(seed).name], tmp_path)
    assert any(ESCAPE in row for row in rows)
    plain = [re.sub(r"\x1b\[[0-9;]*m", "", row) for row in rows]
    assert sum(max(1, -(-len(row) // 80)) for row in plain) <= 22
    assert any(row.startswith("aws elbv2 modify-rule") for row in plain)
    assert plain[-1] == "python -m canary show report.json | less"  # the same file, not a run's id
    assert ESCAPE not in "".join(on_a_terminal(["show", seed], tmp_path, NO_COLOR="1"))


def test_what_is_piped_is_whole_and_without_colour(seed: str) -> None:
    done = CliRunner().invoke(main, ["show", seed])
    assert ESCAPE not in done.output and len(done.output.splitlines()) > 40


def test_what_a_target_said_moves_no_terminal(tmp_path: Path) -> None:
    well = samples.healthy()
    lied = "gone \x1b[2J\x1b]0;title\x07\nBROKE \u202e"
    ill = msgspec.structs.replace(well.results[0], status=Status.FAIL, reason=lied, steps=())
    kept = {k: v for k, v in well.history.items() if k != well.results[1].check_id}
    broken = msgspec.structs.replace(well, results=(ill, *well.results[1:]), history=kept)
    for name, report in (("a", well), ("b", broken)):
        (tmp_path / name).write_text(canonical.render(report))
    done = CliRunner().invoke(main, ["compare", str(tmp_path / "a"), str(tmp_path / "b")])
    assert done.exit_code == 0 and len(done.output.splitlines()) == 1
    assert "gone ⟨ESC⟩[2J" in done.output and not set("\x1b\x07\u202e") & set(done.output)


def test_a_terminal_without_colours_gets_none(seed: str, tmp_path: Path) -> None:
    assert ESCAPE not in "".join(on_a_terminal(["show", seed], tmp_path, TERM="dumb"))


def test_a_terminal_without_our_signs_gets_the_rest(seed: str) -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "canary", "show", seed],
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
        capture_output=True,
        cwd=ROOT,
    )
    assert (
        shown.returncode == 0 and b"? development: registration and sign-in fail: " in shown.stdout
    )


def test_a_report_that_cannot_be_read_is_wrong_use_and_a_bug_is_no_failed_check() -> None:
    for name in ("/proc/self/mem", "a" * 300):
        done = CliRunner().invoke(main, ["show", name])
        assert done.exit_code == 2 and "Traceback" not in done.output

    @click.command()
    def faulty() -> None:
        raise RuntimeError("a bug")

    group = Commands(commands=[faulty])
    done = CliRunner().invoke(group, ["faulty"])
    assert done.exit_code == 3 and "RuntimeError: a bug" in done.output


@pytest.mark.parametrize("command", ["list", "plan"])
def test_rows_are_cut_to_the_terminal(command: str, tmp_path: Path) -> None:
    rows = on_a_terminal([command], tmp_path)
    assert max(map(len, rows)) <= 80
    cut = sum(row.endswith("…") for row in rows)
    note = f"({cut} rows are cut to the screen; whole: the same command with | less)"
    assert cut and rows[-1] == note


def test_progress_names_the_check_that_has_been_under_way_the_longest() -> None:
    now = [0.0]
    oldest = Oldest(lambda: now[0])
    with Progress(oldest, disable=True) as bar:
        bar.add_task("")
        (task,) = bar.tasks
        assert oldest.render(task).plain == ""
        oldest.begin("registration.model")
        now[0] = 1.0
        oldest.begin("auth.health")
        now[0] = 3.5
        assert oldest.render(task).plain == "registration.model 3.5 s"
        oldest.end("registration.model")
        assert oldest.render(task).plain == "auth.health 2.5 s"


SHELLS = {
    "fish": """_CANARY_COMPLETE=fish_source canary | source
        complete -C 'canary run --only registry.he'""",
    "zsh": """autoload -Uz compinit; compinit -u -D
        eval "$(_CANARY_COMPLETE=zsh_source canary)"; print -r -- $_comps[canary]
        export COMP_WORDS='canary run --only registry.he' COMP_CWORD=3
        _CANARY_COMPLETE=zsh_complete canary""",
}


@pytest.mark.parametrize("shell", SHELLS)
def test_completion_in_a_shell_that_is_here(shell: str) -> None:
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    if not (ROOT / ".venv" / "bin" / "python").exists():
        pytest.skip("the one-word command uses .venv, which make setup makes")
    path = f"{ROOT / 'bin'}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [shell, "-c", SHELLS[shell]],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "registry.health" in done.stdout.splitlines(), done.stderr
