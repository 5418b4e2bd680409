"""What the function's bundle leaves out, of our code and of the packages."""

from __future__ import annotations

LEFT_OUT = (  # needed only by the command line and the synthesis; paths below canary/
    "__main__.py", "__pycache__", "cli", "deployment", "environments", "py.typed", "rehearsal",
    "runbooks", "serve", "survey",
    "adapters/aws/lambda_invoke.py", "adapters/aws/recipients.py",
    "adapters/aws/session.py", "adapters/aws/simulated.py", "adapters/aws/step_functions.py",
    "adapters/files.py", "adapters/process.py",
    "adapters/streams.py", "config/keys", "config/meanings.py", "config/schema.py",
    "diagnose/causes.py",
    "report/junit.py", "report/markdown.py", "report/terminal.py",
)  # fmt: skip
_UTILITIES = (
    *("auth_alpha", "batch", "circuit_breaker", "data_classes", "data_masking", "feature_flags"),
    *("idempotency", "kafka", "parameters", "parser", "streaming", "validation"),
)
NEVER_RUN = (  # of Powertools the function uses Logger and the EMF document of Metrics
    "bin", "*.dist-info/RECORD", "*.dist-info/INSTALLER", "*.dist-info/direct_url.json",
    "aws_lambda_powertools/event_handler",
    *(f"aws_lambda_powertools/utilities/{name}" for name in _UTILITIES),
)  # fmt: skip
