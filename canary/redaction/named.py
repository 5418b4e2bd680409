"""Mask the values of what has a name for a secret, in the texts of others.

A name is any identifier that contains a word for a secret, with any prefix, suffix, quoting and
assignment: `DB_PASSWORD=`, `"secretKey": "..."`, `--token x`, `<pwd>`, `password%22%3A%22`. A value
that was quoted goes to its own closing quote, or to the end where the text was cut.
"""

from __future__ import annotations

import functools
import re

MASK = "***"

_WORD = (
    r"(?:passw(?:or)?d|passphrase|pwd|secret|token|credential|apikey|accesskey|secretkey"
    r"|privatekey|signingkey|accountkey|masterkey|session[_-]?id|authorization|signature"
    r"|(?:api|access|private|signing|encryption|account|master|admin|auth|session|shared|service"
    r"|client|license|storage|webhook)[_.-]?key)"
)
# not the parts of an ARN: "aws:secretsmanager:", "123456789012:secret:NAME"
_NOT_ARN = r"(?<!aws:)(?<!aws-cn:)(?<!us-gov:)(?<!\d{12}:)"
# what stands before the word does not matter, and looking for it would cost time
_NAME = rf"{_NOT_ARN}{_WORD}[A-Za-z0-9_.\-]{{0,30}}"
# a quote, plain, escaped (also twice), as HTML or as URLs write it
_QUOTE = r"(?:\\{0,8}[\"'`]|&(?:amp;)?(?:quot|apos|\#34|\#39|\#x22|\#x27);|%(?:25){0,2}2[27])"
_SPACE = r"(?:[ \t]|%20|\+){0,4}"
_ASSIGN = rf"{_SPACE}(?:=>|:=|==|=|:|%(?:25){{0,2}}3[AaDd]|&\#(?:58|61|x3[ad]);){_SPACE}"
_SCHEME = r"(?:(?:bearer|basic|token|apikey|digest|negotiate)(?:[ \t]|%20|\+){1,4})?"
# words that stand where a value could, and say that there is none
_NONE = (
    r"(?:null|none|nil|true|false|undefined|missing|required|invalid|expired|empty|unset|not"
    r"|\*{3,}|<[a-z ]{1,30}>|arn:aws[\w-]*:[^\s\"']*|[0-9]{1,7})(?![^\s,;&\"'<>)\]}%|\\])"
)
_PLAIN = r"[^\s,;&\"'<>)\]}|\\%]"
_BARE = rf"{_PLAIN}{{1,4096}}(?:%(?!2[0267C]|3[Bb]|25){_PLAIN}{{0,4096}}){{0,64}}"
ROWS: tuple[tuple[str, str, int], ...] = (
    # "name": "value", with the name's quotes or without; up to the same quote, not an escaped one
    (
        rf"({_NAME}{_QUOTE}?{_ASSIGN}(?P<q>{_QUOTE}){_SCHEME})(?!\*\*\*)"
        r"(?:(?!(?<!\\)(?P=q)).){1,8192}",
        r"\1" + MASK,
        re.IGNORECASE | re.DOTALL,
    ),
    # name=value and name: value
    (rf"({_NAME}{_QUOTE}?{_ASSIGN}{_SCHEME})(?!{_NONE}|{_QUOTE}){_BARE}", r"\1" + MASK, re.I),
    # --name value
    (
        rf"(?<![\w-])(--?[\w-]{{0,40}}?{_WORD}[\w-]{{0,30}}[ \t]{{1,4}})(?!-|{_NONE})"
        r"(?:(?P<q>[\"'])(?:(?!(?P=q)).){1,8192}|[^\s\"']{1,4096})",
        r"\1" + MASK,
        re.IGNORECASE | re.DOTALL,
    ),
    # <name attributes>value</name>
    (
        rf"(<[\w.:\-]{{0,40}}?{_NAME}(?:\s[^<>]{{0,200}})?>)[^<]{{1,8192}}",
        r"\1" + MASK,
        re.IGNORECASE,
    ),
    # a header goes to the end of its line: several cookies, the parts of a signature
    (
        rf"((?:set-)?cookie2?{_QUOTE}?{_ASSIGN}|(?:proxy-)?authorization{_QUOTE}?{_ASSIGN})"
        rf"(?!{_SPACE}(?:{_QUOTE}|{_SCHEME}\*\*\*(?:$|[\r\n])))[^\r\n\"]{{1,8192}}",
        r"\1" + MASK,
        re.IGNORECASE,
    ),
    # curl's -u user:password
    (r"(?<![\w-])((?:-u|--user)[ =]{1,3}[\"']?[^\s:\"']{0,64}:)[^\s\"']{1,256}", r"\1" + MASK, 0),
    # the user of a cache's URL is its password where there is no other
    (r"(?<![\w])((?:redis|rediss|valkey|amqps?|mongodb(?:\+srv)?)://)[^\s/@\"']{1,256}@",
     r"\1" + MASK + "@", re.IGNORECASE),
    # tokens in the paths of addresses that give access by themselves
    (r"(hooks\.slack\.com/(?:services|workflows)/)[\w/\-]{8,}", r"\1" + MASK, re.IGNORECASE),
    (r"(/api/webhooks/\d{5,25}/)[\w\-]{8,}", r"\1" + MASK, re.IGNORECASE),
    (r"(/webhookb2/)[\w@\-/]{8,}", r"\1" + MASK, re.IGNORECASE),
    (r"(/bot)\d{5,12}:[\w\-]{20,}", r"\1" + MASK, 0),
)  # fmt: skip
HINTS = (
    *("passw", "passphrase", "pwd", "secret", "token", "credential", "key", "session", "cookie"),
    *("authorization", "signature", "://", "-u", "hooks.", "webhook", "/bot"),
)
FLAG = re.compile(rf"--?[\w-]{{0,40}}?{_WORD}[\w-]{{0,30}}", re.IGNORECASE)


@functools.cache
def _compiled() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(pattern, flags), by) for pattern, by, flags in ROWS)


def mask_named(text: str) -> str:
    """Return the text with the value of each name for a secret masked."""
    lowered = text.lower()
    if any(hint in lowered for hint in HINTS):
        for pattern, by in _compiled():
            text = pattern.sub(by, text)
    return text


def is_flag(argument: str) -> bool:
    """Return whether an argument names a secret that the next argument holds."""
    return FLAG.fullmatch(argument) is not None
