"""Mask what has the documented shape of a key, wherever it stands in the texts of others.

Sources: GitHub, "Token formats"; GitLab, "Token overview"; AWS, "IAM identifiers"; Slack, "Token
types"; Stripe, "API keys"; Google Cloud, "API keys"; SendGrid, npm, PyPI, DigitalOcean, Hugging
Face, Shopify, Twilio, OpenAI and Databricks in the pages of their keys.
"""

from __future__ import annotations

import functools
import itertools
import math
import re
from collections import Counter

from canary.redaction.named import MASK

_PREFIXED = (
    r"gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{20,255}|gl(?:pat|dt|rt|cbt|ptt|ft|soat)"
    r"-[\w\-]{16,64}|xox[abeoprs]-[A-Za-z0-9\-]{8,255}|xapp-[A-Za-z0-9\-]{8,255}"
    r"|(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{8,255}|whsec_[A-Za-z0-9+/=]{16,128}"
    r"|sk-[A-Za-z0-9_\-]{20,255}|AIza[\w\-]{30,64}|ya29\.[\w\-]{20,255}|GOCSPX-[\w\-]{20,64}"
    r"|SG\.[\w\-]{16,64}\.[\w\-]{16,128}|npm_[A-Za-z0-9]{30,64}|pypi-[\w\-]{32,255}"
    r"|do[opr]_v1_[a-f0-9]{40,80}|hf_[A-Za-z0-9]{30,64}|shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32,64}"
    r"|SK[0-9a-f]{32}|AC[0-9a-f]{32}|dapi[0-9a-f]{32}|key-[0-9a-f]{32}|AGE-SECRET-KEY-1[A-Z0-9]{50,60}"
    r"|(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{12,}|hvs\.[\w\-]{20,255}"
    r"|dckr_pat_[\w\-]{20,64}|lin_api_[A-Za-z0-9]{30,64}|pat[A-Za-z0-9]{14}\.[a-f0-9]{64}"
)
_TOKEN = re.compile(r"[A-Za-z0-9+/_\-]{32,512}={0,2}")
_WORDS = re.compile(r"[A-Z]?[a-z]{3,}|[A-Z]{3,}")
BASE64 = (40, 44, 64, 86, 88)
"""Characters of keys of 30, 32, 48 and 64 bytes in base64; a secret key of AWS has 40."""
LEAST_BITS = 4.2
"""Bits of entropy of a character; words and hexadecimal numbers have fewer than four."""
MOST_IN_WORDS = 0.45
"""The part of a token that may be words; a name of a class or of a path is nearly all words."""


_HEXADECIMAL = re.compile(r"[0-9a-f]+|[0-9A-F]+")
LEAST_CHANGES = 0.45
"""Of a random token more than half; a name of words in capital letters has fewer."""


FEW_WORDS = 0.1
"""The part of base64 that looks like words by chance; a path has more."""


@functools.cache
def _prefixed() -> re.Pattern[str]:
    return re.compile(rf"(?<![A-Za-z0-9])(?:{_PREFIXED})(?![A-Za-z0-9])")


_PARTS = re.compile(
    r"(?<![\w+/=.:\-])[A-Za-z0-9+/]{8,128}={0,2}(?:\s{1,32}[A-Za-z0-9+/]{8,128}={0,2}){1,32}"
    r"(?![\w.:\-])"
)


def mask_parts(text: str) -> str:
    """Return the text without random tokens that blanks or line ends part."""
    return _PARTS.sub(_parted, text)


def _parted(found: re.Match[str]) -> str:
    pieces = re.split(r"(\s+)", found.group())
    shown, run = list[str](), list[str]()
    for part, blank in zip(pieces[::2], [*pieces[1::2], ""], strict=True):
        if _may_be_part(part):
            run += (part, blank)
        else:
            shown += (*_of_run(run), part, blank)
            run = []
    return "".join((*shown, *_of_run(run)))


def _of_run(run: list[str]) -> list[str]:
    """Return parts and the blanks behind them, masked if they are one random token together."""
    whole = "".join(run[::2])
    same = len(run) > 2 and is_random(whole) and _changes(whole) > LEAST_CHANGES
    return [MASK, run[-1]] if same else run


def _may_be_part(piece: str) -> bool:
    """Return whether it is no word and no hexadecimal number."""
    mixed = any(c.isdigit() for c in piece) or not (piece[1:].islower() or piece.isupper())
    return mixed and not _HEXADECIMAL.fullmatch(piece)


def _changes(piece: str) -> float:
    """Return how often small and capital letters and digits take turns, as a part of the piece."""
    kinds = [(c.islower(), c.isupper()) for c in piece]
    return sum(a != b for a, b in itertools.pairwise(kinds)) / len(piece)


def mask_shapes(text: str) -> str:
    """Return the text without keys of a known shape and without tokens that look random."""
    return _TOKEN.sub(_random, _prefixed().sub(MASK, text))


def _random(found: re.Match[str]) -> str:
    """Return a token masked: as a whole where it may be base64, else each part of a path."""
    token = found.group()
    if is_random(token) and (len(token) in BASE64 or _in_words(token) < FEW_WORDS):
        return MASK
    return "/".join(MASK if is_random(part) else part for part in token.split("/"))


def is_random(token: str) -> bool:
    """Return whether a token has small and capital letters and digits in random order."""
    if len(token) < 32 or not all(
        any(test(c) for c in token) for test in (str.islower, str.isupper, str.isdigit)
    ):
        return False
    return _in_words(token) < MOST_IN_WORDS and _bits(token) >= LEAST_BITS


def _in_words(token: str) -> float:
    """Return the part of a token that may be words."""
    return sum(len(w) for w in _WORDS.findall(token) if len(w) > 4) / len(token)


def _bits(token: str) -> float:
    counts = Counter(token)
    return -sum(n / len(token) * math.log2(n / len(token)) for n in counts.values())
