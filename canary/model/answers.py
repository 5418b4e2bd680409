"""A request that the canary sends and the answer that it gets, without any credential."""

from __future__ import annotations

import base64
from enum import StrEnum

import msgspec

from canary.model.base import Frozen


class Credential:
    """A secret value that cannot be printed, compared, pickled or encoded by accident."""

    __slots__ = ("_parts", "_value")

    def __init__(self, value: str, parts: tuple[tuple[str, str], ...] = ()) -> None:
        self._value = value
        self._parts = parts

    @classmethod
    def basic(cls, user: str, password: str, *, secret_user: bool = False) -> Credential:
        """Return the credential of Basic authentication (RFC 7617, in UTF-8)."""
        known, pair = f"{user}:", f"{user}:{password}"
        parts = [(password, ""), (pair, known)] + ([(user, user)] if secret_user else [])
        # each three bytes are four characters: of the last group the password decides
        shared = _in_base64(known)[: len(known.encode()) // 3 * 4]
        value = _in_base64(pair)
        return cls(value, (*parts, (value, shared)))

    def reveal(self) -> str:
        """Return the value; only for a request's header and for the redactor."""
        return self._value

    def secrets(self) -> tuple[tuple[str, str], ...]:
        """Return each secret text with its beginning that gives nothing away; for the redactor."""
        return self._parts or ((self._value, ""),)

    def __repr__(self) -> str:
        return "Credential(***)"

    __str__ = __repr__

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a credential never leaves memory")


def _in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


class FailureKind(StrEnum):
    """The reason why no complete answer came, in one word."""

    DNS = "dns"
    REFUSED = "refused"
    CONNECT_TIMEOUT = "connect-timeout"
    TLS = "tls"
    RESET = "reset"
    READ_TIMEOUT = "read-timeout"
    DEADLINE = "deadline"
    PROTOCOL = "protocol"
    TRUNCATED = "truncated"
    TOO_LARGE = "too-large"
    UNREACHABLE = "unreachable"


class Failure(Frozen, frozen=True, kw_only=True):
    """A transport failure. `code` is OpenSSL's verify code for TLS (10 expired, 20 unknown CA)."""

    kind: FailureKind
    detail: str = ""
    code: int = 0


class Timing(Frozen, frozen=True, kw_only=True):
    """Phases of one exchange in milliseconds; a reused connection has no dns, tcp and tls."""

    dns_ms: float = 0.0
    tcp_ms: float = 0.0
    tls_ms: float = 0.0
    first_byte_ms: float = 0.0  # from request sent to status line
    transfer_ms: float = 0.0
    total_ms: float = 0.0  # since the first attempt began: what a user waited
    reused: bool = False


class Verification(Frozen, frozen=True, kw_only=True):
    """What OpenSSL said of a part of a certificate: its verify code (0: accepted) and its words."""

    code: int = 0
    text: str = ""


class PeerCertificate(Frozen, frozen=True, kw_only=True):
    """The certificate of the peer; times are ISO 8601 UTC, `days_left` may be negative."""

    subject: str
    names: tuple[str, ...]
    issuer: str
    not_before: str
    not_after: str
    days_left: float
    chain_days_left: float | None = None  # the earliest in the chain, where it is known
    chain_ends: str = ""  # the certificate above the leaf that ends first, in words
    chain_invalid: tuple[str, ...] = ()  # those above the leaf that are outside their dates
    # Verdicts of OpenSSL, looked up only after a handshake failed.
    trust: Verification = msgspec.field(default_factory=Verification)
    name: Verification = msgspec.field(default_factory=Verification)


class Request(Frozen, frozen=True, kw_only=True):
    """One request; `headers` never holds a credential.

    Each of `credential_headers` is a template with one "{}" for the credential, e.g.
    "Authorization: Bearer {}"; `credential_query` is a query parameter for it.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    credential_headers: tuple[str, ...] = ()
    credential_query: str = ""
    connect_to: str = ""  # "address:port" to connect to instead of the URL's
    timeout_s: float = 12.0  # a hard deadline from first byte out to last byte in
    max_body: int = 65_536
    new_connection: bool = False  # a new connection, so that all phases are measured
    repeatable: bool = False  # may be sent again although its method is not idempotent


class Answer(Frozen, frozen=True, kw_only=True):
    """An answer, or the failure if no complete answer came."""

    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    truncated: bool = False  # the body was longer than max_body
    timing: Timing = msgspec.field(default_factory=Timing)
    attempts: int = 1
    peer: str = ""  # "address:port"
    dead_addresses: tuple[str, ...] = ()  # tried in vain before `peer`, each with why
    failure: Failure | None = None
    certificate: PeerCertificate | None = None
    tls_version: str = ""

    def header(self, name: str) -> str:
        """Return the first value of a header, case-insensitively, or the empty string."""
        wanted = name.lower()
        for known, value in self.headers:
            if known.lower() == wanted:
                return value
        return ""

    @property
    def content_type(self) -> str:
        """Return the media type without parameters, lower case."""
        return self.header("content-type").partition(";")[0].strip().lower()

    @property
    def answered_by(self) -> str:
        """Return "balancer", "front", "target" or "none".

        A load balancer's own answers carry `Server: awselb/2.0`; a target's Server header passes
        through (AWS: Application Load Balancers, HTTP headers). A delivery network before it
        passes it on, too, and names itself in the error pages of its own.
        """
        if self.status == 0:
            return "none"
        server = self.header("server").lower()
        if server.startswith("awselb"):
            return "balancer"
        words = self.body[:FRONT_PAGE].decode("utf-8", "replace").lower()
        page = words if "html" in self.content_type else ""
        return "front" if made_by_front(server, self.status, page) else "target"


FRONT_PAGE = 4096
"""Bytes of a page in which a delivery network names itself."""
FRONTS = {
    "cloudfront": ("generated by cloudfront", (502, 504)),
    "varnish": ("varnish", (503,)),
    "akamaighost": ("reference", (502, 503, 504)),
    "cloudflare": ("cloudflare", (*range(520, 527),)),
}
"""Of each network: its Server header, a word of its own error page, and the codes of the pages
for an origin that it does not reach (the networks' own documents on their error pages)."""


def made_by_front(server: str, status: int, page: str) -> bool:
    """Return whether a delivery network itself answers, because it does not reach the origin.

    Its Server header proves nothing: some networks put theirs on every answer that they hand on.
    """
    return any(
        server.startswith(name) and status in codes and word in page
        for name, (word, codes) in FRONTS.items()
    )
