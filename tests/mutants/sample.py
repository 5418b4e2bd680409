"""Mutants of a module: one change each, and a sample of them that a seed chooses."""

from __future__ import annotations

import ast
import random
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.mutants.operators import WEIGHTS, changes

ROOT = Path(__file__).resolve().parents[2]
MOST_A_LINE = 2
_COMPOUND = (ast.If, ast.While, ast.For, ast.With, ast.Try, ast.FunctionDef, ast.ClassDef)


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One changed place of one module."""

    module: str  # its path from the root
    index: int  # its place among all mutants of the module
    kind: str
    line: int
    first: int  # the lines of its statement, without the body of a compound one
    last: int
    function: str  # the outermost function with its classes; empty where a module is imported
    statement: str  # the text of the statement's lines
    before: str
    after: str

    @property
    def change(self) -> str:
        """Return what it does."""
        return f"{self.before} -> {self.after}"


def mutants(module: str, source: str) -> list[Mutant]:
    """Return every mutant of a module."""
    tree, lines = ast.parse(source), source.splitlines()
    parents = {c: n for n in ast.walk(tree) for c in ast.iter_child_nodes(n)}
    found = []
    for index, (kind, old, new) in enumerate(changes(tree)):
        place: Any = old  # every node that is changed has a place
        first, last = _statement(old, parents)
        found.append(
            Mutant(
                module=module, index=index, kind=kind, line=place.lineno, first=first, last=last,
                function=_function(old, parents), before=_text(old), after=_text(new),
                statement=" ".join(" ".join(lines[first - 1 : last]).split()),
            )
        )  # fmt: skip
    return [m for m in found if m.before != m.after]


def mutated(source: str, index: int) -> ast.Module:
    """Return the syntax tree of a module with one change."""
    tree = ast.parse(source)
    _kind, old, new = list(changes(tree))[index]

    class Exchange(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            return ast.copy_location(new, node) if node is old else self.generic_visit(node)

    exchanged: ast.Module = Exchange().visit(tree)
    return ast.fix_missing_locations(exchanged)


def sample(found: list[Mutant], seed: str, most: int) -> list[Mutant]:
    """Return mutants that a seed chooses, at most two of one line."""
    chance = random.Random(f"{seed} {found[0].module if found else ''}")
    drawn = {m.index: chance.random() ** (1 / WEIGHTS.get(m.kind, 1.0)) for m in found}
    lines: Counter[int] = Counter()
    chosen: list[Mutant] = []
    for mutant in sorted(found, key=lambda m: drawn[m.index], reverse=True):
        lines[mutant.line] += 1
        if lines[mutant.line] <= MOST_A_LINE and len(chosen) < most:
            chosen.append(mutant)
    return sorted(chosen, key=lambda m: m.index)


def _text(node: ast.AST) -> str:
    return ast.unparse(ast.fix_missing_locations(node))


def _statement(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> tuple[int, int]:
    while not isinstance(node, ast.stmt):
        node = parents[node]
    last = node.end_lineno or node.lineno
    if isinstance(node, _COMPOUND):
        last = max(node.lineno, node.body[0].lineno - 1)
    return node.lineno, last


def _function(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> str:
    """Return the function whose body holds a node: its defaults belong to the import."""
    names: list[str] = []
    within = False
    while node in parents:
        parent = parents[node]
        if isinstance(parent, ast.FunctionDef):
            within = node in parent.body
            names = [parent.name] if within else []
        elif isinstance(parent, ast.ClassDef):
            names.insert(0, parent.name)
        node = parent
    return ".".join(names) if within else ""
