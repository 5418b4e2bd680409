"""Responses of the load balancer itself, byte for byte as AWS sends them.

Source: captured answers of Application Load Balancers; the page's length is part of the evidence.
"""

from __future__ import annotations

from email.utils import formatdate

import msgspec

SERVER = "awselb/2.0"

# The words after the code in the status line and in the page's title.
PHRASES: dict[int, str] = {
    200: "OK",
    301: "Moved Permanently",
    302: "Found",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Not Allowed",
    408: "Request Time-out",
    413: "Request Entity Too Large",
    414: "Request-URI Too Large",
    429: "Too Many Requests",
    463: "",
    464: "",
    500: "Internal Server Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Temporarily Unavailable",
    504: "Gateway Time-out",
    505: "HTTP Version Not Supported",
}


class OwnAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A complete response of the balancer itself; reason is for the access record only."""

    status: int
    body: bytes
    content_type: str = "text/html"
    extra: tuple[tuple[str, str], ...] = ()
    answered_by: str = "balancer"
    reason: str | None = None
    padded: bool = False


# What follows an error page for browsers that would show a page of their own instead of a short
# one; six times, so that what follows is 402 bytes (seen in sizes of access logs).
PADDING = b"<!-- a padding to disable MSIE and Chrome friendly error page -->\r\n" * 6


def page(status: int, title: str | None = None) -> bytes:
    """Return the HTML page of a status: CRLF line ends, no background colour, no server line."""
    text = title or f"{status} {PHRASES.get(status, '')}".rstrip()
    return (
        f"<html>\r\n<head><title>{text}</title></head>\r\n<body>\r\n"
        f"<center><h1>{text}</h1></center>\r\n</body>\r\n</html>\r\n"
    ).encode()


def own(status: int, reason: str) -> OwnAnswer:
    """Return the balancer's page for a status, with the reason that the access record keeps."""
    return OwnAnswer(status=status, body=page(status), reason=reason, padded=True)


def plain_http_to_https() -> OwnAnswer:
    """Return the answer to a request in clear text on a TLS port."""
    html = page(400, "400 The plain HTTP request was sent to HTTPS port")
    return OwnAnswer(status=400, body=html, reason="plain HTTP on a TLS port")


def for_browser(answer: OwnAnswer, user_agent: str) -> OwnAnswer:
    """Return a response in the form that browsers get."""
    if not answer.padded or ("MSIE " not in user_agent and "Chrome/" not in user_agent):
        return answer
    return msgspec.structs.replace(answer, body=answer.body + PADDING)


def render(answer: OwnAnswer, *, keep_alive: bool, head_only: bool, server: bool = True) -> bytes:
    """Return the bytes of an own response, with its headers in AWS's order."""
    lines = [
        f"HTTP/1.1 {answer.status} {PHRASES.get(answer.status, '')}",
        *([f"Server: {SERVER}"] if server else []),
        f"Date: {formatdate(usegmt=True)}",
        f"Content-Type: {answer.content_type}",
        f"Content-Length: {len(answer.body)}",
        f"Connection: {'keep-alive' if keep_alive else 'close'}",
        *(f"{name}: {value}" for name, value in answer.extra),
    ]
    head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
    return head if head_only else head + answer.body
