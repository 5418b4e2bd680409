"""Names of the AWS resources that an environment's own stack makes."""

from __future__ import annotations

PROJECT = "hokusai-canary"
CHANGES, CHANGES_AGAIN = "changes", "changes-again"
"""Suffixes of the queues of changes: the one for a first look, and the one for a second."""
FOLLOWER = "follow"
"""Suffix of the function that looks at changes."""


def own(environment: str, *parts: str) -> str:
    """Return hokusai-canary-NAME, or hokusai-canary-NAME-PART for one resource of several.

    The bare name is that of the stack, the function, the state machine, the event bus and the
    schedule group.
    """
    return "-".join(filter(None, (PROJECT, environment, *parts)))


def alarm(environment: str, key: str) -> str:
    """Return the name of an alarm, by the id of its check or by its purpose."""
    return own(environment, key.replace(".", "-"))


def role(environment: str, region: str) -> str:
    """Return the name of the function's role; roles belong to an account, not to a region."""
    return own(environment, region)


def dashboard(environment: str, region: str) -> str:
    """Return the name of the dashboard; dashboards belong to an account, not to a region."""
    return own(environment, region)


def bucket(environment: str, account: str, region: str) -> str:
    """Return the name of the report bucket, which must be unique in the whole of S3."""
    return own(environment, account, region)


def log_group(environment: str, suffix: str = "") -> str:
    """Return the name of the function's log group, or of a further one with a suffix."""
    return f"/hokusai/canary/{environment}{suffix}"


LOG_GROUP = r"[.\-_/#A-Za-z0-9]{1,512}"
"""What AWS lets the name of a log group be (CloudWatch Logs API, CreateLogGroup)."""
