"""What the API answers before it authenticates: scanners, and what browsers ask first."""

from __future__ import annotations

from sandbox.services.base.web import Request, Response

# prefix match, as the middleware does it
OPEN_PATHS = (
    "/health", "/ready", "/live", "/version", "/metrics", "/docs", "/openapi.json", "/redoc",
    "/favicon.ico", "/api/v1/dspy/health", "/api/health/mlflow",
)  # fmt: skip
SCANNED = {
    "/.env", "/api/jsonws", "/boaform/admin/formlogin", "/login.action", "/manager/html",
    "/server-status", "/ui/login",
}  # fmt: skip
SCANNED_UNDER = (
    "/.git/", "/.aws/", "/actuator/", "/api/jsonws/", "/autodiscover/", "/cgi-bin/", "/console/",
    "/geoserver/", "/hudson/", "/jenkins/", "/mgmt/", "/nifi/", "/owa/", "/phpmyadmin/", "/solr/",
    "/wp-admin/",
)  # fmt: skip
REGISTRY_PATHS = (
    "/mlflow", "/api/mlflow", "/api/2.0/mlflow", "/api/2.0/preview/mlflow",
    "/api/2.0/mlflow-artifacts", "/ajax-api/2.0/mlflow", "/ajax-api/2.0/mlflow-artifacts",
)  # fmt: skip
METHODS = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"


def is_open(path: str) -> bool:
    """Return whether a path needs no key."""
    return path.startswith(OPEN_PATHS)


def is_registry(path: str) -> bool:
    """Return whether a path is for the registry's administrators alone."""
    return path.lower().startswith(REGISTRY_PATHS)


def scanner(request: Request) -> Response | None:
    """Return the empty 404 for what scanners look for, or None."""
    path = request.path.lower()
    if path in SCANNED or path.startswith(SCANNED_UNDER):
        return Response(404, b"", {"Cache-Control": "no-store"})
    return None


def preflight(request: Request) -> Response | None:
    """Return the answer to what a browser asks before a call, or None for any other request."""
    origin = request.headers.get("origin", "")
    if request.method != "OPTIONS" or not origin:
        return None
    if "access-control-request-method" not in request.headers:
        return None
    headers = {
        "Content-Type": "text/plain; charset=utf-8",
        "Vary": "Origin",
        "Access-Control-Allow-Methods": METHODS,
        "Access-Control-Max-Age": "600",
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Allow-Origin": origin,
    }
    wanted = request.headers.get("access-control-request-headers")
    if wanted:
        headers["Access-Control-Allow-Headers"] = wanted
    return Response(200, b"OK", headers)


def with_cors(request: Request, response: Response) -> Response:
    """Return an answer of the routes with the headers that a browser's request is given."""
    if "origin" not in request.headers:
        return response
    allowed = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Credentials": "true"}
    return Response(response.status, response.body, {**response.headers, **allowed})
