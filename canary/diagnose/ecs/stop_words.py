"""What stopped reasons and last log lines of tasks mean."""

from __future__ import annotations

CANNOT_START = r"CannotStartContainer|runc create failed"
# Parts of stopped reasons that stay the same (AWS: Stopped tasks error messages).
REASONS: tuple[tuple[str, str], ...] = (
    (r"cannot find the Amazon CloudWatch log group|log group does not exist", "log-group-missing"),
    (r"AccessDenied|is not authorized to perform|unable to assume", "execution-role-denied"),
    (
        r"ResourceNotFoundException|can't find the specified secret|marked for deletion"
        r"|invalid parameters|did not contain json key|invalid character|ParameterNotFound"
        r"|no secret|InvalidRequestException",
        "secret-unavailable",
    ),
    (
        r"does not contain descriptor matching platform|exec format error",
        "image-wrong-architecture",
    ),
    (r"CannotPullContainer|pull image manifest|pull access denied", "image-pull-failed"),
    (r"OutOfMemory", "task-out-of-memory"),
    (CANNOT_START, "task-crash-loop"),  # before the words that Fargate puts into this reason, too
    (
        r"connection issue between the task|context deadline exceeded|i/o timeout|RequestCanceled",
        "security-group-blocked",
    ),
    (r"ResourceInitializationError", "secret-unavailable"),
)

# Log lines of a process that ends at its start; the first row decides. PORT: of a database.
_NAME = r"['\"`]?(?P<name>[A-Z][A-Z0-9_]{2,})['\"`]?"
LOGS: tuple[tuple[str, str], ...] = (
    (r"exec format error", "image-wrong-architecture"),
    (r"password authentication failed|database \S+ does not exist", "database-auth-failed"),
    (r"UndefinedTable|no such table|relation \S+ does not exist", "database-schema-missing"),
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
