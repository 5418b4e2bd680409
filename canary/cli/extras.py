"""Which extra of the package brings what a command could not import."""

from __future__ import annotations

EXTRAS = {
    "aws_cdk": "deploy",
    "cdk_nag": "deploy",
    "constructs": "deploy",
    "cyclonedx": "deploy",
    "prometheus_client": "serve",
    "waitress": "serve",
}
"""Package as it is imported -> extra of pyproject.toml; a command imports it when it runs."""


def lacking(error: ImportError) -> str:
    """Return one sentence that says what to install, "" where no extra has the package."""
    package = (error.name or "").partition(".")[0]
    extra = EXTRAS.get(package, "")
    if not extra:
        return ""
    return f"{package} is not installed: this command needs `pip install 'hokusai-canary[{extra}]'`"
