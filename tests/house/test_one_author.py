"""What AWS's records mean is written once: no second place outside `canary/control_plane`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
AUTHOR = ROOT / "canary" / "control_plane"
SOURCES = sorted(
    p for f in ("canary", "infra") for p in (ROOT / f).rglob("*.py") if AUTHOR not in p.parents
)
# Values of AWS that only a decision about their meaning needs, and stable middles of its texts.
VALUES = {
    "PRIMARY": "the deployment in force",
    "TaskFailedToStart": "a stop code",
    "EssentialContainerExited": "a stop code",
    "UserInitiated": "a stop code",
    "ServiceSchedulerInitiated": "a stop code",
    "SpotInterruption": "a stop code",
    "TerminationNotice": "a stop code",
    "InfrastructureHealth": "a stop code",
    "*.": "a wildcard of a certificate",
}
TEXTS = {
    "rolling back": "a roll back",
    "has reached a steady state": "the steady state",
    "scaling activity initiated": "a harmless stop",
    "task stopped by user": "a harmless stop",
}
CONDITIONS = {"path-pattern", "host-header", "http-request-method", "source-ip"}
WILDCARDS = {"*", "?"}


def constants(node: ast.AST) -> set[str]:
    return {
        n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)
    }


def strings(tree: ast.AST) -> Iterator[str]:
    """Yield the strings of a file but those that stand alone: docstrings decide nothing."""
    alone = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in alone:
            yield node.value


def meant(tree: ast.AST) -> Iterator[str]:
    """Yield what a file decides about AWS's records that has its author elsewhere."""
    for value in strings(tree):
        if value in VALUES:
            yield VALUES[value]
        yield from (what for text, what in TEXTS.items() if text in value.lower())
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare | ast.match_case):
            held = node if isinstance(node, ast.Compare) else node.pattern
            if CONDITIONS & constants(held):
                yield "a condition of a listener rule"
            if isinstance(node, ast.Compare) and walks_a_pattern(node):
                yield "a pattern with wildcards"
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names = {a.name for a in node.names} | {getattr(node, "module", "")}
            if "fnmatch" in names:
                yield "a pattern with wildcards"


def walks_a_pattern(compared: ast.Compare) -> bool:
    """Return whether a comparison looks at one character of a pattern."""
    left, right = compared.left, compared.comparators[0]
    if isinstance(left, ast.Subscript):
        return bool(WILDCARDS & constants(right))
    return (
        isinstance(left, ast.Name) and isinstance(right, ast.Constant) and right.value in WILDCARDS
    )


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_rule_of_aws_has_no_second_author(path: Path) -> None:
    assert list(meant(ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ('newest = [d for d in ds if d.status == "PRIMARY"]', "the deployment in force"),
        ('CODES = ("EssentialContainerExited",)', "a stop code"),
        ('match task.stop_code:\n case "UserInitiated": pass', "a stop code"),
        ('back = "rolling back" in event.message', "a roll back"),
        ('re.search("Rolling back to", text)', "a roll back"),
        ('steady = f"{name} has reached a steady state."', "the steady state"),
        ('fine = reason.startswith("Scaling activity initiated by")', "a harmless stop"),
        ('if c.field == "path-pattern": pass', "a condition of a listener rule"),
        ('if c.field in ("source-ip",): pass', "a condition of a listener rule"),
        ('match c.field:\n case "host-header": pass', "a condition of a listener rule"),
        ("import fnmatch", "a pattern with wildcards"),
        ("from fnmatch import fnmatchcase", "a pattern with wildcards"),
        ('parts = (".*" if c == "*" else c for c in pattern)', "a pattern with wildcards"),
        ('while pattern[at] in ("?", text[seen]): pass', "a pattern with wildcards"),
        ('wild = name.startswith("*.")', "a wildcard of a certificate"),
        ('good = f"*.{parent}" in names', "a wildcard of a certificate"),
        ('good = "*." + parent in names', "a wildcard of a certificate"),
    ],
)
def test_a_second_author_is_noticed(code: str, what: str) -> None:
    assert what in list(meant(ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    [
        '"""A deployment that is PRIMARY, rolling back."""',
        'files = folder.glob("*.toml")',
        'Condition(field="path-pattern", values=patterns)',
        'SETTINGS = {"host-header": "HostHeaderConfig"}',
        'broad = permission.resource == "*"',
        'cron = any(field not in ("*", "?") for field in fields)',
        'status = d.rollout_state == "FAILED"',
        "from canary.control_plane.ecs import primary",
    ],
)
def test_what_decides_nothing_is_let_through(code: str) -> None:
    assert list(meant(ast.parse(code))) == []


def test_the_author_itself_would_be_noticed() -> None:
    """Else the test would look for what the author no longer writes."""
    found = {w for p in AUTHOR.rglob("*.py") for w in meant(ast.parse(p.read_text("utf-8")))}
    kinds = {*VALUES.values(), *TEXTS.values(), "a condition of a listener rule"}
    assert found == {*kinds, "a pattern with wildcards"}
