"""What evidence must not show: keys, tokens and passwords in a target's answer.

Wider than `canary.keylike`, which goes over the canary's own sentences, too: there `secret: NAME`
is a name. Applied before an answer is cut, since half a token no longer looks like one.
"""

from __future__ import annotations

import re

STRUCK = "***"
PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\bhk_(live|test|dev)_[A-Za-z0-9]+"), r"hk_\1_***"),
    (re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{12,}"), STRUCK),
    (re.compile(r"(?i)\b(bearer|apikey|basic)\s+[A-Za-z0-9._~+/=-]{8,}"), r"\1 ***"),
    (re.compile(r"((?<!http)(?<!https)://[^/\s:@]*):[^\s\"'<>]{1,256}@"), r"\1:***@"),
    (re.compile(r"(://[^/\s:@]*):(?!\d{1,5}[/?#])[^\s\"'<>]{1,256}@"), r"\1:***@"),
    (
        re.compile(
            r"(?i)(\"?(?:password|passwd|secret|token|api[_-]?key|cookie|authorization|auth_token)"
            r"\"?\s*[:=]\s*)(\"[^\"]*\"|[^\s,;&}\"]+)"
        ),
        r"\1***",
    ),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"), STRUCK),
)
HINTS: tuple[str, ...] = ("hk_", "akia", "asia", "bearer", "apikey", "basic", "authorization")
HINTS += ("@", "passw", "secret", "token", "api_key", "api-key", "cookie", "eyj")
# One of them stands in whatever a pattern can match; looking for words is cheaper than matching.


def redact(text: str) -> str:
    """Return the text with everything that looks like a credential struck out."""
    if not text:
        return text
    lowered = text.lower()
    for hint in HINTS:  # a loop, not any(): hundreds of texts a run
        if hint in lowered:
            break
    else:
        return text
    for pattern, replacement in PATTERNS:
        text = pattern.sub(replacement, text)
    return text
