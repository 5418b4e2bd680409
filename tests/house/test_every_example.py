"""Every command and example of a document is run by a test, or stands here with the reason why not.

Whoever writes a new one is sent here by the first test: to a test that runs it, or to a reason.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.house import documents
from tests.house.documents import ROOT, name

# A line of a fenced shell block, or a line or code span that begins with one of these words, is a
# command that a reader may type.
WORDS = re.compile(
    r"(\.venv/bin/)?(python3?|make|npm|npx|aws|curl|sed|cp|git|bash|export|eval|canary|jq|pip-audit"
    r"|pip|uv|cdk|gh|docker|tmux|pytest|_CANARY_COMPLETE=\w+)\s+\S"
)

# What runs it: "file::test", all of them slow tests or tests of every `make test`.
COMMANDS = "tests/infra/test_documented_commands.py"
RUN = {
    r"(\.venv/bin/)?python3? -m canary\b": f"{COMMANDS}::test_a_documented_command_works",
    r"(aws cloudformation (delete-stack|wait stack-delete)|aws s3api delete-)": f"{COMMANDS}"
    "::test_after_the_removal_as_documented",
    r"IFS= read -rs VALUE && ": f"{COMMANDS}::test_a_secret_is_stored_as_documented",
    r"(aws|curl) ": f"{COMMANDS}::test_a_documented_aws_command_works",
    r"(export PATH=|eval .*bash_source canary|canary run --only registry\.<TAB>)": f"{COMMANDS}"
    "::test_completion_offers",
    r"(eval .*zsh_source|_CANARY_COMPLETE=fish_source) canary": "tests/canary/cli/test_terminal.py"
    "::test_completion_in_a_shell",
    r"(\.venv/bin/)?python3? -m sandbox (up|worlds|faults|break|settle|heal)\b": "tests/sandbox/"
    "test_documented.py::test_the_commands_of_the_readme",
    r"make demo\b": "tests/sandbox/test_documented.py::test_the_demo",
    r"make docs$": "tests/house/test_documents.py::test_the_catalogue_is_current",
    r"make pictures$": "tests/canary/report/test_pictures.py::test_a_picture_is_drawn",
    r"make gate\b": f"{COMMANDS}::test_a_documented_command_works",
    r"make synth$": "tests/infra/test_five_minutes.py::test_a_platform_of_the_same_kind",
    r"(make deploy|npx cdk (bootstrap|diff)|npm ci)": "tests/infra/test_cdk_cli.py"
    "::test_bootstrap_and_deploy",
    r"npx cdk destroy\b": "tests/infra/test_cdk_cli.py::test_destroy",
    r"sed 's/development/NAME/g'": "tests/infra/test_five_minutes.py::test_a_platform_of_the_same",
    r"cp docs/examples/any-mlflow\.toml": "tests/infra/test_five_minutes.py::test_any_mlflow",
    r"(uv tool install|pip install) \.(\s|$)": "tests/house/test_distributions.py"
    "::test_the_clone_is_installed_as_documented",
    r"python3? -m hokusai_canary\.template\b": "tests/infra/test_construct.py"
    "::test_the_template_for_others",
    r"uv tool install --with ": "tests/house/test_distributions.py"
    "::test_the_clone_is_installed_as_documented",
    r"pip install \./docs/examples/plugin$": "tests/house/test_plugin_example.py"
    "::test_its_environment_is_valid",
    r"\.venv/bin/uv pip install --python \S+ -e \. ": "tests/infra/test_plugged_deployed.py"
    "::test_it_is_installed_beside_the_clone",
    r"uv build\b": "tests/house/test_distributions.py::test_two_builds_give_the_same_bytes",
    r"make (test|test-slow|lint)\b": "tests/house/test_workflows.py::test_ci_runs_the_verbs",
}
NOT_RUN = {
    r"IFS= read -r NAME && ": "test_aws_cli.py types it, with a program in place of the AWS CLI",
    r"make setup$": "every other verb calls it first",
    r"(make mutants|python -m tests\.mutants)\b": "an hour; `make sweep` does it",
    r"python -m tests\.canary\.support\.(told|arriving)": "writes files that a test compares",
    r"make (sweep|bench)$": "half a day on a quiet machine; a person reads what they say",
    r"python -m tests\.replayed": "minutes of processor; `make sweep` compares what it writes",
    r"python -m tests\.bench\.": "a measurement, for a quiet machine",
    r"make diagnosis-report$": "an hour; `make test-slow` and `make sweep` plant the same",
    r"python -m tests\.worlds\.matrix": "hours; `make test-slow` tries a sample of its cells",
    r"python -m tests\.doctor\.matrix": "hours; `make test-slow` tries some of its faults",
    r"python -m tests\.canary\.support\.answers\.others": "asks the curl that is installed",
    r"make lock$": "asks the package registry for what is new today",
    r"pip-audit ": "asks a database of vulnerabilities; a person runs it before a release",
    r"python -m sandbox\.services\.<name>$": "a decision says how a task is started",
    r"canary (plan( --checks N)?|doctor|init)$": "a sentence speaks of the command by its name",
}
LANGUAGES: dict[str, str] = {
    "": "", "sh": "",  # line by line, above
    "toml": "tests/house/test_documents_examples.py::test_a_check_in_a_document_is_valid",
    "python": "tests/house/test_documents_examples.py::test_the_kind_in_the_document_works",
    "json": "tests/canary/messages/test_forms.py::test_the_rule_of_the_document",
    "text": "tests/canary/messages/test_arriving.py::test_the_document_has_the_texts_that_arrive",
    "yaml": "tests/canary/serve/test_exposition.py::test_the_rules_of_the_document",
    "mermaid": "",  # a drawing: nothing to run
}  # fmt: skip
EXECUTED = ("SizeSpec", "latency-degraded")  # what test_documents_examples finds Python blocks by


def typed() -> list[tuple[str, str]]:
    """Return every command of every page."""
    found = set()
    for page in documents.PAGES:
        text = page.read_text(encoding="utf-8")
        fenced = [
            line
            for match in documents.FENCE.finditer(text)
            if match["language"] in ("", "sh", "bash", "console")
            for line in match["text"].splitlines()
            if line.strip() and not line.strip().startswith("#")
        ]
        spoken = [line for line in documents.code(page) if WORDS.match(line.strip())]
        found |= {(name(page), line.strip()) for line in (*fenced, *spoken)}
    return sorted(found)


def places(command: str) -> list[str]:
    """Return what runs a command, or why nothing does; in the order of the tables."""
    return [
        told for table in (RUN, NOT_RUN) for how, told in table.items() if re.match(how, command)
    ]


@pytest.mark.parametrize(("page", "command"), typed())
def test_a_documented_command_is_run_or_has_a_reason(page: str, command: str) -> None:
    assert places(command), f"{page}: no test runs it: give it one, or a reason in this file"


def test_what_nothing_runs_is_noticed() -> None:
    assert WORDS.match("npx cdk watch") and not places("npx cdk watch")
    assert not places("python -m sandbox explode")


@pytest.mark.parametrize("how", [*RUN, *NOT_RUN])
def test_no_row_outlives_its_command(how: str) -> None:
    kept = {r"make setup$", r"make (test|test-slow|lint)\b"}  # verbs of the Makefile's own help
    assert how in kept or any(re.match(how, command) for _, command in typed())


@pytest.mark.parametrize("place", sorted({*RUN.values(), *LANGUAGES.values()} - {""}))
def test_every_test_that_runs_something_is_there(place: str) -> None:
    file, _, test = place.partition("::")
    assert f"def {test}" in (ROOT / file).read_text(encoding="utf-8"), place


@pytest.mark.parametrize("page", documents.PAGES, ids=name)
def test_every_fenced_block_is_of_a_language_that_something_looks_at(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert {m["language"] for m in documents.FENCE.finditer(text)} <= set(LANGUAGES)


def test_every_python_example_is_executed() -> None:
    left = [b for b in documents.blocks("python") if not any(word in b.text for word in EXECUTED)]
    assert left == []


def test_every_json_example_is_read_by_a_test() -> None:
    pages = [name(block.page) for block in documents.blocks("json")]
    assert pages == ["docs/events.md", "docs/operations.md"]


def test_the_role_that_deploys_trusts_one_environment_alone() -> None:
    (block,) = [b for b in documents.blocks("json") if name(b.page) == "docs/operations.md"]
    (statement,) = json.loads(block.text)["Statement"]
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    asked = statement["Condition"]["StringEquals"]
    (subject,) = [value for key, value in asked.items() if key.endswith(":sub")]
    assert subject == "repo:OWNER/REPOSITORY:environment:NAME"
    assert [value for key, value in asked.items() if key.endswith(":aud")] == ["sts.amazonaws.com"]
