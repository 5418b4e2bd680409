"""Remember what a method of a case answered: many rules ask the same of one run."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

P = ParamSpec("P")
S = TypeVar("S")
T = TypeVar("T")


def remembered(method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """Return a method that answers the same arguments once; a case never changes."""

    @functools.wraps(method)
    def known(self: S, /, *args: P.args, **more: P.kwargs) -> T:
        memory: dict[Any, T] = self.__dict__.setdefault(f"_known_{method.__name__}", {})
        key = (args, *more.items())
        if key not in memory:
            memory[key] = method(self, *args, **more)
        return memory[key]

    return known
