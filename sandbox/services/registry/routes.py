"""A table of routes, looked up as Starlette does it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sandbox.services.base.documents import method_not_allowed
from sandbox.services.base.web import Request, Response, not_found
from sandbox.services.registry.keycheck import Caller

GET = ("GET",)


@dataclass(frozen=True)
class Call:
    """A request on a route: who asks, and the path's parameters."""

    request: Request
    caller: Caller | None
    parameters: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Route:
    """A path with `{parameters}` (`{path:path}` takes slashes too), its methods and its answer."""

    path: str
    methods: tuple[str, ...]
    answer: Callable[[Call], Response]

    def match(self, path: str) -> dict[str, str] | None:
        """Return the parameters of a path, or None where it is another route's."""
        pattern = re.sub(r"\{path:path\}", "(?P<path>.*)", self.path)
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern)
        found = re.fullmatch(pattern, path)
        return found.groupdict() if found else None


@dataclass(frozen=True)
class Router:
    """The routes in their order."""

    routes: tuple[Route, ...]

    def answer(self, request: Request, caller: Caller | None) -> Response:
        """Answer by the first route of path and method; 405, 307 to the slash, or 404."""
        refused: Response | None = None
        for route in self.routes:
            parameters = route.match(request.path)
            if parameters is None:
                continue
            if request.method in route.methods:
                return route.answer(Call(request, caller, parameters))
            refused = refused or method_not_allowed(*route.methods)
        return refused or self._redirect(request) or not_found()

    def _redirect(self, request: Request) -> Response | None:
        """Return the 307 to the same path with or without its last slash, if that is a route."""
        path = request.path
        other = path.rstrip("/") if path.endswith("/") else f"{path}/"
        if path == "/" or all(route.match(other) is None for route in self.routes):
            return None
        _, mark, query = request.target.partition("?")
        host = request.headers.get("host", "localhost")
        return Response(307, b"", {"Location": f"http://{host}{other}{mark}{query}"})


def paths(routes: Iterable[Route]) -> list[str]:
    """Return the paths as the interface document lists them."""
    return list(dict.fromkeys(route.path.replace("{path:path}", "{path}") for route in routes))
