"""Every printed command is one that AWS's own model takes, with nothing read as something else."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path
from typing import Any

import pytest

import canary.diagnose
from canary.diagnose import diagnose
from canary.diagnose.remedies.command import UnsafeTextError, command
from canary.diagnose.remedies.edit import Edit, Later
from canary.model import Remedy
from tests.canary.support import commands
from tests.canary.support import platforms as p
from tests.canary.support.aws_model.typed import typed
from tests.canary.support.platform_faults import FAULTS, NAMES, Fault, plant

DIAGNOSE = Path(canary.diagnose.__file__).parent


def remedies(fault: Fault) -> list[Remedy]:
    state, results = plant(fault)
    found = diagnose(results, state, p.environment(NAMES), p.healthy(NAMES), p.NOW).diagnoses
    return [d.remedy for d in found]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.id)
def test_each_command_and_its_way_back_fit_awss_model(fault: Fault) -> None:
    for remedy in remedies(fault):
        for line in (*remedy.fix, *remedy.undo):
            assert commands.faults_of(line) == "", line
            assert "\n" not in line


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.id)
def test_each_fix_says_what_it_changes_or_starts_tasks_anew(fault: Fault) -> None:
    for remedy in remedies(fault):
        if remedy.fix and not remedy.difference:
            assert all("--force-new-deployment" in line for line in remedy.fix)
        assert all(d.before != d.after for d in remedy.difference)


def edit(**parameters: Any) -> Edit:
    return Edit(service="ecs", operation="update-service", parameters=parameters, resource="x")


HOSTILE = ("a b", "a'b", 'a"b', "$(id)", "`id`", "a;b", "a|b", "a&b", "*", "~", "a\\", "--x", "é")


@pytest.mark.parametrize("text", HOSTILE)
def test_the_shell_hands_a_text_on_as_it_is(text: str) -> None:
    line = command(edit(service=text, loadBalancers=[{"containerName": text}]), "r")
    shown = line.replace("aws ecs", "printf '%s\\n'", 1)
    words = subprocess.run(["bash", "-c", shown], capture_output=True, text=True, check=True)
    found = words.stdout.splitlines()
    assert text in found or f"--service={text}" in found
    assert commands.parameters(line)["loadBalancers"] == [{"containerName": text}]


@pytest.mark.parametrize(
    "text",
    ["", "--", "file:///etc/passwd", "fileb://x", "http://x", "https://x", "[1]", "{a", "a\nb"],
)
def test_what_the_cli_would_read_as_a_file_or_as_a_structure_is_refused(text: str) -> None:
    with pytest.raises(UnsafeTextError):
        command(edit(service=text), "r")
    with pytest.raises(UnsafeTextError):
        command(edit(securityGroups=["sg", text]), "r")


def test_an_identifier_that_comes_later_is_printed_by_the_shell() -> None:
    later = Later(service="elbv2", operation="describe-rules", parameters={}, query="Rules[0]")
    line = command(edit(service=later, serviceRegistries=[{"registryArn": later}]), "r")
    shown = f"aws() {{ [ $1 = elbv2 ] && echo arn:1 || printf '%s\\n' \"$@\"; }}; {line}"
    done = subprocess.run(["bash", "-c", shown], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "ecs", "update-service", "--region", "r", "--service", "arn:1",
        "--service-registries", '[{"registryArn":"arn:1"}]',
    ]  # fmt: skip


@pytest.mark.parametrize(("flag", "word"), [(True, "--enable-x"), (False, "--no-enable-x")])
def test_a_flag_has_both_forms(flag: bool, word: str) -> None:
    assert command(edit(enableX=flag), "r").split()[-1] == word


def test_the_cli_has_a_name_of_its_own_for_a_service_without_exec() -> None:
    line = command(edit(service="x", enableExecuteCommand=False), "r")
    assert line.split()[-1] == "--disable-execute-command"
    sent: list[dict[str, Any]] = []
    typed(line, lambda _service, _operation, parameters: sent.append(parameters) or {})
    assert sent == [{"service": "x", "enableExecuteCommand": False}]


def test_the_region_is_quoted_and_so_is_what_zsh_would_read() -> None:
    line = command(edit(service="=ls", family="a=b"), "x; id")
    assert line == "aws ecs update-service --region 'x; id' --service '=ls' --family a=b"


def test_no_rule_prints_a_fix_that_was_not_checked() -> None:
    """Only `build.remedy` makes a remedy with commands: it checks every edit."""
    own = {
        str(path.relative_to(DIAGNOSE))
        for path in DIAGNOSE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and any(k.arg == "fix" for k in node.keywords)
    }
    assert own == {"remedies/build.py"}
