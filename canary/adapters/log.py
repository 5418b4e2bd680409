"""The log of the canary: one JSON object per line, through Powertools."""

from __future__ import annotations

import io
import logging
import sys
from typing import IO, Any, cast

from aws_lambda_powertools import Logger

PART = 200_000
"""Characters of a report in one log event; a CloudWatch event was long limited to 256 KB."""
CHATTY = ("boto3", "botocore", "s3transfer", "urllib3")


class _Stdout(io.TextIOBase):
    """The present standard output; Powertools would keep the one that it got first."""

    def write(self, text: str) -> int:
        return sys.stdout.write(text)

    def flush(self) -> None:
        sys.stdout.flush()


class Log:
    """Writes events with their fields."""

    def __init__(self) -> None:
        for chatty in CHATTY:  # they log every client made, through the runtime's own handler
            logging.getLogger(chatty).setLevel(logging.WARNING)
        self._logger = Logger(
            service="hokusai-canary", stream=cast(IO[str], _Stdout()), utc=True, location=None
        )

    def event(self, message: str, **fields: Any) -> None:
        """Write one event."""
        self._logger.info(message, extra=fields)

    def problem(self, message: str, **fields: Any) -> None:
        """Write a problem that a person should look at."""
        self._logger.error(message, extra=fields)

    def whole(self, message: str, text: str, **fields: Any) -> None:
        """Write a long text completely, in numbered parts."""
        parts = [text[i : i + PART] for i in range(0, len(text), PART)]
        for number, part in enumerate(parts, start=1):
            self._logger.error(
                message, extra={**fields, "part": number, "parts": len(parts), "text": part}
            )
