"""Put a mutant into this process: into a function that is there, else by a new import."""

from __future__ import annotations

import functools
import importlib.abc
import importlib.util
import sys
import types
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec

from tests.mutants.sample import ROOT, Mutant, mutated

OURS = ("canary", "alarm_evaluator", "emulator", "infra", "sandbox", "tests")


def module_name(path: str) -> str:
    """Return the name by which a file is imported."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def code_of(mutant: Mutant) -> types.CodeType:
    """Return the compiled module of a mutant."""
    path = ROOT / mutant.module
    tree = mutated(path.read_text(encoding="utf-8"), mutant.index)
    return compile(tree, str(path), "exec")


def exchange(mutant: Mutant) -> bool:
    """Exchange the code of the mutant's function, and return whether it could be done."""
    there = _live(mutant)
    if there is None:
        return False
    made = next(
        (
            code
            for code in _codes(code_of(mutant))
            if code.co_qualname == there.__qualname__
            and code.co_firstlineno == there.__code__.co_firstlineno
        ),
        None,
    )
    if made is None or made.co_freevars != there.__code__.co_freevars:
        return False
    there.__code__ = made
    return True


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)


def _live(mutant: Mutant) -> types.FunctionType | None:
    """Return the function that a mutant changes, without its decorators."""
    found: object = sys.modules.get(module_name(mutant.module))
    for name in mutant.function.split(".") if mutant.function else ():
        found = getattr(found, "__dict__", {}).get(name)
    match found:
        case property():
            found = found.fget
        case staticmethod() | classmethod() | functools.cached_property():
            found = getattr(found, "__func__", None) or getattr(found, "func", None)
    while hasattr(found, "__wrapped__"):
        if hasattr(found, "cache_clear"):
            found.cache_clear()
        found = found.__wrapped__
    return found if isinstance(found, types.FunctionType) else None


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Import one module from the code of a mutant."""

    def __init__(self, mutant: Mutant) -> None:
        self.name, self.path = module_name(mutant.module), str(ROOT / mutant.module)
        self.code = code_of(mutant)

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how to import the module, None for all others."""
        if name != self.name:
            return None
        spec = importlib.util.spec_from_file_location(name, self.path)
        if spec is not None:
            spec.loader = self
        return spec

    def get_code(self, fullname: str) -> types.CodeType:
        """Return the code of the mutant."""
        return self.code

    def get_source(self, fullname: str) -> str | None:
        """Return no source: the file says something else."""
        return None


def forget_and_import(mutant: Mutant | None) -> None:
    """Forget all modules of ours, so that the next import finds the mutant."""
    for name in [n for n in sys.modules if n.partition(".")[0] in OURS and ".mutants" not in n]:
        if name != "tests":
            del sys.modules[name]
    if mutant is not None:
        sys.meta_path.insert(0, _Finder(mutant))
