"""The examples in the documents are valid where they would stand, and the Python runs."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from canary import config
from canary.config.decode import decode
from canary.diagnose.rules import Rule
from canary.model import Environment, RunLimits, Service
from canary.probes import KINDS
from canary.probes.base.api import Kind
from tests.canary.support import worlds
from tests.house.documents import Block, blocks, name

TODAY = dt.date(2026, 11, 22)  # the day of the examples: mutes have an end
DEVELOPMENT = config.ENVIRONMENTS / "development.toml"
TOML = blocks("toml")
# a check has its own test here; a world of the sandbox, in tests/sandbox/test_worlds.py
OTHER = re.compile(r"^(\[\[check\]\]|sentence = )", re.M)


def ids(block: Block) -> str:
    return f"{name(block.page)}-{block.number}"


def merged(base: dict[str, Any], fragment: dict[str, Any]) -> dict[str, Any]:
    """Return a file with a fragment written into it."""
    made = dict(base)
    for key, value in fragment.items():
        if isinstance(value, dict) and isinstance(made.get(key), dict):
            made[key] = merged(made[key], value)
        elif isinstance(value, list) and isinstance(made.get(key), list):
            made[key] = [*made[key], *value]
        else:
            made[key] = value
    return made


@pytest.mark.parametrize("block", [b for b in TOML if "[[check]]" in b.text], ids=ids)
def test_a_check_in_a_document_is_valid(block: Block, tmp_path: Path) -> None:
    path = tmp_path / "example.toml"
    path.write_text(block.text)
    problems: list[str] = []
    (source,) = config.check_file(path, KINDS, problems)
    assert problems == []
    assert (config.HERE.parent / source.check.runbook.partition("#")[0]).is_file()
    known = {c.id for c in config.load("development", authoring=False).checks}
    assert source.check.id not in known and set(source.check.needs) <= known


@pytest.mark.parametrize("block", [b for b in TOML if not OTHER.search(b.text)], ids=ids)
def test_a_piece_of_an_environment_in_a_document_is_valid(block: Block, tmp_path: Path) -> None:
    fragment = tomllib.loads(block.text)
    if "name" in fragment:  # a whole environment
        path = tmp_path / "example.toml"
        path.write_text(block.text)
        assert config.load(str(path), today=TODAY).environment.name == fragment["name"]
        return
    known = {c.id for c in config.load("development", authoring=False).checks}
    value, wrong = decode(merged(tomllib.loads(DEVELOPMENT.read_text()), fragment), Environment)
    assert wrong == [] and isinstance(value, Environment)
    assert {m.check for m in value.mutes} | set(value.disable) <= known
    assert set(value.enable) <= {"auth.key-lifecycle"}
    assert all(0 <= (m.until - TODAY).days <= 90 for m in value.mutes)


def executed(word: str) -> dict[str, Any]:
    """Run the Python example that holds a word, and return its names."""
    (block,) = [b for b in blocks("python") if word in b.text]
    names: dict[str, Any] = {}
    exec(compile(block.text, ids(block), "exec"), names)
    return names


@pytest.mark.parametrize(("most", "status"), [(100, "PASS"), (1, "FAIL")])
def test_the_kind_in_the_document_works(most: int, status: str) -> None:
    names = executed("SizeSpec")
    kind: Kind = names["KIND"]
    with worlds.local_server() as url:
        check = worlds.check(kind=kind.name)
        check = type(check)(
            **{f: getattr(check, f) for f in check.__struct_fields__ if f != "spec"},
            spec=names["SizeSpec"](path="/", most_bytes=most),
        )
        made = worlds.config(check, services={"api": Service(url=url)}, run=RunLimits(budget=20.0))
        outcome = worlds.carried_out(made, kinds={kind.name: kind})
    (result,) = outcome.results
    assert result.status.value == status, result.reason


def test_the_rule_in_the_document_claims_what_it_says() -> None:
    from canary.diagnose.core.case import Case
    from canary.diagnose.core.finding import APPLICATION
    from tests.canary.support import platforms

    rule = Rule(find=executed("latency-degraded")["slow"], rank=APPLICATION)
    case = Case(
        results=(),
        state=platforms.healthy(),
        environment=platforms.environment(platforms.Names()),
        previous=None,
        now=platforms.NOW,
    )
    assert list(rule.find(case)) == []


def test_a_copied_environment_with_a_new_name_is_valid(tmp_path: Path) -> None:
    text = DEVELOPMENT.read_text().replace('name = "development"', 'name = "mine"', 1)
    text = text.replace("123456789012", "210987654321").replace("vpc-0123456789abcdef0", "vpc-1")
    path = tmp_path / "mine.toml"
    path.write_text(text)
    assert config.problems_of(path) == []
