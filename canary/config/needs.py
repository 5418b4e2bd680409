"""The graph of needs: check id -> the checks that it needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

Graph = Mapping[str, tuple[str, ...]]


def with_needs(chosen: Iterable[str], graph: Graph) -> set[str]:
    """Return the chosen checks with all that they need, directly or by another check."""
    found: set[str] = set()
    left = list(chosen)
    while left:
        if (check_id := left.pop()) not in found:
            found.add(check_id)
            left += graph.get(check_id, ())
    return found


def cycle_from(start: str, graph: Graph) -> list[str]:
    """Return the path from a check back to itself, or an empty list."""
    stack: list[tuple[str, list[str]]] = [(start, [start])]
    seen: set[str] = set()
    while stack:
        here, path = stack.pop()
        for need in graph.get(here, ()):
            if need == start:
                return [*path, start]
            if need not in seen:
                seen.add(need)
                stack.append((need, [*path, need]))
    return []
