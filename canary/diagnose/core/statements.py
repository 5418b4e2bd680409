"""Which answers are statements of a service, and which are words that anybody can write."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from canary.diagnose.core.failures import Failure
from canary.model import Confidence

# The documents in which a service tells its own state.
_DOCUMENT = re.compile(
    r"(^|[/_-])(health\w*|ready\w*|readiness|live\w*|status|circuit-breaker)([/?_-]|$)"
)
_CUT = re.compile(r"\s*\{\s*\"[^\"]{1,80}\"\s*:")  # a document of which the end was cut


def is_statement(failure: Failure) -> bool:
    """Return whether a failure is a service's own document at its own path: JSON with members.

    A visitor, or whoever controls a page, can put any word into other answers.
    """
    if not _DOCUMENT.search(failure.path):
        return False
    try:
        return isinstance(json.loads(failure.body), dict)
    except (ValueError, RecursionError):
        return _CUT.match(failure.body) is not None


def confidence(failures: Iterable[Failure]) -> Confidence:
    """Return how sure words in answers make: free text alone proves nothing."""
    stated = any(is_statement(f) for f in failures)
    return Confidence.LIKELY if stated else Confidence.POSSIBLE
