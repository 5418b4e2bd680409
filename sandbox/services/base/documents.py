"""Documents that FastAPI publishes by itself: OpenAPI, pages about it, 405 and 422."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sandbox.services.base.web import Response, json_response


def method_not_allowed(*allowed: str) -> Response:
    """Make the answer to a method that a route does not declare, HEAD on a GET route among them."""
    return json_response(
        405, {"detail": "Method Not Allowed"}, {"Allow": ", ".join(allowed or ("GET",))}
    )


def interface(title: str, version: str, paths: Iterable[str]) -> Response:
    """Make the OpenAPI document of a service, which lists its paths only."""
    return json_response(
        200,
        {
            "openapi": "3.1.0",
            "info": {"title": title, "version": version},
            "paths": {path: {} for path in paths},
        },
    )


def page(title: str) -> Response:
    """Make the page that shows the OpenAPI document."""
    html = (
        f"<!DOCTYPE html>\n<html>\n<head><title>{title}</title></head>\n"
        '<body><div id="docs" data-url="/openapi.json"></div></body>\n</html>\n'
    )
    return Response(200, html.encode(), {"Content-Type": "text/html; charset=utf-8"})


def text(body: str) -> Response:
    """Make a plain answer, as metrics are."""
    kind = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
    return Response(200, body.encode(), kind)


def unprocessable(*problems: tuple[str, str, str]) -> Response:
    """Make the 422 for a body, with field, type and text of each problem."""
    detail: list[dict[str, Any]] = [
        {"type": kind, "loc": ["body", field], "msg": words} for field, kind, words in problems
    ]
    return json_response(422, {"detail": detail})
