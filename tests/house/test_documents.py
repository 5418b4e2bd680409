"""The documents hold: commands parse, links lead somewhere, what is generated is current."""

from __future__ import annotations

import ast
import contextlib
import datetime as dt
import re
import shlex
from pathlib import Path

import click
import pytest

from canary.alarms.plan import plan_alarms
from canary.cli import catalogue, main
from canary.cli.inspect import by_profile
from canary.cli.pages import message_lists, reference
from canary.config import load
from canary.deployment import cost
from canary.deployment.counts import counted
from canary.diagnose import causes
from canary.metrics.table import METRICS
from canary.plan import make_plan
from canary.probes import KINDS
from sandbox.__main__ import main as sandbox
from tests.house import documents
from tests.house.documents import PAGES, ROOT, TUTORIAL, name

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
VERBS = set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.M))
PLACEHOLDERS = {"NAME": "development", "ID": "registry.health", "SUITE": "endpoints"}
CANARY = re.compile(r"^(?:\.venv/bin/)?python3? -m canary\s+(.*)$")
SANDBOX = re.compile(r"^(?:\.venv/bin/)?python3? -m sandbox\s+([a-z-]+)")
COMMANDS = sorted(
    {
        (name(page), match[1])
        for page in PAGES
        for line in documents.code(page)
        if (match := CANARY.match(line.strip()))
    }
)
EXAMPLES = sorted(
    (command, match[1])
    for command, made in main.commands.items()
    for line in (made.help or "").splitlines()
    if (match := CANARY.match(line.strip()))
)


def parse(typed: str) -> None:
    """Parse a documented command line as click would; raises for anything that is wrong."""
    plain = re.split(r"\s[|>#]\s?", typed)[0]
    words = [PLACEHOLDERS.get(w, w) for w in shlex.split(plain) if w not in ("…", "...")]
    if not words or words[0].startswith("-"):
        return
    with contextlib.suppress(click.exceptions.Exit):  # --help
        main.commands[words[0]].make_context(words[0], words[1:])


@pytest.mark.parametrize(("where", "typed"), [*COMMANDS, *EXAMPLES])
def test_a_documented_command_is_one_that_exists(where: str, typed: str) -> None:
    parse(typed)


def test_a_command_that_does_not_exist_is_noticed() -> None:
    with pytest.raises(click.UsageError):
        parse("run --no-such-option")
    with pytest.raises(KeyError):
        parse("walk")


def test_every_command_stands_in_a_document() -> None:
    named = {typed.split()[0] for _, typed in COMMANDS if typed.split()}
    assert set(main.commands) <= named


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_make_verb_that_a_page_names_exists(page: Path) -> None:
    lines = [line.strip() for line in documents.code(page)]
    named = {m[1] for line in lines if (m := re.match(r"make ([a-z][a-z-]*)", line))}
    assert named <= VERBS


def test_every_make_verb_says_what_it_does() -> None:
    phony = next(line for line in MAKEFILE.splitlines() if line.startswith(".PHONY:"))
    explained = set(re.findall(r"^([a-z][a-z-]*):.*?## \S", MAKEFILE, re.M))
    assert set(phony.removeprefix(".PHONY:").split()) == explained


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_sandbox_command_that_a_page_names_exists(page: Path) -> None:
    lines = [line.strip() for line in documents.code(page)]
    assert {m[1] for line in lines if (m := SANDBOX.match(line))} <= set(sandbox.commands)


@pytest.mark.parametrize("page", [*PAGES, TUTORIAL], ids=name)
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    wrong = []
    for link in documents.links(page):
        target, _, anchor = link.partition("#")
        path = (page.parent / target).resolve() if target else page
        known = documents.anchors(path) if path.suffix == ".md" and path.exists() else set()
        if not path.exists() or (known and anchor and anchor not in known):
            wrong.append(link)
    assert wrong == []


@pytest.mark.parametrize("page", [*PAGES, TUTORIAL], ids=name)
def test_every_test_file_that_a_page_names_exists(page: Path) -> None:
    named = set(re.findall(r"`([\w/]*test_\w+\.py)", page.read_text(encoding="utf-8")))
    files = [str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("test_*.py")]
    assert [n for n in named if not any(f"/{f}".endswith(f"/{n}") for f in files)] == []


def test_the_catalogue_is_current() -> None:
    page = ROOT / "docs" / "catalogue.md"
    assert page.read_text(encoding="utf-8") == catalogue.find(KINDS), "make docs"
    keys = (ROOT / reference.FILE).read_text(encoding="utf-8")
    assert keys == reference.find(KINDS), "make docs"
    messages = (ROOT / message_lists.DOCUMENT).read_text(encoding="utf-8")
    assert message_lists.BEGIN in messages and message_lists.placed(messages) == messages


def test_every_kind_metric_alarm_and_cause_is_documented() -> None:
    text = (ROOT / "docs" / "catalogue.md").read_text(encoding="utf-8")
    config = load("development", authoring=False)
    alarms = [a for a in plan_alarms(config, "fn", 50).alarms if not a.check]
    wanted = [*KINDS, *(m.name for m in METRICS), *causes.ALL]
    wanted += [a.name.replace("-development-", "-NAME-") for a in alarms]
    assert [w for w in wanted if f"`{w}`" not in text] == []


def strings(folder: Path) -> set[str]:
    """Return every text that stands in the sources of a folder."""
    return {
        node.value
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_every_cause_is_one_that_diagnosis_claims() -> None:
    assert set(causes.ALL) <= strings(ROOT / "canary" / "diagnose")


def test_diagnosis_and_the_faults_name_no_cause_that_is_not_in_the_table() -> None:
    given = [
        keyword.value.value
        for path in (ROOT / "canary" / "diagnose").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "cause" and isinstance(keyword.value, ast.Constant)
    ]
    from sandbox.faults import FAULTS

    given += [fault.cause for fault in FAULTS.values() if fault.cause]
    assert set(given) <= set(causes.ALL)


def test_the_price_in_the_comparison_is_what_the_plan_says() -> None:
    text = (ROOT / "docs" / "comparison.md").read_text(encoding="utf-8")
    config = load("development", authoring=False)
    plan = make_plan(config, KINDS, {}, dt.datetime.now(dt.UTC))
    dollars = sum(line.dollars for line in cost.monthly(config, plan, counted(config)))
    assert f"| {dollars:.0f}, for its {len(plan.order)} checks |" in text


def test_the_prices_beside_how_soon_each_profile_tells_are_what_the_plan_says() -> None:
    """To a dime: a further request of a check changes a cent."""
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    (row,) = re.findall(r"^\| dollars a month \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|$", text, re.M)
    config = load("development", authoring=False)
    now = by_profile(config, make_plan(config, KINDS, {}, dt.datetime.now(dt.UTC)))
    said = dict(zip(("standard", "lean", "full"), map(float, row), strict=True))
    assert said == pytest.approx(now, abs=0.1)
