"""Words: first sentences of modules, retired names, and the glossary."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house import documents
from tests.house.documents import ROOT
from tests.house.test_imports import ALL

LONGEST_SENTENCE = 90
MOST_ENTRIES = 40
SENTENCE = re.compile(r"\S[^\n]*[^.\s]\.")
BREAK = re.compile(r"[.!?] (?=[A-Z])")
ENTRY = re.compile(r"^- \*\*(.+?)\*\*: \S.*\.$", re.M)

# Names that had a private meaning, and what stands for them now. A word that is right for another
# thing (`settle` is a command of the sandbox) is not in this list.
RETIRED = {
    "canary": {
        "Doors": "Ports",
        "World": "Runtime",
        "Sinks": "publish_report",
        "Facts": "Report",
        "Explained": "Explanation",
        "Unexplained": "Explanation",
        "Against": "Comparison",
        "hold_against": "compared",
        "Tell": "on_progress",
        "tell": "notify",
        "told": "described",
        "_told": "_described",
        "Tools": "ProbeContext",
        "Question": "RequestSpec",
        "impatient": "short_timeout",
        "any_limit": "ignore_rate_limit",
        "Book": "Reader",
        "deepen": "refresh_failing",
        "deepened": "refreshed_services",
        "Restraint": "RateLimitBackoff",
        "turned_away": "rate_limited",
        "Caller": "ClientKey",
        "Starvation": "CpuStarvation",
        "LostRuns": "UnstoredRuns",
        "Claim": "Finding, Lease",
        "atoms": "explained_failures",
        "keeper": "owner",
        "tellers": "reporting_services",
        "strangers": "foreign_targets",
        "misled": "misrouted",
        "astray": "wrong_rules",
        "victims": "affected_paths",
        "sickness": "health_record",
        "sick": "unhealthy_targets",
        "disturbance": "failures_during_churn",
        "Ledger": "Leases",
        "said": "mark_sent",
        "Spread": "ShardedRun",
        "gathered": "merge_results",
        "desk": "inspect, authoring",
        "Reach": "Route",
        "Life": "KeySession",
        "Flight": "InFlightRequest",
        "Patience": "StoreTimeout",
    },
    "emulator": {"Workshop": "TaskRuntime", "block": "loopback_block", "judge": "health_verdict"},
    "sandbox": {"Site": "FaultContext", "spoil": "broken_responses"},
}
RETIRED_MODULES = {
    "canary": {
        *("wire", "against", "assemble", "attempts", "tell", "shown", "keylike", "drill", "spread"),
        *("kit", "asking", "stating", "cover", "beside", "claims", "doors", "restraint", "desk"),
        *("starvation", "sickness", "ledger", "decide", "strangers", "crosscheck", "wording"),
    },
    "emulator": {"block", "judge", "workshop", "sandbox"},
    "sandbox": {"spoil", "site"},
}


def defined(path: Path) -> Iterator[str]:
    """Yield the names of functions, classes, arguments and attributes that a file defines."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr


def fault_of(docstring: str) -> str:
    """Return why a docstring does not begin as it should, or nothing."""
    sentence = docstring.partition("\n")[0]
    if not SENTENCE.fullmatch(sentence):
        return "no sentence that ends with a full stop on the first line"
    if BREAK.search(sentence):
        return "more than one sentence in the first paragraph"
    return "too long" if len(sentence) > LONGEST_SENTENCE else ""


def test_every_module_begins_with_one_plain_sentence() -> None:
    trees = {n: ast.parse(path.read_text(encoding="utf-8")) for n, path in ALL.items()}
    faults = {n: fault_of(ast.get_docstring(tree) or "") for n, tree in trees.items() if tree.body}
    assert {n: fault for n, fault in faults.items() if fault} == {}


def test_a_fault_of_a_docstring_is_noticed() -> None:
    assert fault_of("") and fault_of("The rules") and fault_of("Rules. Pure.")
    assert fault_of(f"A {'very ' * 20}long sentence.") and not fault_of("Read the rules of AWS.")


def test_no_retired_word_comes_back_as_a_name() -> None:
    found = {
        f"{name}: {word}": RETIRED[package][word]
        for package in RETIRED
        for name, path in ALL.items()
        if name.split(".")[0] == package
        for word in set(defined(path)) & RETIRED[package].keys()
    }
    assert found == {}


def test_no_retired_module_comes_back() -> None:
    packages = ((name, name.split(".")) for name in ALL)
    assert [n for n, words in packages if set(words) & RETIRED_MODULES.get(words[0], set())] == []


def entries() -> list[str]:
    return ENTRY.findall((ROOT / "docs" / "glossary.md").read_text(encoding="utf-8"))


def test_the_glossary_is_short_and_in_order() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    assert len(entries()) == sum(line.startswith("- ") for line in text.splitlines())
    assert 0 < len(entries()) <= MOST_ENTRIES
    assert entries() == sorted(entries(), key=str.lower)


@pytest.fixture(scope="module")
def everything() -> str:
    """Return the text of all sources and all other pages, in small letters, words as in prose."""
    pages = [page for page in documents.PAGES if page.name != "glossary.md"]
    text = "\n".join(path.read_text(encoding="utf-8") for path in (*ALL.values(), *pages))
    return re.sub(r"[_\s]+", " ", text).lower()


@pytest.mark.parametrize("term", entries())
def test_every_word_of_the_glossary_is_in_use(term: str, everything: str) -> None:
    for word in term.split(", "):
        assert re.search(rf"\b{re.escape(word.lower())}", everything)
