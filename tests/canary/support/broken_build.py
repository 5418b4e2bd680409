"""`python -m tests.canary.broken_build FOLDER MODULE...`: an invocation for each, as a bad build.

A bug in every function of the module is compiled in as it is imported. What the invocation printed
stands in FOLDER under the module's name; `whole` is a good build, which tells what it loaded.
"""

from __future__ import annotations

import ast
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from tests.canary.support.functions import Context

WHOLE, RAISED = "whole", "the invocation raised"
BUG = ast.parse("raise RuntimeError('a bug of this build')").body


class _Breaker(ast.NodeTransformer):
    """Makes a crash of every function, but not of what Python itself calls (`__init__`)."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        if not node.name.startswith("__"):
            node.body = BUG
        return node


class _BadBuild(importlib.machinery.SourceFileLoader):
    """Compiles a module with the bug."""

    def get_code(self, fullname: str) -> object:
        path = self.get_filename(fullname)
        tree = _Breaker().visit(ast.parse(Path(path).read_text(encoding="utf-8")))
        return compile(ast.fix_missing_locations(tree), path, "exec")


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, module: str) -> None:
        self._module = module

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._module:
            return None
        found = importlib.machinery.PathFinder.find_spec(fullname, path)
        assert found is not None and found.origin is not None
        return importlib.util.spec_from_loader(fullname, _BadBuild(fullname, found.origin))


def invoke(module: str) -> None:
    """Invoke the handler once, with a fresh import of everything of ours."""
    for name in [n for n in sys.modules if n == "canary" or n.startswith("canary.")]:
        del sys.modules[name]
    sys.meta_path.insert(0, _Finder(module))
    from canary.handler import handler

    handler({}, Context(30))
    if module == WHOLE:
        print(json.dumps(sorted(n for n in sys.modules if n.startswith("canary."))))


def in_a_process(module: str, out: Path) -> None:
    """Invoke in a process of its own, which need not load other people's packages anew."""
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    written = os.open(out / module, os.O_WRONLY | os.O_CREAT)
    os.dup2(written, 1)
    os.dup2(written, 2)
    try:
        invoke(module)
    except BaseException:  # noqa: BLE001 - whatever it is, it is told
        traceback.print_exc()  # as Lambda's runtime does, and more
        print(RAISED, flush=True)
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    for name in sys.argv[2:]:
        in_a_process(name, Path(sys.argv[1]))
