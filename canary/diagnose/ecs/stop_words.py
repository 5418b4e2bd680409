"""What last log lines of tasks mean.

What AWS says itself stands in `control_plane.aws_lists`.
"""

from __future__ import annotations

from canary.diagnose.stores import refusals

UNREACHED = "security-group-blocked"
"""The cause of a task that does not reach AWS at its start, as long as nothing else is read."""

# Log lines of a process that ends at its start; the first row decides. PORT: of a database.
_NAME = r"['\"`]?(?P<name>[A-Z][A-Z0-9_]{2,})['\"`]?"
_REFUSED = (
    *(refusals.CONNECTIONS, refusals.FULL, refusals.READ_ONLY, refusals.FAILING_OVER),
    *(refusals.AUTH, refusals.SCHEMA),
)
LOGS: tuple[tuple[str, str], ...] = (
    (r"exec format error", "image-wrong-architecture"),
    *((f"(?i){refusals.words_of(cause)}", cause) for cause in _REFUSED),
    (r"(?i)out-of-date database schema", "database-schema-outdated"),
    (rf"KeyError: {_NAME}", "environment-variable-missing"),
    (
        rf"{_NAME}[^\n]{{0,40}}(is not set|not found in environment|is missing|is required"
        r"|must be set|not configured)",
        "environment-variable-missing",
    ),
    (
        rf"(missing|required|undefined)[^\n]{{0,40}}(variable|setting|environment)s?[^\n]{{0,12}}"
        rf"\b{_NAME}",
        "environment-variable-missing",
    ),
    (r"(?i)could not parse [^\n]{0,40}url|invalid [^\n]{0,20}url", "environment-variable-wrong"),
    (
        r"(?i)database password not found|(password|token|secret|credential)s? (is )?(not found|"
        r"missing|not set)",
        "secret-not-injected",
    ),
    (
        r"(?i)(could not connect|connection (refused|timed out)|timed out|unreachable)[^\n]{0,80}"
        r"(database|postgres|PORT)|(database|postgres|PORT)[^\n]{0,80}(refused|timed? ?out"
        r"|unreachable|could not connect)|could not translate host name",
        "database-unreachable",
    ),
)
